/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vocabulary.c - looks words up, and finds the nearest one to a misspelt one.
 */
#include "vocabulary.h"

#include <string.h>

#include <glib.h>

#include "report/text.h"

/* Longer than every word of ours; what is longer than this is compared by its beginning. */
#define WORD_MAX 48

int vocabulary_severity(const char *word)
{
	for (int severity = TCPHS_CHAT; severity <= TCPHS_ERROR; severity++)
		if (strcmp(word, tcphs_severity_word((enum tcphs_severity)severity)) == 0)
			return severity;
	return -1;
}

static char plain(char c)
{
	return c == '-' ? '_' : g_ascii_tolower(c);
}

/* Levenshtein's distance, case and the difference between - and _ aside. */
static unsigned distance(const char *a, const char *b)
{
	size_t length = strnlen(b, WORD_MAX);
	unsigned row[WORD_MAX + 1];

	for (size_t j = 0; j <= length; j++)
		row[j] = (unsigned)j;
	for (size_t i = 0; i < WORD_MAX && a[i]; i++) {
		unsigned diagonal = row[0];
		char c = plain(a[i]);

		row[0] = (unsigned)i + 1;
		for (size_t j = 0; j < length; j++) {
			unsigned replaced = diagonal + (c != plain(b[j]));
			unsigned shorter = MIN(row[j], row[j + 1]) + 1;

			diagonal = row[j + 1];
			row[j + 1] = MIN(replaced, shorter);
		}
	}
	return row[length];
}

struct nearest {
	const char *word;
	const char *best;
	unsigned distance;
};

static void consider(struct nearest *nearest, const char *candidate)
{
	unsigned far = distance(nearest->word, candidate);

	if (far >= nearest->distance)
		return;
	nearest->distance = far;
	nearest->best = candidate;
}

const char *vocabulary_closest(const char *word, const char *const *candidates)
{
	struct nearest nearest = { .word = word, .distance = UINT_MAX };

	for (; *candidates; candidates++)
		consider(&nearest, *candidates);
	return nearest.best;
}

bool vocabulary_near(const char *word, const char *candidate)
{
	return distance(word, candidate) <= MAX(strlen(candidate) / 3, 1);
}

const char *vocabulary_name(unsigned kinds)
{
	static const char *const names[VOCABULARY_ALL + 1] = {
		"", "verdict", "reason", "verdict or reason", "rule", "verdict or rule", "reason or rule",
		"verdict, reason or rule",
	};

	return names[kinds & VOCABULARY_ALL];
}

const char *vocabulary_closest_id(const char *word, unsigned kinds)
{
	struct nearest nearest = { .word = word, .distance = UINT_MAX };

	for (int verdict = 0; kinds & VOCABULARY_VERDICTS && verdict < TCPHS_VERDICTS; verdict++)
		consider(&nearest, tcphs_verdict_word((enum tcphs_verdict)verdict));
	for (int reason = 0; kinds & VOCABULARY_REASONS && reason < TCPHS_REASONS; reason++)
		consider(&nearest, tcphs_reason_word((enum tcphs_reason)reason));
	for (int rule = TCPHS_RULE_NONE + 1; kinds & VOCABULARY_RULES && rule < TCPHS_RULES; rule++)
		consider(&nearest, tcphs_rule_info((enum tcphs_rule)rule)->id);
	return nearest.best;
}

char *vocabulary_unknown(const char *where, const char *word, unsigned kinds)
{
	char *escaped = text_escape(word);
	char *message = g_strdup_printf("%s: \"%s\" is no %s; the closest is \"%s\"", where, escaped,
	                                vocabulary_name(kinds), vocabulary_closest_id(word, kinds));

	g_free(escaped);
	return message;
}
