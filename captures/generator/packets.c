/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packets.c - items of a script to octets, and octets to a capture file.
 *
 * Every frame is Ethernet (with a VLAN tag in that variant), IPv4 or IPv6, then TCP, ICMP or, for the frame that only
 * lets time pass, UDP to the discard port. What a script does not say is fixed, so that the same script always
 * gives the same octets: payload is letters by sequence number, so that a retransmission carries the same data.
 */
#include "packets.h"

#include <pcap/pcap.h>
#include <string.h>

enum { ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_VLAN = 0x8100, ETHERTYPE_IPV6 = 0x86dd, VLAN_ID = 42 };
enum { PROTOCOL_ICMP = 1, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17, PROTOCOL_ICMPV6 = 58 };
enum { IPV4_HEADER = 20, IPV6_HEADER = 40, TCP_HEADER = 20, PORT_DISCARD = 9, SNAPLEN = 262144 };

static void put8(GByteArray *octets, unsigned value)
{
	uint8_t octet = (uint8_t)value;
	g_byte_array_append(octets, &octet, 1);
}

static void put16(GByteArray *octets, unsigned value)
{
	put8(octets, value >> 8 & 0xff);
	put8(octets, value & 0xff);
}

static void put32(GByteArray *octets, uint32_t value)
{
	put16(octets, value >> 16);
	put16(octets, value & 0xffff);
}

static void set16(GByteArray *octets, size_t at, unsigned value)
{
	octets->data[at] = (uint8_t)(value >> 8);
	octets->data[at + 1] = (uint8_t)value;
}

/* ---- checksums (RFC 1071) ------------------------------------------------------------------------ */

static uint32_t sum(uint32_t so_far, const uint8_t *octets, size_t length)
{
	for (size_t i = 0; i < length; i++)
		so_far += i % 2 ? octets[i] : (uint32_t)octets[i] << 8;
	return so_far;
}

static uint16_t fold(uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return (uint16_t)~total;
}

/* Over the pseudo-header and all octets from |at| on; an IPv4 pseudo-header sums like an IPv6 one. */
static uint16_t checksum(const GByteArray *octets, size_t at, const struct script_endpoint *from,
                         const struct script_endpoint *to, unsigned protocol)
{
	size_t skip = from->ipv6 ? 0 : 12, length = octets->len - at;
	uint32_t total = sum(protocol + (uint32_t)length, from->address + skip, 16 - skip);
	total = sum(total, to->address + skip, 16 - skip);
	return fold(sum(total, octets->data + at, length));
}

/* ---- layers below TCP ----------------------------------------------------------------------------- */

/* A locally administered address made of the endpoint's own; seen on link |via| it is that link's. */
static void put_mac(GByteArray *octets, const struct script_endpoint *endpoint, unsigned via)
{
	put8(octets, 0x02);
	put8(octets, via);
	g_byte_array_append(octets, endpoint->address + 12, 4);
}

static void put_ethernet(GByteArray *octets, const struct script *script, const struct script_item *item,
                         const struct script_endpoint *from, const struct script_endpoint *to)
{
	put_mac(octets, to, item->via);
	put_mac(octets, from, item->via);
	if (script->variant == SCRIPT_VLAN) {
		put16(octets, ETHERTYPE_VLAN);
		put16(octets, VLAN_ID);
	}
	put16(octets, from->ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
}

static void put_ipv4(GByteArray *octets, const struct packet *packet, const struct script_endpoint *from,
                     const struct script_endpoint *to, unsigned protocol, size_t length)
{
	size_t at = octets->len;
	put16(octets, 0x4500);
	put16(octets, (unsigned)(IPV4_HEADER + length));
	put16(octets, packet->ip_id);
	put16(octets, 0x4000);  /* don't fragment */
	put8(octets, (unsigned)packet->item->ttl);
	put8(octets, protocol);
	put16(octets, 0);
	g_byte_array_append(octets, from->address + 12, 4);
	g_byte_array_append(octets, to->address + 12, 4);
	set16(octets, at + 10, fold(sum(0, octets->data + at, IPV4_HEADER)));
}

static void put_ipv6(GByteArray *octets, const struct packet *packet, const struct script_endpoint *from,
                     const struct script_endpoint *to, unsigned protocol, size_t length)
{
	put32(octets, 0x60000000);
	put16(octets, (unsigned)length);
	put8(octets, protocol);
	put8(octets, (unsigned)packet->item->ttl);
	g_byte_array_append(octets, from->address, 16);
	g_byte_array_append(octets, to->address, 16);
}

static void put_ip(struct packet *packet, struct script_endpoint *from, const struct script_endpoint *to,
                   unsigned protocol, size_t length)
{
	packet->ip = packet->octets->len;
	if (from->ipv6) {
		put_ipv6(packet->octets, packet, from, to, protocol, length);
		return;
	}
	packet->ip_id = packet->item->id < 0 ? from->next_id++ : (uint16_t)packet->item->id;
	put_ipv4(packet->octets, packet, from, to, protocol, length);
}

/* ---- TCP, UDP, ICMP ------------------------------------------------------------------------------- */

static void put_payload(GByteArray *octets, uint32_t seq, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++)
		put8(octets, 'a' + (seq + i) % 26);
}

static void put_segment(struct packet *packet, const struct script *script)
{
	const struct script_item *item = packet->item;
	GByteArray *octets = packet->octets;
	unsigned padding = -item->options->len % 4u;
	unsigned header = TCP_HEADER + item->options->len + padding;
	packet->tcp_length = header + item->length;
	put_ethernet(octets, script, item, item->from, item->to);
	put_ip(packet, item->from, item->to, PROTOCOL_TCP, packet->tcp_length);
	packet->tcp = octets->len;
	put16(octets, item->from->port);
	put16(octets, item->to->port);
	put32(octets, item->seq);
	put32(octets, item->ack);
	put16(octets, (item->offset < 0 ? header / 4 : (unsigned)item->offset) << 12 | item->flags);
	put16(octets, item->window);
	put32(octets, 0);
	g_byte_array_append(octets, item->options->data, item->options->len);
	for (unsigned i = 0; i < padding; i++)
		put8(octets, 0);
	put_payload(octets, item->seq, item->length);
	uint16_t right = checksum(octets, packet->tcp, item->from, item->to, PROTOCOL_TCP);
	set16(octets, packet->tcp + 16, item->badsum ? right ^ 0x5a5au : right);
}

static void put_end(struct packet *packet, const struct script *script)
{
	bool ipv6 = script->variant == SCRIPT_IPV6;
	struct script_endpoint *from = script_endpoint_new("end", ipv6 ? "2001:db8::fd" : "192.0.2.253", 0);
	struct script_endpoint *to = script_endpoint_new("end", ipv6 ? "2001:db8::fe" : "192.0.2.254", 0);
	GByteArray *octets = packet->octets;
	put_ethernet(octets, script, packet->item, from, to);
	put_ip(packet, from, to, PROTOCOL_UDP, 8);
	size_t at = octets->len;
	put16(octets, PORT_DISCARD);
	put16(octets, PORT_DISCARD);
	put16(octets, 8);
	put16(octets, 0);
	set16(octets, at + 6, checksum(octets, at, from, to, PROTOCOL_UDP));
	script_endpoint_del(from);
	script_endpoint_del(to);
}

/* The IP packet of |quoted| up to |item->quoted_octets| of its TCP header and data. */
static void put_icmp(struct packet *packet, const struct script *script, const struct packet *quoted)
{
	const struct script_item *item = packet->item;
	GByteArray *octets = packet->octets;
	size_t before = quoted->tcp - quoted->ip;
	size_t length = before + MIN(item->quoted_octets, quoted->tcp_length);
	unsigned protocol = item->from->ipv6 ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP;
	put_ethernet(octets, script, item, item->from, item->to);
	put_ip(packet, item->from, item->to, protocol, 8 + length);
	size_t at = octets->len;
	put8(octets, item->type);
	put8(octets, item->code);
	put16(octets, 0);
	put32(octets, 0);
	packet->tcp = octets->len + before;
	g_byte_array_append(octets, quoted->octets->data + quoted->ip, (guint)length);
	uint16_t right = item->from->ipv6 ? checksum(octets, at, item->from, item->to, protocol)
	                                  : fold(sum(0, octets->data + at, octets->len - at));
	set16(octets, at + 2, right);
}

/* ---- all of them ---------------------------------------------------------------------------------- */

static void packet_free(gpointer data)
{
	struct packet *packet = data;
	g_byte_array_unref(packet->octets);
	g_free(packet);
}

static const struct packet *packet_of(const GPtrArray *packets, const struct script_item *item)
{
	for (guint i = 0; i < packets->len; i++) {
		const struct packet *packet = g_ptr_array_index(packets, i);
		if (packet->item == item)
			return packet;
	}
	return NULL;
}

GPtrArray *packets_build(struct script *script)
{
	GPtrArray *packets = g_ptr_array_new_with_free_func(packet_free);
	for (guint i = 0; i < script->endpoints->len; i++)
		((struct script_endpoint *)g_ptr_array_index(script->endpoints, i))->next_id = 1;
	for (guint i = 0; i < script->items->len; i++) {
		struct packet *packet = g_new0(struct packet, 1);
		packet->item = g_ptr_array_index(script->items, i);
		packet->octets = g_byte_array_new();
		if (packet->item->kind == SCRIPT_SEGMENT)
			put_segment(packet, script);
		else if (packet->item->kind == SCRIPT_END)
			put_end(packet, script);
		else
			put_icmp(packet, script, packet_of(packets, packet->item->quoted));
		packet->captured = packet->octets->len;
		if (packet->item->snap >= 0)
			packet->captured = MIN(packet->captured, packet->tcp + (size_t)packet->item->snap);
		g_ptr_array_add(packets, packet);
	}
	return packets;
}

static void write_packets(const struct script *script, const GPtrArray *packets, pcap_dumper_t *dumper)
{
	int64_t unit = script->nanoseconds ? 1 : 1000;
	for (guint i = 0; i < packets->len; i++) {
		const struct packet *packet = g_ptr_array_index(packets, i);
		int64_t time = packet->item->time;
		struct pcap_pkthdr header = {
			.ts = { .tv_sec = time / SCRIPT_SECOND, .tv_usec = time % SCRIPT_SECOND / unit },
			.caplen = (bpf_u_int32)packet->captured,
			.len = packet->octets->len,
		};
		pcap_dump((u_char *)dumper, &header, packet->octets->data);
	}
}

bool packets_write(struct script *script, const char *path, GError **error)
{
	u_int precision = script->nanoseconds ? PCAP_TSTAMP_PRECISION_NANO : PCAP_TSTAMP_PRECISION_MICRO;
	pcap_t *pcap = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, SNAPLEN, precision);
	pcap_dumper_t *dumper = pcap ? pcap_dump_open(pcap, path) : NULL;
	bool good = dumper;
	if (dumper) {
		GPtrArray *packets = packets_build(script);
		write_packets(script, packets, dumper);
		g_ptr_array_unref(packets);
		good = !pcap_dump_flush(dumper);
		pcap_dump_close(dumper);
	}
	if (!good)
		g_set_error(error, SCRIPT_ERROR, SCRIPT_ERROR_OUTPUT, "%s: cannot be written: %s", path,
		            dumper || !pcap ? "no space or memory left" : pcap_geterr(pcap));
	if (pcap)
		pcap_close(pcap);
	return good;
}
