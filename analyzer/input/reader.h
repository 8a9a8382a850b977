/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reader.h - what those who find captures, read their formats and join them share.
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
	struct tcphs_interface described;
	char *name;             /* described.name */
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
	struct pcap_pkthdr *header;  /* libpcap's, of the last frame */
	struct tcphs_interface interface;
	size_t untold;               /* octets read since progress was told */
};

/** struct join_reader: frames of a join, as far as they are known. */
struct join_reader {
	struct tcphs_join *join;
	guint begun;            /* so many of the join's files, in order of time, were opened */
	GPtrArray *heap;        /* of struct reading, those that are open: the first one has the next frame */
	bool given;             /* ... and that frame was given already */
	GString *damage;        /* sentences about files that were not read to their end */
	guint damaged;          /* how many there would be, had they room */
};

/** struct filtered: what the filter does with one input. */
struct filtered {
	struct tcphs_filter *filter;
	GPtrArray *linktypes;   /* of struct filtered_linktype, as they were met */
	GHashTable *by_number;  /* the same */
	struct filtered_linktype *last;
	uint64_t frames;        /* not let through */
};

/** struct origin: from where the same octets can be read again: one of the two, or neither. */
struct origin {
	char *path;
	struct extent *extent;
};

struct tcphs_input {
	struct stream *stream;           /* NULL in a join */
	struct tcphs_captures *owner;    /* to be closed with the input, or NULL */
	struct origin origin;
	const char *format;
	enum tcphs_input_result result;  /* FRAME until the end or damage was met */
	char *message;
	uint32_t frames;                 /* number of the last frame */
	struct filtered filtered;
	enum tcphs_input_result (*next)(struct tcphs_input *input, struct tcphs_frame *frame);
	void (*close)(struct tcphs_input *input);
	union {
		struct pcap_reader pcap;
		struct pcapng_reader pcapng;
		struct join_reader join;
	};
};

/** enum kind: what a stream is, by its first octets. */
enum kind {
	KIND_CAPTURE,
	KIND_PACKED,    /* compressed, or an archive */
	KIND_NOTHING,
};

/** input_kind(): of a stream that stands at its first octet. */
enum kind input_kind(struct stream *stream);

/** input_nothing(): a sentence for g_free(): what a stream is instead of a capture. */
char *input_nothing(struct stream *stream);

/**
 * input_start(): a reader for a stream of KIND_CAPTURE, of which input_kind() was asked; closing it closes the stream.
 * NULL: *message is a sentence, for g_free(), and the stream is closed.
 */
struct tcphs_input *input_start(struct stream *stream, const struct tcphs_input_config *config, char **message);

/** input_open_again(): reads again what *origin* names. Errors as above. */
struct tcphs_input *input_open_again(const struct origin *origin, const struct tcphs_input_config *config,
                                     char **message);
struct origin origin_copy(const struct origin *origin);
void origin_clear(struct origin *origin);

/**
 * pcap_reader_open(), pcapng_reader_open(): the stream stands at the file's first octet.
 * false: input->message says why.
 */
bool pcap_reader_open(struct tcphs_input *input);
bool pcapng_reader_open(struct tcphs_input *input);

/** input_damaged(): sets the message, once and for all. @return TCPHS_INPUT_DAMAGED */
enum tcphs_input_result input_damaged(struct tcphs_input *input, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** join_again(): tcphs_input_again() of a join. */
struct tcphs_input *join_again(const struct tcphs_input *input);

/** filtered_begin(), filtered_end(): of an input. */
void filtered_begin(struct filtered *filtered, struct tcphs_filter *filter);
void filtered_end(struct filtered *filtered);
/** filtered_frame(): takes the packet of a frame that the filter does not let through, and counts it. */
void filtered_frame(struct filtered *filtered, struct tcphs_frame *frame);

/** input_time(): seconds and nanoseconds to one number between 0 and TIME_LIMIT. */
int64_t input_time(int64_t seconds, int64_t nanoseconds);

#endif
