/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sources.h - from what was named on the command line to the files to read.
 */
#ifndef TCPHS_SOURCES_H
#define TCPHS_SOURCES_H

#include <glib.h>

/** struct source: one input. */
struct source {
	char *path;      /* as named, or found below a directory that was */
	char *problem;   /* why it cannot be read, a sentence; NULL: try it */
};

/**
 * sources_expand(): the inputs in the order named, each directory replaced by the captures below it, by name.
 *
 * Below a directory, what does not begin like a capture is passed over; links to files are followed, links to
 * directories are not, so that there are no loops. What cannot be looked at has a problem.
 * @return an array of struct source *, which frees them.
 */
GPtrArray *sources_expand(char *const *inputs);

#endif
