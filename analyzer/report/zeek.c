/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zeek.c - Zeek's conn.log, as its ASCII writer writes it: a line per connection, tabs between.
 *
 * The fields are those of Zeek's own log, in its order; behind them come five of ours, as Zeek's packages add theirs.
 * What we do not know (durations, octets, services) is unset. There is no #open and no #close, which would be times of
 * the day: the same capture gives the same octets. Zeek draws its uids by lot; ours are a hash of what tells one
 * connection from all others.
 */
#include "report.h"

#include <stdio.h>
#include <string.h>

#include "seconds.h"
#include "text.h"

struct zeek {
	struct report report;
	char *file;      /* of a part: the input's name, ready to print */
};

#define UNSET "-"
#define EMPTY "(empty)"

static const char header[] =
	"#separator \\x09\n"
	"#set_separator\t,\n"
	"#empty_field\t" EMPTY "\n"
	"#unset_field\t" UNSET "\n"
	"#path\tconn\n"
	"#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\t"
	"resp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\t"
	"resp_ip_bytes\ttunnel_parents\ttcphs_verdict\ttcphs_reason\ttcphs_blame\ttcphs_findings\ttcphs_file\n"
	"#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\t"
	"count\tstring\tbool\tbool\tcount\tstring\tcount\tcount\tcount\t"
	"count\tset[string]\tstring\tstring\tstring\tset[string]\tstring\n";

/* Between history and our own fields. */
#define UNKNOWN_BEHIND_HISTORY 5

static const char unknown_before_state[] = "\ttcp\t" UNSET "\t" UNSET "\t" UNSET "\t" UNSET;
static const char unknown_before_history[] = "\t" UNSET "\t" UNSET "\t" UNSET;

/* A string as the ASCII writer escapes it; one that could be taken for "unset" or "empty" is escaped, too. */
static char *field_of(const char *raw)
{
	bool marker = strcmp(raw, UNSET) == 0 || strcmp(raw, EMPTY) == 0;
	GString *field = g_string_new(NULL);

	for (const char *at = raw; *at; at++) {
		if ((marker && at == raw) || !g_ascii_isprint(*at))
			g_string_append_printf(field, "\\x%02x", (unsigned char)*at);
		else if (*at == '\\')
			g_string_append(field, "\\\\");
		else
			g_string_append_c(field, *at);
	}
	return g_string_free(field, FALSE);
}

static void put(struct output *out, const char *field)
{
	output_char(out, '\t');
	output_text(out, *field ? field : EMPTY);
}

/* "C" and 17 characters of base 62, as Zeek's. */
static void put_uid(struct output *out, const char *file, const struct tcphs_summary *summary)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
	uint32_t numbers[2] = { GUINT32_TO_BE(summary->stream), GUINT32_TO_BE(summary->incarnation) };
	guint8 digest[32];
	gsize size = sizeof(digest);

	g_checksum_update(sum, (const guchar *)numbers, sizeof(numbers));
	g_checksum_update(sum, (const guchar *)file, -1);
	g_checksum_get_digest(sum, digest, &size);
	g_checksum_free(sum);
	output_write(out, "\tC", 2);
	for (size_t i = 0; i < 17; i++)
		output_char(out, digits[digest[i] % 62]);
}

static void put_endpoint(struct output *out, const uint8_t address[16], uint16_t port)
{
	char text[TEXT_ADDRESS];

	text_address(text, address);
	put(out, text);
	output_char(out, '\t');
	output_uint(out, port);
}

static void put_findings(struct output *out, const struct tcphs_summary *summary)
{
	output_text(out, summary->finding_count ? "\t" : "\t" EMPTY);
	for (size_t i = 0; i < summary->finding_count; i++) {
		output_text(out, i ? "," : "");
		output_text(out, tcphs_rule_info((enum tcphs_rule)summary->findings[i].rule)->id);
	}
}

static bool zeek_connection(struct report *report, const struct report_input *input,
                            const struct tcphs_summary *summary, const char *encap)
{
	struct zeek *zeek = (struct zeek *)report;
	struct output *out = report->out;

	(void)encap;
	if (!zeek->file)
		zeek->file = field_of(input->path);
	seconds_put(out, summary->start, 6);
	put_uid(out, zeek->file, summary);
	put_endpoint(out, summary->key.src, summary->key.sport);
	put_endpoint(out, summary->key.dst, summary->key.dport);
	output_text(out, unknown_before_state);
	put(out, summary->conn_state);
	output_text(out, unknown_before_history);
	put(out, summary->history);
	for (int i = 0; i < UNKNOWN_BEHIND_HISTORY; i++)
		put(out, UNSET);
	put(out, tcphs_verdict_word((enum tcphs_verdict)summary->judgement.verdict));
	put(out, tcphs_reason_word((enum tcphs_reason)summary->judgement.reason));
	put(out, tcphs_blame_word((enum tcphs_blame)summary->judgement.blame));
	put_findings(out, summary);
	put(out, zeek->file);
	output_char(out, '\n');
	return true;
}

static void zeek_begin(struct report *report)
{
	output_text(report->out, header);
}

static void zeek_del(struct report *report)
{
	g_free(((struct zeek *)report)->file);
	g_free(report);
}

struct report *report_zeek_new(void)
{
	struct zeek *zeek = g_new0(struct zeek, 1);

	zeek->report.begin = zeek_begin;
	zeek->report.connection = zeek_connection;
	zeek->report.del = zeek_del;
	return &zeek->report;
}
