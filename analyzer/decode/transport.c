/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * transport.c - TCP, ICMP errors that quote TCP, and UDP only so far as to know tunnels.
 */
#include "layers.h"

/** Less than this of a TCP header says nothing: ports and sequence number (RFC 792 quotes as much). */
enum { TCP_USEFUL = 8 };

enum { PROTOCOL_TCP = 6 };

/* ---- the checksum -------------------------------------------------------------------------------- */

uint64_t sum_octets(uint64_t sum, const uint8_t *octets, uint32_t size)
{
	for (; size >= 4; octets += 4, size -= 4)
		sum += get32(octets);
	if (size >= 2)
		sum += get16(octets);
	if (size & 1)
		sum += (uint32_t)octets[size - 1] << 8;
	return sum;
}

uint16_t sum_fold(uint64_t sum)
{
	sum = (sum >> 32) + (sum & 0xffffffff);
	while (sum >> 16)
		sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)sum;
}

/**
 * checksum(): whether the TCP checksum fits (RFC 9293 3.1). A sender whose card computes it leaves the sum of the
 * pseudo-header in the field, or that without the length where the card also cuts segments, or nothing:
 * PARTIAL is what a capture on that sender shows, and no error.
 */
static enum tcphs_checksum checksum(const struct ip_header *ip, struct span span)
{
	uint64_t addresses, pseudo;
	uint16_t field;
	uint32_t skip = ip->v6 ? 0 : 12;

	if (ip->bad_header)
		return TCPHS_CHECKSUM_BAD_IP;
	if (span.captured < span.length || span.length < 20 || ip->cut_fragment)
		return TCPHS_CHECKSUM_UNKNOWN;
	addresses = sum_octets(sum_octets(PROTOCOL_TCP, ip->src + skip, 16 - skip), ip->dst + skip, 16 - skip);
	pseudo = addresses + span.length;
	if (sum_fold(sum_octets(pseudo, span.octets, span.length)) == 0xffff)
		return TCPHS_CHECKSUM_GOOD;
	field = get16(span.octets + 16);
	if (field == 0 || field == sum_fold(pseudo) || field == sum_fold(addresses))
		return TCPHS_CHECKSUM_PARTIAL;
	return TCPHS_CHECKSUM_BAD;
}

/* ---- TCP ----------------------------------------------------------------------------------------- */

static void set_key(struct tcphs_key *key, const struct ip_header *ip, const struct tcphs_segment *segment)
{
	memcpy(key->src, ip->src, sizeof key->src);
	memcpy(key->dst, ip->dst, sizeof key->dst);
	key->sport = segment->sport;
	key->dport = segment->dport;
}

static void set_segment(struct decode *decode, struct tcphs_segment *segment, struct span span)
{
	tcphs_segment_parse(segment, span.octets, span.captured, decode->ip.cut_fragment ? 0 : span.length);
	segment->time = decode->frame->time_ns;
	segment->ref = decode->frame->number;
	segment->link_hash = decode->link_hash;
	segment->ip_id = decode->ip.id;
	segment->ttl = decode->ip.ttl;
	segment->encap = decoder_encap(decode);
}

static void quoted_tcp(struct decode *decode, struct span span)
{
	struct tcphs_decoded *item = decoder_item(decode, TCPHS_DECODED_QUOTE);
	struct tcphs_quote *quote;

	if (!item)
		return;
	quote = &item->quote;
	set_segment(decode, &quote->segment, span);
	set_key(&quote->key, &decode->ip, &quote->segment);
	memcpy(quote->sender, decode->error_sender, sizeof quote->sender);
	quote->type = decode->error_type;
	quote->code = decode->error_code;
	quote->icmpv6 = decode->error_v6;
}

void layer_tcp(struct decode *decode, struct span span)
{
	struct tcphs_decoded *item;

	if (span.length < TCP_USEFUL) {
		not_decoded(decode, "ip_malformed");
		return;
	}
	if (lacks(decode, span, TCP_USEFUL))
		return;
	if (decode->in_error) {
		quoted_tcp(decode, span);
		return;
	}
	item = decoder_item(decode, TCPHS_DECODED_SEGMENT);
	if (!item)
		return;
	set_segment(decode, &item->tcp.segment, span);
	set_key(&item->tcp.key, &decode->ip, &item->tcp.segment);
	if (decoder_checksums(decode))
		item->tcp.segment.checksum = (uint8_t)checksum(&decode->ip, span);
}

/* ---- ICMP ---------------------------------------------------------------------------------------- */

/** quoted(): goes into the datagram that an error quotes. Of an error quoted by an error the outer one counts. */
static void quoted(struct decode *decode, struct span span, bool v6)
{
	struct ip_header outer = decode->ip;
	bool in_error = decode->in_error;

	if (!in_error) {
		decode->in_error = true;
		decode->error_v6 = v6;
		decode->error_type = span.octets[0];
		decode->error_code = span.octets[1];
		memcpy(decode->error_sender, decode->ip.src, sizeof decode->error_sender);
	}
	dispatch(decode, &ethertypes, v6 ? 0x86dd : 0x0800, inner(span, 8));
	decode->in_error = in_error;
	decode->ip = outer;
}

/** layer_icmp(): the errors are unreachable, source quench, redirect, time exceeded and parameter problem (RFC 792). */
void layer_icmp(struct decode *decode, struct span span)
{
	if (span.captured < 8)
		return;
	switch (span.octets[0]) {
	case 3:
	case 4:
	case 5:
	case 11:
	case 12:
		quoted(decode, span, false);
		break;
	default:
		break;
	}
}

/** layer_icmp6(): the errors are unreachable, packet too big, time exceeded and parameter problem (RFC 4443). */
void layer_icmp6(struct decode *decode, struct span span)
{
	if (span.captured >= 8 && span.octets[0] >= 1 && span.octets[0] <= 4)
		quoted(decode, span, true);
}

/* ---- UDP ----------------------------------------------------------------------------------------- */

/** Ports of tunnels that can hold TCP. */
static const struct layer_row tunnels[] = {
	{ 1701, LAYER_NONE, NULL, "tunnel_l2tp" },
	{ 2152, LAYER_NONE, NULL, "tunnel_gtp" },
	{ 3544, LAYER_NONE, NULL, "tunnel_teredo" },
	{ 4754, LAYER_NONE, NULL, "tunnel_gre" },
	{ 4789, LAYER_NONE, NULL, "tunnel_vxlan" },
	{ 6081, LAYER_NONE, NULL, "tunnel_geneve" },
	{ 6635, LAYER_NONE, NULL, "tunnel_mpls" },
	{ 8472, LAYER_NONE, NULL, "tunnel_vxlan" },
};
static const struct layer_table udp_ports = { tunnels, sizeof tunnels / sizeof tunnels[0] };

void layer_udp(struct decode *decode, struct span span)
{
	if (span.captured < 8)
		return;
	if (!dispatch(decode, &udp_ports, get16(span.octets + 2), inner(span, 8)))
		dispatch(decode, &udp_ports, get16(span.octets), inner(span, 8));
}
