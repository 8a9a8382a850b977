/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.c - the report for people: collects rows, sorts them, and draws them page by page.
 *
 * Worst first needs all rows of an input before the first is drawn, and aligned columns need all rows of a page. A page
 * is one large input or many small ones: it is drawn at the end of an input when it has rows enough, or when a person
 * waits at a terminal. A live capture has no end to wait for: if it is the only input each row is drawn as it comes,
 * and none is kept. Rows are the only thing in the analyzer's reports that grow with the capture; they are allocated so
 * that failure is seen, and it ends the input, not the process.
 */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "expected.h"
#include "report.h"
#include "text.h"

/* Rows after which a page is drawn. */
#define PAGE_ROWS 400

/* How long a person waits for a page, in microseconds. */
#define PAGE_PATIENCE (2 * G_USEC_PER_SEC)

struct table {
	struct report report;
	struct sheet *sheet;     /* of a part: its input's */
	GPtrArray *page;         /* of the main report: sheets that wait to be drawn */
	size_t page_rows;
	gint64 page_begun;
	bool drawn;              /* of a part: there are rows that were not collected */
	bool expected;           /* something was said of an expectation */
};

static void sheet_free(gpointer data)
{
	struct sheet *sheet = data;

	if (!sheet)
		return;
	for (size_t i = 0; i < sheet->count; i++)
		free(sheet->rows[i]);
	free(sheet->rows);
	g_free(sheet->path);
	g_free(sheet->damaged);
	g_free(sheet);
}

static struct sheet *sheet_of(struct table *table, const struct report_input *input)
{
	if (!table->sheet) {
		table->sheet = g_new0(struct sheet, 1);
		table->sheet->path = text_escape(input->path);
	}
	return table->sheet;
}

/* No allocation but malloc(), which may fail: rows are made when memory runs out, too. */
static struct row *row_new(const struct policy *policy, const struct tcphs_summary *summary)
{
	const struct tcphs_finding *finding = describe_worst(policy, summary);
	char text[DESCRIPTION];
	size_t length = finding ? describe(text, finding, summary) : 0;
	struct row *row = malloc(sizeof(*row) + length + 1);

	if (!row)
		return NULL;
	text[length] = '\0';
	row->key = summary->key;
	row->rtt = summary->rtt_total;
	row->first = summary->first;
	memcpy(row->steps, summary->judgement.steps, sizeof(row->steps));
	row->verdict = summary->judgement.verdict;
	row->reason = summary->judgement.reason;
	row->blame = summary->judgement.blame;
	row->weight = finding ? (uint8_t)(policy->severity[finding->rule] + 1) : 0;
	memcpy(row->finding, text, length + 1);
	return row;
}

static bool make_room(struct sheet *sheet)
{
	size_t room = sheet->room ? 2 * sheet->room : 16;
	struct row **rows;

	if (sheet->count < sheet->room)
		return true;
	rows = reallocarray(sheet->rows, room, sizeof(struct row *));
	if (!rows)
		return false;
	sheet->rows = rows;
	sheet->room = room;
	return true;
}

static bool is_drawn_at_once(const struct report *report)
{
	return report->live && !report->several;
}

static bool draw_row(struct table *table, struct row *row)
{
	if (!row)
		return false;
	layout_row(table->report.out, row, !table->drawn);
	table->drawn = true;
	free(row);
	return true;
}

static bool table_connection(struct report *report, const struct report_input *input,
                             const struct tcphs_summary *summary, const char *encap)
{
	struct sheet *sheet = sheet_of((struct table *)report, input);
	struct row *row;

	(void)encap;
	if (is_drawn_at_once(report))
		return draw_row((struct table *)report, row_new(report->policy, summary));
	if (!make_room(sheet))
		return false;
	row = row_new(report->policy, summary);
	if (!row)
		return false;
	sheet->rows[sheet->count++] = row;
	return true;
}

static int worst_first(const void *a, const void *b)
{
	const struct row *one = *(struct row *const *)a;
	const struct row *two = *(struct row *const *)b;

	if (one->verdict != two->verdict)
		return one->verdict > two->verdict ? -1 : 1;
	if (one->weight != two->weight)
		return one->weight > two->weight ? -1 : 1;
	return (one->first > two->first) - (one->first < two->first);
}

static void draw_page(struct table *table)
{
	struct sheet **sheets = (struct sheet **)table->page->pdata;

	if (!table->page->len)
		return;
	layout_page(table->report.out, sheets, table->page->len, table->report.several);
	output_flush(table->report.out);
	g_ptr_array_set_size(table->page, 0);
	table->page_rows = 0;
}

static void table_input_end(struct report *report, const struct report_input *input)
{
	struct sheet *sheet = sheet_of((struct table *)report, input);

	sheet->damaged = g_strdup(input->damaged);
	sheet->frames = input->tally.frames;
	sheet->connections = input->tally.connections;
	sheet->left_out = input->tally.ignored + input->tally.known;
	if (sheet->count)
		qsort(sheet->rows, sheet->count, sizeof(struct row *), worst_first);
	if (((struct table *)report)->drawn)
		output_char(report->out, '\n');
}

static void table_adopt(struct report *report, struct report *part)
{
	struct table *table = (struct table *)report;
	struct sheet *sheet = ((struct table *)part)->sheet;
	gint64 now = g_get_monotonic_time();

	/* Of what is known or ignored nothing is shown, not even where it was. */
	if (!sheet->count && !sheet->damaged && sheet->left_out)
		return;
	((struct table *)part)->sheet = NULL;
	if (!table->page->len)
		table->page_begun = now;
	g_ptr_array_add(table->page, sheet);
	table->page_rows += sheet->count;
	if (table->page_rows >= PAGE_ROWS || (report->out->terminal && now - table->page_begun > PAGE_PATIENCE))
		draw_page(table);
}

static void table_expected(struct report *report, const struct expected *expected)
{
	struct table *table = (struct table *)report;

	draw_page(table);
	expected_put(report->out, expected);
	table->expected = true;
}

static void table_finish(struct report *report, const struct tally *total)
{
	draw_page((struct table *)report);
	output_text(report->out, ((struct table *)report)->expected ? "\n" : "");
	layout_total(report->out, total);
}

static void table_del(struct report *report)
{
	struct table *table = (struct table *)report;

	sheet_free(table->sheet);
	g_ptr_array_unref(table->page);
	g_free(table);
}

struct report *report_table_new(void)
{
	struct table *table = g_new0(struct table, 1);

	table->page = g_ptr_array_new_with_free_func(sheet_free);
	table->report.connection = table_connection;
	table->report.input_end = table_input_end;
	table->report.adopt = table_adopt;
	table->report.expected = table_expected;
	table->report.finish = table_finish;
	table->report.del = table_del;
	return &table->report;
}
