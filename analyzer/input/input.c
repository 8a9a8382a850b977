/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * input.c - tells what a file is by its first octets and hands on to the reader of that format.
 */
#include "reader.h"

#include <stdarg.h>
#include <string.h>

enum { MAGIC_MAX = 6 };

/** struct magic: how a kind of file begins. */
struct magic {
	uint8_t size;
	uint8_t octets[MAGIC_MAX];
	const char *format;   /* of a capture; NULL: it is packed */
	bool (*open)(struct tcphs_input *input);
};

/*
 * Of pcap the second pair is libpcap's nanosecond variant, the third Kuznetzov's. What is packed: gzip, zstd, lz4, xz,
 * bzip2, zip, and a zip without members.
 */
static const struct magic magics[] = {
	{ 4, { 0x0a, 0x0d, 0x0d, 0x0a }, "pcapng", pcapng_reader_open },
	{ 4, { 0xd4, 0xc3, 0xb2, 0xa1 }, "pcap", pcap_reader_open },
	{ 4, { 0xa1, 0xb2, 0xc3, 0xd4 }, "pcap", pcap_reader_open },
	{ 4, { 0x4d, 0x3c, 0xb2, 0xa1 }, "pcap", pcap_reader_open },
	{ 4, { 0xa1, 0xb2, 0x3c, 0x4d }, "pcap", pcap_reader_open },
	{ 4, { 0x34, 0xcd, 0xb2, 0xa1 }, "pcap", pcap_reader_open },
	{ 4, { 0xa1, 0xb2, 0xcd, 0x34 }, "pcap", pcap_reader_open },
	{ 3, { 0x1f, 0x8b, 0x08 }, NULL, NULL },
	{ 4, { 0x28, 0xb5, 0x2f, 0xfd }, NULL, NULL },
	{ 4, { 0x04, 0x22, 0x4d, 0x18 }, NULL, NULL },
	{ 6, { 0xfd, '7', 'z', 'X', 'Z', 0x00 }, NULL, NULL },
	{ 3, { 'B', 'Z', 'h' }, NULL, NULL },
	{ 4, { 'P', 'K', 0x03, 0x04 }, NULL, NULL },
	{ 4, { 'P', 'K', 0x05, 0x06 }, NULL, NULL },
};

/** The header of a tar's member, and where its checksum is. */
enum { TAR_HEADER = 512, TAR_SUM_AT = 148, TAR_SUM_SIZE = 8 };

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

/* ---- what a file is ------------------------------------------------------------------------------ */

/** recognise(): the row for how |size| octets begin, or NULL. */
static const struct magic *recognise(const uint8_t *octets, size_t size)
{
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(magics); i++)
		if (size >= magics[i].size && memcmp(octets, magics[i].octets, magics[i].size) == 0)
			return &magics[i];
	return NULL;
}

/** is_tar(): all variants of the format have a checksum in the header of the first member, older ones nothing else. */
static bool is_tar(const uint8_t *header, size_t size)
{
	unsigned sum = TAR_SUM_SIZE * ' ', i;
	char text[TAR_SUM_SIZE + 1] = "";

	if (size < TAR_HEADER || header[0] == '\0')
		return false;
	for (i = 0; i < TAR_HEADER; i++)
		if (i < TAR_SUM_AT || i >= TAR_SUM_AT + TAR_SUM_SIZE)
			sum += header[i];
	memcpy(text, header + TAR_SUM_AT, TAR_SUM_SIZE);
	return g_ascii_strtoull(text, NULL, 8) == sum;
}

bool tcphs_looks_like_captures(const uint8_t *octets, size_t size)
{
	return recognise(octets, size) || is_tar(octets, size);
}

enum kind input_kind(struct stream *stream)
{
	const struct magic *magic = NULL;
	size_t wanted;

	/* One octet more at a time: a capture that is being made may not have more yet. */
	for (wanted = 1; wanted <= MAGIC_MAX && !magic && stream_need(stream, wanted); wanted++)
		magic = recognise(stream_data(stream), stream_available(stream));
	if (magic)
		return magic->format ? KIND_CAPTURE : KIND_PACKED;
	stream_need(stream, TAR_HEADER);
	return is_tar(stream_data(stream), stream_available(stream)) ? KIND_PACKED : KIND_NOTHING;
}

char *input_nothing(struct stream *stream)
{
	size_t available = stream_available(stream);
	const uint8_t *octets = stream_data(stream);

	if (available == 0)
		return g_strdup("is empty, not even a capture's header was written: capture again");
	if (available < 4)
		return g_strdup_printf("is only %zu octets long and no capture: capture again", available);
	return g_strdup_printf("is no pcap or pcapng capture, it begins with %02x %02x %02x %02x: "
	                       "if it is a capture in another format, convert it with editcap -F pcapng",
	                       octets[0], octets[1], octets[2], octets[3]);
}

/* ---- opening ------------------------------------------------------------------------------------- */

void tcphs_input_config_default(struct tcphs_input_config *config)
{
	*config = (struct tcphs_input_config){ .expansion_ratio = TCPHS_EXPANSION_RATIO,
		                               .expansion_octets = TCPHS_EXPANSION_OCTETS };
}

struct tcphs_input *input_start(struct stream *stream, const struct tcphs_input_config *config, char **message)
{
	const struct magic *magic = recognise(stream_data(stream), stream_available(stream));
	struct tcphs_input *input = g_new0(struct tcphs_input, 1);

	input->stream = stream;
	input->format = magic->format;
	filtered_begin(&input->filtered, config->filter);
	if (magic->open(input)) {
		input->result = TCPHS_INPUT_FRAME;
		return input;
	}
	*message = g_steal_pointer(&input->message);
	tcphs_input_close(input);
	return NULL;
}

static struct tcphs_input *open_first(const char *path, const struct tcphs_input_config *config, char **message)
{
	struct tcphs_captures *captures = tcphs_captures_open(path, config);
	struct tcphs_capture capture;

	tcphs_captures_next(captures, &capture);
	if (capture.input) {
		capture.input->owner = captures;
		return capture.input;
	}
	*message = g_strdup(capture.problem);
	tcphs_captures_close(captures);
	return NULL;
}

struct tcphs_input *tcphs_input_open(const char *path, char **message)
{
	struct tcphs_input_config config;

	tcphs_input_config_default(&config);
	return open_first(path, &config, message);
}

struct origin origin_copy(const struct origin *origin)
{
	return (struct origin){ g_strdup(origin->path), origin->extent ? extent_ref(origin->extent) : NULL };
}

void origin_clear(struct origin *origin)
{
	g_clear_pointer(&origin->path, g_free);
	g_clear_pointer(&origin->extent, extent_unref);
}

struct tcphs_input *input_open_again(const struct origin *origin, const struct tcphs_input_config *config,
                                     char **message)
{
	struct stream *stream;

	if (!origin->extent)
		return open_first(origin->path, config, message);
	stream = stream_open_extent(origin->extent);
	if (input_kind(stream) == KIND_CAPTURE)
		return input_start(stream, config, message);
	*message = g_strdup_printf("cannot be read again (%s): TMPDIR may name another folder",
	                           stream->problem ? stream->problem : "its copy is damaged");
	stream_close(stream);
	return NULL;
}

struct tcphs_input *tcphs_input_again(const struct tcphs_input *input, char **message)
{
	/* What was within the limits once is so again; and the filter has done its work. */
	static const struct tcphs_input_config config = { .expansion_ratio = UINT64_MAX,
		                                          .expansion_octets = UINT64_MAX };

	return input->stream ? input_open_again(&input->origin, &config, message) : join_again(input);
}

/* ---- reading ------------------------------------------------------------------------------------- */

enum tcphs_input_result tcphs_input_next(struct tcphs_input *input, struct tcphs_frame *frame)
{
	enum tcphs_input_result result;

	if (G_UNLIKELY(input->result != TCPHS_INPUT_FRAME))
		return input->result;
	if (G_UNLIKELY(input->frames == UINT32_MAX))
		return input_damaged(input, "more than %u frames cannot be numbered: split the file with editcap -c",
		                     UINT32_MAX);
	frame->number = input->frames + 1;
	result = input->next(input, frame);
	if (G_UNLIKELY(result != TCPHS_INPUT_FRAME))
		return input->result = result;
	input->frames++;
	if (G_UNLIKELY(input->filtered.filter))
		filtered_frame(&input->filtered, frame);
	return TCPHS_INPUT_FRAME;
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
	tcphs_captures_close(input->owner);
	origin_clear(&input->origin);
	filtered_end(&input->filtered);
	g_free(input->message);
	g_free(input);
}
