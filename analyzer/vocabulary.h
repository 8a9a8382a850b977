/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vocabulary.h - what users may call things, and what they probably meant.
 */
#ifndef TCPHS_VOCABULARY_H
#define TCPHS_VOCABULARY_H

#include <stdbool.h>

#include "tcphs.h"

/** vocabulary_severity(): the severity of that word, or -1. */
int vocabulary_severity(const char *word);

/** vocabulary_closest(): of |candidates|, NULL-terminated, the one least different from |word|. */
const char *vocabulary_closest(const char *word, const char *const *candidates);
/** vocabulary_near(): whether |word| is |candidate| with a few slips. */
bool vocabulary_near(const char *word, const char *candidate);

/** Kinds of words that connections have: bits of |kinds| below. */
enum { VOCABULARY_VERDICTS = 1, VOCABULARY_REASONS = 2, VOCABULARY_RULES = 4, VOCABULARY_ALL = 7 };

/** vocabulary_name(): "verdict, reason or rule", of those kinds. */
const char *vocabulary_name(unsigned kinds);
/** vocabulary_closest_id(): of all words of those kinds, the one least different from |word|. */
const char *vocabulary_closest_id(const char *word, unsigned kinds);
/** vocabulary_unknown(): the sentence, for g_free(), that |word| is none of them; begins with |where|. */
char *vocabulary_unknown(const char *where, const char *word, unsigned kinds);

#endif
