/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * udp.c - tunnels in UDP, each known by its port.
 *
 * Nothing but the port says that a datagram is of a tunnel. What is in it is taken for what the port promises, as
 * Wireshark does; if it is something else, no IP header is found in it.
 */
#include "layers.h"

/** layer_vxlan(): flags, group, network identifier (RFC 7348 5). */
void layer_vxlan(struct decode *decode, struct span span)
{
	enum { HEADER = 8 };

	if (!lacks(decode, span, HEADER))
		enter(decode, LAYER_ETH, layer_eth, inner(span, HEADER));
}

/** layer_vxlan_gpe(): the fourth octet is the next protocol. */
void layer_vxlan_gpe(struct decode *decode, struct span span)
{
	enum { HEADER = 8 };

	if (!lacks(decode, span, HEADER))
		dispatch(decode, &next_protocols, span.octets[3], inner(span, HEADER));
}

/** layer_geneve(): the size of the options in words of 4 octets, an Ethernet type (RFC 8926 3.4). */
void layer_geneve(struct decode *decode, struct span span)
{
	uint32_t size;

	if (lacks(decode, span, 8))
		return;
	size = 8 + (span.octets[0] & 63u) * 4;
	if (!lacks(decode, span, size))
		dispatch(decode, &ethertypes, get16(span.octets + 2), inner(span, size));
}

/* ---- GTP ----------------------------------------------------------------------------------------- */

/** gtp_extensions(): moves |span| behind the extension headers, of which the first is of |kind|; false if cut off. */
static bool gtp_extensions(struct decode *decode, struct span *span, uint8_t kind)
{
	while (kind != 0) {
		uint32_t size;

		if (lacks(decode, *span, 1))
			return false;
		size = span->octets[0] * 4u;
		if (size == 0 || lacks(decode, *span, size))
			return false;
		kind = span->octets[size - 1];
		*span = inner(*span, size);
	}
	return true;
}

/** gtp_user(): a user's packet. Its kind was agreed on elsewhere: IP by its first octet, Ethernet if IP is in that. */
static void gtp_user(struct decode *decode, struct span span)
{
	enum { ETHERNET = 14 };
	uint16_t type;

	if (span.length == 0 || lacks(decode, span, 1))
		return;
	if (span.octets[0] >= 0x45 && span.octets[0] <= 0x4e) {
		enter(decode, LAYER_IP, layer_ip4, span);
		return;
	}
	if (span.octets[0] >> 4 == 6) {
		enter(decode, LAYER_IP6, layer_ip6, span);
		return;
	}
	type = span.captured >= ETHERNET ? get16(span.octets + 12) : 0;
	if (type == 0x0800 || type == 0x86dd)
		enter(decode, LAYER_ETH, layer_eth, span);
	else if (type != 0x0806)
		not_decoded(decode, "tunnel_gtp");
}

/** gtp(): version 1 (3GPP TS 29.281 5.1), or 0; of the messages only those with a user's packet. */
static void gtp(struct decode *decode, struct span span)
{
	enum { VERSION = 0xe0, EXTENSION = 0x04, OPTIONAL = 0x07, USER = 255, HEADER_0 = 20, HEADER = 8 };
	uint8_t flags, kind = 0;

	if (lacks(decode, span, HEADER))
		return;
	flags = span.octets[0];
	if (span.octets[1] != USER)
		return;
	if ((flags & VERSION) == 0) {
		if (!lacks(decode, span, HEADER_0))
			gtp_user(decode, inner(span, HEADER_0));
		return;
	}
	if ((flags & VERSION) != 0x20)
		return;
	span = limited(span, HEADER + (uint32_t)get16(span.octets + 2));
	if (flags & OPTIONAL) {
		if (lacks(decode, span, HEADER + 4))
			return;
		kind = flags & EXTENSION ? span.octets[HEADER + 3] : 0;
	}
	span = inner(span, HEADER + (flags & OPTIONAL ? 4u : 0u));
	if (gtp_extensions(decode, &span, kind))
		gtp_user(decode, span);
}

/** layer_gtp(): without the bit that tells it from GTP', it is that, for charging. */
void layer_gtp(struct decode *decode, struct span span)
{
	enum { NOT_PRIME = 0x10 };

	if (!lacks(decode, span, 1) && (span.octets[0] & NOT_PRIME))
		gtp(decode, span);
}

/** layer_gtp_prime(): on the port of GTP' the bit does not matter. */
void layer_gtp_prime(struct decode *decode, struct span span)
{
	gtp(decode, span);
}

/* ---- others -------------------------------------------------------------------------------------- */

/** layer_l2tp(): of version 2 the flags say which fields there are (RFC 2661 3.1); PPP is in data messages. */
void layer_l2tp(struct decode *decode, struct span span)
{
	enum { CONTROL = 0x8000, LENGTH = 0x4000, SEQUENCE = 0x0800, OFFSET = 0x0200, VERSION = 0x000f };
	uint32_t size = 6;
	uint16_t flags;

	if (lacks(decode, span, size))
		return;
	flags = get16(span.octets);
	if (flags & CONTROL)
		return;
	if ((flags & VERSION) != 2) {
		if ((flags & VERSION) == 3)
			not_decoded(decode, "tunnel_l2tp3");
		return;
	}
	if (flags & LENGTH) {
		span = limited(span, get16(span.octets + 2));
		size += 2;
	}
	if (flags & SEQUENCE)
		size += 4;
	if (flags & OFFSET) {
		if (lacks(decode, span, size + 2))
			return;
		size += 2u + get16(span.octets + size);
	}
	if (size < span.length)
		enter(decode, LAYER_PPP, layer_ppp_hdlc, inner(span, size));
}

/** layer_teredo(): perhaps authentication, perhaps an origin, then IPv6 (RFC 4380 5.1.1). */
void layer_teredo(struct decode *decode, struct span span)
{
	enum { AUTHENTICATION = 1, ORIGIN = 0, ORIGIN_SIZE = 8 };

	if (lacks(decode, span, 4))
		return;
	if (get16(span.octets) == AUTHENTICATION) {
		uint32_t size = 13u + span.octets[2] + span.octets[3];

		if (lacks(decode, span, size + 2))
			return;
		span = inner(span, size);
	}
	if (get16(span.octets) == ORIGIN)
		span = inner(span, ORIGIN_SIZE);
	if (span.captured > 0 && span.octets[0] >> 4 == 6)
		enter(decode, LAYER_IP6, layer_ip6, span);
}

/** layer_ayiya(): sizes of identity and signature are in the first octets; only forwarded packets have contents. */
void layer_ayiya(struct decode *decode, struct span span)
{
	enum { HEADER = 8, FORWARD = 1 };
	uint32_t size;

	if (lacks(decode, span, HEADER))
		return;
	if ((span.octets[2] & 15) != FORWARD)
		return;
	size = HEADER + (1u << (span.octets[0] >> 4)) + (span.octets[1] >> 4) * 4u;
	if (!lacks(decode, span, size))
		dispatch(decode, &ip_protocols, span.octets[3], inner(span, size));
}

/** layer_lisp(): flags, nonce, instance; IP (RFC 9300 5). */
void layer_lisp(struct decode *decode, struct span span)
{
	enum { HEADER = 8 };

	if (lacks(decode, span, HEADER) || span.length == HEADER)
		return;
	enter(decode, LAYER_NONE, layer_ip, inner(span, HEADER));
}

/** layer_jmirror(): who is listened to, and at which interface; IP. */
void layer_jmirror(struct decode *decode, struct span span)
{
	enum { HEADER = 8 };

	if (!lacks(decode, span, HEADER))
		enter(decode, LAYER_NONE, layer_ip, inner(span, HEADER));
}

/** layer_capwap(): a header of words of 4 octets, then a frame of 802.11, or of Ethernet (RFC 5415 4.3). */
void layer_capwap(struct decode *decode, struct span span)
{
	enum { DTLS = 1, NATIVE = 0x0100, FRAGMENT = 0x0080, KEEP_ALIVE = 0x0008 };
	uint32_t size;
	uint16_t word;

	if (lacks(decode, span, 8))
		return;
	if ((span.octets[0] & 15) == DTLS) {
		not_decoded(decode, "tunnel_dtls");
		return;
	}
	size = (span.octets[1] >> 3) * 4u;
	word = get16(span.octets + 2);
	if (size < 8 || lacks(decode, span, size) || (word & KEEP_ALIVE))
		return;
	if (word & FRAGMENT)
		not_decoded(decode, "capwap_fragment");
	else if (word & NATIVE)
		enter(decode, LAYER_WLAN, layer_wlan_swapped, inner(span, size));
	else
		enter(decode, LAYER_ETH, layer_eth, inner(span, size));
}

/** layer_lwapp(): flags, fragment, length, signal; a frame of 802.11 (RFC 5412 3). */
void layer_lwapp(struct decode *decode, struct span span)
{
	enum { HEADER = 6, CONTROL = 0x04 };

	if (!lacks(decode, span, HEADER) && !(span.octets[0] & CONTROL))
		enter(decode, LAYER_WLAN, layer_wlan, inner(span, HEADER));
}

/** layer_tzsp(): version, kind, what is in it; fields up to the one that ends them. */
void layer_tzsp(struct decode *decode, struct span span)
{
	enum { HEADER = 4, FILLER = 0, END = 1, RECEIVED = 0, SENT = 1 };
	enum { ETHERNET = 1, WLAN = 18, PRISM = 119, AVS = 127 };
	uint32_t at = HEADER;
	uint16_t kind;

	if (lacks(decode, span, HEADER))
		return;
	if (span.octets[1] != RECEIVED && span.octets[1] != SENT)
		return;
	kind = get16(span.octets + 2);
	while (!lacks(decode, span, at + 1) && span.octets[at] != END) {
		if (span.octets[at] == FILLER) {
			at++;
			continue;
		}
		if (lacks(decode, span, at + 2))
			return;
		at += 2u + span.octets[at + 1];
	}
	span = inner(span, at + 1);
	if (kind == ETHERNET)
		enter(decode, LAYER_ETH, layer_eth, span);
	else if (kind == WLAN)
		enter(decode, LAYER_WLAN, layer_wlan, span);
	else if (kind == PRISM)
		enter(decode, LAYER_PRISM, layer_prism, span);
	else if (kind == AVS)
		enter(decode, LAYER_AVS, layer_avs, span);
}

/** layer_esp_in_udp(): four octets of 0 are before a key exchange, one of 255 keeps alive (RFC 3948 2). */
void layer_esp_in_udp(struct decode *decode, struct span span)
{
	if (span.captured >= 4 && get32(span.octets) != 0)
		not_decoded(decode, "tunnel_esp");
}

/* ---- sFlow --------------------------------------------------------------------------------------- */

/**
 * sampled(): the beginning of a frame that a switch saw. It is one of very many, so no connection can be judged by it:
 * like a header that an ICMP error quotes, it is shown and changes nothing.
 */
static void sampled(struct decode *decode, uint32_t kind, struct span span)
{
	enum { ETHERNET = 1, FRAME_RELAY = 4, PPP = 7, IP = 11, IP6 = 12, MPLS = 13 };
	bool in_error = decode->in_error;

	if (!in_error) {
		decode->error_v6 = false;
		decode->error_type = 0;
		decode->error_code = 0;
		memset(decode->error_sender, 0, sizeof decode->error_sender);
	}
	decode->in_error = true;
	if (kind == ETHERNET)
		enter(decode, LAYER_ETH, layer_eth, span);
	else if (kind == FRAME_RELAY)
		enter(decode, LAYER_FR, layer_fr, span);
	else if (kind == PPP)
		enter(decode, LAYER_PPP, layer_ppp_hdlc, span);
	else if (kind == IP)
		enter(decode, LAYER_NONE, layer_ip, span);
	else if (kind == IP6)
		enter(decode, LAYER_IP6, layer_ip6, span);
	else if (kind == MPLS)
		enter(decode, LAYER_MPLS, layer_mpls, span);
	decode->in_error = in_error;
}

/** records(): those of a sample that hold the beginning of a frame. */
static void records(struct decode *decode, struct span span, uint32_t count)
{
	enum { HEADER = 8, RAW_PACKET = 1, RAW_HEADER = 16 };

	for (; count > 0 && span.captured >= HEADER; count--) {
		uint32_t kind = get32(span.octets), size = get32(span.octets + 4);
		struct span record = limited(inner(span, HEADER), size);

		if (kind == RAW_PACKET && record.captured >= RAW_HEADER) {
			uint32_t announced = get32(record.octets + 4);
			struct span frame = limited(inner(record, RAW_HEADER), (get32(record.octets + 12) + 3) & ~3u);
			bool whole = frame.captured == frame.length;

			if (announced > frame.length)
				frame.length = announced;
			if (whole)
				sampled(decode, get32(record.octets), frame);
		}
		if (size > span.length)
			return;
		span = inner(inner(span, HEADER), size);
	}
}

/** layer_sflow(): version 5: agent, counters, samples; each sample has records. */
void layer_sflow(struct decode *decode, struct span span)
{
	enum { VERSION = 5, ADDRESS_IP6 = 2, PACKETS = 1, EXPANDED_PACKETS = 3 };
	enum { PACKETS_HEADER = 32, EXPANDED_HEADER = 44 };
	uint32_t count, size;

	if (lacks(decode, span, 12) || get32(span.octets) != VERSION)
		return;
	size = get32(span.octets + 4) == ADDRESS_IP6 ? 24 : 12;
	if (lacks(decode, span, size + 16))
		return;
	count = get32(span.octets + size + 12);
	for (span = inner(span, size + 16); count > 0 && span.captured >= 8; count--) {
		uint32_t kind = get32(span.octets), length = get32(span.octets + 4);
		uint32_t header = kind == PACKETS ? PACKETS_HEADER : EXPANDED_HEADER;
		struct span sample = limited(inner(span, 8), length);

		if ((kind == PACKETS || kind == EXPANDED_PACKETS) && sample.captured >= header)
			records(decode, inner(sample, header), get32(sample.octets + header - 4));
		if (length > span.length)
			return;
		span = inner(inner(span, 8), length);
	}
}
