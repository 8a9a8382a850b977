/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * html.c - collects connections for the page, within a budget.
 *
 * The page opens with counts of everything and lists the worst first, so all rows are kept until the end: by a part in
 * the order in which connections retire, by the main report in the order of the inputs. Both leave out in the same way
 * when there are too many (HTML_BUDGET), so the outcome depends on neither threads nor time.
 */
#include "html.h"

#include <string.h>

#include "draw.h"
#include "text.h"

/* As many hosts with bad ISNs as anybody reads. */
#define HOSTS_MAX 100

/* As wide as paper. */
#define DRAWN_COLUMNS 96

static void file_clear(gpointer data)
{
	struct html_file *file = data;

	g_free(file->path);
	g_free(file->damaged);
}

static void row_free(gpointer row)
{
	html_row_free(row);
}

/* Leaves out the last row of the reason whose rows take most. */
static void leave_out(struct html *html)
{
	const struct html_row *last;
	int most = 0;

	for (int reason = 1; reason < TCPHS_REASONS; reason++)
		if (html->octets[reason] > html->octets[most])
			most = reason;
	last = g_ptr_array_index(html->rows[most], html->rows[most]->len - 1);
	html->octets[most] -= last->size;
	html->all_octets -= last->size;
	g_ptr_array_remove_index(html->rows[most], html->rows[most]->len - 1);
}

static void add_row(struct html *html, struct html_row *row)
{
	g_ptr_array_add(html->rows[row->reason], row);
	html->octets[row->reason] += row->size;
	html->all_octets += row->size;
	while (html->all_octets > HTML_BUDGET)
		leave_out(html);
}

/* ---- parts ------------------------------------------------------------------------------------------ */

static char *draw(const struct html *html, const struct tcphs_summary *summary)
{
	const struct draw_style style = { .policy = html->report.policy, .columns = DRAWN_COLUMNS, .utf8 = true };
	GString *text = g_string_new(NULL);

	draw_ladder(text, &style, html->report.ladder, summary);
	return g_string_free(text, FALSE);
}

static bool html_connection(struct report *report, const struct report_input *input,
                            const struct tcphs_summary *summary, const char *encap)
{
	struct html *html = (struct html *)report;
	struct html_row *row = html_row_new(&html->scratch, report->policy, summary, report->ladder, encap);

	(void)input;
	if (!row)
		return false;
	html->failing += row->failing;
	html->without_ladder += !report->ladder;
	if (report->ladder && html->rows[row->reason]->len < HTML_DRAWN)
		row->drawn = draw(html, summary);
	add_row(html, row);
	return true;
}

static void html_input_end(struct report *report, const struct report_input *input)
{
	struct html *html = (struct html *)report;
	struct html_file file = {
		.path = strcmp(input->path, "-") == 0 ? g_strdup("standard input") : text_escape_utf8(input->path),
		.damaged = g_strdup(input->damaged),
		.frames = input->tally.frames,
		.segments = input->tally.segments,
		.connections = input->tally.connections,
	};

	memcpy(file.verdicts, input->tally.verdicts, sizeof(file.verdicts));
	g_array_append_val(html->files, file);
}

/* ---- main ------------------------------------------------------------------------------------------- */

static void adopt_rows(struct html *html, GPtrArray *rows, uint32_t file)
{
	g_ptr_array_set_free_func(rows, NULL);   /* they are ours now */
	for (guint i = 0; i < rows->len; i++) {
		struct html_row *row = g_ptr_array_index(rows, i);

		row->file = file;
		if (html->rows[row->reason]->len >= HTML_DRAWN)
			g_clear_pointer(&row->drawn, g_free);
		add_row(html, row);
	}
}

static void html_adopt(struct report *report, struct report *part)
{
	struct html *html = (struct html *)report;
	struct html *adopted = (struct html *)part;
	uint32_t file = html->files->len;

	for (guint i = 0; i < adopted->files->len; i++)
		g_array_append_val(html->files, g_array_index(adopted->files, struct html_file, i));
	g_array_set_clear_func(adopted->files, NULL);   /* so are they */
	html->failing += adopted->failing;
	html->without_ladder += adopted->without_ladder;
	for (int reason = 0; reason < TCPHS_REASONS; reason++)
		adopt_rows(html, adopted->rows[reason], file);
}

static void html_host(struct report *report, const struct tcphs_host *host)
{
	struct html *html = (struct html *)report;

	if (host->quality && html->hosts->len < HOSTS_MAX)
		g_array_append_val(html->hosts, *host);
}

static void html_expected(struct report *report, const struct expected *expected)
{
	g_ptr_array_add(((struct html *)report)->expected, (gpointer)expected);
}

static gint worst_first(gconstpointer a, gconstpointer b)
{
	const struct html_row *one = *(const struct html_row *const *)a;
	const struct html_row *two = *(const struct html_row *const *)b;
	int verdict = (int)tcphs_reason_verdict((enum tcphs_reason)two->reason) -
	              (int)tcphs_reason_verdict((enum tcphs_reason)one->reason);

	if (verdict)
		return verdict;
	if (one->weight != two->weight)
		return two->weight - one->weight;
	if (one->file != two->file)
		return one->file < two->file ? -1 : 1;
	return (one->first > two->first) - (one->first < two->first);
}

static void html_finish(struct report *report, const struct tally *total)
{
	const struct html *html = (const struct html *)report;
	GPtrArray *rows = g_ptr_array_new();

	for (int reason = 0; reason < TCPHS_REASONS; reason++)
		for (guint i = 0; i < html->rows[reason]->len; i++)
			g_ptr_array_add(rows, g_ptr_array_index(html->rows[reason], i));
	g_ptr_array_sort(rows, worst_first);
	html_page(html, rows, total);
	g_ptr_array_unref(rows);
}

static void html_del(struct report *report)
{
	struct html *html = (struct html *)report;

	for (int reason = 0; reason < TCPHS_REASONS; reason++)
		g_ptr_array_unref(html->rows[reason]);
	g_array_unref(html->files);
	g_array_unref(html->hosts);
	g_ptr_array_unref(html->expected);
	output_clear(&html->scratch);
	g_free(html);
}

struct report *report_html_new(void)
{
	struct html *html = g_new0(struct html, 1);

	for (int reason = 0; reason < TCPHS_REASONS; reason++)
		html->rows[reason] = g_ptr_array_new_with_free_func(row_free);
	html->files = g_array_new(FALSE, FALSE, sizeof(struct html_file));
	g_array_set_clear_func(html->files, file_clear);
	html->hosts = g_array_new(FALSE, FALSE, sizeof(struct tcphs_host));
	html->expected = g_ptr_array_new();
	output_hold(&html->scratch);
	html->report.connection = html_connection;
	html->report.input_end = html_input_end;
	html->report.adopt = html_adopt;
	html->report.host = html_host;
	html->report.expected = html_expected;
	html->report.finish = html_finish;
	html->report.del = html_del;
	return &html->report;
}
