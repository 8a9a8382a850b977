/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * input.h - the frames of a capture, one after another.
 *
 * Two formats, told apart by their first octets: classic pcap, read by libpcap, and pcapng, read by
 * pcapng.c. Both are read as a stream, never mapped, so that a pipe is as good as a file. A file may hold many
 * captures, and they may be compressed: captures.c finds them, by libarchive. join.c makes one capture of many.
 * Frames are numbered as Wireshark numbers them: from 1, counting some pcapng blocks that are no packets.
 * What was captured is hostile: whatever the octets are, next() gives frames and then END or DAMAGED.
 */
#ifndef TCPHS_INPUT_H
#define TCPHS_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "tcphs.h"

struct tcphs_input;
struct tcphs_filter;

/** tcphs_frame.linktype of a block that counts as a frame and holds no packet. */
#define TCPHS_LINKTYPE_NONE (-1)

/**
 * The longest frame of nearly all link types; more is damage (Wireshark's own limit). Of the few that allow
 * more (D-Bus, USB), and hold no TCP, a frame's |captured| may be larger, or cut to this.
 */
#define TCPHS_FRAME_MAX 262144

/** struct tcphs_interface: where frames were captured. */
struct tcphs_interface {
	int linktype;          /* DLT_* */
	uint32_t snaplen;      /* as the file has it; 0: no limit */
	const char *name;      /* as the capturing program called it; NULL: not known */
};

/** struct tcphs_frame: one frame. |bytes| and |interface| are valid until the next call on the input. */
struct tcphs_frame {
	tcphs_time time_ns;    /* 0 where has_time is false */
	uint32_t number;       /* from 1, as frame.number */
	uint32_t captured;     /* octets at |bytes| */
	uint32_t length;       /* octets on the wire */
	int linktype;          /* DLT_* of libpcap on this machine, or TCPHS_LINKTYPE_NONE */
	bool has_time;         /* pcapng simple packet blocks have none */
	const uint8_t *bytes;
	const struct tcphs_interface *interface;  /* NULL if linktype is TCPHS_LINKTYPE_NONE */
};

enum tcphs_input_result {
	TCPHS_INPUT_FRAME,     /* *frame* is set */
	TCPHS_INPUT_END,       /* all was read */
	TCPHS_INPUT_DAMAGED,   /* the rest cannot be read: tcphs_input_message() says why. Final, as END is. */
};

/** struct tcphs_input_config: how files are read. */
struct tcphs_input_config {
	/*
	 * What unpacking may make of one file, before it is given up as a bomb: so many times what was read of it
	 * (beyond TCPHS_EXPANSION_FREE octets, which are always granted), and so many octets.
	 */
	uint64_t expansion_ratio, expansion_octets;
	bool again;                   /* tcphs_input_again() will be called: what comes only once is kept in a file */
	struct tcphs_filter *filter;  /* frames that it does not let through come without their packet; NULL: none */
};

/** Defaults of the above: more than captures reach that were not made for it (zeros in gzip have a ratio of 1000). */
#define TCPHS_EXPANSION_RATIO 250
#define TCPHS_EXPANSION_OCTETS (UINT64_C(1) << 42)
#define TCPHS_EXPANSION_FREE (UINT64_C(64) << 20)

/** tcphs_input_config_default(): the defaults, no filter, to be read once. */
void tcphs_input_config_default(struct tcphs_input_config *config);

/* ---- the captures of a file ---------------------------------------------------------------------- */

/** tcphs_looks_like_captures(): by the first octets of a file, whether there may be captures in it. */
bool tcphs_looks_like_captures(const uint8_t *octets, size_t size);

/** So many octets are enough for that. */
#define TCPHS_LOOK 512

/** struct tcphs_capture: one capture of a file, or what stands in the way of one. */
struct tcphs_capture {
	const char *name;           /* of the file, or FILE/MEMBER of an archive's member; valid until the next call */
	struct tcphs_input *input;  /* the caller's, to be closed before the next call; or NULL */
	const char *problem;        /* then: a sentence without the name, valid until the next call */
	bool nothing;               /* ... and that is only that it is no capture, as many files are */
};

struct tcphs_captures;

/**
 * tcphs_captures_open(): the captures of the file at |path|, or of standard input for "-".
 *
 * A file that is neither a capture nor packed gives one problem, what is no capture in an archive is passed over.
 * *config* is copied, but not the filter.
 */
struct tcphs_captures *tcphs_captures_open(const char *path, const struct tcphs_input_config *config);

/** tcphs_captures_next(): the next one; false after the last. The first call always gives one. */
bool tcphs_captures_next(struct tcphs_captures *captures, struct tcphs_capture *capture);

/** tcphs_captures_close(): NULL is allowed. */
void tcphs_captures_close(struct tcphs_captures *captures);

/* ---- many captures as one ------------------------------------------------------------------------ */

struct tcphs_join;

/** tcphs_join_prepare(): lets the process have as many files open as the system allows: many may overlap in time. */
void tcphs_join_prepare(void);

/** tcphs_join_new(): the files of a ring buffer, as one capture in order of time. */
struct tcphs_join *tcphs_join_new(const struct tcphs_input_config *config);

/** tcphs_join_add(): the captures of one more file. |found|: it need not hold any. */
void tcphs_join_add(struct tcphs_join *join, const char *path, bool found);
/** tcphs_join_damaged(): a file that could not even be found; |problem| is a sentence without the name. */
void tcphs_join_damaged(struct tcphs_join *join, const char *name, const char *problem);
/** tcphs_join_names(): the captures to be joined, in order of their first frames; NULL-terminated, for g_strfreev(). */
char **tcphs_join_names(const struct tcphs_join *join);
/** tcphs_join_free(): NULL is allowed. */
void tcphs_join_free(struct tcphs_join *join);

/**
 * tcphs_join_input(): their frames in order of time, as mergecap orders and Wireshark then numbers them.
 *
 * Of files that follow one another only those are open that overlap. If one is damaged the others are read on; the
 * damage is told at the end. The input outlives the join's tcphs_join_free().
 */
struct tcphs_input *tcphs_join_input(struct tcphs_join *join);

/* ---- a BPF filter -------------------------------------------------------------------------------- */

/**
 * tcphs_filter_new(): a filter in the words of pcap-filter(7), for every link type that libpcap can filter.
 *
 * @return NULL if the expression is wrong; then *message is libpcap's reason, for g_free().
 */
struct tcphs_filter *tcphs_filter_new(const char *expression, char **message);
/** tcphs_filter_free(): NULL is allowed. */
void tcphs_filter_free(struct tcphs_filter *filter);

/* ---- the frames of a capture --------------------------------------------------------------------- */

/**
 * tcphs_input_open(): the first capture of a file, with the defaults: for those who want no more.
 *
 * @return the input, or NULL; then *message is a sentence that says what is wrong and what to do, for g_free().
 * It names no file: the caller puts the name (escaped) before it.
 */
struct tcphs_input *tcphs_input_open(const char *path, char **message);

/**
 * tcphs_input_again(): the same frames from the first on, unfiltered, as another input.
 *
 * Only for inputs opened with config.again, once they were read to their end. NULL: *message as above.
 */
struct tcphs_input *tcphs_input_again(const struct tcphs_input *input, char **message);

/** tcphs_input_next(): the next frame. After END or DAMAGED it gives the same again. */
enum tcphs_input_result tcphs_input_next(struct tcphs_input *input, struct tcphs_frame *frame);

/** tcphs_input_message(): why the input is damaged, one sentence of ASCII, or NULL. Lives as long as the input. */
const char *tcphs_input_message(const struct tcphs_input *input);

/** tcphs_input_filtered(): how many frames so far the filter did not let through. */
uint64_t tcphs_input_filtered(const struct tcphs_input *input);

/**
 * tcphs_input_unfilterable(): the |index|th link type (from 0) that the filter could not be compiled for; its frames
 * were not let through.
 *
 * @return libpcap's reason, or NULL if there is no such index.
 */
const char *tcphs_input_unfilterable(const struct tcphs_input *input, size_t index, int *linktype, uint64_t *frames);

/** tcphs_input_format(): "pcap", "pcapng" or "join". */
const char *tcphs_input_format(const struct tcphs_input *input);

/** tcphs_input_close(): closes and frees; NULL is allowed. */
void tcphs_input_close(struct tcphs_input *input);

#endif
