/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * value.c - checks and converts what was typed, each mistake one sentence.
 */
#include "value.h"

#include <math.h>
#include <string.h>

#include "report/text.h"
#include "vocabulary.h"

/* More than a century is a slip of the finger, and would not fit into nanoseconds for long. */
#define SECONDS_MAX 4e9

bool value_seconds(const char *where, const char *text, tcphs_time *time, char **message)
{
	char *end, *escaped;
	double value = g_ascii_strtod(text, &end);

	if (end != text && *end == '\0' && value >= 0 && value <= SECONDS_MAX) {
		*time = (tcphs_time)llround(value * (double)TCPHS_SECOND);
		return true;
	}
	escaped = text_escape(text);
	*message = g_strdup_printf("%s: \"%s\" is no number of seconds; give one that is 0 or more, such as 2.5", where,
	                           escaped);
	g_free(escaped);
	return false;
}

bool value_number(const char *where, const char *text, const char *what, guint64 least, guint64 most, guint64 *number,
                  char **message)
{
	char *escaped;

	if (g_ascii_string_to_unsigned(text, 10, least, most, number, NULL))
		return true;
	escaped = text_escape(text);
	*message = g_strdup_printf("%s: \"%s\" is no number of %s; give one from %" G_GUINT64_FORMAT " to %"
	                           G_GUINT64_FORMAT, where, escaped, what, least, most);
	g_free(escaped);
	return false;
}

bool value_choice(const char *where, const char *text, const char *const *words, unsigned *choice, char **message)
{
	GString *list;
	char *escaped;

	for (unsigned i = 0; words[i]; i++) {
		if (strcmp(text, words[i]) == 0) {
			*choice = i;
			return true;
		}
	}
	list = g_string_new(words[0]);
	for (unsigned i = 1; words[i]; i++)
		g_string_append_printf(list, ", %s", words[i]);
	escaped = text_escape(text);
	*message = g_strdup_printf("%s: \"%s\" is none of %s; the closest is \"%s\"", where, escaped, list->str,
	                           vocabulary_closest(text, words));
	g_free(escaped);
	g_string_free(list, TRUE);
	return false;
}
