/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usual.c - the frames that nearly all are, at once.
 *
 * Theory of operation. Of a capture's frames nearly all are TCP in IP in Ethernet, with nothing in between but a VLAN
 * tag, and walking through the layers would cost more than all that comes after. So these are recognised by a few
 * comparisons and read in one go; whatever is not just that, or not sound, is left to the layers, which would come to
 * the same for the others, too.
 */
#include "layers.h"

enum { ETH_SIZE = 14, TAG_SIZE = 4, IP4_SIZE = 20, IP6_SIZE = 40, TCP_SIZE = 20 };
enum { TYPE_IP4 = 0x0800, TYPE_IP6 = 0x86dd, TYPE_VLAN = 0x8100 };
enum { PROTOCOL_TCP = 6 };

const struct usual_path usual_paths[USUALS] = {
	[USUAL_IP] = { 2, { LAYER_ETH, LAYER_IP } },
	[USUAL_IP6] = { 2, { LAYER_ETH, LAYER_IP6 } },
	[USUAL_VLAN_IP] = { 3, { LAYER_ETH, LAYER_VLAN, LAYER_IP } },
	[USUAL_VLAN_IP6] = { 3, { LAYER_ETH, LAYER_VLAN, LAYER_IP6 } },
};

/** tcp(): the segment that |span| begins with; |id| and |ttl| are the IP header's. */
static inline void tcp(const struct tcphs_frame *frame, struct tcphs_decoded *item, struct span span, uint16_t id,
                       uint8_t ttl)
{
	struct tcphs_segment *segment = &item->tcp.segment;

	tcphs_segment_parse(segment, span.octets, span.captured, span.length);
	segment->time = frame->time_ns;
	segment->ref = frame->number;
	segment->ip_id = id;
	segment->ttl = ttl;
	item->tcp.key.sport = segment->sport;
	item->tcp.key.dport = segment->dport;
	item->time = frame->time_ns;
	item->frame = frame->number;
	item->kind = TCPHS_DECODED_SEGMENT;
	item->first = true;
}

static inline bool ip4(const struct tcphs_frame *frame, struct tcphs_decoded *item, struct span span)
{
	enum { NO_OPTIONS = 0x45, FRAGMENT = 0x3fff };
	const uint8_t *octets = span.octets;
	uint32_t total;

	if (span.captured < IP4_SIZE + TCP_SIZE || octets[0] != NO_OPTIONS || octets[9] != PROTOCOL_TCP ||
	    (get16(octets + 6) & FRAGMENT) != 0)
		return false;
	total = get16(octets + 2);
	if (total < IP4_SIZE + TCP_SIZE)
		return false;
	tcphs_map_ipv4(item->tcp.key.src, octets + 12);
	tcphs_map_ipv4(item->tcp.key.dst, octets + 16);
	tcp(frame, item, inner(limited(span, total), IP4_SIZE), get16(octets + 4), octets[8]);
	return true;
}

static inline bool ip6(const struct tcphs_frame *frame, struct tcphs_decoded *item, struct span span)
{
	const uint8_t *octets = span.octets;
	uint32_t payload;

	if (span.captured < IP6_SIZE + TCP_SIZE || octets[0] >> 4 != 6 || octets[6] != PROTOCOL_TCP)
		return false;
	payload = get16(octets + 4);
	if (payload < TCP_SIZE)
		return false;
	memcpy(item->tcp.key.src, octets + 8, 16);
	memcpy(item->tcp.key.dst, octets + 24, 16);
	tcp(frame, item, limited(inner(span, IP6_SIZE), payload), 0, octets[7]);
	return true;
}

enum usual usual_frame(const struct tcphs_frame *frame, struct tcphs_decoded *item)
{
	struct span span = { frame->bytes, frame->captured, frame->length };
	uint16_t type;
	bool tag;

	if (span.captured < ETH_SIZE + IP4_SIZE + TCP_SIZE)
		return USUAL_NOT;
	if (span.length < span.captured)
		span.length = span.captured;
	type = get16(span.octets + ETH_SIZE - 2);
	tag = type == TYPE_VLAN;
	if (tag)
		type = get16(span.octets + ETH_SIZE + TAG_SIZE - 2);
	span = inner(span, tag ? ETH_SIZE + TAG_SIZE : ETH_SIZE);
	if (type == TYPE_IP4)
		return !ip4(frame, item, span) ? USUAL_NOT : tag ? USUAL_VLAN_IP : USUAL_IP;
	if (type == TYPE_IP6)
		return !ip6(frame, item, span) ? USUAL_NOT : tag ? USUAL_VLAN_IP6 : USUAL_IP6;
	return USUAL_NOT;
}
