/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layers.c - which number in which header leads to which layer.
 *
 * A row without a function names an encapsulation that can hold TCP and is not decoded: it is counted, so
 * that nobody takes a capture full of tunnels for one without connections.
 */
#include "layers.h"

#include <pcap/dlt.h>

/** Link types that are raw IP by another name: BSD/OS and OpenBSD, and their numbers in files. */
enum { DLT_RAW_LINUX = 12, DLT_RAW_OPENBSD = 14, LINKTYPE_RAW_IP = 101 };

#define ROWS(rows) { rows, sizeof rows / sizeof rows[0] }

static const struct layer_row linktype_rows[] = {
	{ DLT_EN10MB, LAYER_ETH, layer_eth, NULL },
	{ DLT_LINUX_SLL, LAYER_SLL, layer_sll, NULL },
	{ DLT_LINUX_SLL2, LAYER_SLL2, layer_sll2, NULL },
	{ DLT_RAW_LINUX, LAYER_RAW, layer_raw, NULL },
	{ DLT_RAW_OPENBSD, LAYER_RAW, layer_raw, NULL },
	{ LINKTYPE_RAW_IP, LAYER_RAW, layer_raw, NULL },
	{ DLT_NULL, LAYER_NULL, layer_null, NULL },
	{ DLT_LOOP, LAYER_LOOP, layer_loop, NULL },
	{ DLT_IPV4, LAYER_RAW, layer_ip, NULL },
	{ DLT_IPV6, LAYER_RAW, layer_raw6, NULL },
};
const struct layer_table linktypes = ROWS(linktype_rows);

static const struct layer_row ethertype_rows[] = {
	{ 0x0800, LAYER_NONE, layer_ip, NULL },
	{ 0x86dd, LAYER_IP6, layer_ip6, NULL },
	{ 0x8100, LAYER_VLAN, layer_vlan, NULL },
	{ 0x88a8, LAYER_VLAN, layer_vlan, NULL },
	{ 0x9100, LAYER_VLAN, layer_vlan, NULL },
	{ 0x6558, LAYER_NONE, NULL, "tunnel_eth" },
	{ 0x880b, LAYER_NONE, NULL, "tunnel_ppp" },
	{ 0x8847, LAYER_NONE, NULL, "tunnel_mpls" },
	{ 0x8848, LAYER_NONE, NULL, "tunnel_mpls" },
	{ 0x8864, LAYER_NONE, NULL, "tunnel_pppoe" },
	{ 0x88e5, LAYER_NONE, NULL, "tunnel_macsec" },
	{ 0x88e7, LAYER_NONE, NULL, "tunnel_pbb" },
	{ 0x8909, LAYER_NONE, NULL, "tunnel_cmd" },
	{ 0x894f, LAYER_NONE, NULL, "tunnel_nsh" },
};
const struct layer_table ethertypes = ROWS(ethertype_rows);

/* IPv6 extension headers are protocols like any other: an IPv4 header may lead to them as well. */
static const struct layer_row ip_protocol_rows[] = {
	{ 6, LAYER_NONE, layer_tcp, "tcp" },
	{ 17, LAYER_NONE, layer_udp, NULL },
	{ 1, LAYER_NONE, layer_icmp, NULL },
	{ 58, LAYER_NONE, layer_icmp6, NULL },
	{ 0, LAYER_NONE, layer_ext, "ext" },      /* hop-by-hop options */
	{ 43, LAYER_NONE, layer_routing, "ext" },
	{ 44, LAYER_NONE, layer_fragment, "ext" },
	{ 51, LAYER_NONE, layer_ah, "ext" },
	{ 60, LAYER_NONE, layer_ext, "ext" },     /* destination options */
	{ 140, LAYER_NONE, layer_ext, "ext" },    /* shim6 */
	{ 4, LAYER_NONE, NULL, "tunnel_ip" },
	{ 41, LAYER_NONE, NULL, "tunnel_ip6" },
	{ 47, LAYER_NONE, NULL, "tunnel_gre" },
	{ 50, LAYER_NONE, NULL, "tunnel_esp" },
	{ 97, LAYER_NONE, NULL, "tunnel_etherip" },
	{ 115, LAYER_NONE, NULL, "tunnel_l2tp" },
	{ 137, LAYER_NONE, NULL, "tunnel_mpls" },
	{ 143, LAYER_NONE, NULL, "tunnel_srv6" },
};
const struct layer_table ip_protocols = ROWS(ip_protocol_rows);

static const struct layer_row *find(const struct layer_table *table, uint32_t number)
{
	size_t i;

	for (i = 0; i < table->count; i++)
		if (table->rows[i].number == number)
			return &table->rows[i];
	return NULL;
}

bool hides_tcp(uint32_t protocol)
{
	const struct layer_row *row = find(&ip_protocols, protocol);

	return row && row->hides;
}

void not_decoded(struct decode *decode, const char *word)
{
	if (!decode->in_error)
		decoder_count(decode->decoder, word);
}

/** in_ip(): whether the layer is IP or above. A frame too short for a link layer's header hides nothing. */
static bool in_ip(const struct decode *decode)
{
	uint8_t last = decode->path_length > 0 ? decode->path[decode->path_length - 1] : LAYER_NONE;

	return last == LAYER_IP || last == LAYER_IP6;
}

bool lacks(struct decode *decode, struct span span, uint32_t size)
{
	if (__builtin_expect(span.captured >= size, 1))
		return false;
	if (span.captured < span.length)
		not_decoded(decode, "truncated");
	else if (in_ip(decode))
		not_decoded(decode, "ip_malformed");
	return true;
}

void descend(struct decode *decode, const struct layer_row *row, struct span span)
{
	uint8_t path_length = decode->path_length;

	if (!row->function) {
		if (row->hides)
			not_decoded(decode, row->hides);
		return;
	}
	if (decode->depth == DEPTH_MAX) {
		not_decoded(decode, "too_deep");
		return;
	}
	decode->depth++;
	if (row->layer != LAYER_NONE)
		decode->path[decode->path_length++] = (uint8_t)row->layer;
	row->function(decode, span);
	decode->path_length = path_length;
	decode->depth--;
}

bool dispatch(struct decode *decode, const struct layer_table *table, uint32_t number, struct span span)
{
	const struct layer_row *row = find(table, number);

	if (row)
		descend(decode, row, span);
	return row != NULL;
}
