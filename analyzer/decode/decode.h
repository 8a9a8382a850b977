/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decode.h - from a frame to the TCP headers in it.
 *
 * A decoder walks through the layers of a frame and gives items: a TCP segment, a TCP header quoted by an
 * ICMP or ICMPv6 error, or nothing. Every frame gives at least one item, so that whoever goes through the
 * items sees every frame's time. An item holds no pointer into the frame: decode many frames, prefetch
 * what the tracker knows of their keys, then feed it.
 *
 * What could hide TCP and was not decoded is counted under a word ("fragment", "linktype_147"); what is
 * certainly not TCP (ARP, DNS) is not. A fragment counts until its datagram is complete.
 */
#ifndef TCPHS_DECODE_H
#define TCPHS_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input.h"
#include "tcphs.h"

/** The most items one frame can give; what would exceed it is counted as "too_many". */
#define TCPHS_DECODE_ITEMS 32

enum tcphs_decoded_kind { TCPHS_DECODED_NOTHING, TCPHS_DECODED_SEGMENT, TCPHS_DECODED_QUOTE };

/** struct tcphs_decoded: one item. Of the union, |tcp| is set for SEGMENT, |quote| for QUOTE. */
struct tcphs_decoded {
	tcphs_time time;       /* the frame's; 0 if it has none */
	uint32_t frame;        /* the frame's number */
	uint8_t kind;          /* enum tcphs_decoded_kind */
	bool first;            /* the first item of its frame */
	union {
		struct {
			struct tcphs_key key;
			struct tcphs_segment segment;  /* complete: the caller's members are set too, ref = frame */
		} tcp;
		struct tcphs_quote quote;              /* likewise */
	};
};

struct tcphs_decode_config {
	bool checksums;        /* verify TCP checksums; else segment.checksum stays UNKNOWN */
	bool pieces;           /* keep what tcphs_decoder_pieces() tells */
};

/** struct tcphs_piece: |piece| is the frame of a fragment of the datagram that was complete in |frame|. */
struct tcphs_piece {
	uint32_t frame, piece;
};

struct tcphs_decoder;

/** tcphs_decoder_new(): a decoder; one per thread and tracker. Aborts when memory is out, as GLib does. */
struct tcphs_decoder *tcphs_decoder_new(const struct tcphs_decode_config *config);
void tcphs_decoder_del(struct tcphs_decoder *decoder);

/**
 * tcphs_decode(): the items of one frame.
 *
 * |items| has room for TCPHS_DECODE_ITEMS. Items come in the order in which Wireshark dissects.
 * @return how many were set: at least 1.
 */
size_t tcphs_decode(struct tcphs_decoder *decoder, const struct tcphs_frame *frame, struct tcphs_decoded *items);

/**
 * tcphs_decode_batch(): reads and decodes as many frames as |capacity| items surely hold.
 *
 * |capacity| is at least TCPHS_DECODE_ITEMS. *count is set in any case: END and DAMAGED may come with items.
 * *frames is raised by the number of frames read.
 * @return TCPHS_INPUT_FRAME: there may be more; else what tcphs_input_next() said.
 */
enum tcphs_input_result tcphs_decode_batch(struct tcphs_decoder *decoder, struct tcphs_input *input,
                                           struct tcphs_decoded *items, size_t capacity, size_t *count,
                                           uint64_t *frames);

/** tcphs_decoder_pieces(): of the frames of the last batch, those that were put together; in order of |frame|. */
const struct tcphs_piece *tcphs_decoder_pieces(const struct tcphs_decoder *decoder, size_t *count);

/** tcphs_decoder_encap(): the word of a segment.encap of this decoder: "eth:vlan:ip", "sll:ip6"; never NULL. */
const char *tcphs_decoder_encap(const struct tcphs_decoder *decoder, uint8_t encap);

/**
 * tcphs_decoder_not_decoded(): the |index|th word (from 0) of what was not decoded, and how many frames.
 *
 * @return the word, which lives as long as the decoder, or NULL if there is no such index.
 */
const char *tcphs_decoder_not_decoded(const struct tcphs_decoder *decoder, size_t index, uint64_t *frames);

/**
 * tcphs_decoder_reset(): begins the next file: forgets the counts of what was not decoded, and fragments that wait for
 * others. Encap numbers stay.
 */
void tcphs_decoder_reset(struct tcphs_decoder *decoder);

#endif
