/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sandbox.h - gives up what reading captures does not need, before the first octet of one is looked at.
 */
#ifndef TCPHS_SANDBOX_H
#define TCPHS_SANDBOX_H

#include <glib.h>

/** struct sandbox: the paths that are still needed; what was opened before stays open in any case. */
struct sandbox {
	GPtrArray *readable;  /* char *: files, or folders with all below them, that will be opened for reading */
	GPtrArray *replaced;  /* char *: files that will be renamed to, or removed, within their folder */
	GPtrArray *scratch;   /* char *: folders in which files will be made, written, read and removed */
};

/** sandbox_init(): nothing is needed. */
void sandbox_init(struct sandbox *sandbox);
void sandbox_clear(struct sandbox *sandbox);

/**
 * sandbox_enter(): from here on, this process and every thread that it begins can gain no privileges, run no program,
 * begin no process, touch no network and no other process, map no memory that can be executed, and reach no file but
 * those named in |sandbox| and those that are open. For good. To be called while there is one thread.
 *
 * What the kernel cannot do is left out: the files are Landlock's part (Linux 5.13), all else is seccomp's.
 * @return NULL; or why there is no seccomp, a clause for a sentence, for g_free(): the rest holds all the same.
 */
char *sandbox_enter(const struct sandbox *sandbox);

#endif
