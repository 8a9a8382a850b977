/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * agree.c - what each endpoint offered in its SYN or SYN-ACK, and what follows from both.
 *
 * An option is in force only if both endpoints sent it (RFC 7323 2.2 and 3.2, RFC 2018 2); the MSS is
 * each side's own word for what it takes, with a default where it says nothing (3.7.1).
 */
#include <string.h>

#include "connection.h"

/** 3.7.1: the MSS to assume of a peer that names none. */
#define DEFAULT_MSS_IPV4 536
#define DEFAULT_MSS_IPV6 1220

/** RFC 7323 2.3: a larger shift counts as this. */
#define MAX_SHIFT 14

#define ACE (TCPHS_AE | TCPHS_CWR | TCPHS_ECE)

static uint8_t auth_of(const struct tcphs_options *o)
{
	if (o->seen & TCPHS_OPT_AO)
		return TCPHS_AUTH_AO;
	return o->seen & TCPHS_OPT_MD5 ? TCPHS_AUTH_MD5 : TCPHS_AUTH_NONE;
}

/* RFC 3168 6.1.1 and RFC 9768 3.1.1: what the flags of a SYN ask for. */
static uint8_t ecn_of_syn(uint16_t flags)
{
	switch (flags & ACE) {
	case ACE:
		return TCPHS_ECN_ACCURATE;
	case TCPHS_CWR | TCPHS_ECE:
		return TCPHS_ECN_CLASSIC;
	default:
		return TCPHS_ECN_NONE;
	}
}

/* RFC 9768 table 2: what the flags of a SYN-ACK grant, given what was asked for. */
static uint8_t ecn_of_synack(uint16_t flags, uint8_t asked)
{
	switch (flags & ACE) {
	case TCPHS_ECE:
	case TCPHS_ECE | TCPHS_AE:   /* the nonce of RFC 3540 */
		return asked == TCPHS_ECN_NONE ? TCPHS_ECN_NONE : TCPHS_ECN_CLASSIC;
	case TCPHS_CWR:
	case TCPHS_CWR | TCPHS_ECE:
	case TCPHS_AE:
	case TCPHS_AE | TCPHS_CWR:
		return asked == TCPHS_ECN_ACCURATE ? TCPHS_ECN_ACCURATE : TCPHS_ECN_NONE;
	default:
		return TCPHS_ECN_NONE;   /* 0: no; all ones: the SYN's flags reflected, which grants nothing */
	}
}

static void offer_of(const struct tcphs_options *o, uint16_t flags, struct tcphs_offer *offer)
{
	offer->present = true;
	offer->has_mss = o->seen & TCPHS_OPT_MSS;
	offer->mss = o->mss;
	offer->has_wscale = o->seen & TCPHS_OPT_WSCALE;
	offer->wscale = o->wscale;
	offer->sack = o->seen & TCPHS_OPT_SACK_OK;
	offer->timestamps = o->seen & TCPHS_OPT_TIMESTAMPS;
	offer->fast_open = o->seen & TCPHS_OPT_FAST_OPEN;
	offer->cookie_length = o->cookie_length;
	offer->mptcp = (o->seen & TCPHS_OPT_MPTCP) &&
	               (o->mptcp_subtype == TCPHS_MP_CAPABLE || o->mptcp_subtype == TCPHS_MP_JOIN);
	offer->auth = auth_of(o);
	offer->ecn = ecn_of_syn(flags);
}

void tcphs_segment_offer(const struct tcphs_segment *segment, enum tcphs_ecn asked, struct tcphs_offer *offer)
{
	memset(offer, 0, sizeof(*offer));
	if (!(segment->flags & TCPHS_SYN) || !(segment->have & TCPHS_HAVE_OPTIONS))
		return;
	offer_of(&segment->options, segment->flags, offer);
	if (segment->flags & TCPHS_ACK)
		offer->ecn = ecn_of_synack(segment->flags, (uint8_t)asked);
}

static uint16_t mss_or_default(const struct tcphs_offer *offer, bool ipv6)
{
	return offer->has_mss ? offer->mss : ipv6 ? DEFAULT_MSS_IPV6 : DEFAULT_MSS_IPV4;
}

static uint8_t shift_of(const struct tcphs_offer *offer)
{
	return offer->wscale > MAX_SHIFT ? MAX_SHIFT : offer->wscale;
}

void tcphs_connection_agree(const struct tcphs_connection *c, bool ipv6, struct tcphs_offer offer[2],
                            struct tcphs_agreement *agreed)
{
	enum tcphs_side client_side = tcphs_connection_client(c);
	struct tcphs_offer *client = &offer[TCPHS_CLIENT], *server = &offer[TCPHS_SERVER];
	const struct tcphs_endpoint *answerer = &c->side[!client_side];

	memset(offer, 0, 2 * sizeof(offer[0]));
	if (c->side[client_side].did & TCPHS_DID_OPTIONS)
		offer_of(&c->side[client_side].options, c->side[client_side].flags, client);
	if (answerer->did & TCPHS_DID_OPTIONS)
		offer_of(&answerer->options, answerer->flags, server);
	/* In a simultaneous open both are offers; an ordinary SYN-ACK grants. */
	if (server->present && (answerer->flags & TCPHS_ACK))
		server->ecn = ecn_of_synack(answerer->flags, client->ecn);
	memset(agreed, 0, sizeof(*agreed));
	if (!client->present || !server->present)
		return;
	agreed->present = true;
	agreed->mss_to_server = mss_or_default(server, ipv6);
	agreed->mss_to_client = mss_or_default(client, ipv6);
	agreed->has_wscale = client->has_wscale && server->has_wscale;
	agreed->wscale_to_server = agreed->has_wscale ? shift_of(server) : 0;
	agreed->wscale_to_client = agreed->has_wscale ? shift_of(client) : 0;
	agreed->sack = client->sack && server->sack;
	agreed->timestamps = client->timestamps && server->timestamps;
	agreed->fast_open = (c->facts & TCPHS_FACT_DATA_TAKEN) != 0;
	agreed->mptcp = client->mptcp && server->mptcp;
	agreed->ecn = client->ecn < server->ecn ? client->ecn : server->ecn;
	agreed->auth = client->auth == server->auth ? client->auth : TCPHS_AUTH_NONE;
}
