/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * summary.c - counts: verdicts with their reasons, and findings by rule, of each input and of all.
 */
#include "report.h"

#include "expected.h"
#include "text.h"

/* "3 connections", "1 file". */
static void put_amount(struct output *out, uint64_t number, const char *word)
{
	output_uint(out, number);
	output_format(out, " %s%s", word, number == 1 ? "" : "s");
}

static void put_title(struct report *report, const char *title, const struct tally *tally)
{
	struct output *out = report->out;

	output_format(out, out->colour ? "\033[1m%s\033[0m: " : "%s: ", title);
	put_amount(out, tally->frames, "frame");
	output_text(out, ", ");
	put_amount(out, tally->segments, "TCP segment");
	output_text(out, ", ");
	put_amount(out, tally->connections, "connection");
	output_char(out, '\n');
}

static void put_count(struct output *out, size_t indent, const char *word, uint64_t count, const char *remark)
{
	output_pad(out, indent);
	output_format(out, "%-*s %10" G_GUINT64_FORMAT "%s%s\n", (int)(30 - indent), word, count, *remark ? "  " : "",
	              remark);
}

static void put_verdicts(struct output *out, const struct tally *tally)
{
	for (int verdict = TCPHS_VERDICTS - 1; verdict >= 0; verdict--) {
		if (!tally->verdicts[verdict])
			continue;
		put_count(out, 2, tcphs_verdict_word((enum tcphs_verdict)verdict), tally->verdicts[verdict], "");
		for (int reason = 0; reason < TCPHS_REASONS; reason++)
			if (tally->reasons[reason] && (int)tcphs_reason_verdict((enum tcphs_reason)reason) == verdict)
				put_count(out, 4, tcphs_reason_word((enum tcphs_reason)reason), tally->reasons[reason],
				          "");
	}
}

static void put_findings(struct report *report, const struct tally *tally)
{
	bool any = false;

	for (int severity = TCPHS_ERROR; severity >= TCPHS_CHAT; severity--) {
		for (int rule = TCPHS_RULE_NONE + 1; rule < TCPHS_RULES; rule++) {
			if (!tally->rules[rule] || report->policy->severity[rule] != severity)
				continue;
			if (!any)
				output_text(report->out, "  findings\n");
			any = true;
			put_count(report->out, 4, tcphs_rule_info((enum tcphs_rule)rule)->id, tally->rules[rule],
			          tcphs_severity_word((enum tcphs_severity)severity));
		}
	}
}

static gboolean put_not_decoded(gpointer word, gpointer frames, gpointer out)
{
	put_count(out, 4, word, *(const uint64_t *)frames, "");
	return FALSE;
}

static void put_tally(struct report *report, const struct tally *tally)
{
	put_verdicts(report->out, tally);
	if (tally->evicted)
		put_count(report->out, 2, "evicted", tally->evicted, "");
	if (tally->ignored)
		put_count(report->out, 2, "ignored", tally->ignored, "");
	if (tally->known)
		put_count(report->out, 2, "known", tally->known, "");
	put_findings(report, tally);
	if (g_tree_nnodes(tally->not_decoded)) {
		output_text(report->out, "  frames not decoded\n");
		g_tree_foreach(tally->not_decoded, put_not_decoded, report->out);
	}
}

static void summary_input_end(struct report *report, const struct report_input *input)
{
	char *path = text_escape(input->path);

	put_title(report, path, &input->tally);
	g_free(path);
	put_tally(report, &input->tally);
	if (input->damaged)
		output_format(report->out, "  not read to the end: %s\n", input->damaged);
}

static void summary_expected(struct report *report, const struct expected *expected)
{
	expected_put(report->out, expected);
}

static void summary_finish(struct report *report, const struct tally *total)
{
	char *title;

	if (!report->several)
		return;
	title = g_strdup_printf("total of %" G_GUINT64_FORMAT " files", total->inputs);
	put_title(report, title, total);
	g_free(title);
	put_tally(report, total);
	if (total->damaged) {
		output_text(report->out, "  ");
		put_amount(report->out, total->damaged, "file");
		output_text(report->out, " could not be read to the end\n");
	}
}

static void summary_del(struct report *report)
{
	g_free(report);
}

struct report *report_summary_new(void)
{
	struct report *report = g_new0(struct report, 1);

	report->input_end = summary_input_end;
	report->expected = summary_expected;
	report->finish = summary_finish;
	report->del = summary_del;
	return report;
}
