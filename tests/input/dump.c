/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dump.c - what the reader and the decoder make of a capture, one item a line, for tests to compare.
 *
 *     dump [--checksums] FILE|-
 *
 * Lines are words between tabs: `frame NUMBER TIME LINKTYPE CAPTURED LENGTH` for every frame (TIME "-": none),
 * after it `tcp NUMBER ENCAP SRC DST SPORT DPORT SEQ ACK FLAGS LENGTH HAVE IPID TTL CHECKSUM` for every segment and
 * `quote NUMBER ... SENDER TYPE CODE` for every quoted header; at the end `hidden WORD COUNT`, and `end` or
 * `damaged MESSAGE`. Exit status 0, or 3 if the file could not be read to its end.
 */
#include <arpa/inet.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "decode.h"

static const char *address(const uint8_t octets[16], char text[INET6_ADDRSTRLEN])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (memcmp(octets, mapped, sizeof mapped) == 0)
		inet_ntop(AF_INET, octets + 12, text, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, octets, text, INET6_ADDRSTRLEN);
	return text;
}

static void print_segment(const struct tcphs_decoder *decoder, const char *word, uint32_t number,
                          const struct tcphs_key *key, const struct tcphs_segment *segment)
{
	static const char *const checksums[] = { "unknown", "good", "bad", "partial", "bad_ip" };
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

	printf("%s\t%u\t%s\t%s\t%s\t%u\t%u\t%u\t%u\t0x%04x\t%u\t%u\t%u\t%u\t%s", word, number,
	       tcphs_decoder_encap(decoder, segment->encap), address(key->src, src), address(key->dst, dst),
	       key->sport, key->dport, segment->seq, segment->ack, segment->flags, segment->length, segment->have,
	       segment->ip_id, segment->ttl, checksums[segment->checksum]);
}

static void print_item(const struct tcphs_decoder *decoder, const struct tcphs_decoded *item)
{
	char sender[INET6_ADDRSTRLEN];

	switch ((enum tcphs_decoded_kind)item->kind) {
	case TCPHS_DECODED_SEGMENT:
		print_segment(decoder, "tcp", item->frame, &item->tcp.key, &item->tcp.segment);
		printf("\n");
		break;
	case TCPHS_DECODED_QUOTE:
		print_segment(decoder, "quote", item->frame, &item->quote.key, &item->quote.segment);
		printf("\t%s\t%u\t%u\n", address(item->quote.sender, sender), item->quote.type, item->quote.code);
		break;
	case TCPHS_DECODED_NOTHING:
		break;
	}
}

static void print_frame(const struct tcphs_frame *frame)
{
	printf("frame\t%u\t", frame->number);
	if (frame->has_time)
		printf("%" PRId64 ".%09" PRId64, frame->time_ns / TCPHS_SECOND, frame->time_ns % TCPHS_SECOND);
	else
		printf("-");
	printf("\t%d\t%u\t%u\n", frame->linktype, frame->captured, frame->length);
}

static int print_rest(const struct tcphs_input *input, const struct tcphs_decoder *decoder)
{
	const char *word;
	uint64_t frames;
	size_t i;

	for (i = 0; (word = tcphs_decoder_not_decoded(decoder, i, &frames)); i++)
		printf("hidden\t%s\t%" PRIu64 "\n", word, frames);
	if (tcphs_input_message(input)) {
		printf("damaged\t%s\n", tcphs_input_message(input));
		return 3;
	}
	printf("end\n");
	return 0;
}

int main(int argc, char **argv)
{
	struct tcphs_decode_config config = { .checksums = argc > 2 && strcmp(argv[1], "--checksums") == 0 };
	struct tcphs_decoded items[TCPHS_DECODE_ITEMS];
	struct tcphs_decoder *decoder;
	struct tcphs_input *input;
	struct tcphs_frame frame;
	char *message = NULL;
	size_t count, i;
	int status;

	input = argc > 1 ? tcphs_input_open(argv[argc - 1], &message) : NULL;
	if (!input) {
		printf("damaged\t%s\n", message ? message : "no file was given");
		g_free(message);
		return 3;
	}
	decoder = tcphs_decoder_new(&config);
	while (tcphs_input_next(input, &frame) == TCPHS_INPUT_FRAME) {
		print_frame(&frame);
		count = tcphs_decode(decoder, &frame, items);
		for (i = 0; i < count; i++)
			print_item(decoder, &items[i]);
	}
	status = print_rest(input, decoder);
	tcphs_decoder_del(decoder);
	tcphs_input_close(input);
	return status;
}
