/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_capture.c - arbitrary octets as a capture file: reader, decoder and tracker in a row, as the analyzer has them.
 *
 * Whatever the octets are, the reader ends with END or DAMAGED, frame numbers count up, each frame gives at least one
 * item, and every segment that got a connection is in exactly one summary. The input lies in memory (memfd), the
 * reader opens it by its name in /proc.
 */
#define _GNU_SOURCE /* memfd_create */

#include <glib.h>

#include "decode.h"
#include "fuzz_file.h"
#include "input.h"
#include "lot.h"
#include "tcphs.h"

#define BATCH (4 * TCPHS_DECODE_ITEMS)

struct tally {
	uint64_t taken, summed;
};

static void drain(struct tcphs_tracker *tracker, struct tally *tally)
{
	struct tcphs_summary summary;

	while (tcphs_tracker_next(tracker, &summary)) {
		CHECK(summary.judgement.verdict == tcphs_reason_verdict(summary.judgement.reason));
		tally->summed += summary.frames;
	}
}

static void feed(struct tcphs_tracker *tracker, const struct tcphs_decoded *item, struct tally *tally)
{
	struct tcphs_mark mark;

	if (item->time)
		tcphs_tracker_frame(tracker, item->time);
	switch (item->kind) {
	case TCPHS_DECODED_SEGMENT:
		CHECK(tcphs_tracker_segment(tracker, &item->tcp.key, &item->tcp.segment, &mark) == TCPHS_OK);
		tally->taken += mark.connection != TCPHS_NO_CONNECTION && !mark.late;
		break;
	case TCPHS_DECODED_QUOTE:
		CHECK(tcphs_tracker_quote(tracker, &item->quote, &mark) == TCPHS_OK);
		break;
	default:
		CHECK(item->kind == TCPHS_DECODED_NOTHING);
	}
}

static void read_all(struct tcphs_input *input)
{
	static const struct tcphs_decode_config checksums = { .checksums = true };
	struct tcphs_decoder *decoder = tcphs_decoder_new(&checksums);
	struct tcphs_decoded items[BATCH];
	enum tcphs_input_result result;
	struct tcphs_tracker *tracker;
	struct tcphs_config config;
	struct tally tally = { 0, 0 };
	uint64_t frames = 0;
	size_t i, count;

	tcphs_config_default(&config);
	CHECK(tcphs_tracker_new(&tracker, &config) == TCPHS_OK);
	do {
		result = tcphs_decode_batch(decoder, input, items, BATCH, &count, &frames);
		CHECK(count <= BATCH);
		for (i = 0; i < count; i++) {
			CHECK(items[i].frame > 0 && items[i].frame <= frames);
			CHECK(tcphs_decoder_encap(decoder, items[i].kind == TCPHS_DECODED_SEGMENT ?
			                                           items[i].tcp.segment.encap : 0));
			feed(tracker, &items[i], &tally);
		}
		drain(tracker, &tally);
	} while (result == TCPHS_INPUT_FRAME);
	CHECK((result == TCPHS_INPUT_DAMAGED) == (tcphs_input_message(input) != NULL));
	tcphs_tracker_finish(tracker);
	drain(tracker, &tally);
	CHECK(tally.summed == tally.taken);
	tcphs_tracker_del(tracker);
	tcphs_decoder_del(decoder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tcphs_input *input;
	char *message = NULL;
	struct fuzz_file file;

	fuzz_file_open(&file, data, size);
	input = tcphs_input_open(file.path, &message);
	CHECK((input == NULL) == (message != NULL));
	if (input)
		read_all(input);
	tcphs_input_close(input);
	g_free(message);
	fuzz_file_close(&file);
	return 0;
}
