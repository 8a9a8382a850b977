/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.h - the command line.
 */
#ifndef TCPHS_OPTIONS_H
#define TCPHS_OPTIONS_H

#include <stdbool.h>

#include <glib.h>

#include "baseline.h"
#include "decode/decode.h"
#include "policy.h"
#include "report/report.h"
#include "tcphs.h"

enum options_action { ACTION_ANALYZE, ACTION_EXPLAIN, ACTION_LIST_RULES, ACTION_LIST_RULES_MD, ACTION_VERSION };
enum options_colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER, COLOURS };

/** struct options_report: a report that is wanted, and where. */
struct options_report {
	const struct report_kind *kind;
	char *path;      /* of its file; NULL: standard output */
};

struct options {
	enum options_action action;
	GArray *reports; /* of struct options_report; the first is that of --format, at most one has no path */
	guint jobs;      /* inputs that are read at the same time, 1 or more */
	enum options_colour colour;
	struct tcphs_config engine;
	struct tcphs_input_config input;
	bool join;       /* all inputs are one capture */
	struct tcphs_decode_config decode;
	struct policy policy;
	struct baseline *baseline;  /* NULL: everything is new */
	struct report_choice ladder; /* of --ladder, if that is the first report */
	bool sandbox;    /* what is not needed is given up before captures are read */
	char *explain;   /* the word, for ACTION_EXPLAIN */
	char **inputs;   /* NULL-terminated, at least one for ACTION_ANALYZE */
};

/**
 * options_parse(): reads the command line into *options; --help prints and ends the process with status 0.
 *
 * @return false where something is wrong; then *message is a sentence, for g_free().
 */
bool options_parse(struct options *options, char **arguments, char **message);

/** options_report(): the |index|th report. */
static inline const struct options_report *options_report(const struct options *options, guint index)
{
	return &g_array_index(options->reports, struct options_report, index);
}

/** options_clear(): frees what options_parse() allocated. */
void options_clear(struct options *options);

#endif
