/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * classify.c - the arithmetic: what a segment is to the opening of its connection.
 *
 * Theory of operation. x is the client's ISN, d the octets of data in its SYN, Y the ISNs the server was
 * captured sending. The endpoints themselves would accept (3.10.7)
 *
 *   SYN-ACK, RST to a SYN   x < ack <= x + 1 + d
 *   final ACK               ack = y + 1 for the y they hold, seq in the window from x + 1
 *
 * The observer may have missed segments, so what is beyond the last number captured is not wrong yet: it
 * is AHEAD, up to 2^30. What is behind, or further, is wrong at once. Each stage has a function for each
 * role; it names an event and decides nothing. A copy that the capture itself made (mirror port, two
 * interfaces) is recognised before anything else, so that no number is held against the endpoints twice.
 */
#include "connection.h"
#include "seq.h"

/** The control bits that decide what a segment is. */
#define CONTROL (TCPHS_SYN | TCPHS_ACK | TCPHS_RST | TCPHS_FIN)

static bool did(const struct tcphs_endpoint *e, unsigned what)
{
	return (e->did & what) != 0;
}

/* Octets of sequence space: data, SYN, FIN. */
static uint32_t span(const struct tcphs_segment *s)
{
	return s->length + ((s->flags & TCPHS_SYN) != 0) + ((s->flags & TCPHS_FIN) != 0);
}

static bool is_copy(const struct tcphs_endpoint *e, const struct tcphs_config *config, const struct tcphs_segment *s)
{
	tcphs_time limit = s->ip_id != 0 ? config->copy_with_id : config->copy_without_id;

	if (s->print == 0)
		return false;
	for (unsigned i = 0; i < 3; i++) {
		const struct tcphs_prints *prints = &e->prints;
		tcphs_time age;

		if (prints->hash[i] != s->print || prints->ip_id[i] != s->ip_id)
			continue;
		/* Two interfaces' frames may be saved one after the other: time goes back then. */
		age = s->time < prints->time[i] ? prints->time[i] - s->time : s->time - prints->time[i];
		if (age > limit)
			continue;
		/* Without an identification two equal pure ACKs are duplicate ACKs, not copies. */
		if (s->ip_id != 0 || span(s) > 0)
			return true;
	}
	return false;
}

/* Does |ack| acknowledge the SYN of |e|, and no more than was sent with it? */
static bool acks_syn(const struct tcphs_endpoint *e, uint32_t ack)
{
	/* A FIN in the SYN counts too: a closed port acknowledges it (3.10.7.1). */
	return seq_within(ack, e->isn + 1, e->isn + 1 + e->syn_data + ((e->did & TCPHS_DID_FLAWED_SYN) != 0));
}

/* Does |ack| acknowledge the SYN of |e|, and perhaps later segments that were not captured? */
static bool acks_syn_or_later(const struct tcphs_endpoint *e, uint32_t ack)
{
	return seq_within(ack, e->isn + 1, e->isn + TCPHS_SEQ_AHEAD);
}

/* Octets the client may send beyond x + 1 before it hears again, by the window of the SYN-ACK it got. */
static uint32_t first_window(const struct tcphs_endpoint *client, const struct tcphs_endpoint *server)
{
	unsigned shift = 14;   /* the most that RFC 7323 2.3 allows, where the offers were not captured */

	if (did(client, TCPHS_DID_OPTIONS) && did(server, TCPHS_DID_OPTIONS)) {
		bool both = client->options.seen & server->options.seen & TCPHS_OPT_WSCALE;

		shift = both ? (server->options.wscale > 14 ? 14 : server->options.wscale) : 0;
	}
	return UINT32_C(65535) << shift;
}

static enum tcphs_event of_syn(const struct tcphs_endpoint *e, const struct tcphs_segment *s)
{
	if (did(e, TCPHS_DID_ISN) && e->isn != s->seq)
		return TCPHS_EV_ANOTHER;
	return did(e, TCPHS_DID_SYN) ? TCPHS_EV_SYN_AGAIN : TCPHS_EV_SYN;
}

/* A SYN-ACK whose ack is known to be good. */
static enum tcphs_event of_good_synack(const struct tcphs_connection *c, const struct tcphs_segment *s)
{
	for (unsigned i = 0; i < c->isns; i++) {
		if (c->isn[i].isn == s->seq)
			return c->isn[i].ack == s->ack ? TCPHS_EV_SYNACK_AGAIN : TCPHS_EV_SYNACK_NEW_ACK;
	}
	return c->isns ? TCPHS_EV_SYNACK_NEW_ISN : TCPHS_EV_SYNACK;
}

/* ---- NEW and PROBE ------------------------------------------------------------------------------ */

static enum tcphs_event in_new(const struct tcphs_segment *s)
{
	switch (s->flags & CONTROL) {
	case TCPHS_SYN:
	case TCPHS_SYN | TCPHS_FIN:
		return TCPHS_EV_SYN;
	case TCPHS_SYN | TCPHS_ACK:
	case TCPHS_SYN | TCPHS_ACK | TCPHS_FIN:
		return TCPHS_EV_SYNACK;
	case TCPHS_ACK:
	case TCPHS_ACK | TCPHS_FIN:
		return TCPHS_EV_ACK;
	case TCPHS_RST:
	case TCPHS_RST | TCPHS_ACK:
		return TCPHS_EV_RST;
	default:
		return TCPHS_EV_NOISE;
	}
}

/* ---- SYN ---------------------------------------------------------------------------------------- */

static enum tcphs_event client_in_syn(const struct tcphs_connection *c, const struct tcphs_endpoint *client,
                                      const struct tcphs_segment *s)
{
	bool answered = c->facts & (TCPHS_FACT_BAD_SYNACK | TCPHS_FACT_CHALLENGED);

	if (s->flags & TCPHS_SYN)
		return s->flags & TCPHS_ACK ? TCPHS_EV_SYNACK_BAD_ACK : of_syn(client, s);
	if (s->flags & TCPHS_RST) {
		if (answered && s->seq == c->echo)
			return TCPHS_EV_RST_ECHO;
		return seq_within(s->seq, client->isn, client->isn + TCPHS_SEQ_AHEAD) ? TCPHS_EV_RST : TCPHS_EV_RST_BAD;
	}
	if (!(s->flags & TCPHS_ACK))
		return TCPHS_EV_NOISE;
	/* A keep-alive of a connection whose every other segment was missed has seq = x: too rare to guess. */
	return acks_syn_or_later(client, s->seq) ? TCPHS_EV_ACK : TCPHS_EV_ACK_BAD_SEQ;
}

static enum tcphs_event server_in_syn(const struct tcphs_endpoint *client, const struct tcphs_endpoint *server,
                                      const struct tcphs_segment *s)
{
	if ((s->flags & (TCPHS_SYN | TCPHS_ACK)) == TCPHS_SYN)
		return of_syn(server, s);
	if (s->flags & TCPHS_RST) {
		if (!(s->flags & TCPHS_ACK))
			return TCPHS_EV_RST_NO_ACK;
		return acks_syn(client, s->ack) ? TCPHS_EV_RST : TCPHS_EV_RST_BAD;
	}
	if (s->flags & TCPHS_SYN)
		return acks_syn(client, s->ack) ? TCPHS_EV_SYNACK : TCPHS_EV_SYNACK_BAD_ACK;
	if (!(s->flags & TCPHS_ACK))
		return TCPHS_EV_NOISE;
	if (!acks_syn_or_later(client, s->ack))
		return TCPHS_EV_CHALLENGE;
	/* A pure ACK of the SYN and no more may still be the first step of a split handshake. */
	return acks_syn(client, s->ack) && span(s) == 0 ? TCPHS_EV_ACK : TCPHS_EV_MOVED_ON;
}

/* ---- both sent SYN ------------------------------------------------------------------------------- */

static enum tcphs_event in_crossed(const struct tcphs_endpoint *own, const struct tcphs_endpoint *peer,
                                   const struct tcphs_segment *s)
{
	bool again = did(own, TCPHS_DID_SYNACK);

	if ((s->flags & (TCPHS_SYN | TCPHS_ACK)) == TCPHS_SYN)
		return of_syn(own, s);
	if (s->flags & TCPHS_RST) {
		if ((s->flags & TCPHS_ACK) && !acks_syn_or_later(peer, s->ack))
			return TCPHS_EV_RST_BAD;
		return TCPHS_EV_RST;
	}
	if (s->flags & TCPHS_SYN) {
		if (!acks_syn(peer, s->ack) || s->seq != own->isn)
			return TCPHS_EV_SYNACK_BAD_ACK;
		return again && own->ack == s->ack ? TCPHS_EV_SYNACK_AGAIN : TCPHS_EV_SYNACK;
	}
	if (!(s->flags & TCPHS_ACK))
		return TCPHS_EV_NOISE;
	if (!acks_syn_or_later(peer, s->ack))
		return TCPHS_EV_ACK_BAD_ACK;
	/* seq = ISN: the peer of a simultaneous open may answer before it counts its own SYN (figure 7, line 5). */
	return seq_within(s->seq, own->isn, own->isn + TCPHS_SEQ_AHEAD) ? TCPHS_EV_ACK : TCPHS_EV_ACK_BAD_SEQ;
}

/* ---- SYNACK -------------------------------------------------------------------------------------- */

/* The client's acknowledgment against every ISN the server was captured sending. */
static enum tcphs_event ack_of_synack(const struct tcphs_connection *c, const struct tcphs_endpoint *server,
                                      uint32_t ack)
{
	bool ahead = false;

	for (unsigned i = 0; i < c->isns; i++) {
		if (ack == c->isn[i].isn + 1)
			return TCPHS_EV_ACK;
		ahead |= seq_within(ack, c->isn[i].isn + 1, c->isn[i].isn + TCPHS_SEQ_AHEAD);
	}
	if (seq_within(ack, server->isn + 1, server->nxt))
		return TCPHS_EV_ACK;
	return ahead ? TCPHS_EV_ACK_AHEAD : TCPHS_EV_ACK_BAD_ACK;
}

/*
 * A RST after the SYN-ACK, by |own|: its numbers lie beyond x + 1 or y + 1 where one of the two had sent data. Then the
 * handshake was completed, and the capture has only the ends of it.
 */
static bool past_handshake(const struct tcphs_endpoint *own, const struct tcphs_endpoint *peer,
                           const struct tcphs_segment *s)
{
	return seq_within(s->seq, own->nxt + 1, own->isn + TCPHS_SEQ_AHEAD) ||
	       ((s->flags & TCPHS_ACK) && seq_within(s->ack, peer->nxt + 1, peer->isn + TCPHS_SEQ_AHEAD));
}

static enum tcphs_event client_in_synack(const struct tcphs_connection *c, const struct tcphs_endpoint *client,
                                         const struct tcphs_endpoint *server, const struct tcphs_segment *s)
{
	uint32_t ahead = s->seq - (client->isn + 1);
	enum tcphs_event event;

	if (s->flags & TCPHS_SYN)
		return s->flags & TCPHS_ACK ? TCPHS_EV_SYNACK_BAD_ACK : of_syn(client, s);
	if (s->flags & TCPHS_RST) {
		if ((c->facts & TCPHS_FACT_BAD_SYNACK) && s->seq == c->echo && !acks_syn(client, s->seq))
			return TCPHS_EV_RST_ECHO;
		if (!seq_within(s->seq, client->isn, client->isn + TCPHS_SEQ_AHEAD))
			return TCPHS_EV_RST_BAD;
		return c->isns == 1 && past_handshake(client, server, s) ? TCPHS_EV_RST_AHEAD : TCPHS_EV_RST;
	}
	if (!(s->flags & TCPHS_ACK))
		return TCPHS_EV_NOISE;
	event = ack_of_synack(c, server, s->ack);
	if (event == TCPHS_EV_ACK_BAD_ACK)
		return event;
	/* seq = x with a good ack is a keep-alive: the ACK itself was not captured. */
	if (ahead != UINT32_MAX && ahead > client->syn_data + first_window(client, server) &&
	    (span(s) == 0 || ahead > TCPHS_SEQ_AHEAD))
		return TCPHS_EV_ACK_BAD_SEQ;   /* data or FIN from further on may follow what was not captured */
	/* A second, higher ack: the client goes on, so the server's segments were not captured. */
	if (event == TCPHS_EV_ACK_AHEAD && c->held.ref != 0 && seq_lt(c->held.ack, s->ack))
		return TCPHS_EV_ACK;
	/* A FIN beyond data of both sides: a capture of SYN, FIN and RST only has nothing else. */
	if (event == TCPHS_EV_ACK_AHEAD && (s->flags & TCPHS_FIN) && seq_lt(client->nxt, s->seq))
		return TCPHS_EV_ACK;
	return event;
}

static enum tcphs_event server_in_synack(const struct tcphs_connection *c, const struct tcphs_endpoint *client,
                                         const struct tcphs_endpoint *server, const struct tcphs_segment *s)
{
	uint32_t reach = client->isn + TCPHS_SEQ_AHEAD;

	if ((s->flags & (TCPHS_SYN | TCPHS_ACK)) == TCPHS_SYN) {
		/* With the number of its SYN-ACK it is no simultaneous open; the table says what. */
		return of_syn(server, s);
	}
	if (s->flags & TCPHS_RST) {
		bool answers_held = c->held.ref != 0 && s->seq == c->held.ack;
		bool answers_bad = (c->facts & TCPHS_FACT_BAD_ACK) && s->seq == c->bad_ack;

		/* A wrong ACK is answered by a RST without ACK flag (3.10.7.4). */
		if (c->isns == 1 && !(c->facts & TCPHS_FACT_BAD_ACK) && (!answers_held || (s->flags & TCPHS_ACK)) &&
		    past_handshake(server, client, s))
			return TCPHS_EV_RST_AHEAD;
		if (answers_held || answers_bad || seq_within(s->seq, server->isn, server->isn + TCPHS_SEQ_AHEAD) ||
		    ((s->flags & TCPHS_ACK) && acks_syn(client, s->ack)))
			return TCPHS_EV_RST;
		return TCPHS_EV_RST_BAD;
	}
	if (s->flags & TCPHS_SYN)
		return acks_syn(client, s->ack) ? of_good_synack(c, s) : TCPHS_EV_SYNACK_BAD_ACK;
	if (!(s->flags & TCPHS_ACK))
		return TCPHS_EV_NOISE;
	if (!seq_within(s->seq, server->isn, server->isn + TCPHS_SEQ_AHEAD) ||
	    !seq_within(s->ack, client->isn + 1, reach))
		return TCPHS_EV_CHALLENGE;
	/* 3.10.7.4: so it answers, in SYN-RECEIVED, a newer SYN or what is not in its window: it has no final ACK. */
	if ((c->facts & (TCPHS_FACT_REPLACED | TCPHS_FACT_BAD_ACK)) && span(s) == 0 && s->ack == client->isn + 1)
		return TCPHS_EV_CHALLENGE;
	return TCPHS_EV_ACK;
}

/* ---- UNSEEN -------------------------------------------------------------------------------------- */

static enum tcphs_event client_in_unseen(const struct tcphs_endpoint *client, const struct tcphs_segment *s)
{
	if (s->flags & TCPHS_RST)
		return s->flags & TCPHS_SYN ? TCPHS_EV_NOISE : TCPHS_EV_RST;
	if (s->flags & TCPHS_SYN)
		return s->flags & TCPHS_ACK ? TCPHS_EV_SYNACK_BAD_ACK : of_syn(client, s);
	return s->flags & TCPHS_ACK ? TCPHS_EV_ACK : TCPHS_EV_NOISE;
}

static enum tcphs_event server_in_unseen(const struct tcphs_endpoint *client, const struct tcphs_segment *s)
{
	/* The client acknowledged y + 1 or later: y is at most that far back. */
	bool known = did(client, TCPHS_DID_ACK_KNOWN);
	bool fits = !known || seq_near(s->seq, client->ack, TCPHS_SEQ_AHEAD);

	if ((s->flags & (TCPHS_SYN | TCPHS_ACK)) == TCPHS_SYN)
		return TCPHS_EV_NOISE;
	if (s->flags & TCPHS_RST)
		return fits || ((s->flags & TCPHS_ACK) && acks_syn_or_later(client, s->ack)) ? TCPHS_EV_RST
		                                                                             : TCPHS_EV_RST_BAD;
	if (s->flags & TCPHS_SYN) {
		if (!acks_syn(client, s->ack))
			return TCPHS_EV_SYNACK_BAD_ACK;
		/* Not the SYN-ACK that the client acknowledged, if that was captured as the first ACK. */
		return !known || seq_within(client->ack, s->seq + 1, s->seq + TCPHS_SEQ_AHEAD)
		               ? TCPHS_EV_SYNACK : TCPHS_EV_SYNACK_NEW_ISN;
	}
	if (!(s->flags & TCPHS_ACK))
		return TCPHS_EV_NOISE;
	return fits ? TCPHS_EV_ACK : TCPHS_EV_CHALLENGE;
}

/* ---- MIDSTREAM and OPEN -------------------------------------------------------------------------- */

/* An ISN that was only inferred is a lower bound; the first SYN or SYN-ACK says better. */
static enum tcphs_event in_midstream(const struct tcphs_connection *c, const struct tcphs_endpoint *own,
                                     const struct tcphs_endpoint *peer, const struct tcphs_segment *s)
{
	switch (s->flags & (TCPHS_SYN | TCPHS_ACK | TCPHS_RST)) {
	case TCPHS_SYN:
		return of_syn(own, s);
	case TCPHS_SYN | TCPHS_ACK:
		if ((did(own, TCPHS_DID_ISN) && own->isn != s->seq) ||
		    (did(peer, TCPHS_DID_ISN) && peer->isn + 1 != s->ack))
			return TCPHS_EV_ANOTHER;
		return of_good_synack(c, s);
	case TCPHS_ACK:
		return TCPHS_EV_ACK;
	case 0:
	case TCPHS_SYN | TCPHS_RST:
		return TCPHS_EV_NOISE;
	default:
		return TCPHS_EV_RST;
	}
}

/* In an open connection a SYN-ACK of other numbers is noise, unless the connection is over. */
static enum tcphs_event synack_in_open(const struct tcphs_connection *c, enum tcphs_side side,
                                       const struct tcphs_segment *s)
{
	const struct tcphs_endpoint *own = &c->side[side], *peer = &c->side[!side];
	bool known = false;

	for (unsigned i = 0; i < c->isns; i++)
		known |= c->isn[i].isn == s->seq;
	if (tcphs_connection_client(c) == side)
		return did(own, TCPHS_DID_SYN) && own->isn == s->seq && did(peer, TCPHS_DID_ISN) &&
		                       acks_syn(peer, s->ack)
		               ? TCPHS_EV_SYNACK_AGAIN
		               : TCPHS_EV_SYNACK_BAD_ACK;
	if (!known && own->isn != s->seq && tcphs_connection_closed(c))
		return TCPHS_EV_ANOTHER;
	return acks_syn(peer, s->ack) ? of_good_synack(c, s) : TCPHS_EV_SYNACK_BAD_ACK;
}

/* RFC 5961 3.2: a RST from before what its receiver has acknowledged is dropped; ahead, something may be missing. */
static enum tcphs_event rst_in_open(const struct tcphs_connection *c, enum tcphs_side side,
                                    const struct tcphs_segment *s)
{
	const struct tcphs_endpoint *own = &c->side[side], *peer = &c->side[!side];

	if (tcphs_connection_closed(c) || ((own->did | peer->did) & TCPHS_DID_FIN) || !did(peer, TCPHS_DID_ACK_KNOWN))
		return TCPHS_EV_RST;
	return seq_near(s->seq, peer->ack, TCPHS_SEQ_AHEAD) && !seq_lt(s->seq, peer->ack - 1) ? TCPHS_EV_RST
	                                                                                      : TCPHS_EV_RST_BAD;
}

static enum tcphs_event in_open(const struct tcphs_connection *c, enum tcphs_side side, const struct tcphs_segment *s)
{
	const struct tcphs_endpoint *own = &c->side[side];

	switch (s->flags & (TCPHS_SYN | TCPHS_ACK | TCPHS_RST)) {
	case TCPHS_SYN:
		/* The same ISN after a full close is a new connection; before, a late copy of the first SYN. */
		if (tcphs_connection_closed(c) && did(own, TCPHS_DID_SYN) && s->time >= c->closed_at)
			return TCPHS_EV_ANOTHER;
		if (!did(own, TCPHS_DID_SYN) && tcphs_connection_client(c) != side)
			return TCPHS_EV_NOISE;
		return of_syn(own, s);
	case TCPHS_SYN | TCPHS_ACK:
		return synack_in_open(c, side, s);
	case TCPHS_ACK:
		return TCPHS_EV_ACK;
	case 0:
	case TCPHS_SYN | TCPHS_RST:
		return TCPHS_EV_NOISE;
	default:
		return rst_in_open(c, side, s);
	}
}

/* ---- ENDED --------------------------------------------------------------------------------------- */

static enum tcphs_event client_in_ended(const struct tcphs_connection *c, const struct tcphs_endpoint *client,
                                        const struct tcphs_endpoint *server, const struct tcphs_segment *s)
{
	if (s->flags & TCPHS_RST)
		return TCPHS_EV_RST;
	if (s->flags & TCPHS_SYN)
		return s->flags & TCPHS_ACK ? TCPHS_EV_SYNACK_BAD_ACK : of_syn(client, s);
	/* The RST was not for it, or not taken: it goes on with the handshake. */
	if ((s->flags & TCPHS_ACK) && c->isns > 0 && ack_of_synack(c, server, s->ack) == TCPHS_EV_ACK &&
	    s->seq == client->isn + 1)
		return TCPHS_EV_ACK;
	return TCPHS_EV_NOISE;
}

static enum tcphs_event server_in_ended(const struct tcphs_connection *c, const struct tcphs_endpoint *client,
                                        const struct tcphs_segment *s)
{
	if (s->flags & TCPHS_RST)
		return TCPHS_EV_RST;
	if ((s->flags & (TCPHS_SYN | TCPHS_ACK)) == TCPHS_SYN)
		return TCPHS_EV_ANOTHER;
	if (s->flags & TCPHS_SYN)
		return acks_syn(client, s->ack) ? of_good_synack(c, s) : TCPHS_EV_SYNACK_BAD_ACK;
	return TCPHS_EV_NOISE;
}

/* -------------------------------------------------------------------------------------------------- */

static enum tcphs_event by_stage(const struct tcphs_connection *c, enum tcphs_side side, const struct tcphs_segment *s)
{
	enum tcphs_side client_side = tcphs_connection_client(c);
	const struct tcphs_endpoint *client = &c->side[client_side], *server = &c->side[!client_side];
	const struct tcphs_endpoint *own = &c->side[side], *peer = &c->side[!side];
	bool from_client = side == client_side;

	switch ((enum tcphs_stage)c->stage) {
	case TCPHS_STAGE_SYN:
		return from_client ? client_in_syn(c, client, s) : server_in_syn(client, server, s);
	case TCPHS_STAGE_CROSSED:
	case TCPHS_STAGE_CROSSED_CLIENT:
	case TCPHS_STAGE_CROSSED_SERVER:
		return in_crossed(own, peer, s);
	case TCPHS_STAGE_SYNACK:
		return from_client ? client_in_synack(c, client, server, s) : server_in_synack(c, client, server, s);
	case TCPHS_STAGE_UNSEEN:
		return from_client ? client_in_unseen(client, s) : server_in_unseen(client, s);
	case TCPHS_STAGE_MIDSTREAM:
		return in_midstream(c, own, peer, s);
	case TCPHS_STAGE_OPEN:
		return in_open(c, side, s);
	case TCPHS_STAGE_ENDED:
		return from_client ? client_in_ended(c, client, server, s) : server_in_ended(c, client, s);
	case TCPHS_STAGE_NONE:
	case TCPHS_STAGE_NEW:
	case TCPHS_STAGE_PROBE:
	case TCPHS_STAGES:
		break;
	}
	return in_new(s);
}

enum tcphs_event tcphs_classify(const struct tcphs_connection *c, const struct tcphs_config *config,
                                enum tcphs_side side, const struct tcphs_segment *segment)
{
	if (!(segment->have & TCPHS_HAVE_HEADER))
		return TCPHS_EV_UNREADABLE;
	if (is_copy(&c->side[side], config, segment))
		return TCPHS_EV_DUPLICATE;
	return by_stage(c, side, segment);
}
