/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sentence.c - the headline of a segment, what came of a step, and the mark in the Info column.
 *
 * Theory of operation. The headline says who sent what and the one number on which its place in the handshake hangs;
 * then the verdict, once it is settled.
 *
 * What the Info column says of a segment is the same in one pass and in two, but for what only the end can tell: a SYN
 * or SYN-ACK is marked [1/3] or [2/3] when it tries that step, and keeps the mark if another one made it.
 */
#include "view.h"

#include <stdio.h>

/** How many octets an interval or an ordinal needs. */
#define SHORT_TEXT 32

static const char *role_word(const struct view *view)
{
	if (!view->roles)
		return "";
	return view->mark->side == view->summary.judgement.client ? "the client's " : "the server's ";
}

/** ordinal(): "2nd", "3rd", "11th" in |text|. */
static const char *ordinal(char text[SHORT_TEXT], unsigned int number)
{
	static const char *const endings[] = {"th", "st", "nd", "rd"};
	unsigned int last = number % 100 / 10 == 1 ? 0 : number % 10;

	snprintf(text, SHORT_TEXT, "%u%s%s", number, endings[last < array_length(endings) ? last : 0],
	         number == UINT8_MAX ? " or later" : "");
	return text;
}

/* ---- headline ----------------------------------------------------------------------------------- */

/** put_seq(): a sequence number that is not what it should be. */
static void put_seq(const struct view *view, struct line *line)
{
	const struct tcphs_mark *mark = view->mark;

	if (mark->terms & TCPHS_TERM_SEQ && !(mark->terms & TCPHS_TERM_ISN) && view_seq_delta(view) != 0)
		line_add_format(line, ", seq %u, expected %u", view->layer->segment.seq, mark->seq_expected);
}

/** put_ack(): what the segment acknowledges, and how that number comes about or what it should be. */
static void put_ack(const struct view *view, struct line *line)
{
	const struct tcphs_mark *mark = view->mark;
	uint32_t ack = view->layer->segment.ack;

	if (!(mark->terms & TCPHS_TERM_ACK))
		return;
	line_add(line, " acknowledges ");
	line_add_number(line, ack);
	if (view_ack_delta(view) != 0)
		line_add_format(line, ", expected %u", mark->ack_expected);
	if (mark->ack_expected != mark->ack_base) {
		line_add(line, " = ");
		line_add_number(line, mark->ack_base);
		line_add(line, " + ");
		line_add_number(line, mark->ack_expected - mark->ack_base);
	}
}

/** subject(): "SYN-ACK", also of a segment whose phase is only that it is out of place. */
static const char *subject(const struct view *view)
{
	uint16_t flags = view->layer->segment.flags;

	if (view->mark->phase != TCPHS_PHASE_OUT_OF_PLACE)
		return tcphs_phase_title((enum tcphs_phase)view->mark->phase);
	if (flags & TCPHS_RST)
		return "RST";
	if (flags & TCPHS_SYN)
		return flags & TCPHS_ACK ? "SYN-ACK" : "SYN";
	if (flags & TCPHS_FIN)
		return "FIN";
	if (!(flags & TCPHS_ACK))
		return flags ? "segment without ACK" : "segment without flags";
	return view->layer->segment.length > 0 ? "data" : "ACK";
}

/** out_of_place(): it is, and no wrong number says why. */
static bool out_of_place(const struct view *view)
{
	const struct tcphs_mark *mark = view->mark;

	return mark->phase == TCPHS_PHASE_OUT_OF_PLACE &&
	       !(mark->terms & TCPHS_TERM_ACK && view_ack_delta(view) != 0) &&
	       !(mark->terms & TCPHS_TERM_SEQ && !(mark->terms & TCPHS_TERM_ISN) && view_seq_delta(view) != 0);
}

/** put_again(): "the client's SYN again, 3rd", "copy of the server's SYN-ACK". */
static void put_again(const struct view *view, struct line *line)
{
	bool synack = view->mark->phase == TCPHS_PHASE_SYNACK_AGAIN;
	char text[SHORT_TEXT];

	if (view->mark->attempt == 0) {
		line_add_words(line, "copy of ", role_word(view), synack ? "SYN-ACK" : "SYN", NULL);
		return;
	}
	line_add_words(line, role_word(view), subject(view), NULL);
	if (view->mark->attempt > 1)
		line_add_words(line, ", ", ordinal(text, view->mark->attempt), NULL);
}

/** put_handshake(): "the server's SYN-ACK acknowledges 4322 = 4321 + 1"; false if the segment is of no such kind. */
static bool put_handshake(const struct view *view, struct line *line)
{
	const struct tcphs_mark *mark = view->mark;
	const char *next = view->step ? sentence_next(view, view->step) : NULL;
	bool told = view->step == 2 && view->summary.judgement.steps[2];   /* the next frame's headline says the same */

	switch (mark->phase) {
	case TCPHS_PHASE_SYN:
	case TCPHS_PHASE_SYN_AGAIN:
	case TCPHS_PHASE_SYNACK:
	case TCPHS_PHASE_SYNACK_AGAIN:
	case TCPHS_PHASE_ACK:
	case TCPHS_PHASE_RST:
	case TCPHS_PHASE_OUT_OF_PLACE:
		break;
	default:
		return false;
	}
	if (mark->phase == TCPHS_PHASE_SYN_AGAIN || mark->phase == TCPHS_PHASE_SYNACK_AGAIN) {
		put_again(view, line);
		return true;
	}
	line_add_words(line, role_word(view), subject(view), NULL);
	if (mark->phase == TCPHS_PHASE_SYN) {
		line_add(line, ", ISN ");
		line_add_number(line, view->layer->segment.seq);
	}
	put_ack(view, line);
	put_seq(view, line);
	if (out_of_place(view))
		line_add(line, ", out of place");
	if (next && !told)
		line_add_words(line, ", ", next, NULL);
	return true;
}

/** put_states(): ", both ESTABLISHED" or ", client CLOSE-WAIT, server FIN-WAIT-1". */
static void put_states(const struct view *view, struct line *line)
{
	enum tcphs_state client = view_state(view, TCPHS_CLIENT, false), server = view_state(view, TCPHS_SERVER, false);

	if (client == TCPHS_STATE_NONE || server == TCPHS_STATE_NONE || !view->roles)
		return;
	if (client == server)
		line_add_words(line, ", both ", tcphs_state_word(client), NULL);
	else
		line_add_words(line, ", client ", tcphs_state_word(client), ", server ", tcphs_state_word(server),
		               NULL);
}

void sentence_headline(const struct view *view, struct line *line)
{
	const struct tcphs_judgement *judgement = &view->summary.judgement;
	const char *verdict = tcphs_verdict_word((enum tcphs_verdict)judgement->verdict);
	const char *reason = tcphs_reason_word((enum tcphs_reason)judgement->reason);

	if (view->step) {
		line_add(line, "step ");
		line_add_number(line, view->step);
		line_add(line, " of 3, ");
	}
	if (view->mark->late) {
		line_add(line, "after the end");
	} else if (!put_handshake(view, line)) {
		line_add_words(line, role_word(view), tcphs_phase_title((enum tcphs_phase)view->mark->phase), NULL);
		put_states(view, line);
	}
	if (view->settled)
		line_add_words(line, ", ", verdict, NULL);
	if (view->settled && judgement->verdict != TCPHS_COMPLETE)
		line_add_words(line, " (", reason, ")", NULL);
}

/* ---- what came of a step ------------------------------------------------------------------------ */

/** missing(): why the step after |step| does not exist, by the reason of the verdict; NULL where nothing is known. */
static const char *missing(enum tcphs_reason reason, unsigned int step)
{
	static const char *const words[TCPHS_REASONS][2] = {
		[TCPHS_REASON_UNANSWERED] = {"never answered", NULL},
		[TCPHS_REASON_REFUSED] = {"refused", NULL},
		[TCPHS_REASON_UNREACHABLE] = {"answered by an ICMP error", "answered by an ICMP error"},
		[TCPHS_REASON_CAPTURE_ENDED] = {"not answered before the capture ended",
		                                "not acknowledged before the capture ended"},
		[TCPHS_REASON_ONE_SIDED] = {"the other direction was not captured",
		                            "the other direction was not captured"},
		[TCPHS_REASON_ABORTED_BY_CLIENT] = {"given up by the client", "answered with RST by the client"},
		[TCPHS_REASON_ABORTED_BY_SERVER] = {"given up by the server", "taken back with RST by the server"},
		[TCPHS_REASON_SUPERSEDED] = {"replaced by a newer SYN", "replaced by a newer SYN"},
		[TCPHS_REASON_NO_FINAL_ACK] = {NULL, "never acknowledged"},
		[TCPHS_REASON_PEER_LOST_STATE] = {"answered by a challenge ACK", NULL},
		[TCPHS_REASON_BAD_ARITHMETIC] = {"wrongly answered", "wrongly acknowledged"},
		[TCPHS_REASON_THREE_WAY] = {"the SYN-ACK was not captured", "the ACK was not captured"},
	};

	return words[reason][step - 1];
}

/** ends(): a finding of |rule| shows what ended an attempt that failed for |reason|. */
static bool ends(enum tcphs_reason reason, enum tcphs_rule rule)
{
	switch (reason) {
	case TCPHS_REASON_REFUSED:
		return rule == TCPHS_RULE_RST_REFUSED;
	case TCPHS_REASON_UNREACHABLE:
		return rule == TCPHS_RULE_ICMP_UNREACHABLE;
	case TCPHS_REASON_PEER_LOST_STATE:
		return rule == TCPHS_RULE_CHALLENGE_ACK;
	case TCPHS_REASON_ABORTED_BY_CLIENT:
		return rule == TCPHS_RULE_ABORTED_AFTER_SYNACK;
	case TCPHS_REASON_BAD_ARITHMETIC:
		return tcphs_rule_info(rule)->breaks == TCPHS_BREAKS_ARITHMETIC;
	default:
		return false;
	}
}

/** end_frame(): the frame that ended the attempt, 0 where no single one did. */
static guint32 end_frame(const struct view *view)
{
	enum tcphs_reason reason = (enum tcphs_reason)view->summary.judgement.reason;

	for (size_t i = 0; i < view->summary.finding_count; i++) {
		if (ends(reason, (enum tcphs_rule)view->summary.findings[i].rule))
			return tcphs_capture_frame_of(view->summary.findings[i].at);
	}
	return 0;
}

/** answered_try(): "the 2nd try" if the first SYN is not the one that got the answer; else NULL. */
static const char *answered_try(const struct view *view)
{
	const struct tcphs_summary *summary = &view->summary;
	char text[SHORT_TEXT];

	for (uint32_t i = 1; summary->synack_tries && i < summary->tries; i++) {
		if (summary->synack_time[0] - summary->syn_time[i] == summary->rtt_server)
			return wmem_strdup_printf(view->pinfo->pool, "the %s try", ordinal(text, i + 1));
	}
	return NULL;
}

/** came(): "answered in frame 2 after 30.5 ms" or "answered in frame 4, 10 ms after the 2nd try". */
static const char *came(const struct view *view, unsigned int step, guint32 frame)
{
	tcphs_time after = step == 1 ? view->summary.rtt_server : view->summary.rtt_client;
	const char *word = step == 1 ? "answered" : "acknowledged";
	const char *try = step == 1 ? answered_try(view) : NULL;
	char text[SHORT_TEXT];

	if (after == TCPHS_TIME_NONE)
		return wmem_strdup_printf(view->pinfo->pool, "%s in frame %u", word, frame);
	tcphs_interval_format(text, sizeof(text), after);
	if (try)
		return wmem_strdup_printf(view->pinfo->pool, "%s in frame %u, %s after %s", word, frame, text, try);
	return wmem_strdup_printf(view->pinfo->pool, "%s in frame %u after %s", word, frame, text);
}

const char *sentence_next(const struct view *view, unsigned int step)
{
	const struct tcphs_judgement *judgement = &view->summary.judgement;
	const char *word;
	guint32 frame;

	if (step > 2 || !(view->opening || view->settled))
		return NULL;
	frame = tcphs_capture_frame_of(judgement->steps[step]);
	if (frame)
		return came(view, step, frame);
	word = view->settled && !judgement->steps[step] ? missing((enum tcphs_reason)judgement->reason, step) : NULL;
	frame = word ? end_frame(view) : 0;
	return frame ? wmem_strdup_printf(view->pinfo->pool, "%s in frame %u", word, frame) : word;
}

const char *sentence_quote(const struct view *view)
{
	const struct tcphs_finding *finding = view_worst_finding(view);
	char text[ITEM_LABEL_LENGTH];

	tcphs_finding_format(text, sizeof(text), finding, &view->summary);
	return wmem_strdup_printf(view->pinfo->pool, "ICMP error, %s", text);
}

/* ---- Info column -------------------------------------------------------------------------------- */

/** step_tried(): as judged; else what it was meant as, but of two SYN-ACKs that cross only the end knows which is 2. */
static unsigned int step_tried(const struct view *view)
{
	const uint16_t synack = TCPHS_SYN | TCPHS_ACK;

	if (view->step)
		return view->step;
	if ((view->layer->segment.flags & synack) == synack && view->mark->side == view->summary.judgement.client)
		return 0;
	return view->mark->step;
}

/** mark_step(): "[2/3]", "[SYN again, 3rd]", "[copy]". */
static void mark_step(const struct view *view, struct line *marks)
{
	static const char *const steps[] = {"[1/3] ", "[2/3] ", "[3/3] "};
	unsigned int step = step_tried(view);
	enum tcphs_phase phase = (enum tcphs_phase)view->mark->phase;
	char text[SHORT_TEXT];

	if (step) {
		line_add(marks, steps[step - 1]);
	} else if (phase != TCPHS_PHASE_SYN_AGAIN && phase != TCPHS_PHASE_SYNACK_AGAIN) {
		return;
	} else if (view->mark->attempt == 0) {
		line_add(marks, "[copy] ");
	} else if (view->mark->attempt == 1) {
		line_add_format(marks, "[%s] ", tcphs_phase_title(phase));
	} else {
		line_add_format(marks, "[%s, %s] ", tcphs_phase_title(phase), ordinal(text, view->mark->attempt));
	}
}

/** mark_finding(): "[refused]", "[bad ack: 4321, expected 4322]", or the title of a warning or an error. */
static void mark_finding(const struct view *view, enum tcphs_rule rule, struct line *marks)
{
	const struct tcphs_rule_info *info = tcphs_rule_info(rule);
	const struct tcphs_mark *mark = view->mark;
	const struct tcphs_segment *segment = &view->layer->segment;
	bool number = info->breaks == TCPHS_BREAKS_ARITHMETIC;

	if (rule == TCPHS_RULE_RST_REFUSED)
		line_add(marks, "[refused] ");
	else if (rule == TCPHS_RULE_ABORTED_AFTER_SYNACK)
		line_add(marks, "[aborted] ");
	else if (info->severity < TCPHS_WARN)
		return;
	else if (number && rule != TCPHS_RULE_ACK_BAD_SEQ && mark->terms & TCPHS_TERM_ACK && view_ack_delta(view) != 0)
		line_add_format(marks, "[bad ack: %u, expected %u] ", segment->ack, mark->ack_expected);
	else if (number && mark->terms & TCPHS_TERM_SEQ && view_seq_delta(view) != 0)
		line_add_format(marks, "[bad seq: %u, expected %u] ", segment->seq, mark->seq_expected);
	else
		line_add_format(marks, "[%s] ", info->title);
}

void sentence_mark_info(const struct view *view, struct line *marks)
{
	mark_step(view, marks);
	for (size_t i = 0; i < view->summary.finding_count; i++) {
		if (view_finding_shows(view, &view->summary.findings[i]))
			mark_finding(view, (enum tcphs_rule)view->summary.findings[i].rule, marks);
	}
}
