/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * input.c - opens an input, tells its format by the first octets and hands on to the reader of that format.
 */
#include "reader.h"

#include <stdarg.h>
#include <string.h>

/** struct magic: how a kind of file begins. */
struct magic {
	uint8_t size;
	uint8_t octets[6];
	const char *name;     /* compression, for the message; NULL: a capture format */
	const char *unpack;   /* the command that undoes it */
	bool (*open)(struct tcphs_input *input);
	const char *format;
};

/* Of pcap the second pair is libpcap's nanosecond variant, the third Kuznetzov's. */
static const struct magic magics[] = {
	{ 4, { 0x0a, 0x0d, 0x0d, 0x0a }, NULL, NULL, pcapng_reader_open, "pcapng" },
	{ 4, { 0xd4, 0xc3, 0xb2, 0xa1 }, NULL, NULL, pcap_reader_open, "pcap" },
	{ 4, { 0xa1, 0xb2, 0xc3, 0xd4 }, NULL, NULL, pcap_reader_open, "pcap" },
	{ 4, { 0x4d, 0x3c, 0xb2, 0xa1 }, NULL, NULL, pcap_reader_open, "pcap" },
	{ 4, { 0xa1, 0xb2, 0x3c, 0x4d }, NULL, NULL, pcap_reader_open, "pcap" },
	{ 4, { 0x34, 0xcd, 0xb2, 0xa1 }, NULL, NULL, pcap_reader_open, "pcap" },
	{ 4, { 0xa1, 0xb2, 0xcd, 0x34 }, NULL, NULL, pcap_reader_open, "pcap" },
	{ 2, { 0x1f, 0x8b }, "gzip", "gzip -dc", NULL, NULL },
	{ 4, { 0x28, 0xb5, 0x2f, 0xfd }, "zstd", "zstd -dc", NULL, NULL },
	{ 4, { 0x04, 0x22, 0x4d, 0x18 }, "lz4", "lz4 -dc", NULL, NULL },
	{ 6, { 0xfd, '7', 'z', 'X', 'Z', 0x00 }, "xz", "xz -dc", NULL, NULL },
	{ 3, { 'B', 'Z', 'h' }, "bzip2", "bzip2 -dc", NULL, NULL },
};

enum tcphs_input_result input_damaged(struct tcphs_input *input, const char *format, ...)
{
	va_list arguments;

	if (!input->message) {
		va_start(arguments, format);
		input->message = g_strdup_vprintf(format, arguments);
		va_end(arguments);
	}
	return input->result = TCPHS_INPUT_DAMAGED;
}

int64_t input_time(int64_t seconds, int64_t nanoseconds)
{
	if (seconds < 0)
		return 0;
	if (seconds >= TIME_LIMIT / TCPHS_SECOND)
		return TIME_LIMIT;
	return seconds * TCPHS_SECOND + nanoseconds;
}

/** recognise(): the row for how the stream begins, or NULL. */
static const struct magic *recognise(struct stream *stream)
{
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(magics); i++)
		if (stream_need(stream, magics[i].size) &&
		    memcmp(stream_data(stream), magics[i].octets, magics[i].size) == 0)
			return &magics[i];
	return NULL;
}

/** unknown(): says what the stream is instead of a capture. */
static void unknown(struct tcphs_input *input)
{
	struct stream *stream = input->stream;
	const uint8_t *octets = stream_data(stream);

	if (stream->error)
		input_damaged(input, "cannot be read (%s): give a capture file", g_strerror(stream->error));
	else if (stream_available(stream) == 0)
		input_damaged(input, "is empty, not even a capture's header was written: capture again");
	else if (stream_available(stream) < 4)
		input_damaged(input, "is only %zu octets long and no capture: capture again", stream_available(stream));
	else
		input_damaged(input, "is no pcap or pcapng capture, it begins with %02x %02x %02x %02x: "
		              "if it is a capture in another format, convert it with editcap -F pcapng",
		              octets[0], octets[1], octets[2], octets[3]);
}

/** start(): finds and opens the reader; false: input->message is set. */
static bool start(struct tcphs_input *input)
{
	const struct magic *magic = recognise(input->stream);

	if (!magic) {
		unknown(input);
		return false;
	}
	if (magic->name) {
		input_damaged(input, "is compressed (%s): decompress it first, for example with %s FILE | tcphs -",
		              magic->name, magic->unpack);
		return false;
	}
	input->format = magic->format;
	return magic->open(input);
}

struct tcphs_input *tcphs_input_open(const char *path, char **message)
{
	struct stream *stream = stream_open(path, message);
	struct tcphs_input *input;

	if (!stream)
		return NULL;
	input = g_new0(struct tcphs_input, 1);
	input->stream = stream;
	if (start(input)) {
		input->result = TCPHS_INPUT_FRAME;
		return input;
	}
	*message = g_steal_pointer(&input->message);
	tcphs_input_close(input);
	return NULL;
}

enum tcphs_input_result tcphs_input_next(struct tcphs_input *input, struct tcphs_frame *frame)
{
	if (G_UNLIKELY(input->result != TCPHS_INPUT_FRAME))
		return input->result;
	if (G_UNLIKELY(input->frames == UINT32_MAX))
		return input_damaged(input, "more than %u frames cannot be numbered: split the file with editcap -c",
		                     UINT32_MAX);
	frame->number = input->frames + 1;
	input->result = input->next(input, frame);
	if (G_LIKELY(input->result == TCPHS_INPUT_FRAME))
		input->frames++;
	return input->result;
}

const char *tcphs_input_message(const struct tcphs_input *input)
{
	return input->message;
}

const char *tcphs_input_format(const struct tcphs_input *input)
{
	return input->format;
}

void tcphs_input_close(struct tcphs_input *input)
{
	if (!input)
		return;
	if (input->close)
		input->close(input);
	stream_close(input->stream);
	g_free(input->message);
	g_free(input);
}
