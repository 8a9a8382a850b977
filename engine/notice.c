/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notice.c - the rules about a segment in its connection: options against what was offered, numbers against what
 * went before.
 *
 * They run after the segment's facts were kept and the stage was entered; u->before is the stage that it met. Each
 * function returns at once where its rule cannot hold, and all but a few run for SYN, SYN-ACK and RST only: what runs
 * for every segment of an open connection must cost next to nothing. What might be the capture's fault is not raised.
 */
#include "seq.h"
#include "update.h"

/** A SYN-ACK that comes later than this after the last SYN captured may answer one that was not captured. */
#define SYN_MISSED (200 * TCPHS_MILLISECOND)

#define ACE (TCPHS_AE | TCPHS_CWR | TCPHS_ECE)

struct tcphs_finding *update_raise(struct update *u, enum tcphs_rule rule, tcphs_ref related)
{
	size_t before = u->count;

	tcphs_raise(u->out, &u->count, rule, u->side, u->s->ref, related);
	return u->count > before ? &u->out[before] : NULL;
}

void update_raise_numbers(struct update *u, enum tcphs_rule rule, tcphs_ref related, uint32_t expected, uint32_t actual)
{
	struct tcphs_finding *f = update_raise(u, rule, related);

	if (!f)
		return;
	f->numbers = 1;
	f->expected = expected;
	f->actual = actual;
}

static bool open_before(const struct update *u)
{
	return u->before == TCPHS_STAGE_OPEN;
}

/* ---- SYN-ACK ------------------------------------------------------------------------------------ */

/* Options that the SYNs did not offer. MSS needs no offer, and AccECN's options answer flags. */
static void synack_unoffered_option(struct update *u)
{
	const unsigned answers =
		TCPHS_OPT_WSCALE | TCPHS_OPT_SACK_OK | TCPHS_OPT_TIMESTAMPS | TCPHS_OPT_MPTCP | TCPHS_OPT_FAST_OPEN;

	if (!(u->peer->did & TCPHS_DID_OPTIONS) || !(u->peer->did & TCPHS_DID_SYN))
		return;
	if (u->s->options.seen & answers & ~(unsigned)u->peer->offered)
		update_raise(u, TCPHS_RULE_SYNACK_UNOFFERED_OPTION, u->peer->syn);
}

static void synack_tsecr_mismatch(struct update *u)
{
	const struct tcphs_endpoint *client = u->peer;
	const struct tcphs_options *o = &u->s->options;

	if (!(o->seen & client->offered & TCPHS_OPT_TIMESTAMPS) || (o->tsval == 0 && o->tsecr == 0) ||
	    client->syn_count == 0 || client->syn_count > TCPHS_TRIES)
		return;
	for (uint32_t i = 0; i < client->syn_count; i++) {
		if (client->syn_tsval[i] == o->tsecr)
			return;
	}
	if (seq_lt(client->syn_tsval[client->syn_count - 1], o->tsecr) && u->s->time - client->syn_last > SYN_MISSED)
		return;
	update_raise_numbers(u, TCPHS_RULE_SYNACK_TSECR_MISMATCH, client->syn, client->syn_tsval[client->syn_count - 1],
	                     o->tsecr);
}

static void tfo_data_ignored(struct update *u)
{
	uint32_t all = u->peer->isn + 1 + u->peer->syn_data;

	if (seq_lt(u->s->ack, all))
		update_raise_numbers(u, TCPHS_RULE_TFO_DATA_IGNORED, u->peer->syn, all, u->s->ack);
}

static void synack_data(struct update *u)
{
	bool fast_open = ((u->peer->offered | u->s->options.seen) & TCPHS_OPT_FAST_OPEN) ||
	                 (u->c->facts & TCPHS_FACT_DATA_TAKEN);

	if (u->s->length > 0 && !fast_open && (u->s->have & TCPHS_HAVE_OPTIONS))
		update_raise_numbers(u, TCPHS_RULE_SYNACK_DATA, 0, 0, u->s->length);
}

static void ecn_reflected(struct update *u)
{
	uint16_t asked = u->peer->flags & ACE;

	if ((u->peer->did & TCPHS_DID_SYN) && (u->peer->did & TCPHS_DID_OPTIONS) && (asked & TCPHS_CWR) &&
	    (asked & TCPHS_ECE) && (u->s->flags & ACE) == asked)
		update_raise(u, TCPHS_RULE_ECN_REFLECTED, u->peer->syn);
}

static void synack_many_isns(struct update *u)
{
	if (u->c->isns <= u->config->many_isns || (u->c->told & TCPHS_TOLD_MANY) ||
	    u->s->time - u->own->synack_first > u->config->flood)
		return;
	u->c->told |= TCPHS_TOLD_MANY;
	update_raise_numbers(u, TCPHS_RULE_SYNACK_MANY_ISNS, u->c->step[1], u->config->many_isns, u->c->isns);
}

static void notice_synack(struct update *u)
{
	if (u->role != TCPHS_SERVER || (u->c->facts & TCPHS_FACT_CROSSED))
		return;
	if (u->event == TCPHS_EV_SYNACK || u->event == TCPHS_EV_SYNACK_NEW_ISN) {
		synack_unoffered_option(u);
		synack_tsecr_mismatch(u);
		tfo_data_ignored(u);
		synack_data(u);
		ecn_reflected(u);
	}
	synack_many_isns(u);
}

/* ---- the final ACK, and data -------------------------------------------------------------------- */

static void mptcp_key_missing(struct update *u)
{
	const struct tcphs_options *o = &u->s->options;
	const struct tcphs_options *a = &u->own->options, *b = &u->peer->options;

	if (!(a->seen & b->seen & TCPHS_OPT_MPTCP) || a->mptcp_subtype != TCPHS_MP_CAPABLE ||
	    b->mptcp_subtype != TCPHS_MP_CAPABLE || !(u->s->have & TCPHS_HAVE_OPTIONS))
		return;
	if (o->mptcp_keys == 0)
		update_raise(u, TCPHS_RULE_MPTCP_KEY_MISSING, u->c->step[1]);
}

/* A later segment says nothing of when the ACK itself came. */
static void handshake_slow(struct update *u)
{
	tcphs_time took = u->s->time - u->c->attempt;
	struct tcphs_finding *f;

	if (took <= u->config->slow || u->s->seq - (u->own->isn + 1) > u->own->syn_data)
		return;
	f = update_raise(u, TCPHS_RULE_HANDSHAKE_SLOW, u->c->step[0]);
	if (f)
		f->actual = took / 1000 < UINT32_MAX ? (uint32_t)(took / 1000) : UINT32_MAX;
}

static void notice_final_ack(struct update *u)
{
	if (u->c->step[2] != u->s->ref || u->role != TCPHS_CLIENT || u->c->step[0] == 0 ||
	    (u->c->facts & TCPHS_FACT_CROSSED))
		return;
	mptcp_key_missing(u);
	handshake_slow(u);
}

/* The server acknowledges the SYN once more, by itself: what the client owes now. */
static void ack_from_server(struct update *u)
{
	if (u->before == TCPHS_STAGE_SYNACK && u->event == TCPHS_EV_ACK && u->role == TCPHS_SERVER &&
	    u->s->length == 0 && !(u->s->flags & TCPHS_FIN) && u->s->ack == u->peer->isn + 1 &&
	    (u->peer->did & TCPHS_DID_SYN) && !(u->c->facts & TCPHS_FACT_DATA_TAKEN))
		update_raise(u, TCPHS_RULE_ACK_FROM_SERVER, u->c->step[1]);
}

static void data_before_established(struct update *u)
{
	bool opening = u->before == TCPHS_STAGE_SYN || u->before == TCPHS_STAGE_SYNACK;

	if (!opening || u->role != TCPHS_CLIENT || u->s->length == 0 || (u->s->flags & (TCPHS_SYN | TCPHS_RST)) ||
	    (u->own->offered & TCPHS_OPT_FAST_OPEN))
		return;
	if (u->event == TCPHS_EV_NOISE || u->event == TCPHS_EV_ACK_BAD_ACK)
		update_raise(u, TCPHS_RULE_DATA_BEFORE_ESTABLISHED, u->c->step[1] ? u->c->step[1] : u->own->syn);
}

static void timestamps_dropped(struct update *u)
{
	bool keep_alive = (u->mark->terms & TCPHS_TERM_SEQ) && u->s->seq + 1 == u->mark->seq_expected;

	if (!(u->own->options.seen & u->peer->options.seen & TCPHS_OPT_TIMESTAMPS) ||
	    (u->own->did & TCPHS_DID_DROP_TIMESTAMPS) || !(u->own->did & u->peer->did & TCPHS_DID_OPTIONS))
		return;
	if ((u->s->options.seen & TCPHS_OPT_TIMESTAMPS) || !(u->s->have & TCPHS_HAVE_OPTIONS) ||
	    (u->s->flags & (TCPHS_RST | TCPHS_SYN)) || keep_alive)
		return;
	u->own->did |= TCPHS_DID_DROP_TIMESTAMPS;
	update_raise(u, TCPHS_RULE_TIMESTAMPS_DROPPED, 0);
}

/* ---- RST ---------------------------------------------------------------------------------------- */

/* A sender's segments differ by a hop or two where routes change; by more only if another machine sent one. */
static bool ttl_differs(const struct update *u)
{
	uint8_t a = u->s->ttl, b = u->own->ttl;

	return a != 0 && b != 0 && (a > b ? a - b : b - a) > u->config->ttl_slack;
}

/* Of a RST against what its sender sent before; of a SYN-ACK against what its sender sends next. */
static void ttl_changed(struct update *u)
{
	bool rst = u->s->flags & TCPHS_RST;

	if (!ttl_differs(u) || (u->c->told & TCPHS_TOLD_TTL))
		return;
	if (!rst && (u->event != TCPHS_EV_ACK || !(u->own->did & TCPHS_DID_SYNACK) || (u->own->did & TCPHS_DID_GO_ON)))
		return;
	u->c->told |= TCPHS_TOLD_TTL;
	if (rst) {
		update_raise_numbers(u, TCPHS_RULE_TTL_CHANGED, 0, u->own->ttl, u->s->ttl);
		return;
	}
	update_raise_numbers(u, TCPHS_RULE_TTL_CHANGED, u->s->ref, u->s->ttl, u->own->ttl);
	u->out[u->count - 1].at = u->c->step[1] ? u->c->step[1] : u->c->first;
}

static void reset_after_handshake(struct update *u)
{
	bool opened_by_data = u->c->step[2] == 0;
	struct tcphs_finding *f;

	if (!open_before(u) || u->event != TCPHS_EV_RST || opened_by_data ||
	    ((u->did | u->peer->did) & TCPHS_DID_RST) || (u->did & (TCPHS_DID_GO_ON | TCPHS_DID_FIN)))
		return;
	f = update_raise(u, TCPHS_RULE_RESET_AFTER_HANDSHAKE, u->c->step[2]);
	if (f) {
		f->expected = u->s->flags;
		f->actual = UINT32_MAX;
	}
}

/* ---- the whole ---------------------------------------------------------------------------------- */

static void checksum_bad(struct update *u)
{
	if (u->s->checksum != TCPHS_CHECKSUM_BAD || (u->c->told & TCPHS_TOLD_CHECKSUM))
		return;
	u->c->told |= TCPHS_TOLD_CHECKSUM;
	update_raise(u, TCPHS_RULE_CHECKSUM_BAD, 0);
}

/* The SYN of the 4-tuple's next connection was answered for this one. */
static void challenge_ack(struct update *u)
{
	if (!(u->c->facts & TCPHS_FACT_REPLACED) || u->c->replaced_by == (uint8_t)u->side ||
	    (u->c->told & TCPHS_TOLD_CHALLENGE) || u->event != TCPHS_EV_ACK || u->s->length > 0 ||
	    (u->s->flags & TCPHS_FIN))
		return;
	u->c->told |= TCPHS_TOLD_CHALLENGE;
	update_raise(u, TCPHS_RULE_CHALLENGE_ACK, 0);
}

void update_notice(struct update *u)
{
	checksum_bad(u);
	if (u->s->flags & (TCPHS_SYN | TCPHS_RST)) {
		if (u->s->flags & TCPHS_SYN)
			notice_synack(u);
		if (u->s->flags & TCPHS_RST) {
			reset_after_handshake(u);
			ttl_changed(u);
		}
		return;
	}
	if (u->before != TCPHS_STAGE_OPEN) {
		ack_from_server(u);
		data_before_established(u);
	}
	notice_final_ack(u);
	ttl_changed(u);
	if (u->c->stage == TCPHS_STAGE_OPEN)
		timestamps_dropped(u);
	challenge_ack(u);
}
