/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * value.h - numbers and words that a person typed, on the command line or in a policy.
 *
 * All of these return false where something is wrong; then *message is a sentence, for g_free(), that begins with
 * |where|: the option, or the file, line and key.
 */
#ifndef TCPHS_VALUE_H
#define TCPHS_VALUE_H

#include <stdbool.h>

#include <glib.h>

#include "tcphs.h"

/** value_seconds(): a decimal number of seconds from 0 on. */
bool value_seconds(const char *where, const char *text, tcphs_time *time, char **message);

/** value_number(): a number from |least| to |most|, of |what|: "inputs to read at a time". */
bool value_number(const char *where, const char *text, const char *what, guint64 least, guint64 most, guint64 *number,
                  char **message);

/** value_choice(): the index of one of |words|, NULL-terminated. */
bool value_choice(const char *where, const char *text, const char *const *words, unsigned *choice, char **message);

#endif
