/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.c - link layers: Ethernet with VLAN tags and LLC, Linux cooked, BSD loopback, raw IP.
 */
#include "layers.h"

/** What is below 1536 in an Ethernet type field is a length, up to 1500 (IEEE 802.3). */
enum { LENGTH_MAX = 1500 };

/** link_hash(): a number for the addresses of a frame, never 0; equal for equal addresses. */
static uint32_t link_hash(const uint8_t *addresses, size_t size)
{
	uint64_t words[2] = { 0, 0 };
	uint64_t hash;

	memcpy(words, addresses, size);
	hash = (words[0] ^ (words[1] + 0x9e3779b97f4a7c15)) * 0xbf58476d1ce4e5b9;
	hash = (hash ^ hash >> 32) * 0x94d049bb133111eb;
	return (uint32_t)(hash >> 32) | 1;
}

/** ethertype_or_length(): what follows the type field of Ethernet or of a VLAN tag. */
static void ethertype_or_length(struct decode *decode, uint16_t type, struct span span)
{
	static const struct layer_row llc = { 0, LAYER_LLC, layer_llc, NULL };

	if (__builtin_expect(type > LENGTH_MAX, 1)) {
		dispatch(decode, &ethertypes, type, span);
		return;
	}
	span = limited(span, type);
	/* Novell's raw 802.3: IPX, without LLC. */
	if (span.captured >= 2 && get16(span.octets) == 0xffff)
		return;
	descend(decode, &llc, span);
}

/** is_isl(): Cisco's trunk encapsulation wraps a whole frame, known by its destination address. */
static bool is_isl(const uint8_t *octets)
{
	return (octets[0] == 0x01 || octets[0] == 0x03 || octets[0] == 0x0c) && octets[1] == 0x00 &&
	       octets[2] == 0x0c && octets[3] == 0x00 && octets[4] == 0x00;
}

void layer_eth(struct decode *decode, struct span span)
{
	uint16_t type;

	if (lacks(decode, span, 14))
		return;
	decode->link_hash = link_hash(span.octets, 12);
	type = get16(span.octets + 12);
	if (type <= LENGTH_MAX && is_isl(span.octets)) {
		not_decoded(decode, "tunnel_isl");
		return;
	}
	ethertype_or_length(decode, type, inner(span, 14));
}

void layer_vlan(struct decode *decode, struct span span)
{
	if (lacks(decode, span, 4))
		return;
	ethertype_or_length(decode, get16(span.octets + 2), inner(span, 4));
}

/** layer_llc(): IEEE 802.2, for IP by its own SAP or by SNAP. */
void layer_llc(struct decode *decode, struct span span)
{
	enum { SAP_IP = 0x06, SAP_SNAP = 0xaa };
	uint32_t header;
	uint32_t oui;

	if (lacks(decode, span, 3))
		return;
	header = (span.octets[2] & 3) == 3 ? 3 : 4;
	if (header == 3 && span.octets[2] != 0x03)
		return; /* an unnumbered frame other than unnumbered information */
	if (header == 4 && (span.octets[2] & 1) != 0)
		return; /* a supervisory frame */
	if (span.octets[0] == SAP_IP) {
		dispatch(decode, &ethertypes, 0x0800, inner(span, header));
		return;
	}
	if (span.octets[0] != SAP_SNAP || span.octets[1] != SAP_SNAP)
		return;
	if (lacks(decode, span, header + 5))
		return;
	oui = get32(span.octets + header) >> 8;
	/* Encapsulated Ethernet types, and the same as Cisco writes them. */
	if (oui == 0x000000 || oui == 0x0000f8)
		dispatch(decode, &ethertypes, get16(span.octets + header + 3), inner(span, header + 5));
	else if (oui == 0x0080c2)
		not_decoded(decode, "tunnel_bridged");
}

/** cooked(): what follows a Linux cooked header; |hardware| is the ARPHRD_ number of the interface. */
static void cooked(struct decode *decode, uint16_t hardware, uint16_t protocol, struct span span)
{
	enum { PROTOCOL_ETHERNET = 0x0003, PROTOCOL_802_2 = 0x0004, ETHERTYPE_FIRST = 1536 };
	enum { HARDWARE_IPGRE = 778, HARDWARE_NETLINK = 824 };
	static const struct layer_row llc = { 0, LAYER_LLC, layer_llc, NULL };
	static const struct layer_row eth = { 0, LAYER_ETH, layer_eth, NULL };

	if (hardware == HARDWARE_NETLINK)
		return;
	if (protocol == PROTOCOL_802_2)
		descend(decode, &llc, span);
	else if (protocol == PROTOCOL_ETHERNET)
		descend(decode, &eth, span);
	else if (hardware == HARDWARE_IPGRE || protocol >= ETHERTYPE_FIRST)
		dispatch(decode, &ethertypes, protocol, span);
}

void layer_sll(struct decode *decode, struct span span)
{
	if (lacks(decode, span, 16))
		return;
	if (get16(span.octets + 4) > 0)
		decode->link_hash = link_hash(span.octets + 6, 8);
	cooked(decode, get16(span.octets + 2), get16(span.octets + 14), inner(span, 16));
}

void layer_sll2(struct decode *decode, struct span span)
{
	if (lacks(decode, span, 20))
		return;
	if (span.octets[11] > 0)
		decode->link_hash = link_hash(span.octets + 12, 8);
	cooked(decode, get16(span.octets + 8), get16(span.octets), inner(span, 20));
}

/** family(): an address family as the BSDs number them. @return false if it is none of IP. */
static bool family(struct decode *decode, uint32_t number, struct span span)
{
	switch (number) {
	case 2:  /* all of them, IPv4 */
		return dispatch(decode, &ethertypes, 0x0800, span);
	case 24: /* NetBSD, OpenBSD, BSD/OS */
	case 28: /* FreeBSD */
	case 30: /* macOS */
		return dispatch(decode, &ethertypes, 0x86dd, span);
	default:
		return false;
	}
}

/**
 * layer_null(): BSD loopback: an address family, or an Ethernet type, in the byte order of the machine that
 * captured, 32 bits wide, or 16 and padding. These are small numbers, so the order shows.
 */
void layer_null(struct decode *decode, struct span span)
{
	uint32_t number;

	if (lacks(decode, span, 4))
		return;
	if (get16(span.octets) == 0xff03) {
		not_decoded(decode, "tunnel_ppp");
		return;
	}
	number = __builtin_bswap32(get32(span.octets));
	if ((number & 0xffff0000) != 0) {
		if ((number & 0xff000000) == 0 && (number & 0x00ff0000) < 0x00060000)
			number >>= 16;
		else
			number = __builtin_bswap32(number);
	} else if ((number & 0x000000ff) == 0 && (number & 0x0000ff00) < 0x00000600) {
		number = __builtin_bswap16((uint16_t)number);
	}
	if (!family(decode, number, inner(span, 4)) && number > LENGTH_MAX)
		dispatch(decode, &ethertypes, number, inner(span, 4));
}

/** layer_loop(): OpenBSD's loopback: the family in network byte order. */
void layer_loop(struct decode *decode, struct span span)
{
	if (!lacks(decode, span, 4))
		family(decode, get32(span.octets), inner(span, 4));
}

/** layer_raw(): IP, but some systems put 10 octets of zero, others a PPP header before it. */
void layer_raw(struct decode *decode, struct span span)
{
	static const uint8_t zero[10];

	if (span.captured >= sizeof zero && memcmp(span.octets, zero, sizeof zero) == 0)
		layer_ip(decode, inner(span, sizeof zero));
	else if (span.captured >= 2 && get16(span.octets) == 0xff03)
		not_decoded(decode, "tunnel_ppp");
	else
		layer_ip(decode, span);
}

void layer_raw6(struct decode *decode, struct span span)
{
	dispatch(decode, &ethertypes, 0x86dd, span);
}
