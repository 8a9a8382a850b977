/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * segment.c - TCP header and option octets -> facts.
 *
 * Theory of operation. Captures are hostile input, and every segment of every capture comes through here, so this
 * file reads each octet once, never past |captured|, and allocates nothing. It judges nothing either: what is
 * malformed or repeated is noted as bits, and the rules decide what to make of them.
 *
 * Three sizes matter and are kept apart. The *header* is as long as the data offset says; *length* is how long the
 * IP header says the segment is; *captured* is how much of it we may read. An option that reaches past the header
 * breaks the list (stacks stop there as well); an option that reaches only past |captured| was cut by the snapshot
 * length: no fault of its sender, so the list simply ends and TCPHS_HAVE_OPTIONS stays clear.
 *
 * An option of a known kind with a wrong length is skipped by the length that it claims, and its value is not read:
 * its bit is in .malformed and not in .seen. Of an option met twice the later value counts, as in the common
 * stacks; of MPTCP the first.
 */
#include "tcphs.h"

#include <string.h>

/** Octets of a header without options, and of the part that every segment must show (up to the window). */
enum { HEADER_MIN = 20, HEADER_NEEDED = 16 };

/** Option kinds of the IANA registry that say something about a handshake. */
enum {
	KIND_EOL = 0, KIND_NOP = 1, KIND_MSS = 2, KIND_WSCALE = 3, KIND_SACK_OK = 4, KIND_SACK = 5, KIND_TIMESTAMPS = 8,
	KIND_MD5 = 19, KIND_AO = 29, KIND_MPTCP = 30, KIND_FAST_OPEN = 34, KIND_ACCECN_0 = 172, KIND_ACCECN_1 = 174,
	KIND_EXPERIMENT_1 = 253, KIND_EXPERIMENT_2 = 254,
};

/** Experiment identifiers behind kinds 253 and 254 (RFC 6994), as registered: Fast Open and accurate ECN. */
enum { EXID_FAST_OPEN = 0xF989, EXID_ACCECN = 0xACCE };

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/** hash_octets(): equal octets, equal hashes. Compared within one run only, so the machine's byte order does. */
static uint32_t hash_octets(const uint8_t *p, size_t size)
{
	const uint64_t multiplier = UINT64_C(0x9E3779B97F4A7C15);
	uint64_t hash = size;
	uint64_t word;

	for (; size >= sizeof(word); p += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		hash = (hash ^ word) * multiplier;
		hash ^= hash >> 32;
	}
	if (size > 0) {
		word = 0;
		memcpy(&word, p, size);
		hash = (hash ^ word) * multiplier;
		hash ^= hash >> 32;
	}
	return (uint32_t)hash;
}

/** met(): notes an option; |fixed| is the only length its kind may have, 0 if there are several. True if sound. */
static bool met(struct tcphs_options *options, uint16_t bit, size_t length, size_t fixed)
{
	const uint16_t counted = TCPHS_OPT_MSS | TCPHS_OPT_WSCALE | TCPHS_OPT_SACK_OK | TCPHS_OPT_TIMESTAMPS;

	options->repeated |= (options->seen | options->malformed) & bit & counted;
	if (fixed != 0 && length != fixed) {
		options->malformed |= bit;
		return false;
	}
	return true;
}

/** read_mptcp(): subtype and number of keys (RFC 8684 3.1: 4 octets none, 12 one, 20 to 24 two; version 0 likewise). */
static void read_mptcp(struct tcphs_options *options, const uint8_t *option, size_t length)
{
	if (options->seen & TCPHS_OPT_MPTCP)
		return;
	if (length < 3) {
		options->malformed |= TCPHS_OPT_MPTCP;
		return;
	}
	options->seen |= TCPHS_OPT_MPTCP;
	options->mptcp_subtype = option[2] >> 4;
	if (options->mptcp_subtype == TCPHS_MP_CAPABLE)
		options->mptcp_keys = length >= 20 ? 2 : length >= 12 ? 1 : 0;
}

/** read_experiment(): kinds 253 and 254 carry an identifier in their first two octets. */
static void read_experiment(struct tcphs_options *options, const uint8_t *option, size_t length)
{
	uint16_t exid = length >= 4 ? get16(option + 2) : 0;

	if (exid == EXID_FAST_OPEN) {
		options->seen |= TCPHS_OPT_FAST_OPEN;
		options->cookie_length = (uint8_t)(length - 4);
	} else if (exid == EXID_ACCECN && option[0] == KIND_EXPERIMENT_2) {
		options->seen |= TCPHS_OPT_ACCECN;
	} else {
		options->seen |= TCPHS_OPT_OTHER;
	}
}

/** read_valued(): an option whose length is sound and whose octets are all there. */
static void read_valued(struct tcphs_options *options, const uint8_t *option, size_t length, uint16_t bit)
{
	options->seen |= bit;
	switch (bit) {
	case TCPHS_OPT_MSS:
		options->mss = get16(option + 2);
		break;
	case TCPHS_OPT_WSCALE:
		options->wscale = option[2];
		break;
	case TCPHS_OPT_TIMESTAMPS:
		options->tsval = get32(option + 2);
		options->tsecr = get32(option + 6);
		break;
	case TCPHS_OPT_FAST_OPEN:
		options->cookie_length = (uint8_t)(length - 2);
		break;
	default:
		break;
	}
}

/** struct kind_info: the bit of a kind and the one length that it may have; 0 if there are several. */
struct kind_info {
	uint16_t bit;
	uint8_t length;
};

static const struct kind_info kinds[256] = {
	[KIND_MSS] = {TCPHS_OPT_MSS, 4},
	[KIND_WSCALE] = {TCPHS_OPT_WSCALE, 3},
	[KIND_SACK_OK] = {TCPHS_OPT_SACK_OK, 2},
	[KIND_SACK] = {TCPHS_OPT_SACK, 0},
	[KIND_TIMESTAMPS] = {TCPHS_OPT_TIMESTAMPS, 10},
	[KIND_MD5] = {TCPHS_OPT_MD5, 18},
	[KIND_AO] = {TCPHS_OPT_AO, 0},
	[KIND_FAST_OPEN] = {TCPHS_OPT_FAST_OPEN, 0},
	[KIND_ACCECN_0] = {TCPHS_OPT_ACCECN, 0},
	[KIND_ACCECN_1] = {TCPHS_OPT_ACCECN, 0},
};

/** read_option(): one option of |length| octets, of which only |there| may be read. */
static void read_option(struct tcphs_options *options, const uint8_t *option, size_t length, size_t there, bool *cookie)
{
	const struct kind_info *kind = &kinds[option[0]];

	if (kind->bit != 0) {
		/* The final kind and the experimental one share a bit; only the final kind twice is a repetition. */
		if (option[0] == KIND_FAST_OPEN) {
			options->repeated |= *cookie ? TCPHS_OPT_FAST_OPEN : 0;
			*cookie = true;
		}
		if (met(options, kind->bit, length, kind->length) && there >= length)
			read_valued(options, option, length, kind->bit);
	} else if (there < length) {
		return;
	} else if (option[0] == KIND_MPTCP) {
		read_mptcp(options, option, length);
	} else if (option[0] == KIND_EXPERIMENT_1 || option[0] == KIND_EXPERIMENT_2) {
		read_experiment(options, option, length);
	} else {
		options->seen |= TCPHS_OPT_OTHER;
	}
}

/** read_options(): walks the list of |size| octets, |captured| of them readable (3.1, 3.2). */
static void read_options(struct tcphs_options *options, const uint8_t *list, size_t captured, size_t size)
{
	size_t at = 0;
	bool cookie = false;

	while (at < captured && list[at] != KIND_EOL) {
		if (list[at] == KIND_NOP) {
			at++;
			continue;
		}
		if (at + 1 < size && at + 1 >= captured)
			return;
		/* A kind at the very end has no length. */
		if (at + 1 == size || list[at + 1] < 2 || list[at + 1] > size - at) {
			options->malformed |= TCPHS_OPT_OTHER;
			return;
		}
		read_option(options, list + at, list[at + 1], captured - at, &cookie);
		at += list[at + 1];
	}
}

/** parse_options(): the options of a header of |header| octets, as far as captured. */
static void parse_options(struct tcphs_segment *segment, const uint8_t *tcp, size_t captured, size_t header)
{
	size_t there = captured < header ? captured : header;

	if (captured >= header)
		segment->have |= TCPHS_HAVE_OPTIONS;
	if (there <= HEADER_MIN)
		return;
	segment->options.hash = hash_octets(tcp + HEADER_MIN, there - HEADER_MIN);
	read_options(&segment->options, tcp + HEADER_MIN, there - HEADER_MIN, header - HEADER_MIN);
}

/** parse_stump(): a header cut before the window: what is whole of it is set, TCPHS_HAVE_HEADER is not. */
static void parse_stump(struct tcphs_segment *segment, const uint8_t *tcp, size_t captured)
{
	if (captured >= 2)
		segment->sport = get16(tcp);
	if (captured >= 4)
		segment->dport = get16(tcp + 2);
	if (captured >= 8) {
		segment->seq = get32(tcp + 4);
		segment->have |= TCPHS_HAVE_SEQ;
	}
	if (captured >= 12)
		segment->ack = get32(tcp + 8);
	if (captured >= 14)
		segment->flags = get16(tcp + 12) & TCPHS_FLAGS;
}

/** flags_window_of(): both as one word of the header. */
static inline uint32_t flags_window_of(const struct tcphs_segment *s)
{
	return (uint32_t)s->flags << 16 | s->window;
}

#define HAVE_ALL (TCPHS_HAVE_SEQ | TCPHS_HAVE_HEADER | TCPHS_HAVE_OPTIONS | TCPHS_HAVE_LENGTH)

/** is_plain(): what TCPHS_PLAIN asks of a whole header without its options. */
static inline bool is_plain(uint32_t flags_window, uint16_t sport, uint16_t dport)
{
	return (flags_window >> 16 & (TCPHS_SYN | TCPHS_RST | TCPHS_ACK)) == TCPHS_ACK &&
	       (flags_window & UINT16_MAX) != 0 && sport != 0 && dport != 0 && sport != dport;
}

/** plain_of(): see TCPHS_PLAIN. */
static uint8_t plain_of(const struct tcphs_segment *s)
{
	const struct tcphs_options *o = &s->options;

	if (s->have != HAVE_ALL || !is_plain(flags_window_of(s), s->sport, s->dport) ||
	    ((o->seen & (TCPHS_OPT_MSS | TCPHS_OPT_WSCALE | TCPHS_OPT_SACK_OK)) | o->malformed | o->repeated) != 0)
		return 0;
	return o->seen & TCPHS_OPT_TIMESTAMPS ? TCPHS_PLAIN | TCPHS_PLAIN_STAMPED : TCPHS_PLAIN;
}

/** print_of(): a hash of these. */
static inline uint32_t print_of(uint32_t seq, uint32_t ack, uint32_t length, uint32_t flags_window, uint32_t options)
{
	uint64_t h = ((uint64_t)ack << 32 | seq) * UINT64_C(0x9e3779b97f4a7c15);

	h ^= ((uint64_t)length << 32 | flags_window) * UINT64_C(0xc2b2ae3d27d4eb4f);
	h = (h ^ h >> 32 ^ options) * UINT64_C(0x165667b19e3779f9);
	return (uint32_t)(h >> 32) | 1;
}

void tcphs_segment_sum_up(struct tcphs_segment *s)
{
	s->plain = plain_of(s);
	s->print = print_of(s->seq, s->ack, s->length, flags_window_of(s), s->options.hash);
}

/** parse_any(): a header of any kind. */
__attribute__((noinline)) static void parse_any(struct tcphs_segment *segment, const uint8_t *tcp, size_t captured,
                                                size_t length)
{
	size_t header;

	*segment = (struct tcphs_segment){ .options.mptcp_subtype = TCPHS_MP_NONE };
	if (captured < HEADER_NEEDED) {
		parse_stump(segment, tcp, captured);
		return;
	}
	segment->have = TCPHS_HAVE_SEQ | TCPHS_HAVE_HEADER;
	segment->sport = get16(tcp);
	segment->dport = get16(tcp + 2);
	segment->seq = get32(tcp + 4);
	segment->ack = get32(tcp + 8);
	segment->flags = get16(tcp + 12) & TCPHS_FLAGS;
	segment->window = get16(tcp + 14);

	header = (size_t)(tcp[12] >> 4) * 4;
	if (header < HEADER_MIN || (length != 0 && header > length)) {
		segment->have |= TCPHS_BAD_OFFSET;
		tcphs_segment_sum_up(segment);
		return;
	}
	if (length != 0) {
		segment->have |= TCPHS_HAVE_LENGTH;
		segment->length = (uint32_t)(length - header);
	}
	parse_options(segment, tcp, captured, header);
	tcphs_segment_sum_up(segment);
}

/** The header of nearly all segments after the handshake: these options (RFC 7323 appendix A) and no others. */
enum { HEADER_USUAL = HEADER_MIN + 12 };

static inline bool is_usual(const uint8_t *tcp, size_t captured)
{
	return captured >= HEADER_USUAL && tcp[12] >> 4 == HEADER_USUAL / 4 &&
	       get32(tcp + HEADER_MIN) == (KIND_NOP << 24 | KIND_NOP << 16 | KIND_TIMESTAMPS << 8 | 10);
}

/** parse_usual(): such a header at once; |length| is known. Everything is read before anything is written. */
static inline void parse_usual(struct tcphs_segment *segment, const uint8_t *tcp, size_t length)
{
	const uint16_t sport = get16(tcp), dport = get16(tcp + 2);
	const uint32_t seq = get32(tcp + 4), ack = get32(tcp + 8);
	const uint32_t flags_window = get32(tcp + 12) & (TCPHS_FLAGS << 16 | UINT16_MAX);
	const uint32_t octets = (uint32_t)(length - HEADER_USUAL);
	const uint32_t tsval = get32(tcp + HEADER_MIN + 4), tsecr = get32(tcp + HEADER_MIN + 8);
	const uint64_t mixed = ((uint64_t)tsval << 32 | tsecr) * UINT64_C(0x9E3779B97F4A7C15);
	const uint32_t hash = (uint32_t)(mixed ^ mixed >> 32);

	*segment = (struct tcphs_segment){
		.have = HAVE_ALL,
		.plain = is_plain(flags_window, sport, dport) ? TCPHS_PLAIN | TCPHS_PLAIN_STAMPED : 0,
		.flags = (uint16_t)(flags_window >> 16), .seq = seq, .ack = ack, .length = octets,
		.print = print_of(seq, ack, octets, flags_window, hash), .window = (uint16_t)flags_window,
		.sport = sport, .dport = dport,
		.options = { .seen = TCPHS_OPT_TIMESTAMPS, .mptcp_subtype = TCPHS_MP_NONE, .tsval = tsval,
		             .tsecr = tsecr, .hash = hash },
	};
}

void tcphs_segment_parse(struct tcphs_segment *segment, const uint8_t *tcp, size_t captured, size_t length)
{
	/* What follows the segment in the frame (Ethernet padding) is not the segment's. */
	if (length != 0 && captured > length)
		captured = length;
	if (length != 0 && is_usual(tcp, captured))
		parse_usual(segment, tcp, length);
	else
		parse_any(segment, tcp, captured, length);
}
