/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ladder_report.c - one connection, drawn as a ladder; of several inputs the first that has it.
 *
 * A stream may hold several connections, its incarnations; all are drawn unless one was named.
 */
#include "report.h"

#include "draw.h"
#include "text.h"

/* Wide enough for real numbers, where nothing tells the width. */
#define DEFAULT_COLUMNS 100

struct ladder_report {
	struct report report;
	GString *text;           /* of a part: what it drew */
	bool drawn;              /* of the main report */
	bool any;                /* connection was met */
	uint32_t last;           /* highest stream number */
};

static bool chosen(const struct report_choice *choice, const struct tcphs_summary *summary)
{
	return summary->stream == choice->stream && (choice->all || summary->incarnation == choice->incarnation);
}

static bool ladder_connection(struct report *report, const struct report_input *input,
                              const struct tcphs_summary *summary, const char *encap)
{
	struct ladder_report *ladder = (struct ladder_report *)report;
	const struct output *out = report->out;
	const struct draw_style style = {
		.policy = report->policy, .columns = out->columns ? out->columns : DEFAULT_COLUMNS,
		.utf8 = g_get_charset(NULL), .colour = out->colour,
	};
	char *path;

	(void)encap;
	ladder->last = MAX(ladder->last, summary->stream);
	ladder->any = true;
	if (!chosen(report->choice, summary))
		return true;
	path = text_escape(input->path);
	if (ladder->text->len)
		g_string_append_c(ladder->text, '\n');
	g_string_append_printf(ladder->text, "%s, stream %u", path, summary->stream);
	if (summary->incarnation)
		g_string_append_printf(ladder->text, ", incarnation %u", summary->incarnation);
	g_string_append_c(ladder->text, '\n');
	draw_ladder(ladder->text, &style, report->ladder, summary);
	g_free(path);
	return true;
}

static void ladder_adopt(struct report *report, struct report *part)
{
	struct ladder_report *whole = (struct ladder_report *)report;
	const struct ladder_report *adopted = (const struct ladder_report *)part;

	whole->any = whole->any || adopted->any;
	whole->last = MAX(whole->last, adopted->last);
	if (whole->drawn)
		return;
	output_text(report->out, adopted->text->str);
	whole->drawn = adopted->text->len > 0;
}

static void ladder_finish(struct report *report, const struct tally *total)
{
	const struct ladder_report *ladder = (const struct ladder_report *)report;
	const struct report_choice *choice = report->choice;
	GString *name;

	(void)total;
	if (ladder->drawn)
		return;
	name = g_string_new(NULL);
	g_string_append_printf(name, choice->all ? "%u" : "%u.%u", choice->stream, choice->incarnation);
	if (ladder->any)
		report->lacking = g_strdup_printf("--ladder %s: no input has that connection; the highest number of a "
		                                  "stream is %u, and --format ndjson lists all of them",
		                                  name->str, ladder->last);
	else
		report->lacking = g_strdup_printf("--ladder %s: there is no TCP connection in what was read",
		                                  name->str);
	g_string_free(name, TRUE);
}

static void ladder_del(struct report *report)
{
	g_string_free(((struct ladder_report *)report)->text, TRUE);
	g_free(report->lacking);
	g_free(report);
}

static struct report *ladder_new(void)
{
	struct ladder_report *ladder = g_new0(struct ladder_report, 1);

	ladder->text = g_string_new(NULL);
	ladder->report.connection = ladder_connection;
	ladder->report.adopt = ladder_adopt;
	ladder->report.finish = ladder_finish;
	ladder->report.del = ladder_del;
	return &ladder->report;
}

const struct report_kind report_ladder_kind = { "ladder", ladder_new, .ladders = true };
