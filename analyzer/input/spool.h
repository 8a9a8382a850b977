/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spool.h - octets that come only once, kept in a temporary file so that they can be read again.
 *
 * The file has no name from the beginning: nothing is left behind, however the process ends. What is kept are
 * extents, written one after another; each can be read while others are.
 */
#ifndef TCPHS_SPOOL_H
#define TCPHS_SPOOL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct spool;

/** struct extent: octets in a spool. Lives until the last extent_unref(), and the spool's file as long as it. */
struct extent {
	struct spool *spool;
	uint64_t at, size;
	int references;
};

/** spool_new(): an empty one. NULL: *message is a sentence, for g_free(). */
struct spool *spool_new(char **message);
/** spool_unref(): the caller's hold on it ends; its extents may still be read. NULL is allowed. */
void spool_unref(struct spool *spool);

/** extent_new(): an empty extent at the spool's end. Only the newest one can grow. */
struct extent *extent_new(struct spool *spool);
struct extent *extent_ref(struct extent *extent);
void extent_unref(struct extent *extent);

/** extent_write(): |size| octets more. @return 0, or an errno: what is in the spool is then not whole. */
int extent_write(struct extent *extent, const void *octets, size_t size);
/** extent_read(): octets from |at| on, as pread(2): 0 at the end, -1 with errno set. */
ssize_t extent_read(const struct extent *extent, void *into, size_t size, uint64_t at);

#endif
