/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * draw.c - a connection as a ladder, in text.
 *
 * Time goes downwards, the client is to the left, the server to the right, each with its state where that changes, as
 * in the figures of RFC 9293. What is said of a segment (its numbers, findings) stands to the right of the server's
 * line where the terminal is wide, else below the arrow, from the client's line on:
 *
 *      seconds  frame                192.0.2.1:49152       192.0.2.9:80
 *     0.000000      1  SYN-SENT      |------ 1: SYN -------->|  SYN-RECEIVED
 *                                    | seq 4321 = ISN        |
 *
 * All sentences are plain ASCII, so octets are columns, but in what the glyphs below put.
 */
#include "draw.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report.h"
#include "text.h"

/* Longest word of a state, SYN-RECEIVED. */
#define STATE 12

#define GAP 2

/* Between the two lines of the endpoints, where there is room for anything. */
#define LANE 34

/* The least of it; on a terminal that is narrower it runs over the edge. */
#define LANE_MIN 24

/* What is said stands to the right if there is so much room. */
#define BESIDE_MIN 44

/* An arrow's label is put between two dashes and a tip at least. */
#define ARROW_MIN 6

/** struct glyphs: each is one column. */
struct glyphs {
	const char *wall, *dash, *unseen, *left, *right, *lost, *unknown;
};

static const struct glyphs ascii = { "|", "-", ".", "<", ">", "x", "?" };
static const struct glyphs unicode = { "│", "─", "╌", "◀", "▶", "✕", "?" };

struct drawing {
	GString *text;
	const struct draw_style *style;
	const struct glyphs *glyphs;
	const struct ladder *ladder;
	const struct tcphs_summary *summary;
	size_t time, frame;      /* widths of columns */
	size_t lane;             /* between the two walls */
	size_t beside;           /* room behind the server's state; 0: what is said stands below */
	bool states;
	bool open;               /* a rung was drawn, and its line has no end yet */
	size_t used;             /* columns of that line */
	bool *said;              /* for each finding */
	uint8_t state[2];        /* that was shown last, by role */
};

static const char dim[] = "2", bold[] = "1";

/* ---- ink --------------------------------------------------------------------------------------------------------- */

static void put(struct drawing *d, const char *colour, const char *word)
{
	bool coloured = d->style->colour && *colour && *word;

	if (coloured)
		g_string_append_printf(d->text, "\033[%sm", colour);
	g_string_append(d->text, word);
	if (coloured)
		g_string_append(d->text, "\033[0m");
}

static void put_glyphs(struct drawing *d, const char *glyph, size_t count)
{
	while (count-- > 0)
		g_string_append(d->text, glyph);
}

static void pad(struct drawing *d, size_t count)
{
	put_glyphs(d, " ", count);
}

/* The column of the client's wall, and the one behind the server's. */
static size_t wall(const struct drawing *d)
{
	return d->time + GAP + d->frame + GAP + (d->states ? STATE + 1 : 0);
}

static size_t behind(const struct drawing *d)
{
	return wall(d) + 1 + d->lane + 1;
}

static size_t notes_at(const struct drawing *d)
{
	return behind(d) + (d->states ? 1 + STATE : 0) + GAP;
}

static void end_line(struct drawing *d)
{
	if (d->open)
		g_string_append_c(d->text, '\n');
	d->open = false;
}

/* ---- what is said of a rung -------------------------------------------------------------------------------------- */

/* One line of it below the rung: the walls go on, the server's as far as nothing is written over it. */
static void put_below(struct drawing *d, const char *colour, const char *line)
{
	size_t length = strlen(line);

	end_line(d);
	pad(d, wall(d));
	put(d, dim, d->glyphs->wall);
	pad(d, 1);
	put(d, colour, line);
	if (length + 1 < d->lane) {
		pad(d, d->lane - length - 1);
		put(d, dim, d->glyphs->wall);
	}
	g_string_append_c(d->text, '\n');
}

static void put_beside(struct drawing *d, const char *colour, const char *line)
{
	if (!d->open) {
		pad(d, wall(d));
		put(d, dim, d->glyphs->wall);
		pad(d, d->lane);
		put(d, dim, d->glyphs->wall);
		d->used = behind(d);
	}
	pad(d, notes_at(d) - d->used);
	put(d, colour, line);
	g_string_append_c(d->text, '\n');
	d->open = false;
}

/* How long a line of a remark may be. */
static size_t room_to_say(const struct drawing *d)
{
	size_t columns = d->style->columns;

	if (d->beside)
		return d->beside;
	return columns > wall(d) + GAP + 20 ? columns - wall(d) - GAP : 20;
}

/* A remark, in as many lines as it takes; those after the first are indented. */
static void say(struct drawing *d, const char *colour, const char *text)
{
	size_t room = room_to_say(d);
	const char *indent = "";

	while (*text) {
		const char *next;
		size_t length = text_wrap(text, room - strlen(indent), &next);
		char *line = g_strdup_printf("%s%.*s", indent, (int)length, text);

		(d->beside ? put_beside : put_below)(d, colour, line);
		g_free(line);
		text = next;
		indent = "  ";
	}
}

/* Both numbers in a line, or each in its own. */
static void say_numbers(struct drawing *d, const struct ladder_line *line)
{
	char numbers[LADDER_NUMBERS];
	char *second;

	ladder_numbers(numbers, line);
	second = strlen(numbers) > room_to_say(d) ? strstr(numbers, ", ack ") : NULL;
	if (second)
		*second = '\0';
	say(d, "", numbers);
	if (second)
		say(d, "", second + strlen(", "));
}

static void say_finding(struct drawing *d, size_t index)
{
	static const char *const colours[] = { "2", "36", "33", "31" };
	const struct tcphs_finding *finding = &d->summary->findings[index];
	unsigned severity = d->style->policy->severity[finding->rule];
	char sentence[REPORT_SENTENCE];
	char *text;

	tcphs_finding_format(sentence, sizeof(sentence), finding, d->summary);
	text = g_strdup_printf("%s %s: %s", tcphs_severity_word((enum tcphs_severity)severity),
	                       tcphs_rule_info((enum tcphs_rule)finding->rule)->id, sentence);
	say(d, severity < G_N_ELEMENTS(colours) ? colours[severity] : "", text);
	g_free(text);
	d->said[index] = true;
}

/* ---- rungs ------------------------------------------------------------------------------------------------------- */

/** struct rung: one line of the ladder, of whatever kind. */
struct rung {
	const char *time, *frame;     /* "" if it has none */
	const char *label, *dash;
	const char *tip;              /* at the end of the arrow; NULL: no arrow, just the label */
	bool to_server;
	const char *colour;
	enum tcphs_state state[2];    /* by role; NONE: nothing to show */
};

static void put_state(struct drawing *d, enum tcphs_state state, enum tcphs_role role)
{
	const char *word = d->state[role] == state ? "" : tcphs_state_word(state);

	if (state != TCPHS_STATE_NONE)
		d->state[role] = (uint8_t)state;
	if (role == TCPHS_SERVER) {
		if (*word)
			pad(d, 1);
		put(d, "", word);
		d->used += *word ? 1 + strlen(word) : 0;
		return;
	}
	put(d, "", word);
	pad(d, STATE + 1 - strlen(word));
}

/* The label, and dashes to both sides of it as far as the walls. */
static void put_arrow(struct drawing *d, const struct rung *rung)
{
	size_t length = *rung->label ? strlen(rung->label) + 2 : 0;
	size_t dashes = d->lane > length ? d->lane - length : 0;
	size_t before = dashes / 2;

	if (!rung->tip) {
		pad(d, before + (length ? 1 : 0));
		put(d, rung->colour, rung->label);
		pad(d, dashes - before + (length ? 1 : 0));
		return;
	}
	if (d->style->colour && *rung->colour)
		g_string_append_printf(d->text, "\033[%sm", rung->colour);
	if (!rung->to_server)
		g_string_append(d->text, rung->tip);
	put_glyphs(d, rung->dash, before - !rung->to_server);
	if (length)
		g_string_append_printf(d->text, " %s ", rung->label);
	put_glyphs(d, rung->dash, dashes - before - rung->to_server);
	if (rung->to_server)
		g_string_append(d->text, rung->tip);
	if (d->style->colour && *rung->colour)
		g_string_append(d->text, "\033[0m");
}

static void put_rung(struct drawing *d, const struct rung *rung)
{
	end_line(d);
	pad(d, d->time - strlen(rung->time));
	put(d, dim, rung->time);
	pad(d, GAP + d->frame - strlen(rung->frame));
	put(d, "", rung->frame);
	pad(d, GAP);
	if (d->states)
		put_state(d, rung->state[TCPHS_CLIENT], TCPHS_CLIENT);
	put(d, dim, d->glyphs->wall);
	put_arrow(d, rung);
	put(d, dim, d->glyphs->wall);
	d->used = behind(d);
	d->open = true;
	if (d->states)
		put_state(d, rung->state[TCPHS_SERVER], TCPHS_SERVER);
}

static void draw_unseen(struct drawing *d, const struct ladder_unseen *unseen)
{
	bool lost = unseen->absence == LADDER_NEVER_CAME;
	char label[LADDER_LABEL];
	const struct rung rung = {
		.time = "", .frame = "", .label = label, .dash = d->glyphs->unseen,
		.tip = lost ? d->glyphs->lost : d->glyphs->unknown, .to_server = unseen->step != 2,
		.colour = lost ? "33" : dim,
	};

	snprintf(label, sizeof(label), "%d: %s", unseen->step, ladder_step_label(unseen->step));
	put_rung(d, &rung);
	snprintf(label, sizeof(label), "%s: %s", ladder_step_label(unseen->step),
	         ladder_absence_words(unseen->absence));
	say(d, lost ? "33" : dim, label);
}

static void draw_skipped(struct drawing *d, uint32_t skipped)
{
	char label[LADDER_LABEL];
	const struct rung rung = { .time = "", .frame = "", .label = label, .colour = dim };

	snprintf(label, sizeof(label), "... %" PRIu32 " more segment%s ...", skipped, skipped == 1 ? "" : "s");
	put_rung(d, &rung);
}

static void format_time(char *buffer, size_t size, tcphs_time time)
{
	uint64_t distance = time < 0 ? -(uint64_t)time : (uint64_t)time;

	snprintf(buffer, size, "%s%" PRIu64 ".%06" PRIu64, time < 0 ? "-" : "", distance / 1000000000,
	         distance % 1000000000 / 1000);
}

/* What the arrow says; what is too long for it comes back in *rest*. */
static void label_of(const struct drawing *d, const struct ladder_line *line, char label[LADDER_LABEL],
                     char rest[LADDER_LABEL])
{
	static const char *const numbers[] = { "", "1: ", "2: ", "3: " };
	int step = ladder_step(line, d->summary);
	char flags[LADDER_LABEL];

	ladder_label(flags, line);
	rest[0] = '\0';
	if (line->icmp) {
		g_strlcpy(label, line->icmpv6 ? "ICMPv6" : "ICMP", LADDER_LABEL);
		g_strlcpy(rest, flags, LADDER_LABEL);
	} else {
		g_strlcpy(label, numbers[step], LADDER_LABEL);
		g_strlcat(label, flags, LADDER_LABEL);
	}
	if (strlen(label) + ARROW_MIN > d->lane) {
		g_strlcpy(rest, label, LADDER_LABEL);
		label[0] = '\0';
	}
}

static void say_icmp(struct drawing *d, const struct ladder_line *line, const char *label)
{
	char sender[TEXT_ADDRESS], numbers[LADDER_NUMBERS];
	char *text;

	text_address(sender, line->icmp_sender);
	ladder_numbers(numbers, line);
	text = g_strdup_printf("%s, from %s, %s", label, sender, numbers);
	say(d, "", text);
	g_free(text);
}

static void draw_line(struct drawing *d, const struct ladder_line *line, tcphs_time start)
{
	bool from_client = ladder_from_client(line, d->summary);
	/* An ICMP error goes to whom it quotes. */
	bool to_server = line->icmp ? !from_client : from_client;
	uint8_t client = d->summary->judgement.client;
	char time[32], frame[16], label[LADDER_LABEL], rest[LADDER_LABEL];
	const struct rung rung = {
		.time = time, .frame = frame, .label = label, .dash = d->glyphs->dash,
		.tip = to_server ? d->glyphs->right : d->glyphs->left, .to_server = to_server,
		.colour = ladder_step(line, d->summary) ? bold : "",
		.state = { (enum tcphs_state)line->mark.state[client], (enum tcphs_state)line->mark.state[!client] },
	};

	if (line->skipped)
		draw_skipped(d, line->skipped);
	format_time(time, sizeof(time), line->time - start);
	snprintf(frame, sizeof(frame), "%" PRIu32, line->frame);
	label_of(d, line, label, rest);
	put_rung(d, &rung);
	if (line->icmp) {
		say_icmp(d, line, rest);
	} else {
		say(d, "", rest);
		say_numbers(d, line);
	}
	for (size_t i = ladder_finding(line, d->summary, 0); i < d->summary->finding_count;
	     i = ladder_finding(line, d->summary, i + 1)) {
		if (!d->said[i])
			say_finding(d, i);
	}
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static void measure(struct drawing *d, tcphs_time start)
{
	size_t columns = d->style->columns;
	size_t fixed;
	char cell[32];

	d->time = strlen("seconds");
	d->frame = strlen("frame");
	for (size_t i = 0; i < ladder_count(d->ladder); i++) {
		const struct ladder_line *line = ladder_line(d->ladder, i);

		format_time(cell, sizeof(cell), line->time - start);
		d->time = MAX(d->time, strlen(cell));
		d->frame = MAX(d->frame, (size_t)snprintf(cell, sizeof(cell), "%" PRIu32, line->frame));
	}
	d->lane = LANE;
	d->states = true;
	fixed = notes_at(d);
	if (columns >= fixed + BESIDE_MIN) {
		d->beside = columns - fixed;
		return;
	}
	d->states = columns + GAP >= fixed - LANE + LANE_MIN;
	fixed = notes_at(d) - GAP - LANE;
	d->lane = columns > fixed + LANE_MIN ? columns - fixed : LANE_MIN;
	d->lane = MIN(d->lane, LANE + 8);
}

/* The endpoints over their walls: the client's from its wall on, the server's up to its own, or below if they meet. */
static void put_heads(struct drawing *d)
{
	char client[TEXT_ENDPOINT], server[TEXT_ENDPOINT];
	size_t left = text_endpoint(client, d->summary->key.src, d->summary->key.sport);
	size_t right = text_endpoint(server, d->summary->key.dst, d->summary->key.dport);
	size_t end = behind(d);
	bool meet = left + right + GAP > end - wall(d);

	g_string_append_printf(d->text, "%*s  %*s", (int)d->time, "seconds", (int)d->frame, "frame");
	pad(d, wall(d) - d->time - GAP - d->frame);
	put(d, bold, client);
	if (meet) {
		g_string_append_c(d->text, '\n');
		pad(d, wall(d));
		put(d, dim, d->glyphs->wall);
		left = 1;
	}
	if (wall(d) + left + right < end)
		pad(d, end - wall(d) - left - right);
	put(d, bold, server);
	g_string_append_c(d->text, '\n');
}

static void put_verdict(struct drawing *d)
{
	const struct tcphs_judgement *judgement = &d->summary->judgement;
	enum tcphs_reason reason = (enum tcphs_reason)judgement->reason;
	const char *verdict = tcphs_verdict_word((enum tcphs_verdict)judgement->verdict);
	GString *sentence = g_string_new(NULL);
	const char *next;
	size_t first;

	g_string_append_printf(sentence, "%s, %s: %s.", verdict, tcphs_reason_word(reason), tcphs_reason_title(reason));
	if (judgement->blame != TCPHS_BLAME_NONE)
		g_string_append_printf(sentence, " Blame: %s.", tcphs_blame_word((enum tcphs_blame)judgement->blame));
	if (d->summary->rtt_total != TCPHS_TIME_NONE) {
		char interval[TEXT_INTERVAL];

		text_interval(interval, d->summary->rtt_total);
		g_string_append_printf(sentence, " SYN to ACK took %s.", interval);
	}
	for (const char *rest = sentence->str; *rest; rest = next) {
		size_t length = text_wrap(rest, d->style->columns, &next);

		first = rest == sentence->str ? MIN(strlen(verdict), length) : 0;
		if (first)
			put(d, text_verdict_colour((enum tcphs_verdict)judgement->verdict), verdict);
		g_string_append_len(d->text, rest + first, (gssize)(length - first));
		g_string_append_c(d->text, '\n');
	}
	g_string_free(sentence, TRUE);
}

static void draw_absent(struct drawing *d, size_t index)
{
	struct ladder_unseen unseen[3];
	size_t count = ladder_unseen(d->ladder, d->summary, index, unseen);

	for (size_t i = 0; i < count; i++)
		draw_unseen(d, &unseen[i]);
}

/* Findings that no line shows: their segments are among those that were left out. */
static void say_the_rest(struct drawing *d)
{
	for (size_t i = 0; i < d->summary->finding_count; i++) {
		char frame[32];

		if (d->said[i])
			continue;
		snprintf(frame, sizeof(frame), "at frame %" PRIu32, d->summary->findings[i].at);
		say(d, dim, frame);
		say_finding(d, i);
	}
}

void draw_ladder(GString *text, const struct draw_style *style, const struct ladder *ladder,
                 const struct tcphs_summary *summary)
{
	tcphs_time start = ladder_count(ladder) ? ladder_line(ladder, 0)->time : 0;
	struct drawing d = {
		.text = text, .style = style, .glyphs = style->utf8 ? &unicode : &ascii,
		.ladder = ladder, .summary = summary, .said = g_new0(bool, summary->finding_count + 1),
	};

	measure(&d, start);
	put_verdict(&d);
	g_string_append_c(text, '\n');
	put_heads(&d);
	for (size_t i = 0; i < ladder_count(ladder); i++) {
		draw_absent(&d, i);
		draw_line(&d, ladder_line(ladder, i), start);
	}
	draw_absent(&d, ladder_count(ladder));
	say_the_rest(&d);
	end_line(&d);
	g_free(d.said);
}
