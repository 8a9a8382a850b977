/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * icmp.c - ICMP and ICMPv6 errors that quote a segment of a handshake.
 *
 * Only errors that say "it cannot get there" count (RFC 9293 3.9.2.2, RFC 1122 4.2.3.9): destination unreachable but
 * for "fragmentation needed", and time exceeded. Source quench and packet-too-big say nothing about the handshake, a
 * redirect or parameter problem neither. Even these are hints: TCP goes on trying, and so may the connection.
 */
#include <string.h>

#include "connection.h"

enum { ICMP_UNREACHABLE = 3, ICMP_TIME_EXCEEDED = 11, ICMPV6_UNREACHABLE = 1, ICMPV6_TIME_EXCEEDED = 3 };
enum { ICMP_FRAGMENTATION_NEEDED = 4 };

/* RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1. */
static const char *const unreachable[] = {
	"network unreachable",
	"host unreachable",
	"protocol unreachable",
	"port unreachable",
	"fragmentation needed",
	"source route failed",
	"destination network unknown",
	"destination host unknown",
	"source host isolated",
	"network administratively prohibited",
	"host administratively prohibited",
	"network unreachable for this type of service",
	"host unreachable for this type of service",
	"administratively prohibited",
	"host precedence violation",
	"precedence cutoff in effect",
};

/* RFC 4443 3.1, RFC 8883. */
static const char *const unreachable6[] = {
	"no route to destination",
	"administratively prohibited",
	"beyond scope of source address",
	"address unreachable",
	"port unreachable",
	"source address failed ingress policy",
	"route to destination rejected",
	"error in source routing header",
	"headers too long",
};

const char *tcphs_icmp_words(bool icmpv6, uint8_t type, uint8_t code)
{
	if (type == (icmpv6 ? ICMPV6_TIME_EXCEEDED : ICMP_TIME_EXCEEDED))
		return code == 0 ? (icmpv6 ? "hop limit exceeded in transit" : "TTL exceeded in transit")
		                 : "fragment reassembly time exceeded";
	if (icmpv6)
		return code < sizeof(unreachable6) / sizeof(unreachable6[0]) ? unreachable6[code]
		                                                             : "destination unreachable";
	return code < sizeof(unreachable) / sizeof(unreachable[0]) ? unreachable[code] : "destination unreachable";
}

static bool counts(const struct tcphs_quote *q)
{
	if (q->icmpv6)
		return q->type == ICMPV6_UNREACHABLE || q->type == ICMPV6_TIME_EXCEEDED;
	return (q->type == ICMP_UNREACHABLE && q->code != ICMP_FRAGMENTATION_NEEDED) || q->type == ICMP_TIME_EXCEEDED;
}

/* The first number of the side is what a SYN or SYN-ACK of it has: the flags need not be in the quote. */
static bool quotes_handshake(const struct tcphs_connection *c, enum tcphs_side side, const struct tcphs_quote *q,
                             bool *synack)
{
	const struct tcphs_endpoint *e = &c->side[side];

	if (!(q->segment.have & TCPHS_HAVE_SEQ))
		return false;
	*synack = e->did & TCPHS_DID_SYNACK;
	return (e->did & (TCPHS_DID_SYN | TCPHS_DID_SYNACK)) && e->isn == q->segment.seq;
}

size_t tcphs_connection_quoted(struct tcphs_connection *c, enum tcphs_side side, const struct tcphs_quote *quote,
                               struct tcphs_finding *out)
{
	size_t count = 0;
	bool synack;

	if (!counts(quote) || !quotes_handshake(c, side, quote, &synack))
		return 0;
	c->icmp = (struct tcphs_icmp){ .present = true,
		                       .icmpv6 = quote->icmpv6,
		                       .of_synack = synack,
		                       .type = quote->type,
		                       .code = quote->code,
		                       .ref = quote->segment.ref };
	memcpy(c->icmp.sender, quote->sender, sizeof(c->icmp.sender));
	c->facts |= TCPHS_FACT_ICMP;
	/* The quoted segment went to key.dst: an error from there is the endpoint's own word. */
	if (memcmp(quote->sender, quote->key.dst, sizeof(quote->sender)) == 0)
		c->facts |= TCPHS_FACT_ICMP_FROM_SERVER;
	tcphs_raise(out, &count, TCPHS_RULE_ICMP_UNREACHABLE, side, quote->segment.ref,
	            synack ? c->step[1] : c->side[side].syn);
	return count;
}
