/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.h - the command line.
 */
#ifndef TCPHS_OPTIONS_H
#define TCPHS_OPTIONS_H

#include <stdbool.h>

#include "decode/decode.h"
#include "policy.h"
#include "tcphs.h"

enum options_action { ACTION_ANALYZE, ACTION_EXPLAIN, ACTION_LIST_RULES, ACTION_LIST_RULES_MD, ACTION_VERSION };
enum options_format { FORMAT_TABLE, FORMAT_NDJSON, FORMAT_SUMMARY, FORMATS };
enum options_colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER, COLOURS };

struct options {
	enum options_action action;
	enum options_format format;
	enum options_colour colour;
	struct tcphs_config engine;
	struct tcphs_decode_config decode;
	struct policy policy;
	char *explain;   /* the word, for ACTION_EXPLAIN */
	char **inputs;   /* NULL-terminated, at least one for ACTION_ANALYZE */
};

/**
 * options_parse(): reads the command line into *options; --help prints and ends the process with status 0.
 *
 * @return false where something is wrong; then *message is a sentence, for g_free().
 */
bool options_parse(struct options *options, char **arguments, char **message);

/** options_clear(): frees what options_parse() allocated. */
void options_clear(struct options *options);

#endif
