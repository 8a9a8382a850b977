/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layers.c - which number in which header leads to which layer.
 *
 * A row without a function names an encapsulation that can hold TCP and is not decoded: it is counted, so
 * that nobody takes a capture full of tunnels for one without connections.
 */
#include "layers.h"

#include <pcap/dlt.h>

/**
 * Link types that are raw IP by another name: BSD/OS and OpenBSD, and their numbers in files; and others that libpcap
 * has no name for.
 */
enum {
	DLT_RAW_LINUX = 12, DLT_RAW_OPENBSD = 14, LINKTYPE_RAW_IP = 101, DLT_C_HDLC_BSDOS = 112
};

#define TABLE(title, rows) { title, rows, sizeof rows / sizeof rows[0] }

static const struct layer_row linktype_rows[] = {
	{ DLT_EN10MB, LAYER_ETH, layer_eth, NULL },
	{ DLT_NULL, LAYER_NULL, layer_null, NULL },
	{ DLT_IEEE802, LAYER_TR, layer_tr, NULL },
	{ DLT_PPP, LAYER_PPP, layer_ppp_hdlc, NULL },
	{ DLT_FDDI, LAYER_FDDI, layer_fddi, NULL },
	{ DLT_ATM_RFC1483, LAYER_LLC, layer_llc, NULL },
	{ DLT_RAW_LINUX, LAYER_RAW, layer_raw, NULL },
	{ DLT_RAW_OPENBSD, LAYER_RAW, layer_raw, NULL },
	{ DLT_ATM_CLIP, LAYER_CLIP, layer_ip, NULL },
	{ DLT_PPP_SERIAL, LAYER_PPP, layer_ppp_hdlc, NULL },
	{ DLT_PPP_ETHER, LAYER_PPPOE, layer_pppoe, NULL },
	{ LINKTYPE_RAW_IP, LAYER_RAW, layer_raw, NULL },
	{ DLT_C_HDLC, LAYER_CHDLC, layer_chdlc, NULL },
	{ DLT_IEEE802_11, LAYER_WLAN, layer_wlan, NULL },
	{ DLT_FRELAY, LAYER_FR, layer_fr, NULL },
	{ DLT_LOOP, LAYER_LOOP, layer_loop, NULL },
	{ DLT_ENC, LAYER_ENC, layer_enc, NULL },
	{ DLT_C_HDLC_BSDOS, LAYER_CHDLC, layer_chdlc, NULL },
	{ DLT_LINUX_SLL, LAYER_SLL, layer_sll, NULL },
	{ DLT_PFLOG, LAYER_PFLOG, layer_pflog, NULL },
	{ DLT_PRISM_HEADER, LAYER_PRISM, layer_prism, NULL },
	{ DLT_IP_OVER_FC, LAYER_IPFC, layer_ipfc, NULL },
	{ DLT_IEEE802_11_RADIO, LAYER_RADIOTAP, layer_radiotap, NULL },
	{ DLT_APPLE_IP_OVER_IEEE1394, LAYER_AP1394, layer_ap1394, NULL },
	{ DLT_IEEE802_11_RADIO_AVS, LAYER_AVS, layer_avs, NULL },
	{ DLT_PPP_PPPD, LAYER_PPP, layer_ppp_direction, NULL },
	{ DLT_JUNIPER_PPPOE, LAYER_JUNIPER, layer_juniper_eth, NULL },
	{ DLT_JUNIPER_ETHER, LAYER_JUNIPER, layer_juniper_eth, NULL },
	{ DLT_JUNIPER_PPP, LAYER_JUNIPER, layer_juniper_ppp, NULL },
	{ DLT_JUNIPER_FRELAY, LAYER_JUNIPER, layer_juniper_fr, NULL },
	{ DLT_JUNIPER_CHDLC, LAYER_JUNIPER, layer_juniper_chdlc, NULL },
	{ DLT_PPI, LAYER_PPI, layer_ppi, NULL },
	{ DLT_PPP_WITH_DIR, LAYER_PPP, layer_ppp_direction, NULL },
	{ DLT_C_HDLC_WITH_DIR, LAYER_CHDLC, layer_chdlc_direction, NULL },
	{ DLT_FRELAY_WITH_DIR, LAYER_FR, layer_fr_direction, NULL },
	{ DLT_IPV4, LAYER_RAW, layer_ip, NULL },
	{ DLT_IPV6, LAYER_RAW, layer_raw6, NULL },
	{ DLT_NFLOG, LAYER_NFLOG, layer_nflog, NULL },
	{ DLT_IPOIB, LAYER_IPOIB, layer_ipoib, NULL },
	{ DLT_PKTAP, LAYER_PKTAP, layer_pktap, NULL },
	{ DLT_LINUX_SLL2, LAYER_SLL2, layer_sll2, NULL },
};
const struct layer_table linktypes = TABLE("Link type", linktype_rows);

static const struct layer_row ethertype_rows[] = {
	{ 0x0800, LAYER_NONE, layer_ip, NULL },
	{ 0x0641, LAYER_NONE, NULL, "tunnel_roofnet" },
	{ 0x0643, LAYER_NONE, NULL, "tunnel_roofnet" },
	{ 0x0644, LAYER_NONE, NULL, "tunnel_roofnet" },
	{ 0x0645, LAYER_NONE, NULL, "tunnel_roofnet" },
	{ 0x22f3, LAYER_TRILL, layer_trill, NULL },
	{ 0x4305, LAYER_NONE, NULL, "tunnel_batman" },
	{ 0x6558, LAYER_ETH, layer_eth, NULL },
	{ 0x6559, LAYER_NONE, NULL, "tunnel_fr" },
	{ 0x8100, LAYER_VLAN, layer_vlan, NULL },
	{ 0x86dd, LAYER_IP6, layer_ip6, NULL },
	{ 0x880b, LAYER_NONE, NULL, "tunnel_ppp" },
	{ 0x8847, LAYER_MPLS, layer_mpls, NULL },
	{ 0x8848, LAYER_MPLS, layer_mpls, NULL },
	{ 0x8864, LAYER_PPPOE, layer_pppoe, NULL },
	{ 0x8870, LAYER_LLC, layer_llc, NULL },
	{ 0x88a8, LAYER_VLAN, layer_service_vlan, NULL },
	{ 0x88de, LAYER_VMLAB, layer_vmlab, NULL },
	{ 0x88e5, LAYER_MACSEC, layer_macsec, NULL },
	{ 0x88e7, LAYER_PBB, layer_pbb, NULL },
	{ 0x8909, LAYER_CMD, layer_cmd, NULL },
	{ 0x8926, LAYER_VNTAG, layer_vntag, NULL },
	{ 0x892f, LAYER_HSR, layer_hsr, NULL },
	{ 0x893f, LAYER_ETAG, layer_etag, NULL },
	{ 0x894f, LAYER_NSH, layer_nsh, NULL },
	{ 0x8988, LAYER_HBBAK, layer_hbbak, NULL },
	{ 0x9100, LAYER_VLAN, layer_vlan, NULL },
	{ 0xd28b, LAYER_NONE, NULL, "tunnel_avsp" },
	{ 0xf1c1, LAYER_RTAG, layer_rtag, NULL },
};
const struct layer_table ethertypes = TABLE("Ethernet type", ethertype_rows);

/* IPv6 extension headers are protocols like any other: an IPv4 header may lead to them as well. */
static const struct layer_row ip_protocol_rows[] = {
	{ 6, LAYER_NONE, layer_tcp, "tcp" },
	{ 0, LAYER_NONE, layer_ext, "ext" },      /* hop-by-hop options */
	{ 1, LAYER_NONE, layer_icmp, NULL },
	{ 4, LAYER_NONE, layer_ip, "ip" },
	{ 17, LAYER_UDP, layer_udp, NULL },
	{ 41, LAYER_IP6, layer_ip6, "ip6" },
	{ 43, LAYER_NONE, layer_routing, "ext" },
	{ 44, LAYER_NONE, layer_fragment, "ext" },
	{ 47, LAYER_GRE, layer_gre, "gre" },
	{ 50, LAYER_NONE, NULL, "tunnel_esp" },
	{ 51, LAYER_NONE, layer_ah, "ext" },
	{ 58, LAYER_NONE, layer_icmp6, NULL },
	{ 60, LAYER_NONE, layer_ext, "ext" },     /* destination options */
	{ 97, LAYER_ETHERIP, layer_etherip, "etherip" },
	{ 103, LAYER_PIM, layer_pim, NULL },
	{ 108, LAYER_NONE, NULL, "tunnel_ipcomp" },
	{ 115, LAYER_NONE, NULL, "tunnel_l2tp3" },
	{ 136, LAYER_UDP, layer_udplite, NULL },
	{ 137, LAYER_MPLS, layer_mpls, "mpls" },
	{ 140, LAYER_NONE, layer_ext, "ext" },    /* shim6 */
	{ 143, LAYER_ETH, layer_eth, "eth" },
};
const struct layer_table ip_protocols = TABLE("IP protocol", ip_protocol_rows);

static const struct layer_row udp_port_rows[] = {
	{ 4789, LAYER_VXLAN, layer_vxlan, NULL },
	{ 1194, LAYER_NONE, NULL, "tunnel_openvpn" },
	{ 1701, LAYER_L2TP, layer_l2tp, NULL },
	{ 2123, LAYER_GTP, layer_gtp, NULL },
	{ 2152, LAYER_GTP, layer_gtp, NULL },
	{ 3386, LAYER_GTP, layer_gtp_prime, NULL },
	{ 3544, LAYER_TEREDO, layer_teredo, NULL },
	{ 4341, LAYER_LISP, layer_lisp, NULL },
	{ 4500, LAYER_NONE, layer_esp_in_udp, NULL },
	{ 4754, LAYER_GRE, layer_gre, NULL },
	{ 4790, LAYER_VXLAN_GPE, layer_vxlan_gpe, NULL },
	{ 5072, LAYER_AYIYA, layer_ayiya, NULL },
	{ 5247, LAYER_CAPWAP, layer_capwap, NULL },
	{ 6081, LAYER_GENEVE, layer_geneve, NULL },
	{ 6343, LAYER_SFLOW, layer_sflow, NULL },
	{ 6635, LAYER_MPLS, layer_mpls, NULL },
	{ 12000, LAYER_LLC, layer_llc, NULL },
	{ 12001, LAYER_LLC, layer_llc, NULL },
	{ 12002, LAYER_LLC, layer_llc, NULL },
	{ 12003, LAYER_LLC, layer_llc, NULL },
	{ 12004, LAYER_LLC, layer_llc, NULL },
	{ 12220, LAYER_ETH, layer_eth, NULL },
	{ 12222, LAYER_LWAPP, layer_lwapp, NULL },
	{ 12223, LAYER_LWAPP, layer_lwapp, NULL },
	{ 30030, LAYER_JMIRROR, layer_jmirror, NULL },
	{ 37008, LAYER_TZSP, layer_tzsp, NULL },
};
const struct layer_table udp_ports = TABLE("UDP port", udp_port_rows);

static const struct layer_row gre_type_rows[] = {
	{ 0x0800, LAYER_NONE, layer_ip, NULL },
	{ 0x22eb, LAYER_ERSPAN, layer_erspan, NULL },
	{ 0x6400, LAYER_ETH, layer_eth, NULL },
	{ 0x6558, LAYER_ETH, layer_eth, NULL },
	{ 0x6559, LAYER_FR, layer_fr, NULL },
	{ 0x86dd, LAYER_IP6, layer_ip6, NULL },
	{ 0x880b, LAYER_PPP, layer_ppp_hdlc, NULL },
	{ 0x883e, LAYER_NONE, layer_wccp, NULL },
	{ 0x8847, LAYER_MPLS, layer_mpls, NULL },
	{ 0x8848, LAYER_MPLS, layer_mpls, NULL },
	{ 0x8881, LAYER_NONE, NULL, "tunnel_ppp_stream" },
	{ 0x88be, LAYER_ERSPAN, layer_erspan, NULL },
	{ 0x88d2, LAYER_NONE, NULL, "tunnel_ppp_stream" },
	{ 0x8909, LAYER_NONE, NULL, "tunnel_cmd" },
	{ 0x894f, LAYER_NSH, layer_nsh, NULL },
};
const struct layer_table gre_types = TABLE("GRE protocol type", gre_type_rows);

static const struct layer_row ppp_protocol_rows[] = {
	{ 0x0021, LAYER_NONE, layer_ip, NULL },
	{ 0x002d, LAYER_NONE, NULL, "tunnel_vj" },         /* TCP header compression (RFC 1144) */
	{ 0x002f, LAYER_NONE, NULL, "tunnel_vj" },
	{ 0x0031, LAYER_NONE, layer_bcp, NULL },
	{ 0x003d, LAYER_NONE, NULL, "tunnel_multilink" },
	{ 0x004b, LAYER_LLC, layer_llc, NULL },
	{ 0x0053, LAYER_NONE, NULL, "tunnel_encrypted" },
	{ 0x0055, LAYER_NONE, NULL, "tunnel_encrypted" },
	{ 0x0057, LAYER_IP6, layer_ip6, NULL },
	{ 0x0059, LAYER_NONE, NULL, "tunnel_pppmux" },
	{ 0x0061, LAYER_NONE, NULL, "tunnel_crtp" },       /* IP header compression (RFC 2507) */
	{ 0x00fd, LAYER_NONE, NULL, "tunnel_compressed" },
	{ 0x0281, LAYER_MPLS, layer_mpls, NULL },
	{ 0x0283, LAYER_MPLS, layer_mpls, NULL },
	{ 0x0800, LAYER_NONE, layer_ip, NULL },
	{ 0x86dd, LAYER_IP6, layer_ip6, NULL },
};
const struct layer_table ppp_protocols = TABLE("PPP protocol", ppp_protocol_rows);

/* Of VXLAN-GPE and of the Network Service Header. */
static const struct layer_row next_protocol_rows[] = {
	{ 3, LAYER_ETH, layer_eth, NULL },
	{ 1, LAYER_NONE, layer_ip, NULL },
	{ 2, LAYER_IP6, layer_ip6, NULL },
	{ 4, LAYER_NSH, layer_nsh, NULL },
	{ 5, LAYER_MPLS, layer_mpls, NULL },
};
const struct layer_table next_protocols = TABLE("VXLAN-GPE and NSH next protocol", next_protocol_rows);

static const struct layer_row juniper_protocol_rows[] = {
	{ 2, LAYER_NONE, layer_ip, NULL },
	{ 3, LAYER_NONE, layer_ip, NULL },
	{ 4, LAYER_MPLS, layer_mpls, NULL },
	{ 5, LAYER_MPLS, layer_mpls, NULL },
	{ 6, LAYER_IP6, layer_ip6, NULL },
	{ 7, LAYER_IP6, layer_ip6, NULL },
	{ 8, LAYER_MPLS, layer_mpls, NULL },
	{ 32, LAYER_MPLS, layer_mpls, NULL },
	{ 200, LAYER_PPP, layer_ppp, NULL },
	{ 202, LAYER_LLC, layer_llc, NULL },
	{ 203, LAYER_LLC, layer_llc, NULL },
	{ 204, LAYER_ETH, layer_eth, NULL },
	{ 207, LAYER_FR, layer_fr, NULL },
	{ 208, LAYER_CHDLC, layer_chdlc, NULL },
};
const struct layer_table juniper_protocols = TABLE("Juniper protocol", juniper_protocol_rows);

const struct layer_row *find_layer(const struct layer_table *table, uint32_t number)
{
	size_t from = 1, to = table->count;

	if (__builtin_expect(table->rows[0].number == number, 1))
		return &table->rows[0];
	while (from < to) {
		size_t middle = (from + to) / 2;

		if (table->rows[middle].number < number)
			from = middle + 1;
		else
			to = middle;
	}
	return from < table->count && table->rows[from].number == number ? &table->rows[from] : NULL;
}

bool hides_tcp(uint32_t protocol)
{
	const struct layer_row *row = find_layer(&ip_protocols, protocol);

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
	const struct layer_row *row = find_layer(table, number);

	if (row)
		descend(decode, row, span);
	return row != NULL;
}
