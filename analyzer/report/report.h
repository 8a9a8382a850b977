/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - what every report is: told of each connection, of the end of each input, of hosts, and of the end.
 *
 * A report writes to its output and never fails for that; output->error tells. It may run out of memory.
 */
#ifndef TCPHS_REPORT_H
#define TCPHS_REPORT_H

#include <stdbool.h>

#include "output.h"
#include "policy.h"
#include "tally.h"
#include "tcphs.h"

/** struct report_input: the input that is being reported. */
struct report_input {
	const char *path;        /* as named or found: raw octets, to be escaped */
	const char *damaged;     /* at the end: why it could not be read to its end, a sentence; else NULL */
	struct tally tally;
};

/** struct report: one of the three, made by the functions below. |several|: more than one input. */
struct report {
	struct output *out;
	const struct policy *policy;
	bool several;
	/* A connection of |input|, whose layers below TCP are |encap|. False when memory is out for it. */
	bool (*connection)(struct report *report, const struct report_input *input, const struct tcphs_summary *summary,
	                   const char *encap);
	/* The last connection of |input| was reported. */
	void (*input_end)(struct report *report, const struct report_input *input);
	/* The last input was reported. A host of which the ISNs can be judged, by address; NULL: it is not reported. */
	void (*host)(struct report *report, const struct tcphs_host *host);
	/* All was reported. */
	void (*finish)(struct report *report, const struct tally *total);
	void (*del)(struct report *report);
};

struct report *report_table_new(void);
struct report *report_ndjson_new(void);
struct report *report_summary_new(void);

/** Longest sentence that tcphs_finding_format() is given room for; it is cut beyond. */
#define REPORT_SENTENCE 1024

#endif
