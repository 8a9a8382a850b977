/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats.c - a line per server: its connections by verdict, and percentiles of the handshakes' round-trip times.
 *
 * For people, worst first: the server with the most connections that failed to open, then the slowest. Columns that
 * would hold nothing but zeros are left away. On a narrow terminal titles are short and columns close; where that is
 * not enough, each server is a paragraph.
 */
#include <string.h>

#include "expected.h"
#include "quantiles.h"
#include "report.h"
#include "servers.h"
#include "text.h"

/* Indentation of what is said of a server below its name. */
#define BELOW 4

static const unsigned percents[] = { 50, 90, 99, 100 };
#define PERCENTS 4

struct server_stats {
	struct server server;
	uint64_t connections;
	uint64_t verdicts[TCPHS_VERDICTS];
	struct quantiles rtt;
	tcphs_time at[PERCENTS];  /* once all is known */
};

struct stats {
	struct report report;
	struct servers servers;
	bool expected;           /* something was said of an expectation */
};

static void stats_clear(gpointer data)
{
	struct server_stats *stats = data;

	quantiles_clear(&stats->rtt);
	g_free(stats);
}

static bool stats_connection(struct report *report, const struct report_input *input,
                             const struct tcphs_summary *summary, const char *encap)
{
	struct stats *all = (struct stats *)report;
	struct server_stats *stats = servers_of(&all->servers, summary->key.dst, summary->key.dport);

	(void)input;
	(void)encap;
	stats->connections++;
	stats->verdicts[summary->judgement.verdict]++;
	if (summary->rtt_total != TCPHS_TIME_NONE)
		quantiles_add(&stats->rtt, summary->rtt_total);
	return true;
}

static gboolean merge(gpointer key, gpointer value, gpointer servers)
{
	const struct server_stats *part = value;
	struct server_stats *whole = servers_same(servers, key);

	whole->connections += part->connections;
	for (int verdict = 0; verdict < TCPHS_VERDICTS; verdict++)
		whole->verdicts[verdict] += part->verdicts[verdict];
	quantiles_merge(&whole->rtt, &part->rtt);
	return FALSE;
}

static void stats_adopt(struct report *report, struct report *part)
{
	g_tree_foreach(((struct stats *)part)->servers.tree, merge, &((struct stats *)report)->servers);
}

/* ---- what is shown ------------------------------------------------------------------------------- */

/* TOTAL, the verdicts from the worst on, the percentiles. */
enum { TOTAL, WORST, PERCENTILE = WORST + TCPHS_VERDICTS, COLUMNS = PERCENTILE + PERCENTS };

#define CELL 32

struct view {
	struct output *out;
	bool compact;
	size_t gap;
	bool shown[COLUMNS];
	size_t name_width, width[COLUMNS];
};

static enum tcphs_verdict verdict_of(int column)
{
	return (enum tcphs_verdict)(TCPHS_VERDICTS - 1 - (column - WORST));
}

static const char *title_of(const struct view *view, int column)
{
	static const char *const titles[PERCENTS] = { "P50", "P90", "P99", "MAX" };
	static const char *const short_titles[TCPHS_VERDICTS] = {
		[TCPHS_COMPLETE] = "compl", [TCPHS_UNKNOWN] = "unkn", [TCPHS_INCOMPLETE] = "incom",
		[TCPHS_HALF_OPEN] = "half", [TCPHS_MALFORMED] = "malf",
	};

	if (column == TOTAL)
		return "TOTAL";
	if (column >= PERCENTILE)
		return titles[column - PERCENTILE];
	return view->compact ? short_titles[verdict_of(column)] : tcphs_verdict_word(verdict_of(column));
}

static void fill_cell(const struct view *view, char cell[CELL], const struct server_stats *stats, int column)
{
	char *blank;

	if (column >= PERCENTILE) {
		text_interval(cell, stats->at[column - PERCENTILE]);
		blank = view->compact ? strchr(cell, ' ') : NULL;
		if (blank)
			memmove(blank, blank + 1, strlen(blank));
	} else {
		g_snprintf(cell, CELL, "%" G_GUINT64_FORMAT,
		           column == TOTAL ? stats->connections : stats->verdicts[verdict_of(column)]);
	}
}

/* Whether a cell says anything. */
static bool means_something(const struct server_stats *stats, int column)
{
	if (column >= PERCENTILE)
		return stats->at[column - PERCENTILE] != TCPHS_TIME_NONE;
	return column == TOTAL || stats->verdicts[verdict_of(column)] > 0;
}

static uint64_t failed(const struct server_stats *stats)
{
	return stats->verdicts[TCPHS_MALFORMED] + stats->verdicts[TCPHS_HALF_OPEN] + stats->verdicts[TCPHS_INCOMPLETE];
}

static int worst_first(const void *a, const void *b)
{
	const struct server_stats *one = *(struct server_stats *const *)a;
	const struct server_stats *two = *(struct server_stats *const *)b;

	if (failed(one) != failed(two))
		return failed(one) > failed(two) ? -1 : 1;
	for (int i = PERCENTS - 1; i >= 0; i--)
		if (one->at[i] != two->at[i])
			return one->at[i] > two->at[i] ? -1 : 1;
	return servers_compare(&one->server, &two->server);
}

static void measure(struct view *view, const GPtrArray *list)
{
	char cell[MAX(CELL, TEXT_ENDPOINT)];

	view->gap = view->compact ? 1 : 2;
	view->name_width = strlen("SERVER");
	for (int column = 0; column < COLUMNS; column++)
		view->width[column] = strlen(title_of(view, column));
	for (guint i = 0; i < list->len; i++) {
		const struct server_stats *stats = g_ptr_array_index(list, i);

		server_name(cell, &stats->server);
		view->name_width = MAX(view->name_width, strlen(cell));
		for (int column = 0; column < COLUMNS; column++) {
			fill_cell(view, cell, stats, column);
			view->width[column] = MAX(view->width[column], strlen(cell));
			view->shown[column] = view->shown[column] || means_something(stats, column);
		}
	}
}

static bool fits(const struct view *view)
{
	size_t width = view->name_width;

	for (int column = 0; column < COLUMNS; column++)
		width += view->shown[column] ? view->gap + view->width[column] : 0;
	return !view->out->columns || width <= view->out->columns;
}

static void put_coloured(struct output *out, const char *colour, const char *text)
{
	bool coloured = out->colour && *colour;

	if (coloured)
		output_format(out, "\033[%sm", colour);
	output_text(out, text);
	if (coloured)
		output_text(out, "\033[0m");
}

static const char *colour_of(const struct server_stats *stats, int column)
{
	if (column < WORST || column >= PERCENTILE || !stats->verdicts[verdict_of(column)])
		return "";
	return text_verdict_colour((enum tcphs_verdict)verdict_of(column));
}

static void put_titles(const struct view *view)
{
	GString *line = g_string_new(NULL);

	g_string_append_printf(line, "%-*s", (int)view->name_width, "SERVER");
	for (int column = 0; column < COLUMNS; column++) {
		char *title = g_ascii_strup(title_of(view, column), -1);

		if (view->shown[column])
			g_string_append_printf(line, "%*s%*s", (int)view->gap, "", (int)view->width[column], title);
		g_free(title);
	}
	put_coloured(view->out, "1", line->str);
	output_char(view->out, '\n');
	g_string_free(line, TRUE);
}

static void put_row(const struct view *view, const struct server_stats *stats)
{
	char cell[CELL], name[TEXT_ENDPOINT];

	server_name(name, &stats->server);
	output_text(view->out, name);
	output_pad(view->out, view->name_width - strlen(name));
	for (int column = 0; column < COLUMNS; column++) {
		if (!view->shown[column])
			continue;
		fill_cell(view, cell, stats, column);
		output_pad(view->out, view->gap + view->width[column] - strlen(cell));
		put_coloured(view->out, colour_of(stats, column), cell);
	}
	output_char(view->out, '\n');
}

/* "3 connections: 1 incomplete, 2 complete; RTT p50 30.6 ms, p90 30.6 ms, p99 30.6 ms, max 30.6 ms". */
static void put_paragraph(const struct view *view, const struct server_stats *stats)
{
	GString *text = g_string_new(NULL);
	char cell[CELL], name[TEXT_ENDPOINT];
	const char *separator = ": ";

	server_name(name, &stats->server);
	put_coloured(view->out, "1", name);
	output_char(view->out, '\n');
	g_string_append_printf(text, "%" G_GUINT64_FORMAT " connection%s", stats->connections,
	                       stats->connections == 1 ? "" : "s");
	for (int column = WORST; column < COLUMNS; column++) {
		char *title = g_ascii_strdown(title_of(view, column), -1);

		fill_cell(view, cell, stats, column);
		if (column == PERCENTILE)
			separator = "; RTT ";
		if (means_something(stats, column)) {
			g_string_append_printf(text, "%s%s %s", separator, column < PERCENTILE ? cell : title,
			                       column < PERCENTILE ? title : cell);
			separator = ", ";
		}
		g_free(title);
	}
	text_paragraph(view->out, text->str, view->out->columns, BELOW);
	g_string_free(text, TRUE);
}

static void stats_expected(struct report *report, const struct expected *expected)
{
	expected_put(report->out, expected);
	((struct stats *)report)->expected = true;
}

static void stats_finish(struct report *report, const struct tally *total)
{
	struct view view = { .out = report->out };
	GPtrArray *list = servers_list(&((struct stats *)report)->servers);
	bool columns;

	(void)total;
	for (guint i = 0; i < list->len; i++) {
		struct server_stats *stats = g_ptr_array_index(list, i);

		for (int j = 0; j < PERCENTS; j++)
			stats->at[j] = quantiles_at(&stats->rtt, percents[j]);
	}
	g_ptr_array_sort(list, worst_first);
	measure(&view, list);
	columns = fits(&view);
	if (!columns) {
		view.compact = true;
		measure(&view, list);
		columns = fits(&view);
		view.compact = columns;
	}
	if (((struct stats *)report)->expected && list->len)
		output_char(report->out, '\n');
	if (columns && list->len)
		put_titles(&view);
	for (guint i = 0; i < list->len; i++)
		(columns ? put_row : put_paragraph)(&view, g_ptr_array_index(list, i));
	g_ptr_array_unref(list);
}

static void stats_del(struct report *report)
{
	servers_clear(&((struct stats *)report)->servers);
	g_free(report);
}

struct report *report_stats_new(void)
{
	struct stats *stats = g_new0(struct stats, 1);

	servers_init(&stats->servers, sizeof(struct server_stats), stats_clear);
	stats->report.connection = stats_connection;
	stats->report.adopt = stats_adopt;
	stats->report.expected = stats_expected;
	stats->report.finish = stats_finish;
	stats->report.del = stats_del;
	return &stats->report;
}
