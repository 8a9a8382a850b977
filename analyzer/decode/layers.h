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

/** The layers that the word for the encapsulation names; LAYER_NONE is not in it. */
enum layer {
	LAYER_NONE, LAYER_ETH, LAYER_LLC, LAYER_VLAN, LAYER_SLL, LAYER_SLL2, LAYER_NULL, LAYER_LOOP, LAYER_RAW,
	LAYER_IP, LAYER_IP6,
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
	uint32_t link_hash;
	uint8_t depth;
	uint8_t path_length;
	uint8_t path[DEPTH_MAX];   /* enum layer, outermost first */
	struct ip_header ip;
	bool in_error;                   /* inside an ICMP error; the members below are set */
	bool error_v6;
	uint8_t error_type, error_code;
	uint8_t error_sender[16];
};

typedef void layer_function(struct decode *decode, struct span span);

/** struct layer_row: one number in a header and what it leads to; with |function| NULL nothing is decoded. */
struct layer_row {
	uint32_t number;
	enum layer layer;
	layer_function *function;
	const char *hides;     /* what to count if it is not decoded, because TCP may be inside; or NULL */
};

struct layer_table {
	const struct layer_row *rows;
	size_t count;
};

extern const struct layer_table linktypes, ethertypes, ip_protocols;

/** descend(): calls a layer's function, keeping depth and path; |function| NULL: see struct layer_row. */
void descend(struct decode *decode, const struct layer_row *row, struct span span);

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

static inline uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

/* link.c */
layer_function layer_eth, layer_vlan, layer_llc, layer_sll, layer_sll2, layer_null, layer_loop, layer_raw, layer_raw6;
/* ip.c */
layer_function layer_ip, layer_ip4, layer_ip6, layer_ext, layer_routing, layer_fragment, layer_ah;
/* transport.c */
layer_function layer_tcp, layer_udp, layer_icmp, layer_icmp6;

/** decoder_encap(): the number of decode->path. */
uint8_t decoder_encap(const struct decode *decode);
/** decoder_count(): one frame more of what was not decoded. */
void decoder_count(struct tcphs_decoder *decoder, const char *word);
/** decoder_item(): room for one item more; NULL, and counted, if there is none. Sets time and frame. */
struct tcphs_decoded *decoder_item(struct decode *decode, enum tcphs_decoded_kind kind);
/** decoder_checksums(): whether TCP checksums are to be verified. */
bool decoder_checksums(const struct decode *decode);

/** sum_octets(), sum_fold(): the Internet checksum (RFC 1071): adds |size| octets to |sum|; folds it to 16 bits. */
uint64_t sum_octets(uint64_t sum, const uint8_t *octets, uint32_t size);
uint16_t sum_fold(uint64_t sum);

#endif
