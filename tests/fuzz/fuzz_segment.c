/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_segment.c - arbitrary octets as a TCP segment.
 *
 * The first two octets say how long the IP header claims the segment to be, and how much of the rest was captured.
 * Nothing is read beyond what was captured; what is said to be known agrees with how much that is; the same octets
 * give the same facts; less of them never gives more; and a SYN is the same after it was packed.
 */
#include <string.h>

#include "fuzz.h"
#include "store.h"
#include "tcphs.h"

/* A header as far as seq, and as far as the flags. */
enum { PORTS_AND_SEQ = 8, UP_TO_WINDOW = 16, WHOLE = 20 };

/* In a block of its own, whose end the sanitizer watches. */
static void parse(struct tcphs_segment *segment, const uint8_t *data, size_t captured, size_t length)
{
	uint8_t *exact = malloc(captured ? captured : 1);

	CHECK(exact);
	if (captured)
		memcpy(exact, data, captured);
	memset(segment, 0xa5, sizeof(*segment));
	tcphs_segment_parse(segment, exact, captured, length);
	free(exact);
}

static void check_facts(const struct tcphs_segment *s, size_t captured, size_t length)
{
	CHECK(!(s->have & TCPHS_HAVE_SEQ) || captured >= PORTS_AND_SEQ);
	CHECK(!(s->have & TCPHS_HAVE_HEADER) || captured >= UP_TO_WINDOW);
	CHECK(!(s->have & TCPHS_HAVE_OPTIONS) || captured >= WHOLE);
	CHECK(s->flags <= TCPHS_FLAGS);
	CHECK(!(s->have & TCPHS_HAVE_LENGTH) || s->length <= length);
	CHECK((s->options.seen & TCPHS_OPT_WSCALE) || s->options.wscale == 0);
	CHECK((s->options.seen & TCPHS_OPT_MSS) || s->options.mss == 0);
}

static void check_pack(const struct tcphs_segment *s)
{
	const struct tcphs_key key = { .sport = s->sport, .dport = s->dport };
	struct tcphs_packed_syn packed;
	struct tcphs_segment back;

	if (!tcphs_syn_pack(&packed, s, &key))
		return;
	tcphs_syn_unpack(&packed, &back, &key);
	CHECK(back.seq == s->seq && back.ack == s->ack && back.flags == s->flags && back.have == s->have);
	CHECK(back.length == s->length && back.window == s->window);
	CHECK(memcmp(&back.options, &s->options, sizeof(back.options)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_reader reader = { data, size };
	uint8_t more = fuzz_octet(&reader), cut = fuzz_octet(&reader);
	size_t captured = cut && cut < reader.left ? cut : reader.left;
	size_t length = more == 0xff ? 0 : captured + more;
	struct tcphs_segment s, again, less;

	parse(&s, reader.at, captured, length);
	check_facts(&s, captured, length);
	parse(&again, reader.at, captured, length);
	CHECK(s.seq == again.seq && s.have == again.have && s.flags == again.flags && s.length == again.length &&
	      memcmp(&s.options, &again.options, sizeof(s.options)) == 0);
	check_pack(&s);
	for (size_t shorter = 0; shorter < captured && shorter <= 60; shorter++) {
		parse(&less, reader.at, shorter, length);
		CHECK((less.have & ~s.have & (TCPHS_HAVE_SEQ | TCPHS_HAVE_HEADER | TCPHS_HAVE_OPTIONS)) == 0);
		CHECK(!(less.have & TCPHS_HAVE_HEADER) || (less.flags == s.flags && less.seq == s.seq));
	}
	return 0;
}
