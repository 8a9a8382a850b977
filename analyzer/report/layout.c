/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layout.c - draws rows in columns.
 *
 * On a terminal nothing is cut and nothing runs over its edge, down to some 56 columns: where a finding has too little
 * room in its column it goes below its row, and so do endpoints that are too long for theirs; where the terminal is
 * narrower still, steps and RTT go below as well. Anywhere else (a pipe, a file) a row is one line, however long, so
 * that grep finds what belongs together.
 */
#include "table.h"

#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "text.h"

/* Below this many columns a finding is not put beside its row: it would be a tower of words. */
#define FINDING_MIN 48

/* Two IPv4 endpoints of any length. If they do not fit, the whole layout becomes narrow. */
#define ENDPOINTS_MIN 45

/* Indentation of what goes below its row. */
#define BELOW 4

#define GAP 2

enum column { VERDICT, REASON, BLAME, ENDPOINTS, STEPS, RTT, FINDING, COLUMNS };

static const char *const titles[COLUMNS] = { "VERDICT", "REASON", "BLAME", "CLIENT > SERVER", "STEPS", "RTT",
	                                     "FINDING" };

/* Room for a cell; findings are not copied. */
#define CELL (2 * TEXT_ENDPOINT + 8)

struct layout {
	struct output *out;
	size_t width[COLUMNS];
	bool narrow;             /* steps and RTT stand below the row */
	bool finding_below;
};

static void fill_cell(char cell[CELL], const struct row *row, enum column column)
{
	char client[TEXT_ENDPOINT], server[TEXT_ENDPOINT], steps[3][12];

	switch (column) {
	case VERDICT:
		g_strlcpy(cell, tcphs_verdict_word((enum tcphs_verdict)row->verdict), CELL);
		break;
	case REASON:
		g_strlcpy(cell, tcphs_reason_word((enum tcphs_reason)row->reason), CELL);
		break;
	case BLAME:
		g_strlcpy(cell, tcphs_blame_word((enum tcphs_blame)row->blame), CELL);
		break;
	case ENDPOINTS:
		text_endpoint(client, row->key.src, row->key.sport);
		text_endpoint(server, row->key.dst, row->key.dport);
		snprintf(cell, CELL, "%s > %s", client, server);
		break;
	case STEPS:
		for (int i = 0; i < 3; i++)
			snprintf(steps[i], sizeof(steps[i]), row->steps[i] ? "%u" : "-", row->steps[i]);
		snprintf(cell, CELL, "%s %s %s", steps[0], steps[1], steps[2]);
		break;
	case RTT:
		text_interval(cell, row->rtt);
		break;
	default:
		cell[0] = '\0';
	}
}

static void widen(struct layout *layout, const struct row *row)
{
	char cell[CELL];
	size_t length = strlen(row->finding);

	for (int column = 0; column < FINDING; column++) {
		fill_cell(cell, row, (enum column)column);
		layout->width[column] = MAX(layout->width[column], strlen(cell));
	}
	layout->width[FINDING] = MAX(layout->width[FINDING], length);
}

static bool in_row(const struct layout *layout, int column)
{
	if (column == STEPS || column == RTT)
		return !layout->narrow;
	return column != FINDING || !layout->finding_below;
}

/* How wide the columns before |end| are that stand in the row, each with the gap behind it. */
static size_t width_before(const struct layout *layout, int end)
{
	size_t width = 0;

	for (int column = 0; column < end; column++)
		if (in_row(layout, column))
			width += layout->width[column] + GAP;
	return width;
}

/* What is left of |columns| behind |used|. */
static size_t left(size_t columns, size_t used)
{
	return columns > used ? columns - used : 0;
}

/* Makes the columns fit the terminal. */
static void fit(struct layout *layout, size_t columns)
{
	size_t widest = layout->width[ENDPOINTS];
	size_t beside = GAP + MIN(layout->width[FINDING], FINDING_MIN);
	size_t room = left(columns + GAP, width_before(layout, FINDING) - widest);

	if (room >= ENDPOINTS_MIN + beside)  /* a few long endpoints shall not push all findings out of the row */
		room -= beside;
	layout->narrow = room < MIN(widest, ENDPOINTS_MIN);
	if (layout->narrow)
		room = left(columns, width_before(layout, ENDPOINTS));
	layout->width[ENDPOINTS] = MIN(widest, MAX(room, strlen(titles[ENDPOINTS])));
	room = left(columns, width_before(layout, FINDING));
	layout->finding_below = layout->narrow || room < MIN(layout->width[FINDING], FINDING_MIN);
	if (layout->finding_below)
		room = left(columns, BELOW);
	layout->width[FINDING] = MIN(layout->width[FINDING], room);
}

static void measure(struct layout *layout, struct sheet *const *sheets, size_t count)
{
	for (int column = 0; column < FINDING; column++)
		layout->width[column] = strlen(titles[column]);
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < sheets[i]->count; j++)
			widen(layout, sheets[i]->rows[j]);
	if (layout->out->columns)
		fit(layout, layout->out->columns);
}

static void put_coloured(struct output *out, const char *colour, const char *text, size_t length)
{
	bool coloured = out->colour && *colour;

	if (coloured)
		output_format(out, "\033[%sm", colour);
	output_write(out, text, length);
	if (coloured)
		output_text(out, "\033[0m");
}

static const char *colour_of(const struct row *row, enum column column)
{
	return column == VERDICT ? text_verdict_colour((enum tcphs_verdict)row->verdict) : "";
}

/* The finding's first word is its rule: that is what --explain wants. */
static void put_finding_line(struct output *out, const struct row *row, const char *text, size_t length)
{
	static const char *const severities[] = { "", "2", "36", "33", "31" };
	size_t id = text == row->finding ? strcspn(text, ",:") : 0;

	id = MIN(id, length);
	put_coloured(out, severities[row->weight], text, id);
	output_write(out, text + id, length - id);
	output_char(out, '\n');
}

static void put_finding(const struct layout *layout, const struct row *row)
{
	size_t indent = layout->finding_below ? BELOW : width_before(layout, FINDING);
	size_t width = layout->out->columns ? layout->width[FINDING] : 0;
	const char *text = row->finding;

	while (*text) {
		const char *next;
		size_t length = text_wrap(text, width, &next);

		if (text != row->finding || layout->finding_below)
			output_pad(layout->out, indent);
		put_finding_line(layout->out, row, text, length);
		text = next;
	}
}

static void put_below(const struct layout *layout, const struct row *row, bool endpoints)
{
	char cell[CELL], steps[CELL];

	if (endpoints) {
		fill_cell(cell, row, ENDPOINTS);
		text_paragraph(layout->out, cell, layout->out->columns, BELOW);
	}
	if (layout->narrow) {
		fill_cell(steps, row, STEPS);
		fill_cell(cell, row, RTT);
		output_pad(layout->out, BELOW);
		output_format(layout->out, row->rtt == TCPHS_TIME_NONE ? "steps %s\n" : "steps %s, RTT %s\n", steps,
		              cell);
	}
}

/* The gap is put before the next cell, not after this one: no line ends in blanks. */
static void put_row(const struct layout *layout, const struct row *row)
{
	bool beside = *row->finding && !layout->finding_below;
	bool too_long = false;
	size_t gap = 0;

	for (int column = 0; column < FINDING; column++) {
		char cell[CELL];
		size_t pad, width = layout->width[column];

		if (!in_row(layout, column))
			continue;
		fill_cell(cell, row, (enum column)column);
		if (strlen(cell) > width) {
			too_long = true;
			gap += width + GAP;
			continue;
		}
		pad = width - strlen(cell);
		output_pad(layout->out, column == RTT ? gap + pad : gap);
		put_coloured(layout->out, colour_of(row, (enum column)column), cell, strlen(cell));
		gap = column == RTT ? GAP : pad + GAP;
	}
	if (beside && !too_long) {
		output_pad(layout->out, gap);
		put_finding(layout, row);
		return;
	}
	output_char(layout->out, '\n');
	put_below(layout, row, too_long);
	if (beside)
		output_pad(layout->out, width_before(layout, FINDING));
	put_finding(layout, row);
}

static void put_titles(const struct layout *layout)
{
	GString *line = g_string_new(NULL);

	for (int column = 0; column < COLUMNS; column++) {
		if (!in_row(layout, column))
			continue;
		if (column == FINDING)
			g_string_append(line, layout->width[FINDING] ? titles[FINDING] : "");
		else
			g_string_append_printf(line, column == RTT ? "%*s  " : "%-*s  ", (int)layout->width[column],
			                       titles[column]);
	}
	g_strchomp(line->str);
	put_coloured(layout->out, "1", line->str, strlen(line->str));
	output_char(layout->out, '\n');
	g_string_free(line, TRUE);
}

static void add_amount(GString *line, uint64_t number, const char *word)
{
	g_string_append_printf(line, "%" G_GUINT64_FORMAT " %s%s", number, word, number == 1 ? "" : "s");
}

static void put_heading(struct output *out, const struct sheet *sheet)
{
	output_char(out, '\n');
	put_coloured(out, "1;4", sheet->path, strlen(sheet->path));
	if (!sheet->connections && !sheet->damaged)
		output_text(out, "  no TCP connection");
	output_char(out, '\n');
	if (sheet->damaged) {
		output_text(out, out->colour ? "\033[31m" : "");
		text_paragraph(out, sheet->damaged, out->columns, 0);
		output_text(out, out->colour ? "\033[0m" : "");
	}
}

void layout_page(struct output *out, struct sheet *const *sheets, size_t count, bool headings)
{
	struct layout layout = { .out = out };
	size_t rows = 0;

	for (size_t i = 0; i < count; i++)
		rows += sheets[i]->count;
	measure(&layout, sheets, count);
	if (rows)
		put_titles(&layout);
	for (size_t i = 0; i < count; i++) {
		if (headings)
			put_heading(out, sheets[i]);
		for (size_t j = 0; j < sheets[i]->count; j++)
			put_row(&layout, sheets[i]->rows[j]);
	}
	if (rows || headings)
		output_char(out, '\n');
}

/* Room for what is usual, since what comes later is not known: columns are aligned until a row needs more. */
void layout_row(struct output *out, struct row *row, bool first)
{
	struct layout layout = {
		.out = out,
		.width = {
			[VERDICT] = strlen("incomplete"),
			[REASON] = strlen("aborted_by_client"),
			[BLAME] = strlen("capture"),
			[ENDPOINTS] = strlen("192.0.2.1:49152 > 192.0.2.9:80"),
			[STEPS] = strlen("10 11 12"),
			[RTT] = strlen("1.00 ms"),
			[FINDING] = FINDING_MIN,
		},
	};

	widen(&layout, row);
	if (out->columns)
		fit(&layout, out->columns);
	if (first)
		put_titles(&layout);
	put_row(&layout, row);
}

static gboolean add_not_decoded(gpointer word, gpointer frames, gpointer line)
{
	g_string_append_printf(line, " %" G_GUINT64_FORMAT " %s,", *(const uint64_t *)frames, (const char *)word);
	return FALSE;
}

static void put_line(struct output *out, GString *line)
{
	text_paragraph(out, line->str, out->columns, 0);
	g_string_truncate(line, 0);
}

void layout_total(struct output *out, const struct tally *total)
{
	const char *separator = ": ";
	GString *line = g_string_new(NULL);

	add_amount(line, total->connections, "connection");
	g_string_append(line, " in ");
	add_amount(line, total->inputs, "file");
	g_string_append(line, ", ");
	add_amount(line, total->frames, "frame");
	for (int verdict = TCPHS_VERDICTS - 1; verdict >= 0; verdict--) {
		if (!total->verdicts[verdict])
			continue;
		g_string_append_printf(line, "%s%" G_GUINT64_FORMAT " %s", separator, total->verdicts[verdict],
		                       tcphs_verdict_word((enum tcphs_verdict)verdict));
		separator = ", ";
	}
	if (total->ignored)
		g_string_append_printf(line, "; %" G_GUINT64_FORMAT " more ignored", total->ignored);
	if (total->known)
		g_string_append_printf(line, "; %" G_GUINT64_FORMAT " more known", total->known);
	if (total->evicted)
		g_string_append_printf(line, "; %" G_GUINT64_FORMAT " evicted", total->evicted);
	if (total->damaged) {
		g_string_append(line, "; ");
		add_amount(line, total->damaged, "file");
		g_string_append(line, " could not be read to the end");
	}
	put_line(out, line);
	if (g_tree_nnodes(total->not_decoded)) {
		g_string_append(line, "frames not decoded:");
		g_tree_foreach(total->not_decoded, add_not_decoded, line);
		g_string_truncate(line, line->len - 1);
		put_line(out, line);
	}
	g_string_free(line, TRUE);
}
