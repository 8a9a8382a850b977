/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decoder.c - the decoder's own state, and the way of a frame into the first layer.
 *
 * Theory of operation. What a decoder keeps between frames is bounded, because captures choose what is in it: two small
 * lists of words - encapsulations met, by the layers passed through, and what was not decoded, with counts - and the
 * fragments that wait for others (fragments.c). Nearly all frames of a capture have the encapsulation of the frame
 * before, so that one is compared first.
 */
#include "fragments.h"
#include "layers.h"

#include <glib.h>
#include <pcap/dlt.h>

/** Encapsulations told apart; the last number stands for all further ones. */
#define ENCAPS_MAX 255
#define ENCAP_OTHER ENCAPS_MAX

/** Words of what was not decoded; the last is "other". */
#define WORDS_MAX 64

struct encap {
	uint8_t length;
	uint8_t path[DEPTH_MAX];
	char *word;
};

struct word_count {
	char *word;
	uint64_t frames;
};

struct tcphs_decoder {
	struct tcphs_decode_config config;
	struct encap encaps[ENCAPS_MAX];
	size_t encap_count;
	size_t encap_last;
	uint16_t usual_encaps[USUALS];   /* numbers plus one; 0 is not met yet */
	struct word_count words[WORDS_MAX];
	size_t word_count;
	struct fragments *fragments;
	GArray *pieces;        /* of struct tcphs_piece, if config.pieces */
	struct wlan_fragments wlan;
};

static const char *const layer_words[LAYERS] = {
	[LAYER_NONE] = "",
#define LAYER_WORD(name, word, title) [name] = word,
	LAYER_LIST(LAYER_WORD)
#undef LAYER_WORD
};

struct tcphs_decoder *tcphs_decoder_new(const struct tcphs_decode_config *config)
{
	struct tcphs_decoder *decoder = g_new0(struct tcphs_decoder, 1);

	decoder->config = *config;
	decoder->fragments = fragments_new();
	decoder->pieces = g_array_new(FALSE, FALSE, sizeof(struct tcphs_piece));
	return decoder;
}

void tcphs_decoder_reset(struct tcphs_decoder *decoder)
{
	while (decoder->word_count > 0)
		g_free(decoder->words[--decoder->word_count].word);
	fragments_forget(decoder->fragments);
	decoder->wlan = (struct wlan_fragments){ 0 };
}

void tcphs_decoder_del(struct tcphs_decoder *decoder)
{
	size_t i;

	if (!decoder)
		return;
	tcphs_decoder_reset(decoder);
	for (i = 0; i < decoder->encap_count; i++)
		g_free(decoder->encaps[i].word);
	fragments_del(decoder->fragments);
	g_array_unref(decoder->pieces);
	g_free(decoder);
}

/* ---- encapsulations ------------------------------------------------------------------------------ */

static bool same_path(const struct encap *encap, const struct decode *decode)
{
	return encap->length == decode->path_length && memcmp(encap->path, decode->path, encap->length) == 0;
}

static void add_encap(struct tcphs_decoder *decoder, const struct decode *decode)
{
	struct encap *encap = &decoder->encaps[decoder->encap_count++];
	GString *word = g_string_new(NULL);
	size_t i;

	encap->length = decode->path_length;
	memcpy(encap->path, decode->path, encap->length);
	for (i = 0; i < encap->length; i++)
		g_string_append_printf(word, "%s%s", i > 0 ? ":" : "", layer_words[encap->path[i]]);
	encap->word = g_string_free(word, FALSE);
}

uint8_t decoder_encap(const struct decode *decode)
{
	struct tcphs_decoder *decoder = decode->decoder;
	size_t i;

	if (decoder->encap_count > 0 && same_path(&decoder->encaps[decoder->encap_last], decode))
		return (uint8_t)decoder->encap_last;
	for (i = 0; i < decoder->encap_count; i++)
		if (same_path(&decoder->encaps[i], decode))
			break;
	if (i == ENCAPS_MAX)
		return ENCAP_OTHER;
	if (i == decoder->encap_count)
		add_encap(decoder, decode);
	decoder->encap_last = i;
	return (uint8_t)i;
}

const char *tcphs_decoder_encap(const struct tcphs_decoder *decoder, uint8_t encap)
{
	/* Not by their count, which may be growing on another thread. */
	return encap != ENCAP_OTHER && decoder->encaps[encap].word ? decoder->encaps[encap].word : "other";
}

/* ---- what was not decoded ------------------------------------------------------------------------ */

struct wlan_fragments *decoder_wlan(const struct decode *decode)
{
	return &decode->decoder->wlan;
}

struct fragments *decoder_fragments(const struct decode *decode)
{
	return decode->decoder->fragments;
}

void decoder_pieces(const struct decode *decode, const uint32_t *frames, uint32_t count)
{
	struct tcphs_decoder *decoder = decode->decoder;

	for (uint32_t i = 0; decoder->config.pieces && i < count; i++) {
		struct tcphs_piece piece = { decode->frame->number, frames[i] };

		if (piece.piece != piece.frame)
			g_array_append_val(decoder->pieces, piece);
	}
}

const struct tcphs_piece *tcphs_decoder_pieces(const struct tcphs_decoder *decoder, size_t *count)
{
	*count = decoder->pieces->len;
	return (const struct tcphs_piece *)(const void *)decoder->pieces->data;
}

void decoder_count(struct tcphs_decoder *decoder, const char *word)
{
	size_t i;

	for (i = 0; i < decoder->word_count; i++)
		if (strcmp(decoder->words[i].word, word) == 0)
			break;
	if (i == WORDS_MAX)
		i = WORDS_MAX - 1;
	if (i == decoder->word_count) {
		decoder->words[i].word = g_strdup(i == WORDS_MAX - 1 ? "other" : word);
		decoder->words[i].frames = 0;
		decoder->word_count++;
	}
	decoder->words[i].frames++;
}

void decoder_uncount(struct tcphs_decoder *decoder, const char *word, uint32_t frames)
{
	size_t i;

	for (i = 0; i < decoder->word_count; i++)
		if (strcmp(decoder->words[i].word, word) == 0)
			decoder->words[i].frames -= MIN(frames, decoder->words[i].frames);
}

const char *tcphs_decoder_not_decoded(const struct tcphs_decoder *decoder, size_t index, uint64_t *frames)
{
	size_t i;

	for (i = 0; i < decoder->word_count; i++) {
		if (decoder->words[i].frames == 0)
			continue; /* all of them could be decoded after all */
		if (index-- == 0) {
			*frames = decoder->words[i].frames;
			return decoder->words[i].word;
		}
	}
	return NULL;
}

/* ---- items --------------------------------------------------------------------------------------- */

bool decoder_checksums(const struct decode *decode)
{
	return decode->decoder->config.checksums;
}

struct tcphs_decoded *decoder_item(struct decode *decode, enum tcphs_decoded_kind kind)
{
	struct tcphs_decoded *item;

	if (decode->count == TCPHS_DECODE_ITEMS) {
		not_decoded(decode, "too_many");
		return NULL;
	}
	item = &decode->items[decode->count];
	item->time = decode->frame->time_ns;
	item->frame = decode->frame->number;
	item->kind = (uint8_t)kind;
	item->first = decode->count++ == 0;
	return item;
}

/** unknown_linktype(): counted by number, as a user would look it up. */
static void unknown_linktype(struct decode *decode, int linktype)
{
	char word[32];

	g_snprintf(word, sizeof word, "linktype_%d", linktype);
	not_decoded(decode, word);
}

/** meet_usual(): decoder_encap() of a frame that usual_frame() took, for the first time. */
__attribute__((noinline)) static void meet_usual(struct tcphs_decoder *decoder, enum usual usual)
{
	struct decode decode = { .decoder = decoder, .path_length = usual_paths[usual].length };

	memcpy(decode.path, usual_paths[usual].layers, sizeof usual_paths[usual].layers);
	decoder->usual_encaps[usual] = decoder_encap(&decode) + 1;
}

/** decode_layers(): the items of any frame. */
static size_t decode_layers(struct tcphs_decoder *decoder, const struct tcphs_frame *frame, struct tcphs_decoded *items)
{
	struct decode decode;
	struct span span = { frame->bytes, frame->captured, frame->length };

	decode.decoder = decoder;
	decode.frame = frame;
	decode.items = items;
	decode.count = 0;
	decode.vlan = 0;
	decode.depth = 0;
	decode.path_length = 0;
	decode.in_error = false;
	decode.wlan_padded = false;
	if (span.length < span.captured)
		span.length = span.captured;
	if (frame->linktype != TCPHS_LINKTYPE_NONE &&
	    !dispatch(&decode, &linktypes, (uint32_t)frame->linktype, span))
		unknown_linktype(&decode, frame->linktype);
	if (decode.count == 0)
		decoder_item(&decode, TCPHS_DECODED_NOTHING);
	return decode.count;
}

size_t tcphs_decode(struct tcphs_decoder *decoder, const struct tcphs_frame *frame, struct tcphs_decoded *items)
{
	enum usual usual;

	if (frame->linktype != DLT_EN10MB || decoder->config.checksums)
		return decode_layers(decoder, frame, items);
	usual = usual_frame(frame, items);
	if (usual == USUAL_NOT)
		return decode_layers(decoder, frame, items);
	if (decoder->usual_encaps[usual] == 0)
		meet_usual(decoder, usual);
	items->tcp.segment.encap = (uint8_t)(decoder->usual_encaps[usual] - 1);
	return 1;
}

enum tcphs_input_result tcphs_decode_batch(struct tcphs_decoder *decoder, struct tcphs_input *input,
                                           struct tcphs_decoded *items, size_t capacity, size_t *count,
                                           uint64_t *frames)
{
	enum tcphs_input_result result = TCPHS_INPUT_FRAME;
	struct tcphs_frame frame;
	struct tcphs_decoded *item = items;
	uint64_t read = 0;

	g_array_set_size(decoder->pieces, 0);
	while (capacity - (size_t)(item - items) >= TCPHS_DECODE_ITEMS) {
		result = tcphs_input_next(input, &frame);
		if (result != TCPHS_INPUT_FRAME)
			break;
		item += tcphs_decode(decoder, &frame, item);
		read++;
	}
	*count = (size_t)(item - items);
	*frames += read;
	return result;
}
