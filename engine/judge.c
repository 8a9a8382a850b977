/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge.c - from the facts of a connection and the capture's end to its verdict.
 *
 * Theory of operation. The ladder: each rung is a function that either names a reason or passes on, and
 * the first match wins. What the capture cannot tell comes before what went wrong, because a false alarm
 * costs more than a miss. Judging changes nothing, so it can be done at any time and again.
 */
#include <string.h>

#include "connection.h"
#include "seq.h"

#define NO_REASON TCPHS_REASONS

/* One call of tcphs_connection_judge(). */
struct judging {
	const struct tcphs_connection *c;
	const struct tcphs_config *config;
	const struct tcphs_endpoint *client, *server;
	tcphs_time end;
};

static bool has(const struct judging *j, uint32_t fact)
{
	return (j->c->facts & fact) != 0;
}

/* How long the capture went on after |time|: for ever, if the connection was over before it ended. */
static tcphs_time left(const struct judging *j, tcphs_time time)
{
	return j->end == TCPHS_TIME_NEVER ? TCPHS_TIME_NEVER : j->end - time;
}

static bool opening(const struct judging *j)
{
	return j->c->stage >= TCPHS_STAGE_SYN && j->c->stage <= TCPHS_STAGE_SYNACK;
}

static bool crossing(const struct judging *j)
{
	return j->c->stage >= TCPHS_STAGE_CROSSED && j->c->stage <= TCPHS_STAGE_CROSSED_SERVER;
}

/* The server was captured sending anything but RST. */
static bool server_spoke(const struct judging *j)
{
	return (j->server->did & (TCPHS_DID_ACK | TCPHS_DID_SYN)) != 0;
}

static bool is_open(const struct judging *j)
{
	/* The server alone proves as little as the client alone. */
	if (tcphs_connection_open(j->c))
		return j->client->did & TCPHS_DID_ANYTHING;
	/* The SYN was captured after both had gone on: nothing of the server needs to follow. */
	return j->c->stage == TCPHS_STAGE_UNSEEN && has(j, TCPHS_FACT_MIDSTREAM) && server_spoke(j);
}

/* SYN-ACKs after the ACK, and no other sign that the server has it. */
static bool ack_ignored(const struct judging *j)
{
	return j->c->synacks_after_ack > 0 && !(j->server->did & TCPHS_DID_MOVE_ON);
}

/* ---- the ladder --------------------------------------------------------------------------------- */

static enum tcphs_reason lost_state(const struct judging *j)
{
	if (has(j, TCPHS_FACT_LOST_STATE))
		return TCPHS_REASON_PEER_LOST_STATE;
	if (has(j, TCPHS_FACT_CHALLENGED) && (j->c->stage == TCPHS_STAGE_SYN || j->c->stage == TCPHS_STAGE_ENDED) &&
	    j->c->isns == 0 && !has(j, TCPHS_FACT_REFUSED))
		return TCPHS_REASON_PEER_LOST_STATE;
	return NO_REASON;
}

static enum tcphs_reason complete(const struct judging *j)
{
	if (!is_open(j))
		return NO_REASON;
	if (ack_ignored(j) && j->c->synacks_after_ack >= 2)
		return TCPHS_REASON_NO_FINAL_ACK;
	if (has(j, TCPHS_FACT_CROSSED))
		return has(j, TCPHS_FACT_SPLIT) ? TCPHS_REASON_SPLIT : TCPHS_REASON_SIMULTANEOUS_OPEN;
	return has(j, TCPHS_FACT_DATA_TAKEN) ? TCPHS_REASON_FAST_OPEN : TCPHS_REASON_THREE_WAY;
}

static bool one_sided(const struct judging *j)
{
	const struct tcphs_connection *c = j->c;
	bool client_only = !(j->server->did & TCPHS_DID_ANYTHING), server_only = !(j->client->did & TCPHS_DID_ANYTHING);

	if (c->stage == TCPHS_STAGE_UNSEEN)
		return true;
	if (client_only && has(j, TCPHS_FACT_CLIENT_WENT_ON))
		return true;
	if (server_only && (j->server->did & TCPHS_DID_SYNACK))
		return true;
	return c->stage == TCPHS_STAGE_MIDSTREAM && (client_only || server_only) &&
	       ((j->client->did | j->server->did) & TCPHS_DID_ACK);
}

static bool midstream(const struct judging *j)
{
	if (j->c->stage == TCPHS_STAGE_MIDSTREAM)
		return true;
	return j->c->stage == TCPHS_STAGE_ENDED && !(j->client->did & TCPHS_DID_SYN) &&
	       (j->server->did & TCPHS_DID_SYNACK) && has(j, TCPHS_FACT_CLIENT_ABORTED);
}

/* Figure 8: a SYN that a newer one made void before it could mean anything. */
static bool superseded(const struct judging *j)
{
	const struct tcphs_connection *c = j->c;

	if (!has(j, TCPHS_FACT_REPLACED) || !has(j, TCPHS_FACT_SUCCESSOR_OPEN) || has(j, TCPHS_FACT_BUSY))
		return false;
	if (c->stage == TCPHS_STAGE_SYN && c->isns == 0 && !has(j, TCPHS_FACT_BAD_RST | TCPHS_FACT_RST_NO_ACK))
		return c->replaced_at - c->attempt < j->config->horizon;
	return opening(j) || c->stage == TCPHS_STAGE_ENDED;
}

/* An answer that was no use is an answer: the capture's end does not excuse it. */
static bool answered_badly(const struct judging *j)
{
	return has(j, TCPHS_FACT_BAD_SYNACK | TCPHS_FACT_BAD_RST | TCPHS_FACT_RST_NO_ACK | TCPHS_FACT_BAD_ACK);
}

static bool capture_ended(const struct judging *j)
{
	const struct tcphs_connection *c = j->c;

	if (c->stage == TCPHS_STAGE_SYN || crossing(j))
		return !answered_badly(j) && !has(j, TCPHS_FACT_ICMP) && c->flaw == TCPHS_BREAKS_NOTHING &&
		       left(j, c->attempt) < j->config->horizon;
	return c->stage == TCPHS_STAGE_SYNACK && !has(j, TCPHS_FACT_BAD_ACK | TCPHS_FACT_REFUTED) &&
	       left(j, j->server->synack_first) < j->config->horizon;
}

static enum tcphs_reason unknown(const struct judging *j)
{
	if (has(j, TCPHS_FACT_CUT) && (opening(j) || j->c->stage == TCPHS_STAGE_UNSEEN))
		return TCPHS_REASON_TRUNCATED;
	if (one_sided(j))
		return TCPHS_REASON_ONE_SIDED;
	if (midstream(j))
		return TCPHS_REASON_MIDSTREAM;
	if (superseded(j))
		return TCPHS_REASON_SUPERSEDED;
	return capture_ended(j) ? TCPHS_REASON_CAPTURE_ENDED : NO_REASON;
}

static enum tcphs_reason malformed(const struct judging *j)
{
	enum tcphs_stage stage = (enum tcphs_stage)j->c->stage;
	bool aborted = stage == TCPHS_STAGE_ENDED && has(j, TCPHS_FACT_CLIENT_ABORTED) && j->c->isns == 0;

	if (stage == TCPHS_STAGE_PROBE)
		return j->c->flaw == TCPHS_BREAKS_SEGMENT ? TCPHS_REASON_BAD_SEGMENT : TCPHS_REASON_BAD_FLAGS;
	if (stage == TCPHS_STAGE_SYN || crossing(j) || aborted) {
		if (has(j, TCPHS_FACT_BAD_SYNACK | TCPHS_FACT_BAD_RST | TCPHS_FACT_BAD_ACK))
			return TCPHS_REASON_BAD_ARITHMETIC;
		if (has(j, TCPHS_FACT_RST_NO_ACK) || (stage == TCPHS_STAGE_SYN && j->c->flaw == TCPHS_BREAKS_FLAGS))
			return TCPHS_REASON_BAD_FLAGS;
		if (stage == TCPHS_STAGE_SYN && j->c->flaw == TCPHS_BREAKS_SEGMENT)
			return TCPHS_REASON_BAD_SEGMENT;
	}
	if ((stage == TCPHS_STAGE_SYNACK && has(j, TCPHS_FACT_BAD_ACK | TCPHS_FACT_REFUTED)) ||
	    (stage == TCPHS_STAGE_ENDED && has(j, TCPHS_FACT_BAD_ACK | TCPHS_FACT_REFUTED) &&
	     has(j, TCPHS_FACT_SERVER_ABORTED)))
		return TCPHS_REASON_BAD_ARITHMETIC;
	return NO_REASON;
}

static enum tcphs_reason half_open(const struct judging *j)
{
	if (j->c->stage == TCPHS_STAGE_SYNACK)
		return TCPHS_REASON_NO_FINAL_ACK;
	/* The server sent its SYN-ACK again, in this attempt, and gave up. */
	if (j->c->stage == TCPHS_STAGE_ENDED && has(j, TCPHS_FACT_SERVER_ABORTED) && !has(j, TCPHS_FACT_CROSSED) &&
	    j->server->synack_last > j->server->synack_first)
		return TCPHS_REASON_NO_FINAL_ACK;
	return NO_REASON;
}

static enum tcphs_reason incomplete(const struct judging *j)
{
	const struct tcphs_connection *c = j->c;

	if (!(j->server->did & TCPHS_DID_ANYTHING) && has(j, TCPHS_FACT_ICMP))
		return TCPHS_REASON_UNREACHABLE;
	if (c->stage != TCPHS_STAGE_ENDED)
		return TCPHS_REASON_UNANSWERED;
	if (has(j, TCPHS_FACT_REFUSED))
		return TCPHS_REASON_REFUSED;
	if (has(j, TCPHS_FACT_SERVER_ABORTED))
		return TCPHS_REASON_ABORTED_BY_SERVER;
	/* The client tired of waiting: that is what failed, not its RST. */
	if (!(j->server->did & TCPHS_DID_ANYTHING) && c->ended - c->attempt >= j->config->horizon)
		return TCPHS_REASON_UNANSWERED;
	return TCPHS_REASON_ABORTED_BY_CLIENT;
}

static enum tcphs_reason climb(const struct judging *j)
{
	static enum tcphs_reason (*const ladder[])(const struct judging *) = {
		lost_state, complete, unknown, malformed, half_open, incomplete,
	};
	enum tcphs_reason reason = NO_REASON;

	for (size_t i = 0; i < sizeof(ladder) / sizeof(ladder[0]) && reason == NO_REASON; i++)
		reason = ladder[i](j);
	return reason;
}

/* ---- blame -------------------------------------------------------------------------------------- */

static enum tcphs_blame blame_of_side(const struct judging *j, uint8_t side)
{
	return side == tcphs_connection_client(j->c) ? TCPHS_BLAME_CLIENT : TCPHS_BLAME_SERVER;
}

/* Where the reason alone does not say whose fault it was. */
static enum tcphs_blame blame_of(const struct judging *j, enum tcphs_reason reason)
{
	const struct tcphs_connection *c = j->c;

	switch (reason) {
	case TCPHS_REASON_NO_FINAL_ACK:
		if (c->stage == TCPHS_STAGE_OPEN)
			return TCPHS_BLAME_SERVER;  /* the ACK passed here */
		/* A client that asks again after the SYN-ACK has not got it. */
		return j->client->syn_last > j->server->synack_first && j->client->syn_count > 1 ? TCPHS_BLAME_PATH
		                                                                                 : TCPHS_BLAME_CLIENT;
	case TCPHS_REASON_PEER_LOST_STATE:
		return has(j, TCPHS_FACT_LOST_STATE) ? blame_of_side(j, c->lost_side) : TCPHS_BLAME_CLIENT;
	case TCPHS_REASON_BAD_ARITHMETIC:
		return blame_of_side(j, c->bad_side);
	case TCPHS_REASON_UNREACHABLE:
		return has(j, TCPHS_FACT_ICMP_FROM_SERVER) ? TCPHS_BLAME_SERVER : TCPHS_BLAME_PATH;
	case TCPHS_REASON_BAD_FLAGS:
		return has(j, TCPHS_FACT_RST_NO_ACK) ? TCPHS_BLAME_SERVER : TCPHS_BLAME_CLIENT;
	default:
		return TCPHS_BLAMES;
	}
}

/* ---- findings of scope CONNECTION ---------------------------------------------------------------- */

/* The rule that says the same as the reason, and the segment it points at. */
static enum tcphs_rule rule_of(const struct judging *j, enum tcphs_reason reason, tcphs_ref *at)
{
	const struct tcphs_connection *c = j->c;

	*at = c->first;
	switch (reason) {
	case TCPHS_REASON_SIMULTANEOUS_OPEN:
		*at = c->crossing;
		return TCPHS_RULE_SIMULTANEOUS_OPEN;
	case TCPHS_REASON_SPLIT:
		*at = c->crossing;
		return TCPHS_RULE_SPLIT_HANDSHAKE;
	case TCPHS_REASON_FAST_OPEN:
		*at = c->step[1] ? c->step[1] : c->first;
		return TCPHS_RULE_FAST_OPEN;
	case TCPHS_REASON_PEER_LOST_STATE:
		*at = c->lost;
		return TCPHS_RULE_PEER_LOST_STATE;
	case TCPHS_REASON_MIDSTREAM:
		return TCPHS_RULE_CAPTURE_MIDSTREAM;
	case TCPHS_REASON_ONE_SIDED:
		return TCPHS_RULE_CAPTURE_ONE_SIDED;
	case TCPHS_REASON_CAPTURE_ENDED:
		*at = c->stage == TCPHS_STAGE_SYNACK ? c->step[1] : c->first;
		return TCPHS_RULE_CAPTURE_ENDED;
	case TCPHS_REASON_TRUNCATED:
		return TCPHS_RULE_CAPTURE_TRUNCATED;
	case TCPHS_REASON_SUPERSEDED:
		return TCPHS_RULE_SUPERSEDED;
	case TCPHS_REASON_UNANSWERED:
		return TCPHS_RULE_SYN_UNANSWERED;
	case TCPHS_REASON_NO_FINAL_ACK:
		*at = c->step[1];
		/* Where the ACK was captured, final_ack_ignored says it. */
		return c->stage == TCPHS_STAGE_OPEN ? TCPHS_RULE_NONE : TCPHS_RULE_FINAL_ACK_MISSING;
	default:
		return TCPHS_RULE_NONE;
	}
}

/* A step captured before the one that it answers. In a crossed opening there is no such order. */
static tcphs_ref out_of_order(const struct tcphs_connection *c)
{
	if (c->facts & TCPHS_FACT_CROSSED)
		return 0;
	if (c->step[0] && ((c->step[1] && c->step[0] > c->step[1]) || (c->step[2] && c->step[0] > c->step[2])))
		return c->step[0];
	return c->step[1] && c->step[2] && c->step[1] > c->step[2] ? c->step[1] : 0;
}

/* Something between SYN and data that must have been there was not captured. */
static tcphs_ref gap(const struct judging *j)
{
	const struct tcphs_connection *c = j->c;

	if (has(j, TCPHS_FACT_CROSSED) || !is_open(j))
		return 0;
	if (c->unseen != 0 && (c->step[1] == 0 || c->step[2] == 0 || has(j, TCPHS_FACT_HELD_CONFIRMED)))
		return c->unseen;
	return 0;
}

/* MD5 or AO (RFC 2385, 5925) on one side only, or on a SYN that nobody answered. */
static bool auth_mismatch(const struct judging *j, enum tcphs_reason reason)
{
	const uint16_t auth = TCPHS_OPT_MD5 | TCPHS_OPT_AO;
	uint16_t client = j->client->options.seen & auth, server = j->server->options.seen & auth;

	if ((j->client->did & j->server->did & TCPHS_DID_OPTIONS) && (j->server->did & TCPHS_DID_SYNACK))
		return client != server;
	return client != 0 && reason == TCPHS_REASON_UNANSWERED;
}

/* The rules about the 4-tuple's former connection, told of the newer one. */
static void find_reuse(const struct judging *j, struct tcphs_finding *out, size_t *count)
{
	const struct tcphs_connection *c = j->c;
	enum tcphs_side client = tcphs_connection_client(c);

	if (has(j, TCPHS_FACT_TUPLE_FIN) && has(j, TCPHS_FACT_CHALLENGED) && j->client->syn_count > 1)
		tcphs_raise(out, count, TCPHS_RULE_TIME_WAIT_COLLISION, client, c->first, 0);
	if (has(j, TCPHS_FACT_TUPLE_OPEN) && c->stage == TCPHS_STAGE_SYN && c->isns == 0)
		tcphs_raise(out, count, TCPHS_RULE_SYN_ON_ESTABLISHED, client, c->first, 0);
	else if (has(j, TCPHS_FACT_TUPLE_OPEN) && has(j, TCPHS_FACT_CHALLENGED))
		tcphs_raise(out, count, TCPHS_RULE_SYN_ON_ESTABLISHED, client, c->first, 0);
}

/* The rules that need to know what came later. */
static void find_later(const struct judging *j, enum tcphs_reason reason, struct tcphs_finding *out, size_t *count)
{
	const struct tcphs_connection *c = j->c;
	enum tcphs_side client = tcphs_connection_client(c);

	if (auth_mismatch(j, reason))
		tcphs_raise(out, count, TCPHS_RULE_AUTH_MISMATCH, client, c->step[1] ? c->step[1] : c->first,
		            c->step[0]);
	if (has(j, TCPHS_FACT_RST_IGNORED) && c->odd_rst != 0) {
		tcphs_raise(out, count, TCPHS_RULE_RST_OUT_OF_WINDOW, (enum tcphs_side)c->odd_side, c->odd_rst, 0);
		out[*count - 1].numbers = 1;
		out[*count - 1].expected = c->odd_expected;
		out[*count - 1].actual = c->odd_actual;
	}
	if (is_open(j) && j->client->resent >= j->config->resent && has(j, TCPHS_FACT_ACKED) &&
	    !(j->server->did & TCPHS_DID_MOVE_ON))
		tcphs_raise(out, count, TCPHS_RULE_DATA_UNACKNOWLEDGED, client, j->client->resent_first, 0);
	if (reason == TCPHS_REASON_SUPERSEDED && c->stage == TCPHS_STAGE_ENDED && c->isns > 0)
		tcphs_raise(out, count, TCPHS_RULE_OLD_DUPLICATE_SYN, client, c->first, 0);
}

static size_t find(const struct judging *j, enum tcphs_reason reason, struct tcphs_finding *out)
{
	enum tcphs_side client = tcphs_connection_client(j->c), server = (enum tcphs_side)!client;
	enum tcphs_verdict verdict = tcphs_reason_verdict(reason);
	tcphs_ref at, late;
	enum tcphs_rule rule = rule_of(j, reason, &at);
	size_t count = 0;

	if (rule != TCPHS_RULE_NONE)
		tcphs_raise(out, &count, rule,
		            has(j, TCPHS_FACT_LOST_STATE) ? (enum tcphs_side)j->c->lost_side : client, at, 0);
	if (rule == TCPHS_RULE_FAST_OPEN) {
		out[0].numbers = 1;
		out[0].expected = j->client->isn + 1 + j->client->syn_data;
		out[0].actual = j->c->data_acked;
	}
	find_reuse(j, out, &count);
	find_later(j, reason, out, &count);
	if (rule == TCPHS_RULE_FINAL_ACK_MISSING && j->c->held.ref != 0) {
		out[0].numbers = 1;
		out[0].expected = j->c->held.expected;
		out[0].actual = j->c->held.actual;
	}
	if (verdict != TCPHS_COMPLETE && verdict != TCPHS_HALF_OPEN)
		return count;
	late = out_of_order(j->c);
	if (late != 0)
		tcphs_raise(out, &count, TCPHS_RULE_HANDSHAKE_REORDERED, late == j->c->step[0] ? client : server, late,
		            0);
	if (gap(j) != 0)
		tcphs_raise(out, &count, TCPHS_RULE_ACK_OF_UNSEEN, server, gap(j), 0);
	if (ack_ignored(j))
		tcphs_raise(out, &count, TCPHS_RULE_FINAL_ACK_IGNORED, server, j->c->synack_late, j->c->step[2]);
	return count;
}

bool tcphs_rule_lasts(enum tcphs_rule rule)
{
	return rule != TCPHS_RULE_ACK_OF_UNSEEN && rule != TCPHS_RULE_HANDSHAKE_REORDERED &&
	       rule != TCPHS_RULE_FINAL_ACK_IGNORED;
}

/* -------------------------------------------------------------------------------------------------- */

static enum tcphs_closed closed_of(const struct tcphs_connection *c)
{
	uint16_t did = c->side[0].did | c->side[1].did, both = c->side[0].did & c->side[1].did;

	if (((c->facts & TCPHS_FACT_RESET) && !(c->told & TCPHS_TOLD_CLOSED_BY_FIN)) || c->stage == TCPHS_STAGE_ENDED)
		return TCPHS_CLOSED_RST;
	if (both & TCPHS_DID_FIN)
		return TCPHS_CLOSED_FIN;
	return did & TCPHS_DID_FIN ? TCPHS_CLOSED_HALF : TCPHS_CLOSED_OPEN;
}

/* Nothing that can still be captured takes it back: the server went on, and FIN or RST rule out a lost state. */
static bool is_certain(const struct judging *j, enum tcphs_reason reason)
{
	if (reason == TCPHS_REASON_PEER_LOST_STATE)
		return has(j, TCPHS_FACT_LOST_STATE);
	/* A SYN-ACK captured late may acknowledge the SYN's data. */
	if (j->client->syn_data > 0 && j->c->isns == 0)
		return false;
	return tcphs_connection_open(j->c) && is_open(j) && (j->server->did & TCPHS_DID_MOVE_ON) &&
	       ((j->client->did | j->server->did) & (TCPHS_DID_FIN | TCPHS_DID_RST));
}

static struct judging judging_of(const struct tcphs_connection *c, const struct tcphs_config *config, tcphs_time end)
{
	enum tcphs_side client = tcphs_connection_client(c);

	return (struct judging){ c, config, &c->side[client], &c->side[!client], end };
}

bool tcphs_connection_decided(const struct tcphs_connection *c, const struct tcphs_config *config)
{
	struct judging j = judging_of(c, config, TCPHS_TIME_NEVER);

	/* Most are open and go on: these need no ladder. */
	return ((c->side[0].did | c->side[1].did) & (TCPHS_DID_FIN | TCPHS_DID_RST)) && is_certain(&j, climb(&j));
}

/* What can be certain without the verdict. */
static struct tcphs_judgement without_verdict(const struct tcphs_connection *c)
{
	return (struct tcphs_judgement){
		.client = (uint8_t)tcphs_connection_client(c),
		.client_certain = c->syn_side >= 0,
		.opening_certain = tcphs_connection_open(c),
		.steps = { c->step[0], c->step[1], c->step[2] },
	};
}

bool tcphs_connection_undecided(const struct tcphs_connection *c, struct tcphs_judgement *judgement)
{
	if ((c->facts & TCPHS_FACT_LOST_STATE) ||
	    ((c->side[0].did | c->side[1].did) & (TCPHS_DID_FIN | TCPHS_DID_RST)))
		return false;
	*judgement = without_verdict(c);
	return true;
}

size_t tcphs_connection_judge(const struct tcphs_connection *c, const struct tcphs_config *config, tcphs_time end,
                              struct tcphs_judgement *judgement, struct tcphs_finding *out)
{
	struct judging j = judging_of(c, config, end);
	enum tcphs_reason reason = climb(&j);
	enum tcphs_blame blame = blame_of(&j, reason);

	*judgement = without_verdict(c);
	judgement->verdict = (uint8_t)tcphs_reason_verdict(reason);
	judgement->reason = (uint8_t)reason;
	judgement->blame = (uint8_t)(blame == TCPHS_BLAMES ? tcphs_reason_blame(reason) : blame);
	judgement->closed = (uint8_t)closed_of(c);
	judgement->completeness = c->completeness;
	judgement->certain = is_certain(&j, reason);
	return find(&j, reason, out);
}
