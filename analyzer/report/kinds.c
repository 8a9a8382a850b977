/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kinds.c - the kinds of report there are. The exit status alone is one, too.
 */
#include "report.h"

const struct report_kind report_kinds[REPORT_KINDS + 1] = {
	{ "table", report_table_new },
	{ "ndjson", report_ndjson_new, .zeek = true },
	{ "csv", report_csv_new, .zeek = true },
	{ "junit", report_junit_new },
	{ "zeek", report_zeek_new, .zeek = true },
	{ "html", report_html_new, .ladders = true },
	{ "summary", report_summary_new },
	{ "stats", report_stats_new },
	{ "none", report_none_new },
	{ NULL, NULL },
};

const struct report_kind report_frames = { "write", report_frames_new };

static void none_del(struct report *report)
{
	g_free(report);
}

struct report *report_none_new(void)
{
	struct report *report = g_new0(struct report, 1);

	report->del = none_del;
	return report;
}
