/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * html.h - the parts of the report that is a web page: html.c collects rows, row.c makes one, page.c writes the page
 * around them, chart.c draws. page.html, page.css and page.js are built into the program as they are.
 */
#ifndef TCPHS_HTML_H
#define TCPHS_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "ladder.h"
#include "output.h"
#include "policy.h"
#include "report.h"
#include "tally.h"
#include "tcphs.h"

/**
 * So many octets of connections a page holds. Beyond, connections are left out of those reasons that have most, so
 * that a flood never pushes out the few that tell something; all are counted, and the page says how many are missing.
 */
#define HTML_BUDGET ((size_t)16 << 20)

/** So many connections of each reason are drawn in text for those who read the page without JavaScript. */
#define HTML_DRAWN 20

/** struct html_row: one connection. */
struct html_row {
	struct tcphs_key key;
	tcphs_time rtt;          /* SYN to ACK */
	tcphs_ref first;
	uint32_t file;           /* its input's place among html.files; known once that is adopted */
	uint8_t reason, weight;  /* weight: 0 without a finding, else 1 + severity of the worst */
	bool failing;            /* by the policy */
	size_t size;             /* octets it takes */
	char *drawn;             /* as text, or NULL */
	char *finding;           /* the worst, as a sentence, "" without; behind the JSON */
	char json[];             /* the values of an array, without its brackets and without the file */
};

/** html_row_new(): |scratch| is an output that is held, for nothing but this. NULL without memory. */
struct html_row *html_row_new(struct output *scratch, const struct policy *policy, const struct tcphs_summary *summary,
                              const struct ladder *ladder, const char *encap);
void html_row_free(struct html_row *row);

/** struct html_file: one input. */
struct html_file {
	char *path;              /* made visible, not yet escaped for HTML */
	char *damaged;           /* or NULL */
	uint64_t frames, segments, connections;
	uint64_t verdicts[TCPHS_VERDICTS];
};

/** struct html: all that a page shows. */
struct html {
	struct report report;
	GPtrArray *rows[TCPHS_REASONS];  /* of struct html_row, in the order of the inputs */
	GArray *files;                   /* of struct html_file */
	GArray *hosts;                   /* of struct tcphs_host: whose ISNs are bad */
	GPtrArray *expected;             /* of const struct expected, valid until the page is written */
	size_t octets[TCPHS_REASONS], all_octets;
	uint64_t failing;                /* connections, also those that are left out */
	uint64_t without_ladder;         /* rows whose ladder was not kept */
	struct output scratch;
};

/** html_page(): writes the whole page. |rows| are those of all reasons, worst first. */
void html_page(const struct html *html, GPtrArray *rows, const struct tally *total);

/** html_text(), html_count(): a string for an element or an attribute; a number with commas. */
void html_text(struct output *out, const char *text);
void html_count(struct output *out, uint64_t number);

/** html_verdicts(): bars: how many connections have which verdict and reason. */
void html_verdicts(struct output *out, const struct tally *total);

/** html_round_trips(): how long handshakes took, of the servers with most of them; a sentence if there are none. */
void html_round_trips(struct output *out, GPtrArray *rows);

/** The files that were built in, each ended by a NUL that its size does not count. */
extern const char html_page_html[], html_page_css[], html_page_js[];
extern const size_t html_page_html_size, html_page_css_size, html_page_js_size;

#endif
