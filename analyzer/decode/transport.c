/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * transport.c - TCP, ICMP errors that quote TCP, and UDP as far as the ports of tunnels.
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

/**
 * Ports below those of tunnels at which Wireshark expects another protocol, whatever the datagram holds. A client may
 * ask a name server from the port of a tunnel.
 */
static const uint16_t others[] = {
	7, 13, 19, 37, 49, 53, 67, 68, 69, 111, 123, 137, 138, 173, 213, 269, 319, 320, 389, 427, 434, 464, 496, 500,
	513, 514, 520, 521, 524, 525, 546, 547, 631, 654, 664, 699, 701, 853, 854, 910, 921, 925, 1001, 1113, 1153,
	1293, 1628, 1629, 1718, 1719, 1745, 1900, 2099, 2157, 2221, 2222, 2246, 2268, 2269, 2313, 2345, 2887, 2944,
	2945, 2948, 2949, 3000, 3121, 3130, 3250, 3343, 3357, 3389, 3452, 3455, 3567, 3671, 3784, 3785, 3804, 3819,
	3863, 4305, 4306, 4307, 4342, 4551, 4555, 4569, 4729, 4784, 4791, 4991, 5031, 5094, 5246, 5350, 5351, 5353,
	5355, 5404, 5405, 5436, 5567, 5683, 5684, 5868, 6073, 6118, 6160, 6784, 6970, 7074, 7075, 7255, 7275, 7784,
	8200, 8600, 8755, 8767, 8805, 8848, 9200, 9201, 9202, 9203, 9214, 9600, 9875, 9877, 9899, 9901, 9956, 10253,
	11211, 11273, 13400, 17220, 17500, 17755, 17756, 19132, 19948, 19999, 23272, 24576, 24577, 25826, 26000,
	27500, 27910, 27950, 27951, 27952, 27953, 27960, 27961, 27962, 27963, 32000, 32512,
};

static bool is_other(uint16_t port)
{
	size_t from = 0, to = sizeof others / sizeof others[0];

	while (from < to) {
		size_t middle = (from + to) / 2;

		if (others[middle] == port)
			return true;
		if (others[middle] < port)
			from = middle + 1;
		else
			to = middle;
	}
	return false;
}

/** tunnel(): the row for the ports of a datagram, or NULL. As Wireshark does, the lower port is asked first. */
static const struct layer_row *tunnel(const uint8_t *octets)
{
	uint16_t source = get16(octets), destination = get16(octets + 2);
	uint16_t low = source < destination ? source : destination;
	const struct layer_row *row = find_layer(&udp_ports, low);

	if (row)
		return row;
	row = find_layer(&udp_ports, source < destination ? destination : source);
	return row && !is_other(low) ? row : NULL;
}

/** layer_udp(): a length of less than the header is none at all; one beyond what IP brought does not matter. */
void layer_udp(struct decode *decode, struct span span)
{
	enum { HEADER = 8 };
	const struct layer_row *row;
	uint16_t length;

	if (span.captured < 4)
		return;
	row = tunnel(span.octets);
	if (!row || lacks(decode, span, HEADER))
		return;
	length = get16(span.octets + 4);
	if (length >= HEADER)
		descend(decode, row, inner(limited(span, length), HEADER));
	else if (length == 0 && decode->ip.v6 && span.length > UINT16_MAX) /* a jumbogram (RFC 2675 4) */
		descend(decode, row, inner(span, HEADER));
	else
		not_decoded(decode, "udp_malformed");
}

/** layer_udplite(): where UDP has a length, it says how much the checksum covers (RFC 3828 3.1). */
void layer_udplite(struct decode *decode, struct span span)
{
	enum { HEADER = 8 };
	const struct layer_row *row;

	if (span.captured < 4)
		return;
	row = tunnel(span.octets);
	if (row && !lacks(decode, span, HEADER))
		descend(decode, row, inner(span, HEADER));
}
