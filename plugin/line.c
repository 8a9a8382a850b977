/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * line.c - a line of text that is put together from words and numbers.
 */
#include "line.h"

#include <stdio.h>

#include <wsutil/to_str.h>

/** add_octets(): as many of them as there is room for. */
static void add_octets(struct line *line, const char *octets, size_t count)
{
	size_t added = MIN(count, line->size - 1 - line->length);

	memcpy(line->text + line->length, octets, added);
	line->length += added;
	line->text[line->length] = '\0';
}

void line_add(struct line *line, const char *word)
{
	add_octets(line, word, strlen(word));
}

void line_add_words(struct line *line, ...)
{
	const char *word;
	va_list words;

	va_start(words, line);
	while ((word = va_arg(words, const char *)) != NULL)
		line_add(line, word);
	va_end(words);
}

void line_add_number(struct line *line, guint32 number)
{
	char digits[sizeof("4294967295")], *end = digits + sizeof(digits), *first = uint_to_str_back(end, number);

	add_octets(line, first, (size_t)(end - first));
}

void line_add_format(struct line *line, const char *format, ...)
{
	const size_t room = line->size - line->length;
	va_list arguments;
	int wanted;

	va_start(arguments, format);
	wanted = vsnprintf(line->text + line->length, room, format, arguments);
	va_end(arguments);
	if (wanted > 0)
		line->length += MIN((size_t)wanted, room - 1);
}
