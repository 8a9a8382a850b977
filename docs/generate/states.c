/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * states.c - states.svg: both tables of the engine, drawn.
 *
 * Theory of operation. What is drawn and written comes from the tables; where it is put is decided here, by hand. Three
 * parts, from top to bottom: the stages of an opening with an arrow for each pair of stages that some cell joins, the
 * opening table cell by cell, and the closing table as RFC 9293 draws it in figure 5. An arrow that a table has and
 * that has no place here, or the reverse, ends the program: a changed table asks for a changed drawing.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "generate.h"
#include "svg.h"

#define WIDTH  1600
#define MARGIN 20

static const char *const roles[] = { [TCPHS_CLIENT] = "client", [TCPHS_SERVER] = "server" };

/** Where an arrow runs, and its label begins. Unused points are 0. */
struct route {
	int from, to;
	struct point points[SVG_POINTS];
	int x, y;
	const char *anchor;
};

static size_t route_points(const struct route *route)
{
	size_t count = 0;

	while (count < SVG_POINTS && (route->points[count].x || route->points[count].y))
		count++;
	return count;
}

static void draw_route(GString *out, const struct route *route, int top)
{
	struct point points[SVG_POINTS];
	size_t count = route_points(route);

	for (size_t i = 0; i < count; i++)
		points[i] = (struct point){ route->points[i].x, route->points[i].y + top };
	svg_arrow(out, points, count);
}

static const char *severity_class(uint16_t rule)
{
	return tcphs_severity_word(tcphs_rule_info((enum tcphs_rule)rule)->severity);
}

/* ---- the opening as a diagram -------------------------------------------------------------------------- */

#define STAGE_WIDTH 200
#define STATE_LINE  15

/** Where a stage's box is: the middle of its upper edge. */
struct place {
	int stage, x, y;
	const char *caption;
};

static const struct place places[] = {
	{ TCPHS_STAGE_NEW, 700, 40, "nothing captured yet" },
	{ TCPHS_STAGE_PROBE, 370, 40, "only what can open nothing" },
	{ TCPHS_STAGE_SYN, 700, 250, "step 1; no usable answer" },
	{ TCPHS_STAGE_CROSSED, 1370, 250, "both sent SYN" },
	{ TCPHS_STAGE_ENDED, 1030, 420, "a RST ended the attempt" },
	{ TCPHS_STAGE_MIDSTREAM, 110, 590, "captured from its middle on" },
	{ TCPHS_STAGE_UNSEEN, 380, 590, "client goes on, no answer seen" },
	{ TCPHS_STAGE_SYNACK, 700, 590, "step 2; not acknowledged" },
	{ TCPHS_STAGE_CROSSED_CLIENT, 1240, 610, "client acknowledged" },
	{ TCPHS_STAGE_CROSSED_SERVER, 1480, 610, "server acknowledged" },
	{ TCPHS_STAGE_OPEN, 700, 890, "closing table from here on" },
};

/* Height of the diagram. */
#define OPENING_HEIGHT 1010

#define ROUTE(from, to) TCPHS_STAGE_##from, TCPHS_STAGE_##to

static const struct route opening_routes[] = {
	{ ROUTE(NEW, SYN), { { 700, 88 }, { 700, 250 } }, 708, 180, "start" },
	{ ROUTE(NEW, PROBE), { { 600, 62 }, { 470, 62 } }, 535, 54, "middle" },
	{ ROUTE(NEW, MIDSTREAM), { { 660, 40 }, { 660, 14 }, { 60, 14 }, { 60, 590 } }, 68, 330, "start" },
	{ ROUTE(NEW, SYNACK),
	  { { 640, 88 }, { 640, 120 }, { 560, 120 }, { 560, 606 }, { 600, 606 } },
	  568, 420, "start" },
	{ ROUTE(PROBE, SYN), { { 420, 88 }, { 420, 266 }, { 600, 266 } }, 428, 210, "start" },
	{ ROUTE(PROBE, MIDSTREAM), { { 270, 62 }, { 150, 62 }, { 150, 590 } }, 158, 250, "start" },
	{ ROUTE(PROBE, SYNACK), { { 470, 80 }, { 505, 80 }, { 505, 622 }, { 600, 622 } }, 499, 545, "end" },
	{ ROUTE(SYN, UNSEEN), { { 600, 300 }, { 380, 300 }, { 380, 590 } }, 372, 390, "end" },
	{ ROUTE(SYN, CROSSED), { { 800, 266 }, { 1270, 266 } }, 830, 258, "start" },
	{ ROUTE(SYN, ENDED), { { 800, 290 }, { 1000, 290 }, { 1000, 420 } }, 886, 308, "start" },
	{ ROUTE(SYN, OPEN), { { 800, 332 }, { 820, 332 }, { 820, 908 }, { 800, 908 } }, 828, 760, "start" },
	{ ROUTE(SYN, SYNACK), { { 700, 343 }, { 700, 590 } }, 708, 470, "start" },
	{ ROUTE(ENDED, SYN), { { 930, 440 }, { 856, 440 }, { 856, 312 }, { 800, 312 } }, 864, 374, "start" },
	{ ROUTE(SYNACK, ENDED), { { 800, 606 }, { 960, 606 }, { 960, 498 } }, 830, 622, "start" },
	{ ROUTE(CROSSED, ENDED), { { 1270, 290 }, { 1070, 290 }, { 1070, 420 } }, 1100, 308, "start" },
	{ ROUTE(CROSSED_CLIENT, ENDED), { { 1140, 630 }, { 1090, 630 }, { 1090, 498 } }, 1096, 560, "start" },
	{ ROUTE(CROSSED_SERVER, ENDED), { { 1480, 610 }, { 1480, 450 }, { 1130, 450 } }, 1150, 442, "start" },
	{ ROUTE(CROSSED, CROSSED_CLIENT), { { 1310, 313 }, { 1310, 610 } }, 1302, 520, "end" },
	{ ROUTE(CROSSED, CROSSED_SERVER), { { 1420, 313 }, { 1420, 610 } }, 1412, 560, "end" },
	{ ROUTE(ENDED, OPEN), { { 1010, 498 }, { 1010, 908 }, { 800, 908 } }, 1016, 760, "start" },
	{ ROUTE(SYNACK, OPEN), { { 700, 668 }, { 700, 890 } }, 692, 790, "end" },
	{ ROUTE(UNSEEN, SYNACK), { { 480, 640 }, { 600, 640 } }, 540, 686, "middle" },
	{ ROUTE(UNSEEN, OPEN), { { 400, 653 }, { 400, 912 }, { 600, 912 } }, 408, 800, "start" },
	{ ROUTE(MIDSTREAM, UNSEEN), { { 210, 612 }, { 280, 612 } }, 245, 604, "middle" },
	{ ROUTE(MIDSTREAM, OPEN), { { 110, 668 }, { 110, 936 }, { 600, 936 } }, 118, 800, "start" },
	{ ROUTE(CROSSED_CLIENT, OPEN), { { 1240, 673 }, { 1240, 928 }, { 800, 928 } }, 1232, 800, "end" },
	{ ROUTE(CROSSED_SERVER, OPEN), { { 1480, 673 }, { 1480, 948 }, { 800, 948 } }, 1472, 800, "end" },
};

static const struct tcphs_cell *cell_between(int from, int to, int role, int event)
{
	const struct tcphs_cell *cell =
		tcphs_transition((enum tcphs_stage)from, (enum tcphs_role)role, (enum tcphs_event)event);

	return tcphs_cell_possible(cell) && cell->stage == to ? cell : NULL;
}

static bool joined(int from, int to)
{
	for (int i = 0; i < 2 * TCPHS_EVENTS; i++) {
		if (cell_between(from, to, i % 2, i / 2))
			return true;
	}
	return false;
}

static void demand_opening_routes(void)
{
	for (int i = 0; i < TCPHS_STAGES * TCPHS_STAGES; i++) {
		int from = i / TCPHS_STAGES, to = i % TCPHS_STAGES, routes = 0;

		if (from < TCPHS_STAGE_NEW || to < TCPHS_STAGE_NEW || from == to)
			continue;
		for (size_t k = 0; k < G_N_ELEMENTS(opening_routes); k++)
			routes += opening_routes[k].from == from && opening_routes[k].to == to;
		if (routes != joined(from, to))
			g_error("the arrow from %s to %s: the table says %s, the drawing has %d; place it in %s",
				tcphs_stage_word((enum tcphs_stage)from), tcphs_stage_word((enum tcphs_stage)to),
				joined(from, to) ? "yes" : "no", routes, __FILE__);
	}
}

/* The pairs of states that cells leading to |stage| set: "CLIENT / SERVER"; freed with the array. */
static GPtrArray *states_of(int stage)
{
	GPtrArray *pairs = g_ptr_array_new_with_free_func(g_free);

	for (int i = 0; i < TCPHS_STAGES * 2 * TCPHS_EVENTS; i++) {
		const struct tcphs_cell *cell =
			cell_between(i / (2 * TCPHS_EVENTS), stage, i / TCPHS_EVENTS % 2, i % TCPHS_EVENTS);
		char *pair;

		if (i / (2 * TCPHS_EVENTS) == TCPHS_STAGE_NONE || !cell || cell->client == TCPHS_STATE_NONE)
			continue;
		pair = g_strdup_printf("%s / %s", tcphs_state_word((enum tcphs_state)cell->client),
				       tcphs_state_word((enum tcphs_state)cell->server));
		if (g_ptr_array_find_with_equal_func(pairs, pair, g_str_equal, NULL))
			g_free(pair);
		else
			g_ptr_array_add(pairs, pair);
	}
	return pairs;
}

static void draw_stage(GString *out, const struct place *place, int top)
{
	GPtrArray *states = states_of(place->stage);
	int y = place->y + top;
	const char *class = place->stage == TCPHS_STAGE_OPEN ? "end" : "box";

	svg_box(out, class, place->x - STAGE_WIDTH / 2, y, STAGE_WIDTH, 48 + STATE_LINE * (int)states->len);
	svg_text(out, "name", "middle", place->x, y + 20, tcphs_stage_word((enum tcphs_stage)place->stage));
	svg_text(out, "caption", "middle", place->x, y + 36, place->caption);
	for (guint i = 0; i < states->len; i++)
		svg_text(out, "state", "middle", place->x, y + 52 + STATE_LINE * (int)i, g_ptr_array_index(states, i));
	g_ptr_array_unref(states);
}

/* Who may send |event| to go this way: "client", "server", "either" or NULL. */
static const char *sender(const struct route *route, int event)
{
	bool client = cell_between(route->from, route->to, TCPHS_CLIENT, event);
	bool server = cell_between(route->from, route->to, TCPHS_SERVER, event);

	return client && server ? "either" : client ? "client" : server ? "server" : NULL;
}

/* The rule raised on the way; the same for both senders, or there would be two arrows. */
static uint16_t rule_of(const struct route *route, int event, int role)
{
	const struct tcphs_cell *cell = cell_between(route->from, route->to, role, event);

	return cell ? cell->rule : TCPHS_RULE_NONE;
}

static int put_label(GString *out, const struct route *route, int y, const char *who, const char *event, uint16_t rule)
{
	char *text = g_strdup_printf("%s %s", who, event);

	svg_text(out, "", route->anchor, route->x, y, text);
	g_free(text);
	if (rule == TCPHS_RULE_NONE)
		return y + 15;
	text = g_strdup_printf("! %s", tcphs_rule_info((enum tcphs_rule)rule)->id);
	svg_text(out, severity_class(rule), route->anchor, route->x, y + 14, text);
	g_free(text);
	return y + 29;
}

static void label_opening(GString *out, const struct route *route, int top)
{
	int y = route->y + top;

	for (int event = 0; event < TCPHS_EVENTS; event++) {
		uint16_t client = rule_of(route, event, TCPHS_CLIENT), server = rule_of(route, event, TCPHS_SERVER);
		const char *who = sender(route, event), *word = tcphs_event_word((enum tcphs_event)event);

		if (who && strcmp(who, "either") == 0 && client != server) {
			y = put_label(out, route, y, roles[TCPHS_CLIENT], word, client);
			y = put_label(out, route, y, roles[TCPHS_SERVER], word, server);
		} else if (who) {
			y = put_label(out, route, y, who, word, client ? client : server);
		}
	}
}

static int draw_opening(GString *out, int top)
{
	demand_opening_routes();
	svg_text(out, "heading", "start", MARGIN, top + 20, "Opening: stages of a connection");
	svg_text(out, "caption", "start", MARGIN, top + 38,
		 "In a box: what the stage is, and the states CLIENT / SERVER that lead to it set. On an arrow: who "
		 "sends what; ! a "
		 "rule that is raised.");
	top += 50;
	for (size_t i = 0; i < G_N_ELEMENTS(opening_routes); i++)
		draw_route(out, &opening_routes[i], top);
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
		draw_stage(out, &places[i], top);
	for (size_t i = 0; i < G_N_ELEMENTS(opening_routes); i++)
		label_opening(out, &opening_routes[i], top);
	return top + OPENING_HEIGHT;
}

/* ---- the opening table --------------------------------------------------------------------------------- */

#define LINE   12  /* between lines in a cell */
#define LETTER 6   /* width of a character of 10 px, at most on average */
#define WORD   13  /* characters in a line of a cell */
#define HEAD   140 /* width of the column that names stage and sender */

struct cell_line {
	const char *class;
	char *text;
};

static void add_line(GArray *lines, const char *class, const char *text, size_t length)
{
	struct cell_line line = { class, g_strndup(text, length) };

	g_array_append_val(lines, line);
}

/* |word| in lines that end at an underscore. */
static void add_word(GArray *lines, const char *class, const char *word)
{
	while (strlen(word) > WORD) {
		size_t length = WORD;

		while (length > 1 && word[length - 1] != '_')
			length--;
		if (length == 1)
			length = WORD;
		add_line(lines, class, word, length);
		word += length;
	}
	add_line(lines, class, word, strlen(word));
}

static void clear_line(void *line)
{
	g_free(((struct cell_line *)line)->text);
}

/* What a possible cell says; freed by the caller. */
static GArray *lines_of(int stage, const struct tcphs_cell *cell)
{
	GArray *lines = g_array_new(FALSE, FALSE, sizeof(struct cell_line));

	g_array_set_clear_func(lines, clear_line);
	if (cell->stage != stage)
		add_word(lines, "next", tcphs_stage_word((enum tcphs_stage)cell->stage));
	if (cell->client != TCPHS_STATE_NONE) {
		add_line(lines, "small", tcphs_state_word((enum tcphs_state)cell->client), WORD);
		add_line(lines, "small", tcphs_state_word((enum tcphs_state)cell->server), WORD);
	}
	if (cell->rule != TCPHS_RULE_NONE) {
		char *class = g_strdup_printf("%s tight", severity_class(cell->rule));

		add_word(lines, g_intern_string(class), tcphs_rule_info((enum tcphs_rule)cell->rule)->id);
		g_free(class);
	}
	if (lines->len == 0)
		add_line(lines, "small", "stays", WORD);
	return lines;
}

static int width_of_lines(const GArray *lines)
{
	size_t widest = 0;

	for (guint i = 0; i < lines->len; i++)
		widest = MAX(widest, strlen(g_array_index(lines, struct cell_line, i).text));
	return (int)widest * LETTER + 6;
}

static void put_lines(GString *out, const GArray *lines, int middle, int y)
{
	for (guint i = 0; i < lines->len; i++) {
		const struct cell_line *line = &g_array_index(lines, struct cell_line, i);

		svg_text(out, line->class, "middle", middle, y + LINE * (int)(i + 1), line->text);
	}
}

static GArray *heading_lines(int event)
{
	GArray *lines = g_array_new(FALSE, FALSE, sizeof(struct cell_line));

	g_array_set_clear_func(lines, clear_line);
	add_word(lines, "head", tcphs_event_word((enum tcphs_event)event));
	return lines;
}

/* Width of each event's column: as its widest line needs; what is left over is shared out. */
static void measure_columns(int width[TCPHS_EVENTS])
{
	int total = HEAD;

	for (int event = 0; event < TCPHS_EVENTS; event++) {
		GArray *lines = heading_lines(event);

		width[event] = width_of_lines(lines);
		g_array_unref(lines);
		for (int row = 2 * TCPHS_STAGE_NEW; row < 2 * TCPHS_STAGES; row++) {
			const struct tcphs_cell *cell = tcphs_transition(
				(enum tcphs_stage)(row / 2), (enum tcphs_role)(row % 2), (enum tcphs_event)event);
			if (!tcphs_cell_possible(cell))
				continue;
			lines = lines_of(row / 2, cell);
			width[event] = MAX(width[event], width_of_lines(lines));
			g_array_unref(lines);
		}
		total += width[event];
	}
	for (int event = 0; event < TCPHS_EVENTS; event++)
		width[event] += (WIDTH - 2 * MARGIN - total) / TCPHS_EVENTS;
}

static int height_of_row(int row)
{
	guint most = 2;

	for (int event = 0; event < TCPHS_EVENTS; event++) {
		const struct tcphs_cell *cell = tcphs_transition((enum tcphs_stage)(row / 2),
								 (enum tcphs_role)(row % 2), (enum tcphs_event)event);
		GArray *lines;

		if (!tcphs_cell_possible(cell))
			continue;
		lines = lines_of(row / 2, cell);
		most = MAX(most, lines->len);
		g_array_unref(lines);
	}
	return LINE * (int)most + 6;
}

static void draw_cell(GString *out, int row, int event, int x, int y, int width, int height)
{
	const struct tcphs_cell *cell =
		tcphs_transition((enum tcphs_stage)(row / 2), (enum tcphs_role)(row % 2), (enum tcphs_event)event);
	GArray *lines;

	if (!tcphs_cell_possible(cell)) {
		svg_box(out, "never", x, y, width, height);
		return;
	}
	svg_box(out, cell->stage != row / 2 ? "move" : "cell", x, y, width, height);
	lines = lines_of(row / 2, cell);
	put_lines(out, lines, x + width / 2, y);
	g_array_unref(lines);
}

static int draw_row(GString *out, int row, const int width[TCPHS_EVENTS], int y)
{
	int height = height_of_row(row), x = MARGIN + HEAD;
	char *name = g_strdup_printf("%s, %s", tcphs_stage_word((enum tcphs_stage)(row / 2)), roles[row % 2]);

	svg_text(out, "head", "end", x - 6, y + LINE, name);
	g_free(name);
	for (int event = 0; event < TCPHS_EVENTS; event++) {
		draw_cell(out, row, event, x, y, width[event], height);
		x += width[event];
	}
	return y + height;
}

static int draw_table(GString *out, int top)
{
	int width[TCPHS_EVENTS], x = MARGIN + HEAD;

	measure_columns(width);
	svg_text(out, "heading", "start", MARGIN, top + 20, "The opening table");
	svg_text(out, "caption", "start", MARGIN, top + 38,
		 "A row for each stage and sender, a column for each event. Bold: the next stage. Then the states of "
		 "client and "
		 "server after it, if it sets them, and the rule that it raises. Grey: cannot happen.");
	top += 46;
	for (int event = 0; event < TCPHS_EVENTS; event++) {
		GArray *lines = heading_lines(event);

		put_lines(out, lines, x + width[event] / 2, top);
		g_array_unref(lines);
		x += width[event];
	}
	top += 3 * LINE;
	for (int row = 2 * TCPHS_STAGE_NEW; row < 2 * TCPHS_STAGES; row++)
		top = draw_row(out, row, width, top);
	return top;
}

/* ---- the closing table --------------------------------------------------------------------------------- */

#define STATE_WIDTH    150
#define STATE_HEIGHT   40
#define CLOSING_HEIGHT 560

static const struct place states[] = {
	{ TCPHS_ESTABLISHED, 800, 30, NULL },  { TCPHS_FIN_WAIT_1, 400, 170, NULL },
	{ TCPHS_CLOSE_WAIT, 1200, 170, NULL }, { TCPHS_FIN_WAIT_2, 400, 330, NULL },
	{ TCPHS_CLOSING, 800, 330, NULL },     { TCPHS_LAST_ACK, 1200, 330, NULL },
	{ TCPHS_TIME_WAIT, 800, 480, NULL },   { TCPHS_CLOSED, 1200, 480, NULL },
};

#define CLOSE(from, to) TCPHS_##from, TCPHS_##to

static const struct route closing_routes[] = {
	{ CLOSE(ESTABLISHED, FIN_WAIT_1), { { 725, 50 }, { 400, 50 }, { 400, 170 } }, 408, 110, "start" },
	{ CLOSE(ESTABLISHED, CLOSE_WAIT), { { 875, 50 }, { 1200, 50 }, { 1200, 170 } }, 1192, 110, "end" },
	{ CLOSE(FIN_WAIT_1, FIN_WAIT_2), { { 400, 210 }, { 400, 330 } }, 408, 275, "start" },
	{ CLOSE(FIN_WAIT_1, CLOSING), { { 475, 190 }, { 770, 190 }, { 770, 330 } }, 640, 182, "end" },
	{ CLOSE(FIN_WAIT_2, TIME_WAIT), { { 400, 370 }, { 400, 500 }, { 725, 500 } }, 408, 435, "start" },
	{ CLOSE(CLOSE_WAIT, LAST_ACK), { { 1200, 210 }, { 1200, 330 } }, 1208, 275, "start" },
	{ CLOSE(CLOSE_WAIT, CLOSING), { { 1125, 190 }, { 830, 190 }, { 830, 330 } }, 1100, 182, "end" },
	{ CLOSE(CLOSING, TIME_WAIT), { { 800, 370 }, { 800, 480 } }, 808, 430, "start" },
	{ CLOSE(LAST_ACK, CLOSED), { { 1200, 370 }, { 1200, 480 } }, 1208, 430, "start" },
	{ CLOSE(CLOSED, ESTABLISHED),
	  { { 1275, 500 }, { 1420, 500 }, { 1420, 14 }, { 800, 14 }, { 800, 30 } },
	  1412,
	  310,
	  "end" },
};

static const char *close_words(int event)
{
	static const char *const words[] = {
		[TCPHS_CLOSE_OWN_FIN] = "sends FIN",
		[TCPHS_CLOSE_OWN_FIN_CROSSING] = "sends FIN that crossed the peer's",
		[TCPHS_CLOSE_PEER_FIN] = "gets FIN",
		[TCPHS_CLOSE_FIN_ACKED] = "its FIN is acknowledged",
		[TCPHS_CLOSE_RST] = "sends or gets RST",
		[TCPHS_CLOSE_GO_ON] = "the RST was not taken",
	};

	return words[event];
}

/* RST leads from everywhere to CLOSED, so it has a sentence instead of arrows. */
static bool drawn(int from, int event)
{
	int next = (int)tcphs_closing((enum tcphs_state)from, (enum tcphs_close_event)event);

	return next != TCPHS_STATE_NONE && event != TCPHS_CLOSE_RST;
}

static void demand_closing_routes(void)
{
	for (int i = 0; i < TCPHS_STATES * TCPHS_CLOSE_EVENTS; i++) {
		int from = i / TCPHS_CLOSE_EVENTS, event = i % TCPHS_CLOSE_EVENTS, routes = 0;
		int next = (int)tcphs_closing((enum tcphs_state)from, (enum tcphs_close_event)event);

		if (event == TCPHS_CLOSE_RST && next != (from < TCPHS_ESTABLISHED ? TCPHS_STATE_NONE : TCPHS_CLOSED))
			g_error("a RST in %s leads elsewhere; change the sentence in %s",
				tcphs_state_word((enum tcphs_state)from), __FILE__);
		for (size_t k = 0; k < G_N_ELEMENTS(closing_routes); k++)
			routes += closing_routes[k].from == from && closing_routes[k].to == next;
		if (drawn(from, event) && routes != 1)
			g_error("the arrow from %s on %s is not drawn once; place it in %s",
				tcphs_state_word((enum tcphs_state)from),
				tcphs_close_event_word((enum tcphs_close_event)event), __FILE__);
	}
}

static void label_closing(GString *out, const struct route *route, int top)
{
	int y = route->y + top;

	for (int event = 0; event < TCPHS_CLOSE_EVENTS; event++) {
		if (!drawn(route->from, event) ||
		    (int)tcphs_closing((enum tcphs_state)route->from, (enum tcphs_close_event)event) != route->to)
			continue;
		svg_text(out, "", route->anchor, route->x, y, close_words(event));
		y += 15;
	}
	if (y == route->y + top)
		g_error("an arrow from %s is drawn that the table does not have; take it from %s",
			tcphs_state_word((enum tcphs_state)route->from), __FILE__);
}

static int draw_closing(GString *out, int top)
{
	demand_closing_routes();
	svg_text(out, "heading", "start", MARGIN, top + 20, "Closing: states of one endpoint");
	svg_text(out, "caption", "start", MARGIN, top + 38,
		 "The lower half of RFC 9293 figure 5, for each endpoint by itself. Sending or getting a RST leads "
		 "from every state "
		 "to CLOSED.");
	top += 50;
	for (size_t i = 0; i < G_N_ELEMENTS(closing_routes); i++)
		draw_route(out, &closing_routes[i], top);
	for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
		bool end = states[i].stage == TCPHS_ESTABLISHED || states[i].stage == TCPHS_CLOSED;

		svg_box(out, end ? "end" : "box", states[i].x - STATE_WIDTH / 2, states[i].y + top, STATE_WIDTH,
			STATE_HEIGHT);
		svg_text(out, "name", "middle", states[i].x, states[i].y + top + 25,
			 tcphs_state_word((enum tcphs_state)states[i].stage));
	}
	for (size_t i = 0; i < G_N_ELEMENTS(closing_routes); i++)
		label_closing(out, &closing_routes[i], top);
	return top + CLOSING_HEIGHT;
}

/* -------------------------------------------------------------------------------------------------------- */

static void draw_legend(GString *out, int y)
{
	int x = 640;

	svg_text(out, "caption", "end", x - 10, y, "colours of rules, by severity:");
	for (int severity = TCPHS_CHAT; severity <= TCPHS_ERROR; severity++) {
		const char *word = tcphs_severity_word((enum tcphs_severity)severity);

		svg_text(out, word, "start", x, y, word);
		x += 50;
	}
}

void page_states(GString *out)
{
	GString *body = g_string_new(NULL);
	int bottom;

	svg_text(body, "title", "start", MARGIN, 36, "States and transitions");
	draw_legend(body, 34);
	bottom = draw_opening(body, 56);
	bottom = draw_table(body, bottom + 20);
	bottom = draw_closing(body, bottom + 40);
	svg_begin(out, WIDTH, bottom, "Stages and states of a TCP connection, and what leads from one to the next");
	g_string_append(out, body->str);
	svg_end(out);
	g_string_free(body, TRUE);
}
