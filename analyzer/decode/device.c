/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device.c - headers that a capturing device or program puts before what it captured, and small link layers.
 */
#include "layers.h"

/** bsd_family(): IP by the number of its family in the BSDs. */
static void bsd_family(struct decode *decode, uint32_t number, struct span span)
{
	switch (number) {
	case 2:
		enter(decode, LAYER_NONE, layer_ip, span);
		break;
	case 24: /* OpenBSD, NetBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */
		enter(decode, LAYER_IP6, layer_ip6, span);
		break;
	default:
		break;
	}
}

/** layer_enc(): family, security parameters index, flags, in the byte order of the machine that captured. */
void layer_enc(struct decode *decode, struct span span)
{
	enum { HEADER = 12 };
	uint32_t family;

	if (lacks(decode, span, HEADER))
		return;
	family = get32_little(span.octets);
	bsd_family(decode, family > 255 ? get32(span.octets) : family, inner(span, HEADER));
}

/** layer_pflog(): its own length, then the family. */
void layer_pflog(struct decode *decode, struct span span)
{
	uint32_t size;

	if (lacks(decode, span, 2))
		return;
	size = (span.octets[0] + 3u) & ~3u;
	if (!lacks(decode, span, size))
		bsd_family(decode, span.octets[1], inner(span, size));
}

/** nflog_order(): whether the records at |span| are a chain in this byte order, to the end of the packet. */
static bool nflog_order(struct span span, bool little)
{
	while (span.length >= 4) {
		uint32_t size;

		if (span.captured < 2)
			return false;
		size = little ? get16_little(span.octets) : get16(span.octets);
		if (size < 4)
			return false;
		size = (size + 3) & ~3u;
		if (span.length < size)
			return false;
		span = inner(span, size);
	}
	return span.length == 0;
}

/** layer_nflog(): family, version, group; records of length and kind in the order of the machine that captured. */
void layer_nflog(struct decode *decode, struct span span)
{
	enum { HEADER = 4, PAYLOAD = 9, INET = 2, INET6 = 10, KIND = 0x7fff };
	struct span records = inner(span, HEADER), payload = { 0 };
	bool little;

	if (lacks(decode, span, HEADER))
		return;
	little = !nflog_order(records, false) && (nflog_order(records, true) || span.captured < span.length);
	while (records.captured >= 4) {
		uint32_t size = little ? get16_little(records.octets) : get16(records.octets);
		uint32_t kind = (little ? get16_little(records.octets + 2) : get16(records.octets + 2)) & KIND;

		if (size < 4)
			return;
		if (kind == PAYLOAD)
			payload = inner(limited(records, size), 4);
		records = inner(records, (size + 3) & ~3u);
	}
	if (!payload.octets) {
		lacks(decode, records, 4);
		return;
	}
	if (span.octets[0] == INET)
		enter(decode, LAYER_NONE, layer_ip, payload);
	else if (span.octets[0] == INET6)
		enter(decode, LAYER_IP6, layer_ip6, payload);
}

/** layer_pktap(): its own length and the link type of what follows. */
void layer_pktap(struct decode *decode, struct span span)
{
	uint32_t size;

	if (lacks(decode, span, 12))
		return;
	size = get32_little(span.octets);
	if (size >= 12 && !lacks(decode, span, size))
		dispatch(decode, &linktypes, get32_little(span.octets + 8), inner(span, size));
}

/** layer_ipoib(): the receiver's address, the type, two octets reserved. */
void layer_ipoib(struct decode *decode, struct span span)
{
	enum { ADDRESS = 40, HEADER = 44 };

	if (!lacks(decode, span, HEADER))
		dispatch(decode, &ethertypes, get16(span.octets + ADDRESS), inner(span, HEADER));
}

/** layer_ipfc(): two addresses of 8 octets, then LLC (RFC 2625). */
void layer_ipfc(struct decode *decode, struct span span)
{
	enum { HEADER = 16 };

	if (!lacks(decode, span, HEADER))
		enter(decode, LAYER_LLC, layer_llc, inner(span, HEADER));
}

/** layer_ap1394(): two addresses of 8 octets and an Ethernet type. */
void layer_ap1394(struct decode *decode, struct span span)
{
	enum { ADDRESSES = 16 };

	if (!lacks(decode, span, ADDRESSES + 2))
		dispatch(decode, &ethertypes, get16(span.octets + ADDRESSES), inner(span, ADDRESSES + 2));
}

/* ---- Juniper ------------------------------------------------------------------------------------- */

/** juniper(): the header of all, with extensions; then |layer|, or what a number says if that was left out. */
static void juniper(struct decode *decode, struct span span, enum layer layer, layer_function *function)
{
	enum { MAGIC = 0x4d4743, NO_LINK = 0x02, EXTENSIONS = 0x80 };
	uint32_t size = 4;

	if (lacks(decode, span, size))
		return;
	if (get32(span.octets) >> 8 != MAGIC) {
		enter(decode, layer, function, span);
		return;
	}
	if (span.octets[3] & EXTENSIONS) {
		if (lacks(decode, span, 6))
			return;
		size = 6 + get16(span.octets + 4);
	}
	if (!(span.octets[3] & NO_LINK)) {
		if (!lacks(decode, span, size))
			enter(decode, layer, function, inner(span, size));
	} else if (!lacks(decode, span, size + 4)) {
		dispatch(decode, &juniper_protocols, get32_little(span.octets + size), inner(span, size + 4));
	}
}

void layer_juniper_eth(struct decode *decode, struct span span)
{
	juniper(decode, span, LAYER_ETH, layer_eth);
}

void layer_juniper_ppp(struct decode *decode, struct span span)
{
	juniper(decode, span, LAYER_PPP, layer_ppp_hdlc);
}

void layer_juniper_chdlc(struct decode *decode, struct span span)
{
	juniper(decode, span, LAYER_CHDLC, layer_chdlc);
}

void layer_juniper_fr(struct decode *decode, struct span span)
{
	juniper(decode, span, LAYER_FR, layer_fr);
}
