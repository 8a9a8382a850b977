/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - what every report is: told of each connection, of the end of each input, of hosts, and of the end.
 *
 * Inputs are read at the same time and reported in order. So each input has a report of its own, a part, which is told
 * of that input's connections and writes to an output of its own; and there is one main report of each kind, which
 * begins, takes over the parts in order, and ends. Nothing is shared between parts but the policy, which nobody
 * changes. A report writes to its output and never fails for that; output->error tells. It may run out of memory.
 */
#ifndef TCPHS_REPORT_H
#define TCPHS_REPORT_H

#include <stdbool.h>

#include "decode.h"
#include "ladder.h"
#include "expectation.h"
#include "output.h"
#include "policy.h"
#include "tally.h"
#include "tcphs.h"

/** struct report_input: the input that is being reported. */
struct report_input {
	const char *path;        /* as named or found: raw octets, to be escaped */
	const char *damaged;     /* at the end: why it could not be read to its end, a sentence; else NULL */
	char *const *joined;     /* of --join: the captures in it, in order of time, and NULL; else NULL */
	struct tally tally;
};

/** struct report_choice: the connection that is wanted, for the report that draws one. */
struct report_choice {
	uint32_t stream, incarnation;
	bool all;                /* incarnations of that stream */
};

/** struct report: one report, main or part. Functions that a kind of report does not need are NULL. */
struct report {
	struct output *out;
	const struct policy *policy;
	bool several;       /* more than one input */
	bool live;          /* part: its input may come as slowly as it is captured, and somebody waits for each line */
	const struct report_choice *choice;  /* NULL: all connections */
	char *lacking;      /* main, at the end: what was wanted is in no input, a sentence for g_free(); else NULL */
	/* Part: that of the connection it is being told of; NULL unless its kind wants them and one was kept. */
	const struct ladder *ladder;
	/* Main: before everything else. */
	void (*begin)(struct report *report);
	/* Part: a segment or a quote, and what the tracker made of it; before connections that retire with it. */
	void (*item)(struct report *report, const struct tcphs_decoded *item, const struct tcphs_mark *mark);
	/* Part: the frame of a fragment, after the items of the frame in which its datagram was complete. */
	void (*piece)(struct report *report, const struct tcphs_piece *piece);
	/* Part: a connection of |input|, whose layers below TCP are |encap|. False when memory is out for it. */
	bool (*connection)(struct report *report, const struct report_input *input, const struct tcphs_summary *summary,
	                   const char *encap);
	/* Part: a connection retired that is not reported: a policy ignores it, or a baseline knows it. */
	void (*left_out)(struct report *report, uint32_t connection);
	/* Part: after the last connection, each frame of the input once more, from the first one on. */
	void (*frame)(struct report *report, const struct tcphs_frame *frame);
	/* Part: all of |input| was reported. */
	void (*input_end)(struct report *report, const struct report_input *input);
	/* Main: takes over what |part| keeps beyond what it wrote; in the order of the inputs. */
	void (*adopt)(struct report *report, struct report *part);
	/* Main: a host of which the ISNs can be judged, by address; after the last input. */
	void (*host)(struct report *report, const struct tcphs_host *host);
	/* Main: what came of an expectation of the policy, in its order; after the last host. Valid until finish. */
	void (*expected)(struct report *report, const struct expected *expected);
	/* Main: all was reported. */
	void (*finish)(struct report *report, const struct tally *total);
	void (*del)(struct report *report);
};

/** struct report_kind: a word of --format and how such a report is made. */
struct report_kind {
	const char *word;
	struct report *(*make)(void);
	bool ladders;       /* its parts want each connection's ladder */
	bool zeek;          /* it tells Zeek's conn_state and history */
};

/** report_kinds: all of them, the last one with a NULL word. The first is the default. */
#define REPORT_KINDS 9
extern const struct report_kind report_kinds[REPORT_KINDS + 1];

/** report_ladder_kind: what --ladder draws; no word of --format. */
extern const struct report_kind report_ladder_kind;
/** report_frames: what --write writes, which is no format for people. */
extern const struct report_kind report_frames;

struct report *report_table_new(void);
struct report *report_ndjson_new(void);
struct report *report_csv_new(void);
struct report *report_junit_new(void);
struct report *report_zeek_new(void);
struct report *report_html_new(void);
struct report *report_summary_new(void);
struct report *report_stats_new(void);
struct report *report_none_new(void);
struct report *report_frames_new(void);

/** Longest sentence that tcphs_finding_format() is given room for; it is cut beyond. */
#define REPORT_SENTENCE 1024

#endif
