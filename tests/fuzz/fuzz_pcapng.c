/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_pcapng.c - arbitrary octets as pcapng.
 *
 * The first four become those of a section, so that nothing but the reader of pcapng gets to see them. The frames are
 * numbered, no longer than what they say and than the limit, and readable to their last octet; the reader ends with END
 * or with DAMAGED and a sentence; and it gives the same when it reads the same once more.
 */
#define _GNU_SOURCE /* memfd_create */

#include <glib.h>
#include <string.h>

#include "fuzz_file.h"
#include "input.h"

/* The longest frame of the link types that allow more. */
#define LARGE (128u << 20)

static uint64_t mixed(uint64_t hash, uint64_t number)
{
	return (hash ^ number) * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

/* A frame in a number, into which each of its octets goes. */
static uint64_t frame_in(uint64_t hash, const struct tcphs_frame *frame)
{
	hash = mixed(mixed(hash, (uint64_t)frame->time_ns), (uint64_t)frame->captured << 32 | frame->length);
	hash = mixed(hash, (uint64_t)(unsigned)frame->linktype << 1 | frame->has_time);
	for (uint32_t i = 0; i < frame->captured; i++)
		hash = mixed(hash, frame->bytes[i]);
	if (frame->interface && frame->interface->name)
		hash = mixed(hash, g_str_hash(frame->interface->name));
	return hash;
}

static uint64_t read_all(const char *path)
{
	enum tcphs_input_result result;
	char *message = NULL;
	struct tcphs_input *input = tcphs_input_open(path, &message);
	struct tcphs_frame frame;
	uint64_t hash = 0;
	uint32_t number = 0;

	CHECK((input == NULL) == (message != NULL));
	if (!input) {
		hash = g_str_hash(message);
		g_free(message);
		return hash;
	}
	while ((result = tcphs_input_next(input, &frame)) == TCPHS_INPUT_FRAME) {
		CHECK(frame.number == ++number);
		CHECK(frame.captured <= LARGE && (frame.captured == 0 || frame.bytes));
		CHECK((frame.linktype == TCPHS_LINKTYPE_NONE) == (frame.interface == NULL));
		hash = frame_in(hash, &frame);
	}
	CHECK((result == TCPHS_INPUT_DAMAGED) == (tcphs_input_message(input) != NULL));
	CHECK(tcphs_input_next(input, &frame) == result);
	if (tcphs_input_message(input))
		hash = mixed(hash, g_str_hash(tcphs_input_message(input)));
	tcphs_input_close(input);
	return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t section[4] = { 0x0a, 0x0d, 0x0d, 0x0a };
	uint8_t *octets = g_malloc(size + sizeof(section));
	struct fuzz_file file;
	uint64_t hash;

	memcpy(octets, data, size);
	memcpy(octets, section, sizeof(section));
	fuzz_file_open(&file, octets, size < sizeof(section) ? sizeof(section) : size);
	hash = read_all(file.path);
	CHECK(read_all(file.path) == hash);
	fuzz_file_close(&file);
	g_free(octets);
	return 0;
}
