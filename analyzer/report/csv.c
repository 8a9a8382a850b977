/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * csv.c - a line per connection for spreadsheets (RFC 4180): UTF-8, a header, CR LF.
 *
 * The columns are the keys of ndjson's connection lines, nested ones joined by dots; steps and findings, which are
 * arrays there, are three columns, and ids with semicolons between. What is null there is empty here. A spreadsheet
 * takes a cell that begins with one of = + - @ for a formula, so text that does gets an apostrophe before it.
 */
#include "report.h"

#include <string.h>

#include "seconds.h"
#include "text.h"

struct csv {
	struct report report;
	char *file;      /* of a part: the input's name, ready to print */
	bool comma;      /* a cell stands before this place, in the same line */
};

static const char header[] =
	"file,stream,incarnation,client.addr,client.port,server.addr,server.port,encap,first_frame,last_frame,frames,"
	"late,start,verdict,reason,blame,steps.1,steps.2,steps.3,isn.client,isn.server,rtt.server,rtt.client,rtt.total,"
	"offer.client.mss,offer.client.wscale,offer.client.sack,offer.client.timestamps,offer.client.fast_open,"
	"offer.client.mptcp,offer.client.ecn,offer.client.auth,"
	"offer.server.mss,offer.server.wscale,offer.server.sack,offer.server.timestamps,offer.server.fast_open,"
	"offer.server.mptcp,offer.server.ecn,offer.server.auth,"
	"agreed.mss.to_client,agreed.mss.to_server,agreed.wscale.to_client,agreed.wscale.to_server,agreed.sack,"
	"agreed.timestamps,agreed.fast_open,agreed.mptcp,agreed.ecn,agreed.auth,closed,completeness,zeek.conn_state,"
	"zeek.history,findings\r\n";

#define OFFER_COLUMNS 8
#define AGREED_COLUMNS 10

static void put_empty(struct csv *csv)
{
	if (csv->comma)
		output_char(csv->report.out, ',');
	csv->comma = true;
}

static void put_word(struct csv *csv, const char *word)
{
	put_empty(csv);
	output_text(csv->report.out, word);
}

static void put_uint(struct csv *csv, bool known, uint64_t value)
{
	put_empty(csv);
	if (known)
		output_uint(csv->report.out, value);
}

static void put_bool(struct csv *csv, bool value)
{
	put_word(csv, value ? "true" : "false");
}

static void put_interval(struct csv *csv, tcphs_time value)
{
	put_empty(csv);
	if (value != TCPHS_TIME_NONE)
		seconds_put(csv->report.out, value, seconds_digits(value));
}

static void put_offer(struct csv *csv, const struct tcphs_offer *offer)
{
	for (int i = 0; i < OFFER_COLUMNS && !offer->present; i++)
		put_empty(csv);
	if (!offer->present)
		return;
	put_uint(csv, offer->has_mss, offer->mss);
	put_uint(csv, offer->has_wscale, offer->wscale);
	put_bool(csv, offer->sack);
	put_bool(csv, offer->timestamps);
	put_uint(csv, offer->fast_open, offer->cookie_length);
	put_bool(csv, offer->mptcp);
	put_word(csv, tcphs_ecn_word((enum tcphs_ecn)offer->ecn));
	put_word(csv, tcphs_auth_word((enum tcphs_auth)offer->auth));
}

static void put_agreed(struct csv *csv, const struct tcphs_agreement *agreed)
{
	for (int i = 0; i < AGREED_COLUMNS && !agreed->present; i++)
		put_empty(csv);
	if (!agreed->present)
		return;
	put_uint(csv, true, agreed->mss_to_client);
	put_uint(csv, true, agreed->mss_to_server);
	put_uint(csv, agreed->has_wscale, agreed->wscale_to_client);
	put_uint(csv, agreed->has_wscale, agreed->wscale_to_server);
	put_bool(csv, agreed->sack);
	put_bool(csv, agreed->timestamps);
	put_bool(csv, agreed->fast_open);
	put_bool(csv, agreed->mptcp);
	put_word(csv, tcphs_ecn_word((enum tcphs_ecn)agreed->ecn));
	put_word(csv, tcphs_auth_word((enum tcphs_auth)agreed->auth));
}

/* A file's name, as one cell: whatever its octets are, it has no line break and is no formula. */
static char *cell_of(const char *raw)
{
	char *escaped = text_escape_utf8(raw);
	GString *cell = g_string_new(NULL);

	if (*escaped && strchr("=+-@", *escaped))
		g_string_append_c(cell, '\'');
	g_string_append(cell, escaped);
	if (strpbrk(escaped, ",\"")) {
		g_string_replace(cell, "\"", "\"\"", 0);
		g_string_prepend_c(cell, '"');
		g_string_append_c(cell, '"');
	}
	g_free(escaped);
	return g_string_free(cell, FALSE);
}

static void put_identity(struct csv *csv, const struct tcphs_summary *summary, const char *encap)
{
	char text[TEXT_ADDRESS];

	put_word(csv, csv->file);
	put_uint(csv, true, summary->stream);
	put_uint(csv, true, summary->incarnation);
	text_address(text, summary->key.src);
	put_word(csv, text);
	put_uint(csv, true, summary->key.sport);
	text_address(text, summary->key.dst);
	put_word(csv, text);
	put_uint(csv, true, summary->key.dport);
	put_word(csv, encap);
	put_uint(csv, true, summary->first);
	put_uint(csv, true, summary->last);
	put_uint(csv, true, summary->frames);
	put_uint(csv, true, summary->late);
	put_empty(csv);
	seconds_put(csv->report.out, summary->start, 9);
}

static void put_judgement(struct csv *csv, const struct tcphs_summary *summary)
{
	const struct tcphs_judgement *judgement = &summary->judgement;

	put_word(csv, tcphs_verdict_word((enum tcphs_verdict)judgement->verdict));
	put_word(csv, tcphs_reason_word((enum tcphs_reason)judgement->reason));
	put_word(csv, tcphs_blame_word((enum tcphs_blame)judgement->blame));
	for (int step = 0; step < 3; step++)
		put_uint(csv, judgement->steps[step] != 0, judgement->steps[step]);
	put_uint(csv, summary->has_isn[TCPHS_CLIENT], summary->isn[TCPHS_CLIENT]);
	put_uint(csv, summary->has_isn[TCPHS_SERVER], summary->isn[TCPHS_SERVER]);
	put_interval(csv, summary->rtt_server);
	put_interval(csv, summary->rtt_client);
	put_interval(csv, summary->rtt_total);
}

static void put_findings(struct csv *csv, const struct tcphs_summary *summary)
{
	put_empty(csv);
	for (size_t i = 0; i < summary->finding_count; i++) {
		output_text(csv->report.out, i ? ";" : "");
		output_text(csv->report.out, tcphs_rule_info((enum tcphs_rule)summary->findings[i].rule)->id);
	}
}

static bool csv_connection(struct report *report, const struct report_input *input, const struct tcphs_summary *summary,
                           const char *encap)
{
	struct csv *csv = (struct csv *)report;

	if (!csv->file)
		csv->file = cell_of(input->path);
	csv->comma = false;
	put_identity(csv, summary, encap);
	put_judgement(csv, summary);
	put_offer(csv, &summary->offer[TCPHS_CLIENT]);
	put_offer(csv, &summary->offer[TCPHS_SERVER]);
	put_agreed(csv, &summary->agreed);
	put_word(csv, tcphs_closed_word((enum tcphs_closed)summary->judgement.closed));
	put_uint(csv, true, summary->judgement.completeness);
	put_word(csv, summary->conn_state);
	put_word(csv, summary->history);
	put_findings(csv, summary);
	output_write(report->out, "\r\n", 2);
	return true;
}

static void csv_begin(struct report *report)
{
	output_text(report->out, header);
}

static void csv_del(struct report *report)
{
	g_free(((struct csv *)report)->file);
	g_free(report);
}

struct report *report_csv_new(void)
{
	struct csv *csv = g_new0(struct csv, 1);

	csv->report.begin = csv_begin;
	csv->report.connection = csv_connection;
	csv->report.del = csv_del;
	return &csv->report;
}
