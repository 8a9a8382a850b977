/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_decode.c - arbitrary octets as frames of every link type that is decoded.
 *
 * The first two octets are the link type, or choose one if they are none. Then come frames: an octet of flags, two of
 * length, and so many octets; with a flag the frame claims to be longer than what was captured of it, with another the
 * next frame is of the next link type. Each gives 1 to TCPHS_DECODE_ITEMS items, the first of them and no other called
 * so; nothing beyond a frame is read; the words for layers are there; and another decoder says the same.
 */
#include <string.h>

#include <glib.h>
#include <pcap/dlt.h>

#include "decode.h"
#include "fuzz.h"
#include "layers.h"
#include "lot.h"

enum { CUT = 1, NEXT_TYPE = 2, LONGER = 4 };

struct side {
	struct tcphs_decoder *decoder;
	struct tcphs_decoded items[TCPHS_DECODE_ITEMS];
	size_t count;
};

static void decode_on(struct side *side, const struct tcphs_frame *frame)
{
	memset(side->items, 0, sizeof(side->items));
	side->count = tcphs_decode(side->decoder, frame, side->items);
	CHECK(side->count >= 1 && side->count <= TCPHS_DECODE_ITEMS);
	for (size_t i = 0; i < side->count; i++) {
		const struct tcphs_decoded *item = &side->items[i];

		CHECK(item->first == (i == 0) && item->frame == frame->number && item->time == frame->time_ns);
		CHECK(item->kind <= TCPHS_DECODED_QUOTE);
		if (item->kind == TCPHS_DECODED_SEGMENT)
			CHECK(tcphs_decoder_encap(side->decoder, item->tcp.segment.encap)[0] != '\0');
	}
}

static void check_same(const struct side *a, const struct side *b)
{
	CHECK(a->count == b->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct tcphs_decoded *x = &a->items[i], *y = &b->items[i];

		CHECK(x->kind == y->kind);
		if (x->kind == TCPHS_DECODED_SEGMENT)
			CHECK(memcmp(&x->tcp.key, &y->tcp.key, sizeof(x->tcp.key)) == 0 &&
			      x->tcp.segment.seq == y->tcp.segment.seq &&
			      x->tcp.segment.have == y->tcp.segment.have &&
			      x->tcp.segment.encap == y->tcp.segment.encap &&
			      x->tcp.segment.checksum == y->tcp.segment.checksum);
		else if (x->kind == TCPHS_DECODED_QUOTE)
			CHECK(memcmp(&x->quote.key, &y->quote.key, sizeof(x->quote.key)) == 0 &&
			      x->quote.type == y->quote.type && x->quote.code == y->quote.code);
	}
}

static void check_words(const struct tcphs_decoder *decoder, uint32_t frames)
{
	const char *word;
	uint64_t count;

	for (size_t i = 0; (word = tcphs_decoder_not_decoded(decoder, i, &count)); i++)
		CHECK(word[0] != '\0' && count > 0 && count <= (uint64_t)frames * TCPHS_DECODE_ITEMS * DEPTH_MAX);
}

/* The frame's octets in a block of their own, whose end the sanitizer watches. */
static void one(struct fuzz_reader *reader, struct side sides[2], struct tcphs_frame *frame)
{
	uint8_t flags = fuzz_octet(reader), high = fuzz_octet(reader), low = fuzz_octet(reader);
	uint32_t wanted = (uint32_t)high << 8 | low;
	uint32_t captured = flags & CUT && wanted > 1 ? wanted / 2 : wanted;
	uint8_t *octets;

	if (captured > reader->left)
		captured = (uint32_t)reader->left;
	octets = g_malloc(captured ? captured : 1);
	memcpy(octets, reader->at, captured);
	reader->at += captured;
	reader->left -= captured;
	frame->bytes = octets;
	frame->captured = captured;
	frame->length = flags & LONGER ? wanted + 1000 : wanted;
	frame->number++;
	frame->time_ns += TCPHS_MILLISECOND;
	decode_on(&sides[0], frame);
	decode_on(&sides[1], frame);
	check_same(&sides[0], &sides[1]);
	g_free(octets);
	if (flags & NEXT_TYPE)
		frame->linktype = (int)linktypes.rows[frame->number % linktypes.count].number;
}

static int linktype_of(uint8_t high, uint8_t low)
{
	const struct layer_row *row = find_layer(&linktypes, (uint32_t)high << 8 | low);

	return (int)(row ? row : &linktypes.rows[low % linktypes.count])->number;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tcphs_decode_config config = { .checksums = true, .pieces = true };
	static struct side sides[2];
	struct fuzz_reader reader = { data, size };
	uint8_t high;
	struct tcphs_frame frame = { .has_time = true, .time_ns = INT64_C(1700000000) * TCPHS_SECOND };

	high = fuzz_octet(&reader);
	frame.linktype = linktype_of(high, fuzz_octet(&reader));
	for (int i = 0; i < 2; i++)
		sides[i].decoder = tcphs_decoder_new(&config);
	while (reader.left > 0)
		one(&reader, sides, &frame);
	check_words(sides[0].decoder, frame.number);
	for (int i = 0; i < 2; i++)
		tcphs_decoder_del(sides[i].decoder);
	return 0;
}
