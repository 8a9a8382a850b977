/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layers.h - what the layers of the decoder share.
 *
 * A layer is a function (struct decode, struct span): it reads its header and hands what is inside on, most
 * often through dispatch() and one of the tables in layers.c. A new encapsulation is one function and one
 * row. Layers never read past span.captured, and never believe span.length to be there.
 */
#ifndef TCPHS_LAYERS_H
#define TCPHS_LAYERS_H

#include <string.h>

#include "decode.h"

/** Headers within headers that are followed; what lies deeper is counted as "too_deep". */
#define DEPTH_MAX 32

/**
 * LAYER_LIST(): the layers that the word for the encapsulation names: constant, word, title for the documents. Words
 * are tshark's names of the protocols, but ip6.
 */
#define LAYER_LIST(X) \
	X(LAYER_ETH, "eth", "Ethernet") \
	X(LAYER_LLC, "llc", "IEEE 802.2 LLC, also with SNAP") \
	X(LAYER_VLAN, "vlan", "IEEE 802.1Q and 802.1ad tag") \
	X(LAYER_ISL, "isl", "Cisco ISL") \
	X(LAYER_CFP, "cfp", "Cisco FabricPath") \
	X(LAYER_CMD, "cmd", "Cisco MetaData") \
	X(LAYER_ETAG, "etag", "IEEE 802.1BR E-Tag") \
	X(LAYER_VNTAG, "vntag", "VN-Tag") \
	X(LAYER_PBB, "ieee8021ah", "IEEE 802.1ah backbone service tag") \
	X(LAYER_HSR, "hsr", "IEC 62439-3 HSR tag") \
	X(LAYER_RTAG, "ieee8021cb", "IEEE 802.1CB R-Tag") \
	X(LAYER_TRILL, "trill", "TRILL") \
	X(LAYER_VMLAB, "vmlab", "VMware Lab Manager") \
	X(LAYER_HBBAK, "hbbak", "HP Bladesystem back plane") \
	X(LAYER_MACSEC, "macsec", "IEEE 802.1AE MACsec, not encrypted") \
	X(LAYER_SLL, "sll", "Linux cooked capture") \
	X(LAYER_SLL2, "sll2", "Linux cooked capture, version 2") \
	X(LAYER_NULL, "null", "BSD loopback") \
	X(LAYER_LOOP, "loop", "OpenBSD loopback") \
	X(LAYER_RAW, "raw", "IP without a link layer") \
	X(LAYER_CLIP, "clip", "Linux classical IP over ATM") \
	X(LAYER_ENC, "enc", "BSD IPsec device") \
	X(LAYER_PFLOG, "pflog", "packet filter log") \
	X(LAYER_NFLOG, "nflog", "Linux netfilter log") \
	X(LAYER_PKTAP, "pktap", "Apple PKTAP") \
	X(LAYER_JUNIPER, "juniper", "Juniper") \
	X(LAYER_IPOIB, "ipoib", "IP over InfiniBand") \
	X(LAYER_IPFC, "ipfc", "IP over Fibre Channel") \
	X(LAYER_AP1394, "ap1394", "Apple IP over IEEE 1394") \
	X(LAYER_FDDI, "fddi", "FDDI") \
	X(LAYER_TR, "tr", "Token Ring") \
	X(LAYER_PPP, "ppp", "PPP, also with HDLC framing") \
	X(LAYER_CHDLC, "chdlc", "Cisco HDLC") \
	X(LAYER_FR, "fr", "Frame Relay") \
	X(LAYER_PPPOE, "pppoes", "PPPoE") \
	X(LAYER_RADIOTAP, "radiotap", "radiotap") \
	X(LAYER_PRISM, "prism", "Prism capture header") \
	X(LAYER_AVS, "wlancap", "AVS capture header") \
	X(LAYER_PPI, "ppi", "Per-Packet Information") \
	X(LAYER_WLAN, "wlan", "IEEE 802.11") \
	X(LAYER_IP, "ip", "IPv4") \
	X(LAYER_IP6, "ip6", "IPv6") \
	X(LAYER_UDP, "udp", "UDP, where a tunnel is in it") \
	X(LAYER_MPLS, "mpls", "MPLS") \
	X(LAYER_PW, "pw", "MPLS pseudowire") \
	X(LAYER_GRE, "gre", "GRE") \
	X(LAYER_ERSPAN, "erspan", "ERSPAN") \
	X(LAYER_NSH, "nsh", "Network Service Header") \
	X(LAYER_ETHERIP, "etherip", "EtherIP") \
	X(LAYER_VXLAN, "vxlan", "VXLAN") \
	X(LAYER_VXLAN_GPE, "vxlan_gpe", "VXLAN-GPE") \
	X(LAYER_GENEVE, "geneve", "Geneve") \
	X(LAYER_GTP, "gtp", "GTP-U") \
	X(LAYER_L2TP, "l2tp", "L2TP version 2") \
	X(LAYER_TEREDO, "teredo", "Teredo") \
	X(LAYER_AYIYA, "ayiya", "AYIYA") \
	X(LAYER_LISP, "lisp", "LISP data") \
	X(LAYER_CAPWAP, "capwap", "CAPWAP data") \
	X(LAYER_LWAPP, "lwapp", "LWAPP data") \
	X(LAYER_TZSP, "tzsp", "TaZmen Sniffer Protocol") \
	X(LAYER_JMIRROR, "jmirror", "Juniper packet mirror") \
	X(LAYER_PIM, "pim", "PIM register") \
	X(LAYER_SFLOW, "sflow", "sFlow sample")

/** LAYER_NONE is in no word. */
enum layer {
	LAYER_NONE,
#define LAYER_CONSTANT(name, word, title) name,
	LAYER_LIST(LAYER_CONSTANT)
#undef LAYER_CONSTANT
	LAYERS
};

/** struct span: what a layer gets: |captured| octets to read, of the |length| there were. captured <= length. */
struct span {
	const uint8_t *octets;
	uint32_t captured;
	uint32_t length;
};

/** struct ip_header: the innermost IP header so far; what TCP and ICMP need of it. */
struct ip_header {
	uint8_t src[16], dst[16];  /* IPv4 mapped; dst is the final one of a source route */
	uint16_t id;
	uint8_t ttl;
	bool v6;
	bool bad_header;           /* IPv4 header checksum wrong; looked at only if checksums are */
	bool cut_fragment;         /* first fragment, not captured whole: the payload's length is not known */
};

/** struct decode: one frame on its way through the layers. */
struct decode {
	struct tcphs_decoder *decoder;
	const struct tcphs_frame *frame;
	struct tcphs_decoded *items;
	size_t count;
	uint16_t vlan;             /* of the first tag, or 0 */
	uint8_t depth;
	uint8_t path_length;
	uint8_t path[DEPTH_MAX];   /* enum layer, outermost first */
	bool wlan_padded;          /* the header of an 802.11 frame is filled up to a multiple of 4 */
	struct ip_header ip;
	bool in_error;                   /* inside an ICMP error or a sample; the members below are set */
	bool error_v6;
	uint8_t error_type, error_code;
	uint8_t error_sender[16];
};

typedef void layer_function(struct decode *decode, struct span span);

/**
 * struct wlan_fragments: frames of which a fragment was met that others follow, by a hash of addresses and sequence
 * number; a ring. The last fragment without such a one before it is shown for a whole, as in Wireshark.
 */
struct wlan_fragments {
	uint32_t hashes[32];
	uint32_t next;
};

/** struct layer_row: one number in a header and what it leads to; with |function| NULL nothing is decoded. */
struct layer_row {
	uint32_t number;
	enum layer layer;
	layer_function *function;
	const char *hides;     /* what to count if it is not decoded, because TCP may be inside; or NULL */
};

/** struct layer_table: the first row is that of nearly all frames; the others are in ascending order. */
struct layer_table {
	const char *title;     /* what the numbers are, for the documents */
	const struct layer_row *rows;
	size_t count;
};

extern const struct layer_table linktypes, ethertypes, ip_protocols, udp_ports, gre_types, ppp_protocols,
	next_protocols, juniper_protocols;

/** descend(): calls a layer's function, keeping depth and path; |function| NULL: see struct layer_row. */
void descend(struct decode *decode, const struct layer_row *row, struct span span);

/** enter(): descends into a layer that no number of a table announces. */
static inline void enter(struct decode *decode, enum layer layer, layer_function *function, struct span span)
{
	const struct layer_row row = { 0, layer, function, NULL };

	descend(decode, &row, span);
}

/** find_layer(): the table's row for |number|, or NULL. */
const struct layer_row *find_layer(const struct layer_table *table, uint32_t number);

/** dispatch(): descends into the table's row for |number|. @return false if there is none. */
bool dispatch(struct decode *decode, const struct layer_table *table, uint32_t number, struct span span);

/** hides_tcp(): whether a datagram of this IP protocol may hold TCP. */
bool hides_tcp(uint32_t protocol);

/** not_decoded(): counts |word|, unless the frame is inside an ICMP error, where nothing can be lost. */
void not_decoded(struct decode *decode, const char *word);

/** lacks(): true if fewer than |size| octets were captured; counts why. */
bool lacks(struct decode *decode, struct span span, uint32_t size);

/** inner(): what follows the first |size| octets. |size| may be more than there is. */
static inline struct span inner(struct span span, uint32_t size)
{
	uint32_t captured = size < span.captured ? size : span.captured;
	uint32_t length = size < span.length ? size : span.length;

	return (struct span){ span.octets + captured, span.captured - captured, span.length - length };
}

/** limited(): no more than the first |length| octets. */
static inline struct span limited(struct span span, uint32_t length)
{
	if (span.length > length)
		span.length = length;
	if (span.captured > length)
		span.captured = length;
	return span;
}

/** without_tail(): all but the last |size| octets, such as a frame check sequence. */
static inline struct span without_tail(struct span span, uint32_t size)
{
	return limited(span, span.length > size ? span.length - size : 0);
}

static inline uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static inline uint16_t get16_little(const uint8_t *at)
{
	return (uint16_t)(at[1] << 8 | at[0]);
}

static inline uint32_t get32_little(const uint8_t *at)
{
	return (uint32_t)get16_little(at + 2) << 16 | get16_little(at);
}

/* link.c */
layer_function layer_eth, layer_vlan, layer_service_vlan, layer_llc, layer_sll, layer_sll2, layer_null;
layer_function layer_loop, layer_raw, layer_raw6, layer_fddi, layer_tr;
/* tag.c */
layer_function layer_etag, layer_vntag, layer_pbb, layer_hsr, layer_rtag, layer_cmd, layer_trill, layer_macsec;
layer_function layer_isl, layer_vmlab, layer_hbbak;
/* device.c */
layer_function layer_enc, layer_pflog, layer_nflog, layer_pktap, layer_ipoib, layer_ipfc;
layer_function layer_ap1394, layer_juniper_eth, layer_juniper_ppp, layer_juniper_chdlc, layer_juniper_fr;
/* serial.c */
layer_function layer_ppp, layer_ppp_hdlc, layer_ppp_direction, layer_chdlc, layer_chdlc_direction, layer_fr;
layer_function layer_fr_direction, layer_pppoe, layer_bcp;
/* wireless.c */
layer_function layer_radiotap, layer_prism, layer_avs, layer_ppi, layer_wlan, layer_wlan_swapped;
/* ip.c */
layer_function layer_ip, layer_ip4, layer_ip6, layer_ext, layer_routing, layer_fragment, layer_ah;
/* transport.c */
layer_function layer_tcp, layer_udp, layer_udplite, layer_icmp, layer_icmp6;
/* tunnel.c */
layer_function layer_mpls, layer_gre, layer_erspan, layer_wccp, layer_nsh, layer_etherip, layer_pim;
/* udp.c */
layer_function layer_vxlan, layer_vxlan_gpe, layer_geneve, layer_gtp, layer_gtp_prime, layer_l2tp, layer_teredo;
layer_function layer_ayiya, layer_lisp, layer_capwap, layer_lwapp, layer_tzsp, layer_sflow, layer_esp_in_udp;
layer_function layer_jmirror;

/** ethertype_or_length(): what follows the type field of Ethernet or of a tag. */
void ethertype_or_length(struct decode *decode, uint16_t type, struct span span);

/** enum usual: what usual_frame() makes out, each with the layers that it has passed. */
enum usual { USUAL_NOT, USUAL_IP, USUAL_IP6, USUAL_VLAN_IP, USUAL_VLAN_IP6, USUALS };

/**
 * usual_frame(): what nearly every frame is, Ethernet with at most one VLAN tag, IP without options or fragments, and
 * TCP, taken straight through: the layers would come to the same. Of the item only segment.encap is left to be set.
 */
enum usual usual_frame(const struct tcphs_frame *frame, struct tcphs_decoded *item);

/** struct usual_path: the layers of each, outermost first. */
struct usual_path {
	uint8_t length, layers[3];
};
extern const struct usual_path usual_paths[USUALS];

/** decoder_encap(): the number of decode->path. */
uint8_t decoder_encap(const struct decode *decode);
/** decoder_count(): one frame more of what was not decoded. */
void decoder_count(struct tcphs_decoder *decoder, const char *word);
/** decoder_uncount(): |frames| less of it, as they could be decoded after all. */
void decoder_uncount(struct tcphs_decoder *decoder, const char *word, uint32_t frames);
/** decoder_wlan(): what is kept of fragments of 802.11. */
struct wlan_fragments *decoder_wlan(const struct decode *decode);
/** decoder_fragments(): the datagrams that are being put together. */
struct fragments *decoder_fragments(const struct decode *decode);

/** decoder_pieces(): the datagram that is complete in this frame came in these. */
void decoder_pieces(const struct decode *decode, const uint32_t *frames, uint32_t count);
/** decoder_item(): room for one item more; NULL, and counted, if there is none. Sets time and frame. */
struct tcphs_decoded *decoder_item(struct decode *decode, enum tcphs_decoded_kind kind);
/** decoder_checksums(): whether TCP checksums are to be verified. */
bool decoder_checksums(const struct decode *decode);

/** sum_octets(), sum_fold(): the Internet checksum (RFC 1071): adds |size| octets to |sum|; folds it to 16 bits. */
uint64_t sum_octets(uint64_t sum, const uint8_t *octets, uint32_t size);
uint16_t sum_fold(uint64_t sum);

#endif
