/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reader.h - what input.c and the readers of the two formats share.
 */
#ifndef TCPHS_READER_H
#define TCPHS_READER_H

#include <glib.h>
#include <pcap/pcap.h>

#include "input.h"
#include "stream.h"

/**
 * Times are kept between 0 and this (the year 2116), so that no difference of two of them, nor a sum with an
 * interval, leaves 64 bits; a stamp beyond is not of this world and is moved to the limit.
 */
#define TIME_LIMIT (INT64_C(1) << 62)

/** One interface of the current pcapng section. */
struct pcapng_interface {
	int linktype;           /* DLT_* */
	uint32_t snaplen;       /* 0: no limit */
	uint32_t frame_max;     /* longest frame that is not damage */
	uint64_t units;         /* time units a second */
	int64_t offset;         /* seconds to add */
};

struct pcapng_reader {
	bool swapped;           /* this section is in the other byte order */
	GArray *interfaces;     /* of struct pcapng_interface */
	uint8_t *large;         /* copy of a frame whose block is larger than the stream's buffer */
};

struct pcap_reader {
	pcap_t *pcap;
	int linktype;
};

struct tcphs_input {
	struct stream *stream;
	const char *format;
	enum tcphs_input_result result;  /* FRAME until the end or damage was met */
	char *message;
	uint32_t frames;                 /* number of the last frame */
	enum tcphs_input_result (*next)(struct tcphs_input *input, struct tcphs_frame *frame);
	void (*close)(struct tcphs_input *input);
	union {
		struct pcap_reader pcap;
		struct pcapng_reader pcapng;
	};
};

/**
 * pcap_reader_open(), pcapng_reader_open(): the stream stands at the file's first octet.
 * false: input->message says why.
 */
bool pcap_reader_open(struct tcphs_input *input);
bool pcapng_reader_open(struct tcphs_input *input);

/** input_damaged(): sets the message, once and for all. @return TCPHS_INPUT_DAMAGED */
enum tcphs_input_result input_damaged(struct tcphs_input *input, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** input_time(): seconds and nanoseconds to one number between 0 and TIME_LIMIT. */
int64_t input_time(int64_t seconds, int64_t nanoseconds);

#endif
