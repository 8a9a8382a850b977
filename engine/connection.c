/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * connection.c - takes one classified segment in: keeps facts, moves the stage and the states.
 *
 * Theory of operation. The event picks a cell of the opening table. What the segment should have said is
 * worked out first (the mark's expected numbers), then the facts of its event are kept, then the cell's
 * stage and states are entered, and from ESTABLISHED on FIN, its acknowledgment and RST are told to the
 * closing table for both endpoints. Only this file changes a connection; stage and states change in
 * move_to() and close_step().
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "seq.h"
#include "update.h"

/** How far from the last numbers a segment of an older connection may be. */
#define FIT (UINT32_C(1) << 20)

void tcphs_connection_begin(struct tcphs_connection *c)
{
	c->stage = TCPHS_STAGE_NEW;
	c->syn_side = c->synack_side = c->first_fin = -1;
	c->rtt_server = c->rtt_client = c->rtt_total = c->closed_at = c->answerable = TCPHS_TIME_NONE;
}

enum tcphs_side tcphs_connection_client(const struct tcphs_connection *c)
{
	if (c->syn_side >= 0)
		return (enum tcphs_side)c->syn_side;
	return c->synack_side == TCPHS_SIDE_FIRST ? TCPHS_SIDE_SECOND : TCPHS_SIDE_FIRST;
}

bool tcphs_connection_closed(const struct tcphs_connection *c)
{
	return c->stage == TCPHS_STAGE_ENDED || (c->facts & TCPHS_FACT_RESET) ||
	       (c->side[0].did & c->side[1].did & TCPHS_DID_FIN);
}

/* Nothing more than copies can come: reset, or both FINs acknowledged. */
static bool over(const struct tcphs_connection *c)
{
	return c->stage == TCPHS_STAGE_ENDED || (c->facts & TCPHS_FACT_RESET) ||
	       (c->side[0].did & c->side[1].did & TCPHS_DID_FIN_ACKED);
}

/* The role that the sender has with this segment: the first SYN and the first SYN-ACK decide it. */
static enum tcphs_role role_of(const struct tcphs_connection *c, enum tcphs_side side, enum tcphs_event event)
{
	if (event == TCPHS_EV_SYN && c->syn_side < 0 && c->synack_side != (int8_t)side)
		return TCPHS_CLIENT;
	if (event == TCPHS_EV_SYNACK && c->syn_side < 0)
		return TCPHS_SERVER;
	return side == tcphs_connection_client(c) ? TCPHS_CLIENT : TCPHS_SERVER;
}

static bool crossed(const struct tcphs_connection *c)
{
	return (c->facts & TCPHS_FACT_CROSSED) != 0;
}

/* Octets of sequence space of what is no SYN. */
static uint32_t span(const struct tcphs_segment *s)
{
	return s->length + ((s->flags & TCPHS_FIN) != 0);
}

static uint32_t microseconds(const struct tcphs_connection *c, tcphs_time time)
{
	tcphs_time since = (time - c->start) / 1000;

	return since < 0 ? 0 : since > UINT32_MAX ? UINT32_MAX : (uint32_t)since;
}

/* ---- what the segment should have said ---------------------------------------------------------- */

/* Of the server's ISNs the one that |ack| is about: the one it acknowledges, else the latest. */
static uint32_t meant_isn(const struct tcphs_connection *c, const struct tcphs_endpoint *peer, uint32_t ack)
{
	for (unsigned i = 0; i < c->isns; i++) {
		if (c->isn[i].isn + 1 == ack)
			return c->isn[i].isn;
	}
	return peer->isn;
}

static void expect_ack_of_syn(const struct update *u)
{
	struct tcphs_mark *m = u->mark;
	uint32_t isn = u->role == TCPHS_CLIENT && !crossed(u->c) ? meant_isn(u->c, u->peer, u->s->ack) : u->peer->isn;

	if (!(u->peer->did & TCPHS_DID_ISN) || !(u->s->flags & TCPHS_ACK))
		return;
	m->ack_base = isn;
	m->ack_expected = isn + 1;
	m->terms |= TCPHS_TERM_ACK | TCPHS_TERM_ACK_SYN;
	if (u->s->ack != isn + 1) {
		m->ack_expected += u->peer->syn_data;
		m->terms |= TCPHS_TERM_SYN_DATA;
	}
}

static void expect_in_opening(const struct update *u)
{
	struct tcphs_mark *m = u->mark;

	/* 3.10.7.3: it has the unacceptable acknowledgment as its sequence number. */
	if (u->event == TCPHS_EV_RST_ECHO) {
		m->seq_base = m->seq_expected = u->s->seq;
		m->terms |= TCPHS_TERM_SEQ;
		return;
	}
	if (u->s->flags & TCPHS_SYN)
		m->terms |= TCPHS_TERM_ISN;
	else if ((u->own->did & TCPHS_DID_ISN) && !(u->role == TCPHS_SERVER && u->before == TCPHS_STAGE_SYN)) {
		m->seq_base = u->own->isn;
		m->seq_expected = u->own->isn + 1;
		m->terms |= TCPHS_TERM_SEQ | TCPHS_TERM_SEQ_SYN;
		if (u->c->facts & TCPHS_FACT_DATA_TAKEN && u->role == TCPHS_CLIENT)
			m->seq_expected = u->peer->ack;
	}
	expect_ack_of_syn(u);
}

static inline __attribute__((always_inline)) void expect_seq_in_open(const struct update *u)
{
	const struct tcphs_endpoint *e = u->own;
	bool known = e->did & (TCPHS_DID_SYN | TCPHS_DID_SYNACK);
	bool fin = (e->did & TCPHS_DID_FIN) && e->nxt == e->fin + 1;

	if (!(e->did & TCPHS_DID_SEND))
		return;
	u->mark->seq_expected = e->nxt;
	u->mark->seq_base = fin ? e->fin : e->isn + !known;
	u->mark->terms |= (uint8_t)(TCPHS_TERM_SEQ | (fin ? TCPHS_TERM_SEQ_FIN : known ? TCPHS_TERM_SEQ_SYN : 0));
}

static inline __attribute__((always_inline)) void expect_ack_in_open(const struct update *u)
{
	const struct tcphs_endpoint *e = u->peer;
	bool known = e->did & (TCPHS_DID_SYN | TCPHS_DID_SYNACK);
	bool fin = (e->did & TCPHS_DID_FIN) && e->nxt == e->fin + 1;

	if (!(e->did & TCPHS_DID_SEND) || !(u->s->flags & TCPHS_ACK))
		return;
	u->mark->ack_expected = e->nxt;
	u->mark->ack_base = fin ? e->fin : e->isn + !known;
	u->mark->terms |= (uint8_t)(TCPHS_TERM_ACK | (fin ? TCPHS_TERM_ACK_FIN : known ? TCPHS_TERM_ACK_SYN : 0));
}

static inline __attribute__((always_inline)) void expect(const struct update *u)
{
	switch (u->before) {
	case TCPHS_STAGE_OPEN:
	case TCPHS_STAGE_MIDSTREAM:
	case TCPHS_STAGE_UNSEEN:
		if (u->s->flags & TCPHS_SYN) {
			expect_in_opening(u);
			return;
		}
		expect_seq_in_open(u);
		expect_ack_in_open(u);
		return;
	default:
		expect_in_opening(u);
	}
}

/* ---- facts -------------------------------------------------------------------------------------- */

/* |own| was captured sending up to |end|. */
static void sent(struct tcphs_endpoint *own, uint32_t end)
{
	if (!(own->did & TCPHS_DID_SEND) || (int32_t)(end - own->nxt) > 0)
		own->nxt = end;
	own->did |= TCPHS_DID_SEND;
}

/* |own| has taken what |ack| acknowledges. */
static void acknowledged(struct tcphs_endpoint *own, uint32_t ack)
{
	own->ack = ack;
	own->did |= TCPHS_DID_ACK_KNOWN;
}

static void take_options(struct tcphs_endpoint *own, const struct tcphs_segment *s)
{
	if (!(s->have & TCPHS_HAVE_OPTIONS) || (own->did & TCPHS_DID_OPTIONS))
		return;
	own->options = s->options;
	own->flags = s->flags;
	own->did |= TCPHS_DID_OPTIONS;
}

/* Data in the SYN or SYN-ACK: as much as any try of it had. */
static void take_syn_data(struct update *u)
{
	if (u->s->length > u->own->syn_data && u->s->length < TCPHS_SEQ_AHEAD)
		u->own->syn_data = u->s->length;
}

static void take_syn_try(struct update *u)
{
	struct tcphs_endpoint *own = u->own;

	if (own->syn_count < TCPHS_TRIES) {
		own->syn_try[own->syn_count] = microseconds(u->c, u->s->time);
		own->syn_tsval[own->syn_count] = u->s->options.tsval;
	}
	own->offered |= u->s->options.seen;
	own->syn_count++;
	own->syn_last = u->s->time;
	take_syn_data(u);
	sent(own, u->s->seq + 1 + own->syn_data);
}

static void learn_syn(struct update *u)
{
	struct tcphs_connection *c = u->c;
	struct tcphs_endpoint *own = u->own;

	if (c->syn_side < 0)
		c->syn_side = (int8_t)u->side;
	else
		c->facts |= TCPHS_FACT_CROSSED;
	own->isn = u->s->seq;
	own->did |= TCPHS_DID_SYN | TCPHS_DID_ISN;
	if (u->s->flags & (TCPHS_FIN | TCPHS_RST))
		own->did |= TCPHS_DID_FLAWED_SYN;
	own->syn = u->s->ref;
	take_options(own, u->s);
	if (crossed(c)) {
		c->crossing = u->s->ref;
	} else {
		c->step[0] = u->s->ref;
		c->attempt = u->s->time;
	}
	take_syn_try(u);
}

/* The same attempt goes on after a RST: what the server said before counts no more. */
static void begin_again(struct update *u)
{
	struct tcphs_connection *c = u->c;
	struct tcphs_endpoint *server = u->peer;

	c->facts &= ~(uint32_t)(TCPHS_FACT_BAD_SYNACK | TCPHS_FACT_BAD_RST | TCPHS_FACT_RST_NO_ACK |
	                        TCPHS_FACT_BAD_ACK | TCPHS_FACT_CLIENT_ABORTED | TCPHS_FACT_SERVER_ABORTED |
	                        TCPHS_FACT_REFUSED | TCPHS_FACT_CROSSED | TCPHS_FACT_REFUTED | TCPHS_FACT_CHALLENGED);
	server->did &= (uint16_t)~(TCPHS_DID_SYN | TCPHS_DID_SYNACK | TCPHS_DID_ISN);
	u->own->did &= (uint16_t)~(TCPHS_DID_SYNACK | TCPHS_DID_ACK_KNOWN);
	c->isns = 0;
	c->held.ref = 0;
	c->lost = 0;
	c->attempt = u->s->time;
	c->rtt_server = TCPHS_TIME_NONE;
}

static void learn_syn_again(struct update *u)
{
	if (u->before == TCPHS_STAGE_ENDED)
		begin_again(u);
	take_syn_try(u);
}

/* The SYN whose TSval is echoed, else the last before: Karn's rule without timestamps. */
static tcphs_time answered_syn(const struct update *u)
{
	const struct tcphs_endpoint *client = u->peer;
	uint32_t tries = client->syn_count < TCPHS_TRIES ? client->syn_count : TCPHS_TRIES;

	if ((u->s->options.seen & client->options.seen & TCPHS_OPT_TIMESTAMPS) && u->s->options.tsecr != 0) {
		for (uint32_t i = tries; i-- > 0;) {
			if (client->syn_tsval[i] == u->s->options.tsecr)
				return i + 1 == client->syn_count ? client->syn_last
				                                  : u->c->start + (tcphs_time)client->syn_try[i] * 1000;
		}
	}
	return client->syn_last;
}

static void take_server_isn(struct update *u)
{
	struct tcphs_connection *c = u->c;

	if (c->isns == TCPHS_SERVER_ISNS)
		return;
	c->isn[c->isns++] = (struct tcphs_server_isn){ .isn = u->s->seq, .ack = u->s->ack, .ref = u->s->ref };
}

static void count_synack(struct update *u)
{
	struct tcphs_endpoint *own = u->own;

	if (own->synack_count < TCPHS_TRIES)
		own->synack_try[own->synack_count] = microseconds(u->c, u->s->time);
	own->synack_count++;
	own->synack_last = u->s->time;
	acknowledged(own, u->s->ack);
}

/* The client's first number after its SYN was acknowledged: data in the SYN counts if it was taken. */
static void note_syn_data(struct update *u)
{
	if (u->peer->syn_data == 0 || u->s->ack == u->peer->isn + 1)
		return;
	u->c->facts |= TCPHS_FACT_DATA_TAKEN;
	u->c->data_acked = u->s->ack;
}

static void infer_client_isn(struct update *u)
{
	if (u->peer->did & TCPHS_DID_ISN)
		return;
	u->peer->isn = u->s->ack - 1;
	u->peer->did |= TCPHS_DID_ISN;
	sent(u->peer, u->s->ack);
}

static void learn_synack(struct update *u)
{
	struct tcphs_connection *c = u->c;
	bool first = !(u->own->did & TCPHS_DID_SYNACK);   /* of this attempt */

	if (c->synack_side < 0)
		c->synack_side = (int8_t)u->side;
	infer_client_isn(u);
	if (u->role == TCPHS_SERVER) {
		u->own->isn = u->s->seq;
		if (u->event != TCPHS_EV_SYNACK_NEW_ACK)
			take_server_isn(u);
		note_syn_data(u);
	}
	u->own->did |= TCPHS_DID_SYNACK | TCPHS_DID_ISN;
	take_options(u->own, u->s);
	/*
	 * Once the ACK came, a SYN-ACK of later is not the one that it answers; but where both had sent SYN, the
	 * client's SYN-ACK is that ACK, and has stood for step 2 only as long as there was no other.
	 */
	if (c->step[1] == 0 || (u->role == TCPHS_SERVER && (c->step[2] == 0 || c->step[1] == c->step[2])))
		c->step[1] = u->role == TCPHS_SERVER ? c->isn[0].ref : u->s->ref;
	if (first && u->role == TCPHS_SERVER && u->peer->syn_count > 0 && c->rtt_server == TCPHS_TIME_NONE)
		c->rtt_server = u->s->time - answered_syn(u);
	if (first)
		u->own->synack_first = u->s->time;
	count_synack(u);
	take_syn_data(u);
	/* Captured after the ACK that answers it. */
	if (u->role == TCPHS_SERVER && (u->peer->did & TCPHS_DID_ACK_KNOWN) &&
	    seq_within(u->peer->ack, u->s->seq + 1, u->s->seq + TCPHS_SEQ_AHEAD))
		c->facts |= TCPHS_FACT_ACKED;
	/* Another ISN begins another count. */
	if (u->before != TCPHS_STAGE_OPEN && u->before != TCPHS_STAGE_MIDSTREAM)
		u->own->did &= (uint16_t)~TCPHS_DID_SEND;
	sent(u->own, u->s->seq + 1 + u->s->length);
}

/* A held number was wrong: the server says SYN-ACK again, or RST. */
static void refute_held(struct update *u)
{
	struct tcphs_held *held = &u->c->held;

	if (held->ref == 0 || held->side == u->side)
		return;
	tcphs_raise(u->out, &u->count, (enum tcphs_rule)held->rule, (enum tcphs_side)held->side, held->ref, u->s->ref);
	u->out[u->count - 1].numbers = 1;
	u->out[u->count - 1].expected = held->expected;
	u->out[u->count - 1].actual = held->actual;
	if (held->rule == TCPHS_RULE_ACK_BAD_ACK)
		u->c->facts |= TCPHS_FACT_REFUTED;
	u->c->bad_side = held->side;
	held->ref = 0;
}

static void confirm_held(struct update *u)
{
	if (u->c->held.ref == 0 || u->c->held.side == u->side)
		return;
	if (u->c->unseen == 0)
		u->c->unseen = u->c->held.ref;
	acknowledged(u->peer, u->c->held.ack);
	u->c->held.ref = 0;
	u->c->facts |= TCPHS_FACT_HELD_CONFIRMED;
}

static void hold(struct update *u, enum tcphs_rule rule, uint32_t expected, uint32_t actual)
{
	struct tcphs_held *held = &u->c->held;

	if (held->ref != 0)
		return;
	*held = (struct tcphs_held){ .ref = u->s->ref, .rule = (uint16_t)rule, .side = (uint8_t)u->side,
	                             .expected = expected, .actual = actual, .ack = u->s->ack };
}

static void learn_synack_again(struct update *u)
{
	if (u->before == TCPHS_STAGE_OPEN && (u->c->facts & TCPHS_FACT_ACKED)) {
		u->c->synacks_after_ack++;
		u->c->synack_late = u->s->ref;
	}
	refute_held(u);
	count_synack(u);
}

/* Step 3 is the first segment of the client's that acknowledges y + 1, and no more than the data of the SYN-ACK. */
static void take_final_ack(struct update *u)
{
	struct tcphs_connection *c = u->c;
	uint32_t isn, last;

	if (c->step[2] != 0 || u->role != TCPHS_CLIENT || !(u->peer->did & TCPHS_DID_ISN))
		return;
	isn = meant_isn(c, u->peer, u->s->ack);
	/* A server that took data from the SYN may send before the ACK (RFC 7413 4.2), which then covers that too. */
	last = c->facts & TCPHS_FACT_DATA_TAKEN ? u->peer->nxt : isn + 1 + u->peer->syn_data;
	if (!seq_within(u->s->ack, isn + 1, last))
		return;
	if (!seq_within(u->s->seq, u->own->isn, u->own->isn + 1 + u->own->syn_data) &&
	    !(c->stage == TCPHS_STAGE_SYNACK))
		return;
	for (unsigned i = 0; i < c->isns; i++) {
		if (c->isn[i].isn == isn) {
			c->acked = (uint8_t)i;
			c->step[1] = c->isn[i].ref;
		}
	}
	c->step[2] = u->s->ref;
	c->facts |= TCPHS_FACT_ACKED;
	/* Another SYN-ACK, with another ISN, is the last that was captured: its sender counts from this one. */
	if (u->peer->isn != isn)
		u->peer->nxt = isn + 1;
	u->peer->isn = isn;
	if (u->peer->synack_count > 0 && u->s->time >= u->peer->synack_last)
		c->rtt_client = u->s->time - u->peer->synack_last;
	if (c->rtt_client != TCPHS_TIME_NONE && c->rtt_server != TCPHS_TIME_NONE)
		c->rtt_total = u->s->time - u->peer->synack_first + c->rtt_server;
}

/* An ACK in the SYNACK stage: the client completes, or the server shows that it has the ACK. */
static void learn_ack_of_synack(struct update *u)
{
	uint32_t next = u->own->isn + 1, ahead = u->s->seq - next;

	if (u->role == TCPHS_SERVER) {
		confirm_held(u);
		if (u->c->unseen == 0)
			u->c->unseen = u->s->ref;
		return;
	}
	if (u->c->held.ref != 0) {
		/* It goes on from a higher ack than the one held: the server's segments were not captured. */
		u->c->unseen = u->c->held.ref;
		u->c->held.ref = 0;
		u->c->facts |= TCPHS_FACT_HELD_CONFIRMED;
	} else if (ahead != UINT32_MAX && ahead > u->own->syn_data) {
		hold(u, TCPHS_RULE_ACK_BAD_SEQ, next, u->s->seq);
	}
	take_final_ack(u);
	u->c->facts |= TCPHS_FACT_ACKED;
	if (u->s->length > 0 || (u->s->flags & TCPHS_FIN))
		tcphs_raise(u->out, &u->count, TCPHS_RULE_ACK_INFERRED, u->side, u->s->ref, u->c->step[1]);
}

/* The sides of a crossed opening acknowledge each other's SYN by ACK or SYN-ACK, in any order. */
static void learn_ack_of_crossing(struct update *u)
{
	if (u->role == TCPHS_CLIENT && u->c->step[2] == 0)
		u->c->step[2] = u->s->ref;
	if (u->role == TCPHS_CLIENT)
		u->c->facts |= TCPHS_FACT_ACKED;
}

static void learn_midstream(struct update *u)
{
	if (!(u->own->did & TCPHS_DID_ISN)) {
		u->own->isn = u->s->seq - 1;
		u->own->did |= TCPHS_DID_ISN;
	}
	if (!(u->peer->did & TCPHS_DID_ISN) && (u->s->flags & TCPHS_ACK)) {
		u->peer->isn = u->s->ack - 1;
		u->peer->did |= TCPHS_DID_ISN;
		sent(u->peer, u->s->ack);
	}
}

/* The server is past its SYN-ACK, or shows that it was. */
static void learn_server_goes_on(struct update *u)
{
	u->own->did |= TCPHS_DID_MOVE_ON;
	if (!(u->own->did & TCPHS_DID_ISN)) {
		u->own->isn = u->s->seq - 1;
		u->own->did |= TCPHS_DID_ISN;
	}
	confirm_held(u);
	if (u->before != TCPHS_STAGE_OPEN && u->c->unseen == 0)
		u->c->unseen = u->s->ref;
}

static void note_early(struct update *u)
{
	if (u->side != TCPHS_SIDE_FIRST)
		return;
	u->c->early = u->s->ref;
	u->c->early_seq = u->s->seq;
	u->c->early_ack = u->s->ack;
}

static void learn_ack(struct update *u)
{
	switch (u->before) {
	case TCPHS_STAGE_NEW:
	case TCPHS_STAGE_PROBE:
		u->c->facts |= TCPHS_FACT_MIDSTREAM;
		note_early(u);
		/* fall through */
	case TCPHS_STAGE_MIDSTREAM:
		learn_midstream(u);
		break;
	case TCPHS_STAGE_SYN:
		if (u->role == TCPHS_SERVER) {
			u->c->facts |= TCPHS_FACT_SYN_ACKED;
			return;
		}
		u->c->facts |= TCPHS_FACT_CLIENT_WENT_ON;
		u->c->step[2] = u->s->ref;
		u->c->unseen = u->s->ref;   /* it acknowledges a SYN-ACK that was not captured */
		learn_midstream(u);
		break;
	case TCPHS_STAGE_SYNACK:
	case TCPHS_STAGE_ENDED:
		learn_ack_of_synack(u);
		break;
	case TCPHS_STAGE_CROSSED:
	case TCPHS_STAGE_CROSSED_CLIENT:
	case TCPHS_STAGE_CROSSED_SERVER:
		learn_ack_of_crossing(u);
		break;
	default:
		take_final_ack(u);
		break;
	}
	if (u->role == TCPHS_SERVER && u->before != TCPHS_STAGE_MIDSTREAM)
		learn_server_goes_on(u);
	acknowledged(u->own, u->s->ack);
	sent(u->own, u->s->seq + span(u->s));
}

/* A RST while there is no connection yet: who ended the attempt, and how. */
static void learn_rst_in_opening(struct update *u)
{
	struct tcphs_connection *c = u->c;

	if (u->before == TCPHS_STAGE_ENDED)
		return;
	c->ended = u->s->time;
	if (u->role == TCPHS_CLIENT) {
		c->facts |= TCPHS_FACT_CLIENT_ABORTED;
		if ((u->s->flags & TCPHS_ACK) && u->s->seq != u->own->isn)
			c->facts |= TCPHS_FACT_CLIENT_WENT_ON;
	} else if (u->before == TCPHS_STAGE_SYN) {
		c->facts |= TCPHS_FACT_REFUSED;
	} else {
		c->facts |= TCPHS_FACT_SERVER_ABORTED;
		refute_held(u);
	}
}

/* 3.5.1: a bare RST that answers a segment after silence comes from a host without the connection. */
static void learn_lost_state(struct update *u)
{
	struct tcphs_connection *c = u->c;
	bool bare = !(u->s->flags & TCPHS_ACK);

	if (!tcphs_connection_open(c) || !bare || ((c->side[0].did | c->side[1].did) & (TCPHS_DID_FIN | TCPHS_DID_RST)))
		return;
	if ((c->facts & TCPHS_FACT_REPLACEMENT_ACKED) && c->replaced_by == (uint8_t)u->side && c->echo == u->s->seq) {
		c->facts |= TCPHS_FACT_LOST_STATE;
	} else if (c->answerable != TCPHS_TIME_NONE && c->probe_side != (uint8_t)u->side && c->probe_ack == u->s->seq &&
	           u->s->time - c->answerable <= u->config->silence) {
		c->facts |= TCPHS_FACT_LOST_STATE;
	} else {
		return;
	}
	c->lost_side = (uint8_t)u->side;
	c->lost = u->s->ref;
}

/* A RST that is not exactly where its receiver waits: traffic may go on (RFC 5961 3.2). */
static void note_odd_rst(struct update *u)
{
	struct tcphs_connection *c = u->c;
	uint32_t expected = u->own->nxt;

	if ((u->own->did | u->peer->did) & TCPHS_DID_FIN)
		return;
	if ((!tcphs_connection_open(c) && u->event == TCPHS_EV_RST) || u->before == TCPHS_STAGE_SYN ||
	    c->odd_rst != 0 || !(u->own->did & TCPHS_DID_SEND) || u->s->seq == expected ||
	    ((u->peer->did & TCPHS_DID_ACK_KNOWN) && u->s->seq == u->peer->ack))
		return;
	c->odd_rst = u->s->ref;
	c->odd_expected = expected;
	c->odd_actual = u->s->seq;
	c->odd_side = (uint8_t)u->side;
}

static void learn_rst(struct update *u)
{
	switch (u->before) {
	case TCPHS_STAGE_OPEN:
	case TCPHS_STAGE_MIDSTREAM:
	case TCPHS_STAGE_UNSEEN:
	case TCPHS_STAGE_PROBE:
	case TCPHS_STAGE_NEW:
		learn_lost_state(u);
		note_odd_rst(u);
		/* After both FINs the connection is over already: the RST is not what closed it. */
		if (!(u->c->facts & TCPHS_FACT_RESET) && (u->own->did & u->peer->did & TCPHS_DID_FIN))
			u->c->told |= TCPHS_TOLD_CLOSED_BY_FIN;
		u->c->facts |= TCPHS_FACT_RESET;
		if (u->before == TCPHS_STAGE_NEW)
			learn_midstream(u);
		break;
	default:
		learn_rst_in_opening(u);
	}
	u->own->did |= TCPHS_DID_RST;
}

/* The final ACK and what followed were not captured: perhaps nothing but SYN, FIN and RST was. */
static void learn_rst_ahead(struct update *u)
{
	if (u->role == TCPHS_SERVER)
		learn_server_goes_on(u);
	else if (u->c->unseen == 0)
		u->c->unseen = u->s->ref;
	u->c->held.ref = 0;
	u->c->facts |= TCPHS_FACT_RESET;
	note_odd_rst(u);
	u->own->did |= TCPHS_DID_RST;
}

/* Keeps the segment that a host without the connection would answer by RST, and challenge ACKs. */
static void watch_for_lost_state(struct update *u)
{
	struct tcphs_connection *c = u->c;
	bool again = u->s->length > 0 && (u->own->did & TCPHS_DID_SEND) && seq_lt(u->s->seq, u->own->nxt);

	if ((u->s->flags & (TCPHS_ACK | TCPHS_RST)) != TCPHS_ACK || !tcphs_connection_open(c))
		return;
	if (again && u->role == TCPHS_CLIENT &&
	    c->side[!u->side].nxt == c->side[!u->side].isn + 1) {
		if (u->own->resent++ == 0)
			u->own->resent_first = u->s->ref;
	}
	if ((c->facts & TCPHS_FACT_REPLACED) && c->replaced_by != (uint8_t)u->side) {
		c->facts |= TCPHS_FACT_REPLACEMENT_ACKED;
		c->echo = u->s->ack;
	}
	if (again || u->s->time - c->last >= u->config->silence) {
		c->answerable = u->s->time;
		c->probe_ack = u->s->ack;
		c->probe_side = (uint8_t)u->side;
	} else if (c->probe_side != (uint8_t)u->side) {
		c->answerable = TCPHS_TIME_NONE;
	}
}

/* The first segment captured was the final ACK, if the SYN and SYN-ACK captured after it say so. */
static void settle_early(struct tcphs_connection *c)
{
	enum tcphs_side client = tcphs_connection_client(c);

	if (c->early == 0 || client != TCPHS_SIDE_FIRST || c->isns == 0 || c->step[2] == c->early ||
	    c->early_seq != c->side[client].isn + 1 || c->early_ack != c->side[!client].isn + 1)
		return;
	c->step[2] = c->early;
	c->facts |= TCPHS_FACT_ACKED;
}

static void learn_bad(struct update *u, uint32_t fact)
{
	u->c->facts |= fact;
	u->c->bad_side = (uint8_t)u->side;
}

static void learn_good_synack(struct update *u)
{
	if (u->before == TCPHS_STAGE_OPEN && u->event != TCPHS_EV_SYNACK) {
		count_synack(u);
		return;
	}
	learn_synack(u);
	if (crossed(u->c))
		learn_ack_of_crossing(u);
	settle_early(u->c);
}

static void learn_bad_synack(struct update *u)
{
	if (u->role != TCPHS_SERVER && !crossed(u->c))
		return;
	learn_bad(u, TCPHS_FACT_BAD_SYNACK);
	u->c->echo = u->s->ack;
}

static void learn_moved_on(struct update *u)
{
	learn_server_goes_on(u);
	acknowledged(u->own, u->s->ack);
	sent(u->own, u->s->seq + span(u->s));
}

static void learn_ahead(struct update *u)
{
	hold(u, TCPHS_RULE_ACK_BAD_ACK, u->mark->ack_expected, u->s->ack);
}

static void learn_bad_ack(struct update *u)
{
	learn_bad(u, TCPHS_FACT_BAD_ACK);
	u->c->bad_ack = u->s->ack;
}

static void learn_bad_seq(struct update *u)
{
	if (u->before != TCPHS_STAGE_SYN)
		learn_bad_ack(u);
}

static void learn_challenge(struct update *u)
{
	if (u->before == TCPHS_STAGE_SYN)
		tcphs_connection_challenged(u->c, u->s->ack, u->s->ref);
}

static void learn_bad_rst(struct update *u)
{
	if (u->before == TCPHS_STAGE_SYN && u->role == TCPHS_SERVER)
		learn_bad(u, TCPHS_FACT_BAD_RST);
	note_odd_rst(u);
}

static void learn_rst_without_ack(struct update *u)
{
	learn_bad(u, TCPHS_FACT_RST_NO_ACK);
}

/* In the SYNACK stage a SYN with the number of the SYN-ACK is no crossing. */
static void learn_first_syn(struct update *u)
{
	if (u->role == TCPHS_CLIENT || u->before == TCPHS_STAGE_SYN)
		learn_syn(u);
	settle_early(u->c);
}

static void learn(struct update *u)
{
	static void (*const facts_of[TCPHS_EVENTS])(struct update *) = {
		[TCPHS_EV_SYN] = learn_first_syn,
		[TCPHS_EV_SYN_AGAIN] = learn_syn_again,
		[TCPHS_EV_SYNACK] = learn_good_synack,
		[TCPHS_EV_SYNACK_NEW_ISN] = learn_good_synack,
		[TCPHS_EV_SYNACK_NEW_ACK] = learn_good_synack,
		[TCPHS_EV_SYNACK_AGAIN] = learn_synack_again,
		[TCPHS_EV_SYNACK_BAD_ACK] = learn_bad_synack,
		[TCPHS_EV_ACK] = learn_ack,
		[TCPHS_EV_MOVED_ON] = learn_moved_on,
		[TCPHS_EV_ACK_AHEAD] = learn_ahead,
		[TCPHS_EV_ACK_BAD_ACK] = learn_bad_ack,
		[TCPHS_EV_ACK_BAD_SEQ] = learn_bad_seq,
		[TCPHS_EV_CHALLENGE] = learn_challenge,
		[TCPHS_EV_RST] = learn_rst,
		[TCPHS_EV_RST_AHEAD] = learn_rst_ahead,
		[TCPHS_EV_RST_BAD] = learn_bad_rst,
		[TCPHS_EV_RST_NO_ACK] = learn_rst_without_ack,
	};

	if (facts_of[u->event])
		facts_of[u->event](u);
}

/* ---- stage and states --------------------------------------------------------------------------- */

static void move_to(struct update *u, const struct tcphs_cell *cell)
{
	struct tcphs_endpoint *client = u->role == TCPHS_CLIENT ? u->own : u->peer;
	struct tcphs_endpoint *server = u->role == TCPHS_CLIENT ? u->peer : u->own;

	u->c->stage = cell->stage;
	if (cell->client != TCPHS_STATE_NONE)
		client->state = cell->client;
	if (cell->server != TCPHS_STATE_NONE)
		server->state = cell->server;
	/* A handshake begins anew where an open connection was thought to be: no FIN counts any more. */
	if (u->before == TCPHS_STAGE_UNSEEN && cell->stage == TCPHS_STAGE_SYNACK) {
		client->did &= (uint16_t)~(TCPHS_DID_FIN | TCPHS_DID_FIN_ACKED);
		server->did &= (uint16_t)~(TCPHS_DID_FIN | TCPHS_DID_FIN_ACKED);
		u->c->step[2] = 0;
		if (!tcphs_connection_closed(u->c))
			u->c->closed_at = TCPHS_TIME_NONE;
	}
	/* The answer to a probe, or the end of another try, ended nothing of what begins now. */
	if ((u->before == TCPHS_STAGE_ENDED || u->before == TCPHS_STAGE_PROBE) && cell->stage != u->before) {
		u->c->facts &= ~(uint32_t)TCPHS_FACT_RESET;
		u->c->closed_at = TCPHS_TIME_NONE;
	}
	if (cell->stage == TCPHS_STAGE_OPEN && u->before != TCPHS_STAGE_OPEN && crossed(u->c) &&
	    !(server->did & TCPHS_DID_SYNACK)) {
		u->c->facts |= TCPHS_FACT_SPLIT;
		if (u->before == TCPHS_STAGE_CROSSED_CLIENT)
			u->c->step[2] = u->s->ref;
	}
}

static void close_step(struct tcphs_endpoint *e, enum tcphs_close_event event)
{
	enum tcphs_state next = tcphs_closing((enum tcphs_state)e->state, event);

	assert(next != TCPHS_STATE_NONE);
	if (next != TCPHS_STATE_NONE)
		e->state = (uint8_t)next;
}

/* FIN, its acknowledgment and RST, told to both endpoints: taken to have arrived. */
static void close_steps(struct update *u)
{
	struct tcphs_endpoint *own = u->own, *peer = u->peer;
	const struct tcphs_segment *s = u->s;
	bool goes_on = u->c->odd_rst != 0 && u->c->odd_side == (uint8_t)u->side && u->event == TCPHS_EV_ACK;
	bool acks_fin =
		(s->flags & TCPHS_ACK) && (peer->did & TCPHS_DID_FIN) && (int32_t)(s->ack - (peer->fin + 1)) >= 0;

	if (u->event == TCPHS_EV_RST || u->event == TCPHS_EV_RST_AHEAD) {
		close_step(own, TCPHS_CLOSE_RST);
		close_step(peer, TCPHS_CLOSE_RST);
		return;
	}
	/* A RST that did not fit was not taken, if its own sender, or who it was forged for, goes on. */
	if (goes_on && !(u->c->facts & TCPHS_FACT_RST_IGNORED)) {
		if (u->c->facts & TCPHS_FACT_RESET) {
			close_step(own, TCPHS_CLOSE_GO_ON);
			close_step(peer, TCPHS_CLOSE_GO_ON);
			u->c->closed_at = TCPHS_TIME_NONE;
		}
		u->c->facts = (u->c->facts & ~(uint32_t)TCPHS_FACT_RESET) | TCPHS_FACT_RST_IGNORED;
	}
	if ((u->event != TCPHS_EV_ACK && u->event != TCPHS_EV_MOVED_ON) || (u->c->facts & TCPHS_FACT_RESET))
		return;
	if (acks_fin && !(peer->did & TCPHS_DID_FIN_ACKED)) {
		peer->did |= TCPHS_DID_FIN_ACKED;
		close_step(peer, TCPHS_CLOSE_FIN_ACKED);
		if (span(s) == 0)
			u->mark->phase = TCPHS_PHASE_ACK_OF_FIN;
	}
	if (!(s->flags & TCPHS_FIN) || (own->did & TCPHS_DID_FIN))
		return;
	if (u->c->first_fin < 0)
		u->c->first_fin = (int8_t)u->side;
	own->did |= TCPHS_DID_FIN;
	own->fin = s->seq + s->length;
	close_step(own, (peer->did & TCPHS_DID_FIN) && !(peer->did & TCPHS_DID_FIN_ACKED) ? TCPHS_CLOSE_OWN_FIN_CROSSING
	                                                                                  : TCPHS_CLOSE_OWN_FIN);
	close_step(peer, TCPHS_CLOSE_PEER_FIN);
}

static bool may_close(const struct tcphs_connection *c)
{
	return c->stage == TCPHS_STAGE_OPEN || c->stage == TCPHS_STAGE_MIDSTREAM || c->stage == TCPHS_STAGE_UNSEEN;
}

/* ---- mark --------------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) enum tcphs_phase phase_of_ack(const struct update *u, uint8_t step)
{
	bool opens = u->c->stage == TCPHS_STAGE_OPEN && u->before != TCPHS_STAGE_OPEN;

	if (step == 3 || (opens && u->role == TCPHS_CLIENT) || (opens && crossed(u->c)))
		return TCPHS_PHASE_ACK;
	if (u->s->flags & TCPHS_FIN)
		return TCPHS_PHASE_FIN;
	if (u->s->length <= 1 && (u->mark->terms & TCPHS_TERM_SEQ) && u->s->seq + 1 == u->mark->seq_expected &&
	    may_close(u->c) && u->before == u->c->stage)
		return TCPHS_PHASE_KEEP_ALIVE;
	return u->s->length > 0 ? TCPHS_PHASE_DATA : TCPHS_PHASE_PURE_ACK;
}

static inline __attribute__((always_inline)) enum tcphs_phase phase_of(const struct update *u, uint8_t step)
{
	switch (u->event) {
	case TCPHS_EV_SYN:
		return TCPHS_PHASE_SYN;
	case TCPHS_EV_SYN_AGAIN:
		return TCPHS_PHASE_SYN_AGAIN;
	case TCPHS_EV_SYNACK:
	case TCPHS_EV_SYNACK_NEW_ISN:
	case TCPHS_EV_SYNACK_NEW_ACK:
		return TCPHS_PHASE_SYNACK;
	case TCPHS_EV_SYNACK_AGAIN:
		return TCPHS_PHASE_SYNACK_AGAIN;
	case TCPHS_EV_ACK:
	case TCPHS_EV_MOVED_ON:
		return phase_of_ack(u, step);
	case TCPHS_EV_RST:
	case TCPHS_EV_RST_AHEAD:
	case TCPHS_EV_RST_BAD:
	case TCPHS_EV_RST_NO_ACK:
	case TCPHS_EV_RST_ECHO:
		return TCPHS_PHASE_RST;
	case TCPHS_EV_DUPLICATE:
		switch (u->s->flags & (TCPHS_SYN | TCPHS_ACK | TCPHS_RST | TCPHS_FIN)) {
		case TCPHS_SYN:
			return TCPHS_PHASE_SYN_AGAIN;
		case TCPHS_SYN | TCPHS_ACK:
			return TCPHS_PHASE_SYNACK_AGAIN;
		case TCPHS_ACK:
			return u->s->length > 0 ? TCPHS_PHASE_DATA : TCPHS_PHASE_PURE_ACK;
		case TCPHS_ACK | TCPHS_FIN:
			return TCPHS_PHASE_FIN;
		case TCPHS_RST:
		case TCPHS_RST | TCPHS_ACK:
			return TCPHS_PHASE_RST;
		default:
			return TCPHS_PHASE_OUT_OF_PLACE;
		}
	default:
		return TCPHS_PHASE_OUT_OF_PLACE;
	}
}

static inline __attribute__((always_inline)) uint8_t step_of(const struct update *u)
{
	if (u->event == TCPHS_EV_DUPLICATE)
		return 0;
	for (uint8_t i = 0; i < 3; i++) {
		if (u->c->step[i] == u->s->ref)
			return (uint8_t)(i + 1);
	}
	return 0;
}

/* Which of its sender's SYNs or SYN-ACKs it is; a copy is none. */
static inline __attribute__((always_inline)) uint8_t attempt_of(const struct update *u)
{
	uint32_t count = u->s->flags & TCPHS_ACK ? u->own->synack_count : u->own->syn_count;

	if (!(u->s->flags & TCPHS_SYN) || u->event == TCPHS_EV_DUPLICATE)
		return 0;
	return count > UINT8_MAX ? UINT8_MAX : (uint8_t)count;
}

/* Before the segment is taken in: what it meets, and what it should have said. */
static inline __attribute__((always_inline)) void begin_mark(const struct update *u)
{
	u->mark->phase = TCPHS_PHASE_NONE;
	u->mark->before[0] = u->c->side[0].state;
	u->mark->before[1] = u->c->side[1].state;
	expect(u);
}

static inline __attribute__((always_inline)) void finish_mark(const struct update *u)
{
	const uint8_t step = step_of(u);
	const unsigned found = u->mark->phase;   /* while it was taken in */

	u->mark->phase = (found != TCPHS_PHASE_NONE ? found : phase_of(u, step)) & 15;
	u->mark->step = step & 3;
	u->mark->side = u->side & 1;
	u->mark->event = (uint8_t)u->event;
	u->mark->attempt = attempt_of(u);
	u->mark->state[0] = u->c->side[0].state;
	u->mark->state[1] = u->c->side[1].state;
}

/* ---- findings ----------------------------------------------------------------------------------- */

static tcphs_ref related_to(const struct update *u, enum tcphs_rule rule)
{
	switch (rule) {
	case TCPHS_RULE_SYN_AGAIN:
		return u->own->syn;
	case TCPHS_RULE_SYNACK_BAD_ACK:
	case TCPHS_RULE_RST_REFUSED:
	case TCPHS_RULE_RST_BAD_ACK:
		return u->peer->syn;
	case TCPHS_RULE_SYNACK_AGAIN:
	case TCPHS_RULE_SYNACK_NEW_ISN:
	case TCPHS_RULE_ACK_BAD_ACK:
	case TCPHS_RULE_ACK_BAD_SEQ:
	case TCPHS_RULE_ABORTED_AFTER_SYNACK:
		return u->c->step[1];
	default:
		return 0;
	}
}

/* How long after the segment that it answers, in microseconds; UINT32_MAX where that is not known. */
static uint32_t delay_of(const struct update *u, enum tcphs_rule rule)
{
	bool of_synack = rule == TCPHS_RULE_ABORTED_AFTER_SYNACK;
	tcphs_time since = of_synack ? u->peer->synack_last : u->peer->syn_last;
	tcphs_time delay = (u->s->time - since) / 1000;

	return delay < 0 || delay >= UINT32_MAX ? UINT32_MAX : (uint32_t)delay;
}

static bool ends_attempt(enum tcphs_rule rule)
{
	return rule == TCPHS_RULE_RST_REFUSED || rule == TCPHS_RULE_ABORTED_AFTER_SYNACK ||
	       rule == TCPHS_RULE_RST_BAD_ACK;
}

static void raise_cell(struct update *u, enum tcphs_rule rule)
{
	struct tcphs_finding *f;
	bool of_seq = rule == TCPHS_RULE_ACK_BAD_SEQ;
	bool of_ack = rule == TCPHS_RULE_SYNACK_BAD_ACK || rule == TCPHS_RULE_ACK_BAD_ACK ||
	              rule == TCPHS_RULE_RST_BAD_ACK;

	/* With nothing of the server captured, its SYN may be what was missed. */
	if (rule == TCPHS_RULE_SYNACK_FROM_CLIENT && !(u->peer->did & TCPHS_DID_ANYTHING))
		return;
	/* It answers an ACK outside the window, not a SYN or RST. */
	if (rule == TCPHS_RULE_CHALLENGE_ACK && (u->c->facts & TCPHS_FACT_BAD_ACK) &&
	    !(u->c->facts & TCPHS_FACT_REPLACED))
		return;
	f = update_raise(u, rule, related_to(u, rule));
	if (!f)
		return;
	if ((of_seq && (u->mark->terms & TCPHS_TERM_SEQ)) || (of_ack && (u->mark->terms & TCPHS_TERM_ACK))) {
		f->numbers = 1;
		f->expected = of_seq ? u->mark->seq_expected : u->mark->ack_expected;
		f->actual = of_seq ? u->s->seq : u->s->ack;
	}
	if (rule == TCPHS_RULE_SYNACK_NEW_ISN) {
		f->numbers = 1;
		f->expected = u->c->isn[0].isn;
		f->actual = u->s->seq;
	} else if (rule == TCPHS_RULE_SYNACK_NEW_ACK) {
		f->numbers = 1;
		f->expected = u->c->isn[0].ack;
		f->actual = u->s->ack;
	} else if (ends_attempt(rule) && !f->numbers) {
		f->expected = u->s->flags;   /* not numbers of the arithmetic, but what the sentence is made of */
		f->actual = delay_of(u, rule);
	}
}

static void raise_first(struct update *u)
{
	if (u->before != TCPHS_STAGE_NEW || !(u->c->facts & TCPHS_FACT_TUPLE_USED))
		return;
	if (u->c->tuple_isns == u->config->many_isns + 1)
		update_raise_numbers(u, TCPHS_RULE_SYN_MANY_ISNS, 0, u->config->many_isns, u->c->tuple_isns);
	if ((u->c->facts & TCPHS_FACT_TUPLE_UNANSWERED) && u->event == TCPHS_EV_SYN) {
		update_raise_numbers(u, TCPHS_RULE_SYN_NEW_ISN, 0, u->c->older_isn, u->s->seq);
		return;
	}
	update_raise(u, TCPHS_RULE_PORT_REUSED, 0);
	if (u->c->facts & TCPHS_FACT_TUPLE_GREATER)
		update_raise_numbers(u, TCPHS_RULE_REUSE_ISN_NOT_GREATER, 0, u->c->older_isn, u->s->seq);
}

/* ---- the whole ---------------------------------------------------------------------------------- */

static uint8_t completeness_of(const struct tcphs_segment *s)
{
	bool ack = s->flags & TCPHS_ACK;
	uint8_t bits = 0;

	if (s->flags & TCPHS_SYN)
		bits |= ack ? TCPHS_SAW_SYNACK : TCPHS_SAW_SYN;
	else if (ack && s->length == 0)
		bits |= TCPHS_SAW_ACK;
	if (s->length > 0 && (s->flags & (TCPHS_SYN | TCPHS_ACK)) != (TCPHS_SYN | TCPHS_ACK))
		bits |= TCPHS_SAW_DATA;
	if ((s->flags & TCPHS_FIN) && ack)
		bits |= TCPHS_SAW_FIN;
	if (s->flags & TCPHS_RST)
		bits |= TCPHS_SAW_RST;
	return bits;
}

/* Anything that an old duplicate SYN could not have caused (figure 8). */
static bool is_busy(const struct update *u)
{
	if (u->s->length > 0 || (u->s->flags & TCPHS_FIN))
		return true;
	return (u->s->flags & (TCPHS_RST | TCPHS_ACK)) == (TCPHS_RST | TCPHS_ACK);
}

/* ---- Zeek --------------------------------------------------------------------------------------- */

static void numbers_for_zeek(const struct tcphs_connection *c, struct tcphs_zeek_numbers numbers[2])
{
	for (unsigned side = 0; side < 2; side++)
		numbers[side] = (struct tcphs_zeek_numbers){ c->side[side].isn, c->side[side].nxt, c->side[!side].ack };
}

/* Tells it of the segments that it was not told of one by one. */
static void catch_up(struct tcphs_connection *c)
{
	struct tcphs_zeek_numbers numbers[2];

	if ((c->waits[0] | c->waits[1]) == 0)
		return;
	numbers_for_zeek(c, numbers);
	tcphs_zeek_catch_up(&c->zeek, numbers);
}

static void tell_zeek(struct tcphs_connection *c, enum tcphs_side side, const struct tcphs_segment *s)
{
	catch_up(c);
	c->waits[0] = c->waits[1] = 0;
	tcphs_zeek_update(&c->zeek, side, s);
}

/* Works out which segments it need not be told of, now that the last one is taken in. */
static void let_wait(struct tcphs_connection *c)
{
	struct tcphs_zeek_numbers numbers[2];

	if ((c->quick[0] | c->quick[1]) == 0 || tcphs_connection_closing(c))
		return;
	numbers_for_zeek(c, numbers);
	tcphs_zeek_waits(&c->zeek, numbers, c->waits);
}

const struct tcphs_zeek *tcphs_connection_zeek(struct tcphs_connection *c)
{
	catch_up(c);
	return &c->zeek;
}

static void count_frame(struct update *u)
{
	struct tcphs_connection *c = u->c;

	if (c->frames == 0) {
		c->first = u->s->ref;
		c->start = u->s->time;
		c->encap = u->s->encap;
	} else if (over(c) && u->event != TCPHS_EV_SYN_AGAIN) {
		c->late++;
	}
	c->frames++;
	c->last_ref = u->s->ref;
	c->completeness |= completeness_of(u->s);
	if (is_busy(u))
		c->facts |= TCPHS_FACT_BUSY;
	if (u->config->zeek)
		tell_zeek(c, u->side, u->s);
}

/* Its first segment's print stays, the others take turns. */
static inline void keep_print(struct tcphs_prints *prints, const struct tcphs_segment *s)
{
	const unsigned n = prints->next;

	prints->time[n] = s->time;
	prints->hash[n] = s->print;
	prints->ip_id[n] = s->ip_id;
	prints->next = n == 1 ? 2 : 1;
}

static void remember(struct update *u)
{
	/* A RST that was not taken, and traffic goes on. */
	if (u->c->odd_rst != 0 && !(u->c->facts & TCPHS_FACT_RESET) && !(u->s->flags & TCPHS_RST) &&
	    u->event != TCPHS_EV_NOISE)
		u->c->facts |= TCPHS_FACT_RST_IGNORED;
	u->own->did |= TCPHS_DID_ANYTHING;
	if ((u->s->flags & (TCPHS_ACK | TCPHS_RST)) == TCPHS_ACK)
		u->own->did |= TCPHS_DID_ACK;
	if (u->own->ttl == 0 && !(u->s->flags & TCPHS_RST))
		u->own->ttl = u->s->ttl;
	if (u->s->options.seen & TCPHS_OPT_TIMESTAMPS)
		u->own->tsval = u->s->options.tsval;
	if ((u->before == TCPHS_STAGE_OPEN || (u->c->stage == TCPHS_STAGE_OPEN && u->s->length > 0)) &&
	    u->event == TCPHS_EV_ACK)
		u->own->did |= TCPHS_DID_GO_ON;
	u->c->last = u->s->time;
	keep_print(&u->own->prints, u->s);
	if (u->c->closed_at == TCPHS_TIME_NONE && tcphs_connection_closed(u->c))
		u->c->closed_at = u->s->time;
}

/* ---- most segments ------------------------------------------------------------------------------ */

/* What of next_in_order() can be told of one side before the segment is there. */
static uint8_t quick_of(const struct tcphs_endpoint *own, const struct tcphs_endpoint *peer, bool stamped)
{
	const uint16_t needed = TCPHS_DID_ANYTHING | TCPHS_DID_ACK | TCPHS_DID_ISN | TCPHS_DID_ACK_KNOWN |
	                        TCPHS_DID_SEND;

	if ((own->did & needed) != needed || !(peer->did & TCPHS_DID_SEND) || own->ttl == 0)
		return 0;
	return stamped && !(own->did & TCPHS_DID_DROP_TIMESTAMPS) ? TCPHS_PLAIN_STAMPED : TCPHS_PLAIN;
}

/* ... and of both. */
static void set_quick(struct tcphs_connection *c)
{
	const struct tcphs_endpoint *first = &c->side[0], *second = &c->side[1];
	bool stamped;

	c->quick[0] = c->quick[1] = 0;
	if (c->stage != TCPHS_STAGE_OPEN || (c->facts & (TCPHS_FACT_RESET | TCPHS_FACT_REPLACED)) || c->odd_rst != 0 ||
	    c->held.ref != 0 || c->step[2] == 0 || ((first->did | second->did) & TCPHS_DID_RST) || over(c))
		return;
	/* As timestamps_dropped has it. */
	stamped = (first->options.seen & second->options.seen & TCPHS_OPT_TIMESTAMPS) &&
	          (first->did & second->did & TCPHS_DID_OPTIONS);
	c->quick[0] = quick_of(first, second, stamped);
	c->quick[1] = quick_of(second, first, stamped);
}

static bool is_printed(const struct tcphs_endpoint *e, uint32_t hash)
{
	const uint32_t *hashes = e->prints.hash;

	return hashes[0] == hash || hashes[1] == hash || hashes[2] == hash;
}

static bool is_checksum_bad(const struct tcphs_segment *s)
{
	return s->checksum == TCPHS_CHECKSUM_BAD || s->checksum == TCPHS_CHECKSUM_BAD_IP;
}

static inline __attribute__((always_inline)) bool may_wait(const struct tcphs_connection *c, enum tcphs_side side,
                                                           const struct tcphs_segment *s)
{
	const struct tcphs_endpoint *own = &c->side[side], *peer = &c->side[!side];
	const struct tcphs_zeek_numbers its = { own->isn, own->nxt, peer->ack };
	const struct tcphs_zeek_numbers others = { peer->isn, peer->nxt, own->ack };

	return tcphs_zeek_may_wait(c->waits[side], &its, &others, s);
}

/* Of a SYN-ACK's sender the first segment after it is held against it: ttl_changed. */
static bool is_ttl_told(const struct tcphs_endpoint *own, const struct tcphs_config *config,
                        const struct tcphs_segment *s)
{
	if ((own->did & (TCPHS_DID_GO_ON | TCPHS_DID_SYNACK)) != TCPHS_DID_SYNACK)
		return true;
	return (unsigned)abs(s->ttl - own->ttl) <= config->ttl_slack;
}

/*
 * Nothing that the mark of such a segment tells is changed by the segment: begin_mark() and finish_mark(), where
 * neither side has sent a FIN and the sequence number is the expected one.
 */
static void mark_going_on(const struct tcphs_connection *c, enum tcphs_side side, const struct tcphs_segment *s,
                          struct tcphs_mark *mark)
{
	const struct tcphs_endpoint *own = &c->side[side], *peer = &c->side[!side];
	bool own_syn = own->did & (TCPHS_DID_SYN | TCPHS_DID_SYNACK);
	bool peer_syn = peer->did & (TCPHS_DID_SYN | TCPHS_DID_SYNACK);

	mark->seq_expected = own->nxt;
	mark->seq_base = own->isn + !own_syn;
	mark->ack_expected = peer->nxt;
	mark->ack_base = peer->isn + !peer_syn;
	mark->terms = (uint8_t)(TCPHS_TERM_SEQ | TCPHS_TERM_ACK | (own_syn ? TCPHS_TERM_SEQ_SYN : 0) |
	                        (peer_syn ? TCPHS_TERM_ACK_SYN : 0));
	mark->phase = s->length > 0 ? TCPHS_PHASE_DATA : TCPHS_PHASE_PURE_ACK;
	mark->side = side & 1;
	mark->event = TCPHS_EV_ACK;
	mark->before[0] = mark->state[0] = c->side[0].state;
	mark->before[1] = mark->state[1] = c->side[1].state;
}

/* A FIN, or a segment after one: next_in_order(), but for what is told of the end. */
__attribute__((noinline)) static bool
closes_in_order(struct tcphs_connection *c, const struct tcphs_config *config, enum tcphs_side side,
                const struct tcphs_segment *s, struct tcphs_mark *mark)
{
	struct tcphs_mark unwanted;
	struct update u = { .c = c,
		            .s = s,
		            .config = config,
		            .own = &c->side[side],
		            .peer = &c->side[!side],
		            .mark = mark ? mark : &unwanted,
		            .side = side,
		            .role = side == tcphs_connection_client(c) ? TCPHS_CLIENT : TCPHS_SERVER,
		            .event = TCPHS_EV_ACK,
		            .before = TCPHS_STAGE_OPEN };

	if (mark)
		begin_mark(&u);
	count_frame(&u);
	watch_for_lost_state(&u);
	if (u.role == TCPHS_SERVER)
		u.own->did |= TCPHS_DID_MOVE_ON;
	acknowledged(u.own, s->ack);
	sent(u.own, s->seq + span(s));
	close_steps(&u);
	remember(&u);
	if (mark)
		finish_mark(&u);
	if (over(c))
		set_quick(c);
	return true;
}

/* See tcphs_connection_goes_on(); |mark| may be NULL. Always inlined: who wants no mark should not pay for the test. */
static inline __attribute__((always_inline)) bool
next_in_order(struct tcphs_connection *c, const struct tcphs_config *config, enum tcphs_side side,
              const struct tcphs_segment *s, struct tcphs_mark *mark)
{
	struct tcphs_endpoint *own = &c->side[side];
	const struct tcphs_endpoint *peer = &c->side[!side];
	bool told;

	if (!(c->quick[side] & s->plain) || s->seq != own->nxt || !seq_near(s->ack, peer->nxt, FIT) ||
	    c->step[2] == s->ref || is_checksum_bad(s) || is_printed(own, s->print) || !is_ttl_told(own, config, s))
		return false;
	if ((s->flags & TCPHS_FIN) || tcphs_connection_closing(c))
		return closes_in_order(c, config, side, s, mark);
	if (mark)
		mark_going_on(c, side, s, mark);
	c->frames++;
	c->last_ref = s->ref;
	c->completeness |= s->length > 0 ? TCPHS_SAW_DATA : TCPHS_SAW_ACK;
	c->facts |= s->length > 0 ? TCPHS_FACT_BUSY : 0;
	told = config->zeek && !may_wait(c, side, s);
	if (told)
		tell_zeek(c, side, s);
	if (s->time - c->last >= config->silence) {
		c->answerable = s->time;
		c->probe_ack = s->ack;
		c->probe_side = (uint8_t)side;
	} else if (c->probe_side != (uint8_t)side) {
		c->answerable = TCPHS_TIME_NONE;
	}
	own->did |= TCPHS_DID_GO_ON | (side != tcphs_connection_client(c) ? TCPHS_DID_MOVE_ON : 0);
	own->ack = s->ack;
	if ((int32_t)s->length > 0)
		own->nxt = s->seq + s->length;
	if (s->plain & TCPHS_PLAIN_STAMPED)
		own->tsval = s->options.tsval;
	c->last = s->time;
	keep_print(&own->prints, s);
	if (told)
		let_wait(c);
	return true;
}

bool tcphs_connection_goes_on(struct tcphs_connection *c, const struct tcphs_config *config, enum tcphs_side side,
                              const struct tcphs_segment *segment)
{
	return next_in_order(c, config, side, segment, NULL);
}

bool tcphs_connection_goes_on_marked(struct tcphs_connection *c, const struct tcphs_config *config,
                                     enum tcphs_side side, const struct tcphs_segment *segment,
                                     struct tcphs_mark *mark)
{
	return next_in_order(c, config, side, segment, mark);
}

size_t tcphs_connection_update(struct tcphs_connection *c, const struct tcphs_config *config, enum tcphs_side side,
                               const struct tcphs_segment *segment, enum tcphs_event event, struct tcphs_mark *mark,
                               struct tcphs_finding *out)
{
	struct tcphs_mark unwanted;
	struct update u = { .c = c,
		            .s = segment,
		            .config = config,
		            .own = &c->side[side],
		            .peer = &c->side[!side],
		            .mark = mark ? mark : &unwanted,
		            .out = out,
		            .side = side,
		            .role = role_of(c, side, event),
		            .event = event,
		            .before = (enum tcphs_stage)c->stage,
		            .did = c->side[side].did };
	const struct tcphs_cell *cell = tcphs_transition(u.before, u.role, event);

	assert(tcphs_cell_possible(cell) && cell->stage != TCPHS_STAGE_NONE);
	if (!tcphs_cell_possible(cell))
		cell = tcphs_transition(u.before, u.role, u.event = TCPHS_EV_NOISE);
	if (!mark)
		memset(&unwanted, 0, sizeof(unwanted));
	begin_mark(&u);
	count_frame(&u);
	if (event == TCPHS_EV_DUPLICATE) {
		raise_cell(&u, (enum tcphs_rule)cell->rule);
	} else {
		raise_first(&u);
		watch_for_lost_state(&u);
		learn(&u);
		move_to(&u, cell);
		if (may_close(c))
			close_steps(&u);
		if (cell->rule != TCPHS_RULE_NONE)
			raise_cell(&u, (enum tcphs_rule)cell->rule);
		update_notice(&u);
		remember(&u);
	}
	if (mark)
		finish_mark(&u);
	if (event == TCPHS_EV_DUPLICATE)
		return u.count;
	set_quick(c);
	if (config->zeek)
		let_wait(c);
	return u.count;
}

void tcphs_connection_succeeds(struct tcphs_connection *c, const struct tcphs_config *config,
                               const struct tcphs_connection *older, enum tcphs_side side,
                               const struct tcphs_segment *segment)
{
	const struct tcphs_endpoint *own = &older->side[side];
	bool timestamps = segment->options.seen & TCPHS_OPT_TIMESTAMPS;
	bool newer_tsval = timestamps && own->tsval != 0 && seq_lt(own->tsval, segment->options.tsval);

	if ((segment->flags & (TCPHS_SYN | TCPHS_ACK)) != TCPHS_SYN || segment->time - older->last > config->time_wait)
		return;
	if (tcphs_connection_open(older) && !tcphs_connection_closed(older))
		c->facts |= TCPHS_FACT_TUPLE_OPEN;
	if (!(older->side[0].did & older->side[1].did & TCPHS_DID_FIN) || older->first_fin == (int8_t)side)
		return;
	c->facts |= TCPHS_FACT_TUPLE_FIN;
	if (seq_lt(segment->seq, own->nxt) && !newer_tsval)
		c->facts |= TCPHS_FACT_TUPLE_GREATER;
	c->older_isn = own->nxt;
}

bool tcphs_connection_splits(const struct tcphs_connection *c, enum tcphs_side side)
{
	return c->stage == TCPHS_STAGE_SYN && (c->facts & TCPHS_FACT_SYN_ACKED) && side != tcphs_connection_client(c) &&
	       !(c->side[side].did & (TCPHS_DID_SYN | TCPHS_DID_SYNACK));
}

void tcphs_connection_cut(struct tcphs_connection *c)
{
	c->facts |= TCPHS_FACT_CUT;
}

void tcphs_connection_challenged(struct tcphs_connection *c, uint32_t ack, tcphs_ref at)
{
	c->facts |= TCPHS_FACT_CHALLENGED;
	c->echo = ack;
	if (c->lost == 0)
		c->lost = at;
}

void tcphs_connection_replaced(struct tcphs_connection *c, enum tcphs_side side, const struct tcphs_segment *segment)
{
	c->facts |= TCPHS_FACT_REPLACED;
	c->quick[0] = c->quick[1] = 0;
	c->replaced_by = (uint8_t)side;
	c->replaced_at = segment->time;
}

bool tcphs_connection_answers(const struct tcphs_connection *c, enum tcphs_side side,
                              const struct tcphs_segment *segment)
{
	enum tcphs_side client = tcphs_connection_client(c);
	uint32_t isn = c->side[client].isn, last = isn + 1 + c->side[client].syn_data;

	return side == client ? seq_within(segment->seq, isn, last) : seq_within(segment->ack, isn + 1, last);
}

bool tcphs_connection_fits(const struct tcphs_connection *c, enum tcphs_side side, const struct tcphs_segment *segment)
{
	const struct tcphs_endpoint *own = &c->side[side], *peer = &c->side[!side];
	bool seq_known = own->did & TCPHS_DID_SEND, ack_known = peer->did & TCPHS_DID_SEND;
	bool has_ack = segment->flags & TCPHS_ACK;

	if (!seq_known && !(ack_known && has_ack))
		return false;
	if (seq_known && !seq_near(segment->seq, own->nxt, FIT))
		return false;
	return !ack_known || !has_ack || seq_near(segment->ack, peer->nxt, FIT);
}
