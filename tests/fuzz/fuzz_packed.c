/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_packed.c - arbitrary octets as an archive or a compressed file.
 *
 * Each capture in it is one that can be read, or a sentence in its place; there are no more of either than octets; and
 * no more comes out than the limits allow, however little went in.
 */
#define _GNU_SOURCE /* memfd_create */

#include <glib.h>
#include <string.h>

#include "fuzz_file.h"
#include "input.h"

/* Small, so that a bomb is soon found to be one. */
#define EXPANSION (UINT64_C(1) << 20)

static uint64_t read_all(struct tcphs_input *input)
{
	enum tcphs_input_result result;
	struct tcphs_frame frame;
	uint64_t octets = 0;

	while ((result = tcphs_input_next(input, &frame)) == TCPHS_INPUT_FRAME)
		octets += frame.captured;
	CHECK((result == TCPHS_INPUT_DAMAGED) == (tcphs_input_message(input) != NULL));
	return octets;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tcphs_input_config config;
	struct tcphs_captures *captures;
	struct tcphs_capture capture;
	struct fuzz_file file;
	uint64_t octets = 0;
	size_t count = 0;

	tcphs_input_config_default(&config);
	config.expansion_octets = EXPANSION;
	fuzz_file_open(&file, data, size);
	captures = tcphs_captures_open(file.path, &config);
	while (tcphs_captures_next(captures, &capture)) {
		CHECK(capture.name && (capture.input == NULL) == (capture.problem != NULL));
		CHECK(++count <= size + 1);
		if (capture.input)
			octets += read_all(capture.input);
		else
			CHECK(g_str_is_ascii(capture.problem) && !strpbrk(capture.problem, "\n\033"));
		tcphs_input_close(capture.input);
	}
	CHECK(count > 0);
	/* What is looked at before it is counted, in each layer. */
	CHECK(octets <= size + EXPANSION + (UINT64_C(1) << 20));
	tcphs_captures_close(captures);
	fuzz_file_close(&file);
	return 0;
}
