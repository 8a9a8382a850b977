/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ip.c - IPv4 and IPv6, with options and extension headers.
 *
 * Theory of operation. A header is checked as Wireshark checks it: where it stops, so does this; where it
 * goes on, so does this. The datagram's length limits what follows (Ethernet pads), except that a total
 * length of 0 means a segment too large for the field, handed to a card for segmentation: then the frame's
 * length counts. Inside an ICMP error the announced length stands although most of it was not quoted.
 *
 * Fragments are put together (fragments.c), and the datagram goes on from its last fragment's frame; one that could
 * hold TCP counts as not decoded until then. They belong together as in Wireshark: by addresses, identification and
 * protocol; of IPv4 between private addresses also by VLAN, as such addresses are used again elsewhere. A fragment
 * that was not captured whole can never be put together by anyone; if it is the first of an IPv4 datagram, its TCP
 * header is shown all the same.
 */
#include "fragments.h"
#include "layers.h"

#include <glib.h>

/** layer_ip(): either version, by the header's own word for it, even where IPv4 was announced. */
void layer_ip(struct decode *decode, struct span span)
{
	static const struct layer_row ip4 = { 4, LAYER_IP, layer_ip4, NULL };

	if (lacks(decode, span, 1))
		return;
	switch (span.octets[0] >> 4) {
	case 4:
		descend(decode, &ip4, span);
		break;
	case 6:
		enter(decode, LAYER_IP6, layer_ip6, span);
		break;
	default:
		not_decoded(decode, "ip_malformed");
		break;
	}
}

/**
 * source_route(): where the final destination is, if a source route option says so (RFC 791 3.1): offset in
 * |options|, or -1.
 */
static int source_route(const uint8_t *options, uint32_t size)
{
	enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_LOOSE = 131, OPTION_STRICT = 137 };
	uint32_t at = 0;

	while (at < size) {
		uint32_t length;

		if (options[at] == OPTION_END)
			return -1;
		if (options[at] == OPTION_NOP) {
			at++;
			continue;
		}
		if (at + 2 > size)
			return -1;
		length = options[at + 1];
		if (length < 2 || length > size - at)
			return -1;
		if (options[at] == OPTION_LOOSE || options[at] == OPTION_STRICT) {
			uint8_t pointer = length > 3 ? options[at + 2] : 0;

			/* Beyond the length: the route is at its end, and the header's destination the final one. */
			if (pointer < 4 || (pointer & 3) || pointer > length)
				return -1;
			return (int)(at + length - 4);
		}
		at += length;
	}
	return -1;
}

/** datagram(): the part of |span| that is the datagram of |total| octets. */
static struct span datagram(const struct decode *decode, struct span span, uint32_t total)
{
	if (decode->in_error) {
		span = limited(span, total);
		span.length = total;
		return span;
	}
	return limited(span, total);
}

/** may_hide(): whether a fragment with these octets of its datagram may hold TCP. */
static bool may_hide(uint8_t protocol, const struct fragment *fragment)
{
	enum { UDP = 17 };

	if (protocol != UDP)
		return hides_tcp(protocol);
	return fragment->offset == 0 && fragment->size >= 4 &&
	       (find_layer(&udp_ports, get16(fragment->octets)) || find_layer(&udp_ports, get16(fragment->octets + 2)));
}

/** put_together(): a fragment's octets; goes on into the datagram if it is complete now. */
static void put_together(struct decode *decode, uint8_t protocol, struct fragment *fragment)
{
	struct whole whole;

	memcpy(fragment->key.src, decode->ip.src, sizeof fragment->key.src);
	memcpy(fragment->key.dst, decode->ip.dst, sizeof fragment->key.dst);
	fragment->frame = decode->frame->number;
	fragment->counted = !decode->in_error && may_hide(protocol, fragment);
	if (!fragments_add(decoder_fragments(decode), fragment, &whole)) {
		if (fragment->counted)
			not_decoded(decode, "fragment");
		return;
	}
	decoder_uncount(decode->decoder, "fragment", whole.counted);
	decoder_pieces(decode, whole.frames, whole.frame_count);
	g_free(whole.frames);
	if (whole.size > 0)
		dispatch(decode, &ip_protocols, protocol, (struct span){ whole.octets, whole.size, whole.size });
	g_free(whole.octets);
}

/** is_local(): private (RFC 1918) or link-local (RFC 3927). */
static bool is_local(const uint8_t *address)
{
	return address[0] == 10 || (address[0] == 172 && (address[1] & 0xf0) == 16) ||
	       (address[0] == 192 && address[1] == 168) || (address[0] == 169 && address[1] == 254);
}

/** fragment4(): a fragment of an IPv4 datagram; |word| is the header's flags and offset. */
static void fragment4(struct decode *decode, struct span span, uint8_t protocol, uint16_t word)
{
	uint32_t id = decode->ip.id ^ (uint32_t)protocol;
	struct fragment fragment = { .octets = span.octets, .size = span.captured };

	if (is_local(decode->ip.src + 12) || is_local(decode->ip.dst + 12))
		id ^= decode->vlan;
	fragment.key.id = id;
	fragment.key.version = 4;
	fragment.offset = (word & 0x1fffu) * 8;
	fragment.last = !(word & 0x2000);
	put_together(decode, protocol, &fragment);
}

/** payload4(): goes on into a datagram; |announced| octets by the header, whose flags and offset |word| holds. */
static void payload4(struct decode *decode, struct span span, uint8_t protocol, uint16_t word, uint32_t announced)
{
	enum { MORE_FRAGMENTS = 0x2000, FRAGMENT_OFFSET = 0x1fff };

	if (word & (MORE_FRAGMENTS | FRAGMENT_OFFSET)) {
		if (announced > 0 && span.captured >= announced) {
			fragment4(decode, span, protocol, word);
			return;
		}
		if ((word & FRAGMENT_OFFSET) != 0) {
			if (hides_tcp(protocol))
				not_decoded(decode, "fragment");
			return;
		}
		decode->ip.cut_fragment = true;
	}
	if (span.length > 0)
		dispatch(decode, &ip_protocols, protocol, span);
}

void layer_ip4(struct decode *decode, struct span span)
{
	const uint8_t *octets = span.octets;
	uint32_t header, total;
	int route = -1;

	if (lacks(decode, span, 20))
		return;
	header = (octets[0] & 15u) * 4;
	total = get16(octets + 2);
	if (total == 0)
		total = span.length;
	if (header < 20 || total < header) {
		not_decoded(decode, "ip_malformed");
		return;
	}
	span = datagram(decode, span, total);
	if (lacks(decode, span, header))
		return;
	if (header > 20)
		route = source_route(octets + 20, header - 20);
	tcphs_map_ipv4(decode->ip.src, octets + 12);
	tcphs_map_ipv4(decode->ip.dst, route < 0 ? octets + 16 : octets + 20 + route);
	decode->ip.id = get16(octets + 4);
	decode->ip.ttl = octets[8];
	decode->ip.v6 = false;
	decode->ip.cut_fragment = false;
	decode->ip.bad_header = decoder_checksums(decode) && sum_fold(sum_octets(0, octets, header)) != 0xffff;
	payload4(decode, inner(span, header), octets[9], get16(octets + 6), total - header);
}

/** jumbo(): the payload length that a jumbo option of the hop-by-hop header at |span| gives (RFC 2675), or 0. */
static uint32_t jumbo(struct span span)
{
	enum { OPTION_PAD1 = 0, OPTION_JUMBO = 0xc2 };
	uint32_t size, length, at = 2;

	if (span.captured < 8)
		return 0;
	size = (span.octets[1] + 1u) * 8;
	if (size > span.captured)
		size = span.captured;
	while (at + 2 <= size) {
		if (span.octets[at] == OPTION_PAD1) {
			at++;
			continue;
		}
		if (span.octets[at] == OPTION_JUMBO && span.octets[at + 1] == 4 && at + 6 <= size) {
			length = get32(span.octets + at + 2);
			return length > UINT16_MAX ? length : 0;
		}
		at += 2u + span.octets[at + 1];
	}
	return 0;
}

void layer_ip6(struct decode *decode, struct span span)
{
	enum { HEADER = 40, HOP_BY_HOP = 0 };
	const uint8_t *octets = span.octets;
	uint32_t payload;

	if (lacks(decode, span, HEADER))
		return;
	if (octets[0] >> 4 != 6) {
		not_decoded(decode, "ip_malformed");
		return;
	}
	payload = get16(octets + 4);
	if (payload == 0 && octets[6] == HOP_BY_HOP)
		payload = jumbo(inner(span, HEADER));
	if (payload == 0 && span.length > HEADER && hides_tcp(octets[6]))
		not_decoded(decode, "ip_malformed"); /* a length of 0 promises nothing, whatever follows */
	memcpy(decode->ip.src, octets + 8, 16);
	memcpy(decode->ip.dst, octets + 24, 16);
	decode->ip.id = 0;
	decode->ip.bad_header = false;
	decode->ip.ttl = octets[7];
	decode->ip.v6 = true;
	decode->ip.cut_fragment = false;
	span = datagram(decode, inner(span, HEADER), payload);
	if (span.length > 0)
		dispatch(decode, &ip_protocols, octets[6], span);
}

/** extension(): goes on after an extension header of |size| octets. */
static void extension(struct decode *decode, struct span span, uint32_t size)
{
	uint8_t next = span.octets[0];

	if (lacks(decode, span, size))
		return;
	span = inner(span, size);
	if (span.length > 0)
		dispatch(decode, &ip_protocols, next, span);
}

/** layer_ext(): extension headers whose length counts units of 8 octets (RFC 6564). */
void layer_ext(struct decode *decode, struct span span)
{
	if (!lacks(decode, span, 8))
		extension(decode, span, (span.octets[1] + 1u) * 8);
}

/** layer_ah(): an authentication header counts its length in 32-bit words, less two (RFC 4302 2.2). */
void layer_ah(struct decode *decode, struct span span)
{
	if (!lacks(decode, span, 8))
		extension(decode, span, (span.octets[1] + 2u) * 4);
}

/** last_of_rpl(): fills in the last address of a type 3 header, which may leave out what |dst| has in common. */
static void last_of_rpl(uint8_t dst[16], const uint8_t *octets, uint32_t size)
{
	uint32_t given = 16 - (octets[4] & 15u);
	uint32_t pad = octets[5] >> 4;

	if (size >= 8 + given + pad)
		memcpy(dst + 16 - given, octets + size - pad - given, given);
}

/** final_destination(): that of a routing header with segments left; false if the header cannot hold it. */
static bool final_destination(uint8_t dst[16], const uint8_t *octets, uint32_t size)
{
	enum { SOURCE_ROUTE = 0, MOBILE = 2, RPL = 3, SEGMENT_ROUTING = 4 };
	uint32_t at = 8;

	switch (octets[2]) {
	case SOURCE_ROUTE: /* RFC 2460: the last address */
		if (size < 24)
			return true;
		at = 8 + ((size - 8) / 16 - 1) * 16;
		break;
	case RPL:          /* RFC 6554: the last, abbreviated */
		last_of_rpl(dst, octets, size);
		return true;
	case MOBILE:       /* RFC 6275: the only one */
	case SEGMENT_ROUTING: /* RFC 8754: the first, as the list is reversed */
		if (size < 24)
			return false;
		break;
	default:
		return true;
	}
	memcpy(dst, octets + at, 16);
	return true;
}

/** layer_routing(): while segments are left the IPv6 header's destination is only the next stop. */
void layer_routing(struct decode *decode, struct span span)
{
	uint32_t size;

	if (lacks(decode, span, 8))
		return;
	size = (span.octets[1] + 1u) * 8;
	if (lacks(decode, span, size))
		return;
	if (span.octets[3] > 0 && decode->ip.v6 && !final_destination(decode->ip.dst, span.octets, size)) {
		not_decoded(decode, "ip_malformed");
		return;
	}
	extension(decode, span, size);
}

/** layer_fragment(): an atomic fragment (RFC 6946) is a whole datagram. */
void layer_fragment(struct decode *decode, struct span span)
{
	struct fragment fragment = { .key.version = 6 };
	uint8_t next;
	uint16_t word;

	if (lacks(decode, span, 8))
		return;
	next = span.octets[0];
	word = get16(span.octets + 2);
	fragment.key.id = get32(span.octets + 4);
	if ((word & 0xfff9) == 0) {
		extension(decode, span, 8);
		return;
	}
	span = inner(span, 8);
	if (span.captured < span.length || span.length == 0) {
		if (hides_tcp(next))
			not_decoded(decode, "fragment");
		return;
	}
	fragment.octets = span.octets;
	fragment.size = span.captured;
	fragment.offset = word & 0xfff8u;
	fragment.last = !(word & 1);
	put_together(decode, next, &fragment);
}
