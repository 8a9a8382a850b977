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
/** vocabulary_closest_id(): of all verdicts, reasons and rules, the one least different from |word|. */
const char *vocabulary_closest_id(const char *word);
/** vocabulary_closest_rule(): the same of rules alone. */
const char *vocabulary_closest_rule(const char *word);

#endif
