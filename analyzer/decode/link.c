/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.c - link layers: Ethernet with VLAN tags and LLC, FDDI, Token Ring, Linux cooked, BSD loopback, raw IP.
 */
#include "layers.h"

/** What is below 1536 in an Ethernet type field is a length, up to 1500 (IEEE 802.3). */
enum { LENGTH_MAX = 1500 };

void ethertype_or_length(struct decode *decode, uint16_t type, struct span span)
{
	if (__builtin_expect(type > LENGTH_MAX, 1)) {
		dispatch(decode, &ethertypes, type, span);
		return;
	}
	span = limited(span, type);
	/* Novell's raw 802.3: IPX, without LLC. */
	if (span.captured >= 2 && get16(span.octets) == 0xffff)
		return;
	enter(decode, LAYER_LLC, layer_llc, span);
}

/** is_isl(): Cisco's trunk encapsulation wraps a whole frame, known by its destination address. */
static bool is_isl(const uint8_t *octets)
{
	return (octets[0] == 0x01 || octets[0] == 0x03 || octets[0] == 0x0c) && octets[1] == 0x00 &&
	       octets[2] == 0x0c && octets[3] == 0x00 && octets[4] == 0x00;
}

/** fabricpath(): the size of a FabricPath header, which has Ethernet's shape and a tag; 0 if this is none. */
static uint32_t fabricpath(struct span span, uint16_t type)
{
	enum { TYPE_CFP = 0x8903, TYPE_VLAN = 0x8100, TYPE_SERVICE_VLAN = 0x88a8 };

	if (type == TYPE_CFP)
		return 16;
	if ((type == TYPE_VLAN || type == TYPE_SERVICE_VLAN) && span.captured >= 18 &&
	    get16(span.octets + 16) == TYPE_CFP)
		return 20;
	return 0;
}

/** layer_cfp(): a whole frame, and a check sequence that is FabricPath's own. */
static void layer_cfp(struct decode *decode, struct span span)
{
	enum { FCS = 4 };

	span = without_tail(inner(span, fabricpath(span, get16(span.octets + 12))), FCS);
	enter(decode, LAYER_ETH, layer_eth, span);
}

/** unusual(): what is not Ethernet although it begins like it. @return false if it is. */
static bool unusual(struct decode *decode, struct span span, uint16_t type)
{
	if (fabricpath(span, type) > 0) {
		enter(decode, LAYER_CFP, layer_cfp, span);
		return true;
	}
	if (type <= LENGTH_MAX && is_isl(span.octets)) {
		enter(decode, LAYER_ISL, layer_isl, span);
		return true;
	}
	return false;
}

void layer_eth(struct decode *decode, struct span span)
{
	uint16_t type;

	if (lacks(decode, span, 14))
		return;
	type = get16(span.octets + 12);
	if (__builtin_expect(type == ethertypes.rows[0].number, 1)) {
		descend(decode, &ethertypes.rows[0], inner(span, 14));
		return;
	}
	if (!unusual(decode, span, type))
		ethertype_or_length(decode, type, inner(span, 14));
}

/** layer_service_vlan(): a provider's tag (IEEE 802.1ad) tells nothing of the customer's addresses. */
void layer_service_vlan(struct decode *decode, struct span span)
{
	if (!lacks(decode, span, 4))
		ethertype_or_length(decode, get16(span.octets + 2), inner(span, 4));
}

void layer_vlan(struct decode *decode, struct span span)
{
	if (lacks(decode, span, 4))
		return;
	if (decode->vlan == 0)
		decode->vlan = get16(span.octets) & 0xfff;
	layer_service_vlan(decode, span);
}

/** bridged(): a frame of another medium in SNAP (RFC 2684 5.2), behind two octets that align it. */
static void bridged(struct decode *decode, uint16_t kind, struct span span)
{
	enum { ETHERNET_WITH_FCS = 1, ETHERNET = 7, FCS = 4, PAD = 2 };

	if (kind == ETHERNET_WITH_FCS)
		span = without_tail(span, FCS);
	else if (kind != ETHERNET)
		return;
	enter(decode, LAYER_ETH, layer_eth, inner(span, PAD));
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
		bridged(decode, get16(span.octets + header + 3), inner(span, header + 5));
}

/** layer_fddi(): a frame control octet and the addresses; LLC is in it if the control says so. */
void layer_fddi(struct decode *decode, struct span span)
{
	enum { HEADER = 13, CLASS = 0xf0, LLC_ASYNCHRONOUS = 0x50, LLC_SYNCHRONOUS = 0xd0 };

	if (lacks(decode, span, HEADER))
		return;
	if ((span.octets[0] & CLASS) != LLC_ASYNCHRONOUS && (span.octets[0] & CLASS) != LLC_SYNCHRONOUS)
		return;
	enter(decode, LAYER_LLC, layer_llc, inner(span, HEADER));
}

/** layer_tr(): access control, frame control, the addresses, and a route if the source address says so. */
void layer_tr(struct decode *decode, struct span span)
{
	enum { HEADER = 14, TYPE = 0xc0, TYPE_LLC = 0x40, HAS_ROUTE = 0x80, ROUTE_LENGTH = 0x1f };
	uint32_t size = HEADER;

	if (lacks(decode, span, HEADER + 1))
		return;
	if ((span.octets[1] & TYPE) != TYPE_LLC)
		return;
	if (span.octets[8] & HAS_ROUTE)
		size += span.octets[HEADER] & ROUTE_LENGTH;
	if (!lacks(decode, span, size))
		enter(decode, LAYER_LLC, layer_llc, inner(span, size));
}

/** cooked(): what follows a Linux cooked header; |hardware| is the ARPHRD_ number of the interface. */
static void cooked(struct decode *decode, uint16_t hardware, uint16_t protocol, struct span span)
{
	enum { PROTOCOL_ETHERNET = 0x0003, PROTOCOL_802_2 = 0x0004, PROTOCOL_PPP = 0x0007, ETHERTYPE_FIRST = 1536 };
	enum { HARDWARE_FR = 770, HARDWARE_IPGRE = 778, HARDWARE_RADIOTAP = 803, HARDWARE_NETLINK = 824 };

	if (hardware == HARDWARE_NETLINK)
		return;
	if (hardware == HARDWARE_FR)
		enter(decode, LAYER_FR, layer_fr, span);
	else if (hardware == HARDWARE_RADIOTAP && span.captured > 0 && span.octets[0] == 0)
		enter(decode, LAYER_RADIOTAP, layer_radiotap, span);
	else if (protocol == PROTOCOL_802_2)
		enter(decode, LAYER_LLC, layer_llc, span);
	else if (protocol == PROTOCOL_ETHERNET)
		enter(decode, LAYER_ETH, layer_eth, span);
	else if (protocol == PROTOCOL_PPP)
		enter(decode, LAYER_PPP, layer_ppp_hdlc, span);
	else if (hardware == HARDWARE_IPGRE || protocol >= ETHERTYPE_FIRST)
		dispatch(decode, &ethertypes, protocol, span);
}

void layer_sll(struct decode *decode, struct span span)
{
	if (lacks(decode, span, 16))
		return;
	cooked(decode, get16(span.octets + 2), get16(span.octets + 14), inner(span, 16));
}

void layer_sll2(struct decode *decode, struct span span)
{
	if (lacks(decode, span, 20))
		return;
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
		enter(decode, LAYER_PPP, layer_ppp_hdlc, span);
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
		enter(decode, LAYER_PPP, layer_ppp_hdlc, span);
	else
		layer_ip(decode, span);
}

void layer_raw6(struct decode *decode, struct span span)
{
	dispatch(decode, &ethertypes, 0x86dd, span);
}
