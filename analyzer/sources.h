/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sources.h - from what was named on the command line to the files to read.
 */
#ifndef TCPHS_SOURCES_H
#define TCPHS_SOURCES_H

#include <stdbool.h>

#include <glib.h>

/** struct source: one input. */
struct source {
	char *path;         /* as named, or found below a directory that was; of a join: what it is called */
	char *problem;      /* why it cannot be read, a sentence; NULL: try it */
	bool found;         /* below a directory: nobody said that there are captures in it */
	GPtrArray *joined;  /* of struct source, to be read as one capture; NULL: the source is a file */
};

/**
 * sources_expand(): the inputs in the order named, each directory replaced by the captures below it, by name.
 *
 * Below a directory, what does not begin like a capture, or like something in which captures can be packed, is passed
 * over; links to files are followed, links to directories are not, so that there are no loops. What cannot be looked at
 * has a problem. |join|: all of them become one source.
 * @return an array of struct source *, which frees them.
 */
GPtrArray *sources_expand(char *const *inputs, bool join);

#endif
