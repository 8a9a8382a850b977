/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * serial.c - link layers of lines between two: PPP, PPPoE, Cisco HDLC, Frame Relay.
 */
#include "layers.h"

/** layer_ppp(): a protocol of two octets, or of one if its last bit is set (RFC 1661 6.5). */
void layer_ppp(struct decode *decode, struct span span)
{
	if (lacks(decode, span, 1))
		return;
	if (span.octets[0] & 1)
		dispatch(decode, &ppp_protocols, span.octets[0], inner(span, 1));
	else if (!lacks(decode, span, 2))
		dispatch(decode, &ppp_protocols, get16(span.octets), inner(span, 2));
}

/** layer_ppp_hdlc(): with address and control before it (RFC 1662), or without; or else Cisco HDLC. */
void layer_ppp_hdlc(struct decode *decode, struct span span)
{
	enum { ALL_STATIONS = 0xff, UNNUMBERED = 0x03, CISCO_UNICAST = 0x0f, CISCO_MULTICAST = 0x8f };

	if (lacks(decode, span, 1))
		return;
	if (span.octets[0] == CISCO_UNICAST || span.octets[0] == CISCO_MULTICAST) {
		enter(decode, LAYER_CHDLC, layer_chdlc, span);
		return;
	}
	if (span.octets[0] == ALL_STATIONS) {
		if (lacks(decode, span, 2))
			return;
		span = inner(span, span.octets[1] == UNNUMBERED ? 2 : 1);
	}
	layer_ppp(decode, span);
}

/** layer_ppp_direction(): an octet says who sent it. */
void layer_ppp_direction(struct decode *decode, struct span span)
{
	if (!lacks(decode, span, 1))
		layer_ppp_hdlc(decode, inner(span, 1));
}

/** layer_bcp(): bridged frames (RFC 3518 4.2): flags, kind of medium, the frame. */
void layer_bcp(struct decode *decode, struct span span)
{
	enum { HAS_FCS = 0x80, KIND_ETHERNET = 1, FCS = 4 };

	if (lacks(decode, span, 2))
		return;
	if (span.octets[1] != KIND_ETHERNET)
		return;
	if (span.octets[0] & HAS_FCS)
		span = without_tail(span, FCS);
	enter(decode, LAYER_ETH, layer_eth, inner(span, 2));
}

/** layer_pppoe(): version and type, code, identifier, length (RFC 2516 4). */
void layer_pppoe(struct decode *decode, struct span span)
{
	enum { HEADER = 6 };

	if (!lacks(decode, span, HEADER))
		enter(decode, LAYER_PPP, layer_ppp, limited(inner(span, HEADER), get16(span.octets + 4)));
}

/** layer_chdlc(): address, control, an Ethernet type. */
void layer_chdlc(struct decode *decode, struct span span)
{
	enum { HEADER = 4, FIRST_TYPE = 0x0600 };
	uint16_t type;

	if (lacks(decode, span, HEADER))
		return;
	type = get16(span.octets + 2);
	if (type >= FIRST_TYPE)
		dispatch(decode, &ethertypes, type, inner(span, HEADER));
}

void layer_chdlc_direction(struct decode *decode, struct span span)
{
	if (!lacks(decode, span, 1))
		layer_chdlc(decode, inner(span, 1));
}

/** fr_protocol(): what a network layer protocol identifier announces (RFC 2427). */
static void fr_protocol(struct decode *decode, uint8_t number, struct span span)
{
	enum { PROTOCOL_SNAP = 0x80, PROTOCOL_IP6 = 0x8e, PROTOCOL_IP = 0xcc, PROTOCOL_PPP = 0xcf, SNAP = 5 };
	uint32_t oui;

	switch (number) {
	case PROTOCOL_IP:
		enter(decode, LAYER_NONE, layer_ip, span);
		break;
	case PROTOCOL_IP6:
		enter(decode, LAYER_IP6, layer_ip6, span);
		break;
	case PROTOCOL_PPP:
		enter(decode, LAYER_PPP, layer_ppp, span);
		break;
	case PROTOCOL_SNAP:
		if (lacks(decode, span, SNAP))
			break;
		oui = get32(span.octets) >> 8;
		if (oui == 0x000000)
			dispatch(decode, &ethertypes, get16(span.octets + 3), inner(span, SNAP));
		else if (oui == 0x0080c2 && get16(span.octets + 3) == 7)
			enter(decode, LAYER_ETH, layer_eth, inner(span, SNAP));
		break;
	default:
		break;
	}
}

/** layer_fr(): an address of two to four octets; then control and a protocol identifier, or an Ethernet type. */
void layer_fr(struct decode *decode, struct span span)
{
	enum { LAST = 0x01, UNNUMBERED = 0x03, ADDRESS_MAX = 4 };
	uint32_t size = 2;

	if (lacks(decode, span, size) || (span.octets[0] & LAST))
		return;
	while (!(span.octets[size - 1] & LAST)) {
		if (++size > ADDRESS_MAX || lacks(decode, span, size))
			return;
	}
	if (lacks(decode, span, size + 2))
		return;
	span = inner(span, size);
	if (span.octets[0] != UNNUMBERED) {
		dispatch(decode, &ethertypes, get16(span.octets), inner(span, 2));
		return;
	}
	size = 1;
	if (span.octets[1] == 0) /* a pad, for alignment */
		size = 2;
	if (!lacks(decode, span, size + 1))
		fr_protocol(decode, span.octets[size], inner(span, size + 1));
}

void layer_fr_direction(struct decode *decode, struct span span)
{
	if (!lacks(decode, span, 1))
		layer_fr(decode, inner(span, 1));
}
