/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tunnel.c - what lies directly in IP, or in several others: MPLS, GRE, ERSPAN, NSH, EtherIP, PIM register.
 */
#include "layers.h"

/* ---- MPLS ---------------------------------------------------------------------------------------- */

/** plausible_eth(): whether Ethernet may begin here: two addresses that a maker was given, and a type that is known. */
static bool plausible_eth(struct span span)
{
	enum { LOCAL = 0x02, HEADER = 14, LENGTH_MAX = 1500 };
	uint16_t type;

	if (span.captured < HEADER || (span.octets[0] & LOCAL) || (span.octets[6] & LOCAL))
		return false;
	type = get16(span.octets + 12);
	return type <= LENGTH_MAX ? type + (uint32_t)HEADER <= span.length : find_layer(&ethertypes, type) != NULL;
}

/**
 * pseudowire(): Ethernet, perhaps behind a control word (RFC 4448), which nothing in the frame tells. The control word
 * begins with four bits of 0, as most addresses do.
 */
static void pseudowire(struct decode *decode, struct span span)
{
	enum { CONTROL_WORD = 4 };

	if (span.captured > 0 && span.octets[0] >> 4 == 0 && !plausible_eth(span)) {
		if (lacks(decode, span, CONTROL_WORD))
			return;
		span = inner(span, CONTROL_WORD);
	}
	enter(decode, LAYER_ETH, layer_eth, span);
}

/** associated_channel(): beside a pseudowire (RFC 4385 5); IP may be in it. */
static void associated_channel(struct decode *decode, struct span span)
{
	enum { HEADER = 4, CHANNEL_IP = 0x21, CHANNEL_IP6 = 0x57 };

	if (lacks(decode, span, HEADER))
		return;
	if (get16(span.octets + 2) == CHANNEL_IP)
		enter(decode, LAYER_NONE, layer_ip, inner(span, HEADER));
	else if (get16(span.octets + 2) == CHANNEL_IP6)
		enter(decode, LAYER_IP6, layer_ip6, inner(span, HEADER));
}

/** layer_mpls(): labels of 4 octets up to the bottom of the stack; what is below has to be guessed (RFC 4928). */
void layer_mpls(struct decode *decode, struct span span)
{
	enum { LABEL = 4, BOTTOM = 0x100, CHANNEL = 13, ALERT = 14 };
	uint32_t word;

	do {
		if (lacks(decode, span, LABEL))
			return;
		word = get32(span.octets);
		span = inner(span, LABEL);
	} while (!(word & BOTTOM));
	if (word >> 12 == CHANNEL) {
		associated_channel(decode, span);
		return;
	}
	if (word >> 12 == ALERT || lacks(decode, span, 1))
		return;
	switch (span.octets[0] >> 4) {
	case 0:
		enter(decode, LAYER_PW, pseudowire, span);
		break;
	case 1:
		associated_channel(decode, span);
		break;
	case 4:
		enter(decode, LAYER_IP, layer_ip4, span);
		break;
	case 6:
		enter(decode, LAYER_IP6, layer_ip6, span);
		break;
	default:
		break;
	}
}

/* ---- GRE ----------------------------------------------------------------------------------------- */

enum {
	GRE_CHECKSUM = 0x8000, GRE_ROUTING = 0x4000, GRE_KEY = 0x2000, GRE_SEQUENCE = 0x1000,
	GRE_ACKNOWLEDGMENT = 0x0080, GRE_VERSION = 0x0007
};

/** gre_routes(): the size of the source routes at the front of |span| (RFC 1701): they end with one of length 0. */
static uint32_t gre_routes(struct span span)
{
	uint32_t at = 0;

	while (at + 4 <= span.captured && (get16(span.octets + at) != 0 || span.octets[at + 3] != 0))
		at += 4u + span.octets[at + 3];
	return at + 4;
}

/** is_wlan(): frames of 802.11, as Aruba's access points send them. */
static bool is_wlan(uint16_t type)
{
	return type >= 0x8200 && type <= 0x8390 && (type & 0x000f) == 0;
}

static void gre_payload(struct decode *decode, uint16_t flags, uint16_t type, struct span span)
{
	enum { TYPE_ERSPAN = 0x88be };

	if (span.length == 0)
		return;
	if (is_wlan(type))
		enter(decode, LAYER_WLAN, layer_wlan, span);
	else if (type == TYPE_ERSPAN && !(flags & GRE_SEQUENCE))
		enter(decode, LAYER_ETH, layer_eth, span); /* type I has no header of its own */
	else
		dispatch(decode, &gre_types, type, span);
}

/** layer_gre(): flags say which fields there are (RFC 2784, RFC 2890, RFC 2637, RFC 1701). */
void layer_gre(struct decode *decode, struct span span)
{
	uint32_t size = 4;
	uint16_t flags;

	if (lacks(decode, span, size))
		return;
	flags = get16(span.octets);
	if (flags & (GRE_CHECKSUM | GRE_ROUTING))
		size += 4;
	if (flags & GRE_KEY)
		size += 4;
	if (flags & GRE_SEQUENCE)
		size += 4;
	if ((flags & GRE_VERSION) == 1 && (flags & GRE_ACKNOWLEDGMENT))
		size += 4;
	if (flags & GRE_ROUTING)
		size += gre_routes(inner(span, size));
	if (!lacks(decode, span, size))
		gre_payload(decode, flags, get16(span.octets + 2), inner(span, size));
}

/** layer_erspan(): version 1 is type II, version 2 is type III, which may carry others than Ethernet. */
void layer_erspan(struct decode *decode, struct span span)
{
	enum { TYPE_II = 1, TYPE_III = 2, HAS_SUBHEADER = 0x0001, FRAME_TYPE = 0x7c00 };
	uint32_t size = 8;
	uint16_t word;

	if (lacks(decode, span, size))
		return;
	switch (span.octets[0] >> 4) {
	case TYPE_II:
		enter(decode, LAYER_ETH, layer_eth, inner(span, size));
		break;
	case TYPE_III:
		size = 12;
		if (lacks(decode, span, size))
			return;
		word = get16(span.octets + 10);
		if (word & HAS_SUBHEADER)
			size += 8;
		if (lacks(decode, span, size))
			return;
		if (word & FRAME_TYPE)
			not_decoded(decode, "tunnel_erspan");
		else
			enter(decode, LAYER_ETH, layer_eth, inner(span, size));
		break;
	default:
		break;
	}
}

/** layer_wccp(): the redirect header of WCCP version 2 is known by that it is not the beginning of IPv4. */
void layer_wccp(struct decode *decode, struct span span)
{
	enum { HEADER = 4 };

	if (lacks(decode, span, 1))
		return;
	if (span.octets[0] >> 4 != 4)
		span = inner(span, HEADER);
	layer_ip(decode, span);
}

/* ---- others -------------------------------------------------------------------------------------- */

/** layer_nsh(): with metadata of type 1 of a fixed size, else its length counts words of 4 octets (RFC 8300 2.2). */
void layer_nsh(struct decode *decode, struct span span)
{
	enum { METADATA = 0x0f, FIXED = 1, FIXED_SIZE = 24 };
	uint32_t size;

	if (lacks(decode, span, 8))
		return;
	size = (get16(span.octets) & 63u) * 4;
	if ((span.octets[2] & METADATA) == FIXED)
		size = FIXED_SIZE;
	if (size >= 8 && !lacks(decode, span, size))
		dispatch(decode, &next_protocols, span.octets[3], inner(span, size));
}

/** layer_etherip(): a version, and bits reserved (RFC 3378). */
void layer_etherip(struct decode *decode, struct span span)
{
	enum { HEADER = 2 };

	if (!lacks(decode, span, HEADER))
		enter(decode, LAYER_ETH, layer_eth, inner(span, HEADER));
}

/** layer_pim(): a register message carries a datagram to the rendezvous point (RFC 7761 4.9.3). */
void layer_pim(struct decode *decode, struct span span)
{
	enum { VERSION_AND_REGISTER = 0x21, HEADER = 8 };

	if (span.captured >= HEADER && span.octets[0] == VERSION_AND_REGISTER && span.length > HEADER)
		enter(decode, LAYER_NONE, layer_ip, inner(span, HEADER));
}
