/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * input.h - the frames of a capture file, one after another.
 *
 * Two formats, told apart by their first octets: classic pcap, read by libpcap, and pcapng, read by
 * pcapng.c. Both are read as a stream, never mapped or seeked in, so that a pipe is as good as a file.
 * Frames are numbered as Wireshark numbers them: from 1, counting some pcapng blocks that are no packets.
 * What was captured is hostile: whatever the octets are, next() gives frames and then END or DAMAGED.
 */
#ifndef TCPHS_INPUT_H
#define TCPHS_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "tcphs.h"

struct tcphs_input;

/** tcphs_frame.linktype of a block that counts as a frame and holds no packet. */
#define TCPHS_LINKTYPE_NONE (-1)

/**
 * The longest frame of nearly all link types; more is damage (Wireshark's own limit). Of the few that allow
 * more (D-Bus, USB), and hold no TCP, a frame's |captured| may be larger, or cut to this.
 */
#define TCPHS_FRAME_MAX 262144

/** struct tcphs_frame: one frame. |bytes| is valid until the next call on the input. */
struct tcphs_frame {
	tcphs_time time_ns;    /* 0 where has_time is false */
	uint32_t number;       /* from 1, as frame.number */
	uint32_t captured;     /* octets at |bytes| */
	uint32_t length;       /* octets on the wire */
	int linktype;          /* DLT_* of libpcap on this machine, or TCPHS_LINKTYPE_NONE */
	bool has_time;         /* pcapng simple packet blocks have none */
	const uint8_t *bytes;
};

enum tcphs_input_result {
	TCPHS_INPUT_FRAME,     /* *frame* is set */
	TCPHS_INPUT_END,       /* all was read */
	TCPHS_INPUT_DAMAGED,   /* the rest cannot be read: tcphs_input_message() says why. Final, as END is. */
};

/**
 * tcphs_input_open(): opens the file at |path|, or standard input for "-".
 *
 * @return the input, or NULL; then *message is a sentence that says what is wrong and what to do, for g_free().
 * It names no file: the caller puts the name (escaped) before it.
 */
struct tcphs_input *tcphs_input_open(const char *path, char **message);

/** tcphs_input_next(): the next frame. After END or DAMAGED it gives the same again. */
enum tcphs_input_result tcphs_input_next(struct tcphs_input *input, struct tcphs_frame *frame);

/** tcphs_input_message(): why the input is damaged, one sentence of ASCII, or NULL. Lives as long as the input. */
const char *tcphs_input_message(const struct tcphs_input *input);

/** tcphs_input_format(): "pcap" or "pcapng". */
const char *tcphs_input_format(const struct tcphs_input *input);

/** tcphs_input_close(): closes and frees; NULL is allowed. */
void tcphs_input_close(struct tcphs_input *input);

#endif
