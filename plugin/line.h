/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * line.h - a line of text that is put together from words and numbers.
 *
 * Every segment has a headline, a line of steps and a label or two. A format costs ten times what copying the words
 * does, so what every segment has is put together without one.
 */
#ifndef TCPHS_PLUGIN_LINE_H
#define TCPHS_PLUGIN_LINE_H

#include "compat.h"

/** What the label of one item can need; Wireshark shows ITEM_LABEL_LENGTH octets of it and says that it cuts. */
#define LINE_LENGTH 1024

/** struct line: |length| octets in |text|, which has room for |size|, and a NUL. What is too much is cut. */
struct line {
	char *text;
	size_t size, length;
};

/** line_over(): an empty line in |buffer|, of |size| octets, at least 1. */
static inline struct line line_over(char *buffer, size_t size)
{
	buffer[0] = '\0';
	return (struct line){.text = buffer, .size = size};
}

/** line_add(), line_add_words(), line_add_number(), line_add_format(): more behind it. Words end with a NULL. */
void line_add(struct line *line, const char *word);
void line_add_words(struct line *line, ...) G_GNUC_NULL_TERMINATED;
void line_add_number(struct line *line, guint32 number);
void line_add_format(struct line *line, const char *format, ...) G_GNUC_PRINTF(2, 3);

#endif
