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

/** stir(): a hash with one word more. */
static inline uint64_t stir(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
	return hash ^ hash >> 32;
}

/** hash_octets(): equal octets, equal hashes. Compared within one run only, so the machine's byte order does. */
static uint32_t hash_octets(const uint8_t *p, size_t size)
{
	uint64_t hash = size, word;
	uint32_t half;

	for (; size >= sizeof(word); p += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		hash = stir(hash, word);
	}
	if (size >= sizeof(half)) {
		memcpy(&half, p, sizeof(half));
		hash = stir(hash, half);
		p += sizeof(half);
		size -= sizeof(half);
	}
	for (; size > 0; p++, size--)
		hash = stir(hash, *p);
	return (uint32_t)hash;
}

/** struct walk: an option on the way through a list. */
struct walk {
	const uint8_t *option;
	size_t length;         /* as it claims */
	size_t there;          /* octets that may be read, from here to the end of the list */
	uint16_t met;          /* bits of the kinds before it, of those that are counted */
};

/** is_sound(): notes an option of a kind that has this |length| only. True if its value can be read. */
static inline bool is_sound(struct tcphs_options *options, const struct walk *walk, uint16_t bit, size_t length)
{
	if (walk->length != length) {
		options->malformed |= bit;
		return false;
	}
	if (walk->there < length)
		return false;
	options->seen |= bit;
	return true;
}

/** counted(): likewise, of a kind that must not come twice. */
static inline bool counted(struct tcphs_options *options, struct walk *walk, uint16_t bit, size_t length)
{
	options->repeated |= walk->met & bit;
	walk->met |= bit;
	return is_sound(options, walk, bit, length);
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

/** read_rare(): an option of a kind that may have several lengths, all there. */
static void read_rare(struct tcphs_options *options, const uint8_t *option, size_t length)
{
	switch (option[0]) {
	case KIND_SACK:
		options->seen |= TCPHS_OPT_SACK;
		break;
	case KIND_AO:
		options->seen |= TCPHS_OPT_AO;
		break;
	case KIND_MPTCP:
		read_mptcp(options, option, length);
		break;
	case KIND_ACCECN_0:
	case KIND_ACCECN_1:
		options->seen |= TCPHS_OPT_ACCECN;
		break;
	case KIND_EXPERIMENT_1:
	case KIND_EXPERIMENT_2:
		read_experiment(options, option, length);
		break;
	default:
		options->seen |= TCPHS_OPT_OTHER;
		break;
	}
}

static inline void read_option(struct tcphs_options *options, struct walk *walk)
{
	const uint8_t *option = walk->option;

	switch (option[0]) {
	case KIND_MSS:
		if (counted(options, walk, TCPHS_OPT_MSS, 4))
			options->mss = get16(option + 2);
		break;
	case KIND_WSCALE:
		if (counted(options, walk, TCPHS_OPT_WSCALE, 3))
			options->wscale = option[2];
		break;
	case KIND_SACK_OK:
		counted(options, walk, TCPHS_OPT_SACK_OK, 2);
		break;
	case KIND_TIMESTAMPS:
		if (counted(options, walk, TCPHS_OPT_TIMESTAMPS, 10)) {
			options->tsval = get32(option + 2);
			options->tsecr = get32(option + 6);
		}
		break;
	case KIND_MD5:
		is_sound(options, walk, TCPHS_OPT_MD5, 18);
		break;
	case KIND_FAST_OPEN:
		/* The experimental kind has the same bit; only this one twice is a repetition. */
		if (counted(options, walk, TCPHS_OPT_FAST_OPEN, walk->length))
			options->cookie_length = (uint8_t)(walk->length - 2);
		break;
	default:
		if (walk->there >= walk->length)
			read_rare(options, option, walk->length);
		break;
	}
}

/** read_options(): walks the list of |size| octets, |captured| of them readable (3.1, 3.2). */
static void read_options(struct tcphs_options *options, const uint8_t *list, size_t captured, size_t size)
{
	const size_t cut = size - captured;
	struct walk walk = { .option = list, .there = captured };

	for (; walk.there > 0 && *walk.option != KIND_EOL; walk.option += walk.length, walk.there -= walk.length) {
		walk.length = 1;
		if (*walk.option == KIND_NOP)
			continue;
		if (walk.there == 1 && cut > 0)
			return;
		/* A kind at the very end has no length. */
		if (walk.there == 1 || walk.option[1] < 2 || walk.option[1] > walk.there + cut) {
			options->malformed |= TCPHS_OPT_OTHER;
			return;
		}
		walk.length = walk.option[1];
		read_option(options, &walk);
		if (walk.length > walk.there)
			return;
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
	*segment = (struct tcphs_segment){ .options.mptcp_subtype = TCPHS_MP_NONE };
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

/** set_fixed(): what the octets say that every segment must show; all else is 0. They are nowhere in *segment*. */
static inline void set_fixed(struct tcphs_segment *restrict segment, const uint8_t *restrict tcp)
{
	const uint32_t flags_window = get32(tcp + 12) & (TCPHS_FLAGS << 16 | UINT16_MAX);

	*segment = (struct tcphs_segment){ .have = TCPHS_HAVE_SEQ | TCPHS_HAVE_HEADER,
		                           .options.mptcp_subtype = TCPHS_MP_NONE };
	segment->flags = (uint16_t)(flags_window >> 16);
	segment->seq = get32(tcp + 4);
	segment->ack = get32(tcp + 8);
	segment->window = (uint16_t)flags_window;
	segment->sport = get16(tcp);
	segment->dport = get16(tcp + 2);
}

/** parse_any(): a header of any kind. */
__attribute__((noinline)) static void parse_any(struct tcphs_segment *segment, const uint8_t *tcp, size_t captured,
                                                size_t length)
{
	size_t header;

	if (captured < HEADER_NEEDED) {
		parse_stump(segment, tcp, captured);
		return;
	}
	set_fixed(segment, tcp);
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

/* Two kinds of headers are read at once: without options, and with these (RFC 7323 appendix A) and no others. */
enum { HEADER_STAMPED = HEADER_MIN + 12 };

static inline bool is_bare(const uint8_t *tcp, size_t captured)
{
	return captured >= HEADER_MIN && tcp[12] >> 4 == HEADER_MIN / 4;
}

static inline bool is_stamped(const uint8_t *tcp, size_t captured)
{
	return captured >= HEADER_STAMPED && tcp[12] >> 4 == HEADER_STAMPED / 4 &&
	       get32(tcp + HEADER_MIN) == (KIND_NOP << 24 | KIND_NOP << 16 | KIND_TIMESTAMPS << 8 | 10);
}

/** parse_usual(): such a header, either kind with code of its own. |length| is known. */
__attribute__((always_inline)) static inline void parse_usual(struct tcphs_segment *restrict segment,
                                                              const uint8_t *restrict tcp, size_t length,
                                                              bool stamped)
{
	struct tcphs_options *options = &segment->options;

	set_fixed(segment, tcp);
	segment->have = HAVE_ALL;
	segment->length = (uint32_t)(length - (stamped ? HEADER_STAMPED : HEADER_MIN));
	if (stamped) {
		options->seen = TCPHS_OPT_TIMESTAMPS;
		options->tsval = get32(tcp + HEADER_MIN + 4);
		options->tsecr = get32(tcp + HEADER_MIN + 8);
		options->hash = (uint32_t)stir(0, (uint64_t)options->tsval << 32 | options->tsecr);
	}
	if (is_plain(flags_window_of(segment), segment->sport, segment->dport))
		segment->plain = stamped ? TCPHS_PLAIN | TCPHS_PLAIN_STAMPED : TCPHS_PLAIN;
	segment->print = print_of(segment->seq, segment->ack, segment->length, flags_window_of(segment), options->hash);
}

void tcphs_segment_parse(struct tcphs_segment *segment, const uint8_t *tcp, size_t captured, size_t length)
{
	/* What follows the segment in the frame (Ethernet padding) is not the segment's. */
	if (length != 0 && captured > length)
		captured = length;
	if (length != 0 && is_stamped(tcp, captured))
		parse_usual(segment, tcp, length, true);
	else if (length != 0 && is_bare(tcp, captured))
		parse_usual(segment, tcp, length, false);
	else
		parse_any(segment, tcp, captured, length);
}
