/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapng.c - frames of a pcapng file (draft-ietf-opsawg-pcapng).
 *
 * Theory of operation. A file is a row of blocks: type, total length, body, total length again. One block
 * after another is brought together in the stream's buffer, trailer included, before anything of it is
 * believed; a frame's octets are handed out where they lie. Only a block larger than the buffer (megabytes
 * of options, or a USB transfer) is read in pieces, and the frame in it copied.
 *
 * A section header starts anew: byte order, no interfaces. Blocks name an interface by number.
 *
 * Frame numbers must be Wireshark's, so what its reader counts is counted here: packet blocks of three
 * kinds, but also custom blocks, sysdig events and systemd journal entries, which come out as frames
 * without a packet. Where Wireshark is lenient (a total length that is no multiple of 4 is rounded up) so
 * is this reader, since frames before and after such a block are as good as any. Options of packet blocks
 * are not looked at: nothing in them matters here.
 */
#include "reader.h"

#include <inttypes.h>
#include <string.h>

enum block_type {
	BLOCK_INTERFACE = 1, BLOCK_PACKET_OBSOLETE = 2, BLOCK_PACKET_SIMPLE = 3, BLOCK_PACKET_ENHANCED = 6,
	BLOCK_JOURNAL = 9, BLOCK_SYSDIG = 0x204, BLOCK_SYSDIG_V2 = 0x216, BLOCK_SYSDIG_V2_LARGE = 0x221,
	BLOCK_CUSTOM = 0xbad, BLOCK_CUSTOM_NO_COPY = 0x40000bad, BLOCK_SECTION = 0x0a0d0d0a,
};

enum { OPTION_END = 0, OPTION_NAME = 2, OPTION_TSRESOL = 9, OPTION_TSOFFSET = 14 };

/** Octets: type and length before a body; with the length after it, the smallest block. */
enum { HEADER_SIZE = 8, TRAILER_SIZE = 4, BLOCK_MIN = HEADER_SIZE + TRAILER_SIZE };

/** Octets of body that a block of the type has at least. */
enum {
	SECTION_BODY = 16, INTERFACE_BODY = 8, SIMPLE_BODY = 4, PACKET_BODY = 20, CUSTOM_BODY = 4, SYSDIG_BODY = 24,
	SYSDIG_V2_BODY = 28, JOURNAL_BODY = 23,
};

/** Frames of link types that carry large transfers, in Wireshark. */
#define FRAME_MAX_LARGE (128 * 1024 * 1024)
#define FRAME_MAX_EBHSCR (32 * 1024 * 1024)

/** Longest block: the longest frame and 128 KiB of options, as Wireshark has it. */
#define BLOCK_MAX (BLOCK_MIN + PACKET_BODY + FRAME_MAX_LARGE + 131072)

/** What of a larger block is looked at: the longest frame taken, with what precedes it. */
#define HEAD_MAX (HEADER_SIZE + PACKET_BODY + TCPHS_FRAME_MAX)

/** Far more than any machine has; bounds the memory that a hostile file can ask for. */
#define INTERFACES_MAX 65536

/** Longest name of an interface that is kept; the rest is cut off. */
#define INTERFACE_NAME_MAX 255

/** The byte-order magic as this machine would write it. */
#define BYTE_ORDER_MAGIC 0x1a2b3c4d

/** struct block: one block; |body| holds |have| of its |size| octets (less only in a very large one). */
struct block {
	uint32_t type;
	uint32_t size;       /* of the body, trailer left out */
	uint32_t have;
	uint64_t at;         /* offset of the block in the file */
	const uint8_t *body;
};

static uint16_t get16(const struct pcapng_reader *reader, const uint8_t *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof value);
	return reader->swapped ? GUINT16_SWAP_LE_BE(value) : value;
}

static uint32_t get32(const struct pcapng_reader *reader, const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof value);
	return reader->swapped ? GUINT32_SWAP_LE_BE(value) : value;
}

static uint64_t get64(const struct pcapng_reader *reader, const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof value);
	return reader->swapped ? GUINT64_SWAP_LE_BE(value) : value;
}

static uint32_t round4(uint32_t size)
{
	return (size + 3) & ~UINT32_C(3);
}

/* ---- damage -------------------------------------------------------------------------------------- */

static enum tcphs_input_result cut_short(struct tcphs_input *input, uint64_t at)
{
	if (input->stream->problem)
		return input_damaged(input, "cannot be read on at octet %" PRIu64 " (%s): copy the file and try again",
		                     input->stream->offset, input->stream->problem);
	return input_damaged(input, "is cut short in the block at octet %" PRIu64 ", after frame %u: only the frames "
	                     "before it were read; copy or capture it again if its end matters", at, input->frames);
}

/** bad_block(): |what| is wrong with the block, a part of the sentence. */
static enum tcphs_input_result bad_block(struct tcphs_input *input, const struct block *block, const char *what)
{
	return input_damaged(input, "is damaged at octet %" PRIu64 ", after frame %u (%s): only the frames before it "
	                     "were read; copy or capture it again", block->at, input->frames, what);
}

/* ---- blocks -------------------------------------------------------------------------------------- */

/** section_order(): learns the byte order of the section that begins here; false if it has none. */
static bool section_order(struct pcapng_reader *reader, const uint8_t *magic)
{
	reader->swapped = false;
	if (get32(reader, magic) == BYTE_ORDER_MAGIC)
		return true;
	reader->swapped = true;
	return get32(reader, magic) == BYTE_ORDER_MAGIC;
}

/** read_large(): a block that does not fit into the buffer: keeps its head, skips the rest. */
static enum tcphs_input_result read_large(struct tcphs_input *input, struct block *block, uint32_t total)
{
	struct pcapng_reader *reader = &input->pcapng;
	struct stream *stream = input->stream;

	if (!stream_need(stream, HEAD_MAX))
		return cut_short(input, block->at);
	g_free(reader->large);
	reader->large = g_memdup2(stream_data(stream), HEAD_MAX);
	block->body = reader->large + HEADER_SIZE;
	block->have = HEAD_MAX - HEADER_SIZE;
	if (!stream_skip(stream, total - TRAILER_SIZE) || !stream_need(stream, TRAILER_SIZE))
		return cut_short(input, block->at);
	if (round4(get32(reader, stream_data(stream))) != total)
		return bad_block(input, block, "the two lengths of a block differ");
	stream_take(stream, TRAILER_SIZE);
	return TCPHS_INPUT_FRAME;
}

/**
 * read_block(): the next block, whole. Its octets stay in the buffer until the next call.
 *
 * @return TCPHS_INPUT_FRAME if *block is set, else as tcphs_input_next().
 */
static enum tcphs_input_result read_block(struct tcphs_input *input, struct block *block)
{
	struct pcapng_reader *reader = &input->pcapng;
	struct stream *stream = input->stream;
	uint32_t total;

	block->at = stream->offset;
	if (!stream_need(stream, HEADER_SIZE)) {
		if (stream_available(stream) == 0 && !stream->problem)
			return TCPHS_INPUT_END;
		return cut_short(input, block->at);
	}
	block->type = get32(reader, stream_data(stream));
	if (block->type == BLOCK_SECTION) { /* reads the same in either byte order */
		if (!stream_need(stream, HEADER_SIZE + 4))
			return cut_short(input, block->at);
		if (!section_order(reader, stream_data(stream) + HEADER_SIZE))
			return bad_block(input, block, "a section without a byte order");
	}
	total = get32(reader, stream_data(stream) + 4);
	if (total < BLOCK_MIN)
		return bad_block(input, block, "a block shorter than a block can be");
	if (total > BLOCK_MAX)
		return bad_block(input, block, "a block longer than any block is");
	total = round4(total);
	block->size = total - BLOCK_MIN;
	if (total > STREAM_BUFFER_MAX)
		return read_large(input, block, total);
	if (!stream_need(stream, total))
		return cut_short(input, block->at);
	block->body = stream_data(stream) + HEADER_SIZE;
	block->have = block->size;
	if (round4(get32(reader, stream_data(stream) + total - TRAILER_SIZE)) != total)
		return bad_block(input, block, "the two lengths of a block differ");
	stream_take(stream, total);
	return TCPHS_INPUT_FRAME;
}

/* ---- sections and interfaces --------------------------------------------------------------------- */

static void forget_interfaces(struct pcapng_reader *reader)
{
	for (guint i = 0; i < reader->interfaces->len; i++)
		g_free(g_array_index(reader->interfaces, struct pcapng_interface, i).name);
	g_array_set_size(reader->interfaces, 0);
}

static enum tcphs_input_result take_section(struct tcphs_input *input, const struct block *block)
{
	struct pcapng_reader *reader = &input->pcapng;
	uint16_t major, minor;

	if (block->size < SECTION_BODY)
		return bad_block(input, block, "a section header that is too short");
	major = get16(reader, block->body + 4);
	minor = get16(reader, block->body + 6);
	if (major != 1 || (minor != 0 && minor != 2))
		return bad_block(input, block, "a section of an unknown version of the format");
	forget_interfaces(reader);
	return TCPHS_INPUT_FRAME;
}

/** Link types whose number in a file is not the one that libpcap uses on this system. */
static int linktype_to_dlt(uint16_t linktype)
{
	switch (linktype) {
	case 100:
		return DLT_ATM_RFC1483;
	case 101:
		return DLT_RAW;
	case 102:
		return DLT_SLIP_BSDOS;
	case 103:
		return DLT_PPP_BSDOS;
	case 106:
		return DLT_ATM_CLIP;
	default:
		return linktype;
	}
}

static uint32_t frame_max(int linktype)
{
	switch (linktype) {
	case DLT_DBUS:
	case DLT_USBPCAP:
		return FRAME_MAX_LARGE;
	case DLT_EBHSCR:
		return FRAME_MAX_EBHSCR;
	default:
		return TCPHS_FRAME_MAX;
	}
}

/** units_of(): time units a second from an if_tsresol octet; what 64 bits cannot hold is the largest number. */
static uint64_t units_of(uint8_t resolution)
{
	unsigned exponent = resolution & 0x7f;
	uint64_t units = 1;

	if (resolution & 0x80)
		return exponent < 64 ? UINT64_C(1) << exponent : UINT64_MAX;
	if (exponent > 19)
		return UINT64_MAX;
	while (exponent-- > 0)
		units *= 10;
	return units;
}

/** take_options(): what the options of an interface say of its name and its times. */
static void take_options(const struct pcapng_reader *reader, struct pcapng_interface *interface,
                         const uint8_t *option, uint32_t left)
{
	bool resolution = false; /* the first one counts, as in Wireshark */

	while (left >= 4) {
		uint16_t code = get16(reader, option);
		uint16_t size = get16(reader, option + 2);
		uint32_t whole = 4 + round4(size);

		if (code == OPTION_END || whole > left)
			return;
		if (code == OPTION_TSRESOL && size == 1 && !resolution) {
			interface->units = units_of(option[4]);
			resolution = true;
		} else if (code == OPTION_TSOFFSET && size == 8) {
			interface->offset = (int64_t)get64(reader, option + 4);
		} else if (code == OPTION_NAME && !interface->name) {
			interface->name = g_utf8_make_valid((const char *)option + 4, MIN(size, INTERFACE_NAME_MAX));
		}
		option += whole;
		left -= whole;
	}
}

static enum tcphs_input_result take_interface(struct tcphs_input *input, const struct block *block)
{
	struct pcapng_reader *reader = &input->pcapng;
	struct pcapng_interface interface = { .units = 1000000 };

	if (block->size < INTERFACE_BODY)
		return bad_block(input, block, "an interface description that is too short");
	if (reader->interfaces->len == INTERFACES_MAX)
		return bad_block(input, block, "more than 65536 interfaces");
	interface.described.linktype = linktype_to_dlt(get16(reader, block->body));
	interface.described.snaplen = get32(reader, block->body + 4);
	interface.frame_max = frame_max(interface.described.linktype);
	take_options(reader, &interface, block->body + INTERFACE_BODY, block->have - INTERFACE_BODY);
	interface.described.name = interface.name;
	g_array_append_val(reader->interfaces, interface);
	return TCPHS_INPUT_FRAME;
}

/* ---- frames -------------------------------------------------------------------------------------- */

/** seconds_and_offset(): adds if_tsoffset, which can be any number. */
static int64_t seconds_and_offset(uint64_t seconds, int64_t offset)
{
	int64_t sum;

	if (seconds > INT64_MAX || __builtin_add_overflow((int64_t)seconds, offset, &sum))
		return offset < 0 && seconds <= INT64_MAX ? INT64_MIN : INT64_MAX;
	return sum;
}

/** stamp(): sets the frame's time from one that counts |units| a second. */
static void stamp(struct tcphs_frame *frame, uint64_t time, uint64_t units, int64_t offset)
{
	uint64_t fraction = time % units;
	int64_t nanoseconds;

	if (units <= UINT64_MAX / TCPHS_SECOND)
		nanoseconds = (int64_t)(fraction * TCPHS_SECOND / units);
	else
		nanoseconds = (int64_t)((unsigned __int128)fraction * TCPHS_SECOND / units);
	frame->time_ns = input_time(seconds_and_offset(time / units, offset), nanoseconds);
	frame->has_time = true;
}

/** place(): the frame's octets begin |at| in the body. */
static void place(struct tcphs_frame *frame, const struct block *block, uint32_t at)
{
	frame->bytes = block->body + at;
	if (frame->captured > block->have - at)
		frame->captured = block->have - at; /* of a large block only the head was kept */
}

/** take_packet(): an enhanced packet block, or the obsolete one, whose interface number has 16 bits. */
static enum tcphs_input_result take_packet(struct tcphs_input *input, const struct block *block,
                                           struct tcphs_frame *frame)
{
	const struct pcapng_reader *reader = &input->pcapng;
	const struct pcapng_interface *interface;
	const uint8_t *body = block->body;
	uint32_t number;

	if (G_UNLIKELY(block->size < PACKET_BODY))
		return bad_block(input, block, "a packet block that is too short");
	number = block->type == BLOCK_PACKET_ENHANCED ? get32(reader, body) : get16(reader, body);
	frame->captured = get32(reader, body + 12);
	frame->length = get32(reader, body + 16);
	if (G_UNLIKELY(frame->captured > block->size - PACKET_BODY))
		return bad_block(input, block, "a packet longer than its block");
	if (G_UNLIKELY(number >= reader->interfaces->len))
		return bad_block(input, block, "a packet of an interface that was not described");
	interface = &g_array_index(reader->interfaces, struct pcapng_interface, number);
	if (G_UNLIKELY(frame->captured > interface->frame_max))
		return bad_block(input, block, "a packet longer than any packet is");
	frame->linktype = interface->described.linktype;
	frame->interface = &interface->described;
	stamp(frame, (uint64_t)get32(reader, body + 4) << 32 | get32(reader, body + 8), interface->units,
	      interface->offset);
	place(frame, block, PACKET_BODY);
	return TCPHS_INPUT_FRAME;
}

/** take_simple(): a simple packet block: of interface 0, cut by its snapshot length, without a time. */
static enum tcphs_input_result take_simple(struct tcphs_input *input, const struct block *block,
                                           struct tcphs_frame *frame)
{
	const struct pcapng_reader *reader = &input->pcapng;
	const struct pcapng_interface *interface;

	if (block->size < SIMPLE_BODY)
		return bad_block(input, block, "a packet block that is too short");
	if (reader->interfaces->len == 0)
		return bad_block(input, block, "a packet of an interface that was not described");
	interface = &g_array_index(reader->interfaces, struct pcapng_interface, 0);
	frame->length = frame->captured = get32(reader, block->body);
	if (interface->described.snaplen != 0 && frame->captured > interface->described.snaplen)
		frame->captured = interface->described.snaplen;
	if (frame->captured > block->size - SIMPLE_BODY)
		return bad_block(input, block, "a packet longer than its block");
	if (frame->captured > interface->frame_max)
		return bad_block(input, block, "a packet longer than any packet is");
	frame->linktype = interface->described.linktype;
	frame->interface = &interface->described;
	frame->has_time = false;
	frame->time_ns = 0;
	place(frame, block, SIMPLE_BODY);
	return TCPHS_INPUT_FRAME;
}

/** not_a_packet(): a block that counts as a frame. */
static enum tcphs_input_result not_a_packet(const struct block *block, struct tcphs_frame *frame)
{
	frame->linktype = TCPHS_LINKTYPE_NONE;
	frame->interface = NULL;
	frame->captured = 0;
	frame->length = block->size;
	frame->has_time = false;
	frame->time_ns = 0;
	frame->bytes = block->body;
	return TCPHS_INPUT_FRAME;
}

static enum tcphs_input_result take_custom(struct tcphs_input *input, const struct block *block,
                                           struct tcphs_frame *frame)
{
	if (block->size < CUSTOM_BODY)
		return bad_block(input, block, "a custom block that is too short");
	return not_a_packet(block, frame);
}

/** take_sysdig(): a system call as sysdig and Falco record it: 2 octets of CPU number, then nanoseconds. */
static enum tcphs_input_result take_sysdig(struct tcphs_input *input, const struct block *block,
                                           struct tcphs_frame *frame)
{
	if (block->size < (block->type == BLOCK_SYSDIG ? SYSDIG_BODY : SYSDIG_V2_BODY))
		return bad_block(input, block, "a sysdig event that is too short");
	not_a_packet(block, frame);
	stamp(frame, get64(&input->pcapng, block->body + 2), TCPHS_SECOND, 0);
	return TCPHS_INPUT_FRAME;
}

/** take_journal(): an entry of systemd's journal in its export format; its time is a field, in microseconds. */
static enum tcphs_input_result take_journal(struct tcphs_input *input, const struct block *block,
                                            struct tcphs_frame *frame)
{
	static const char field[] = "__REALTIME_TIMESTAMP=";
	const size_t size = sizeof field - 1;
	const char *text = (const char *)block->body;
	const char *end = text + block->have;
	const char *found;
	uint64_t time = 0;

	while (end > text && end[-1] == '\0')
		end--;
	if (end - text < JOURNAL_BODY)
		return bad_block(input, block, "a journal entry that is too short");
	not_a_packet(block, frame);
	found = g_strstr_len(text, end - text, field);
	if (!found || found + size == end || !g_ascii_isdigit(found[size]))
		return TCPHS_INPUT_FRAME;
	for (found += size; found < end && g_ascii_isdigit(*found); found++)
		if (__builtin_mul_overflow(time, 10u, &time) ||
		    __builtin_add_overflow(time, (unsigned)(*found - '0'), &time))
			return TCPHS_INPUT_FRAME;
	stamp(frame, time, 1000000, 0);
	return TCPHS_INPUT_FRAME;
}

/* ---- the reader ---------------------------------------------------------------------------------- */

/** take_other(): a block that is not a packet; *counts tells whether *frame* was set. */
static enum tcphs_input_result take_other(struct tcphs_input *input, const struct block *block,
                                          struct tcphs_frame *frame, bool *counts)
{
	*counts = false;
	switch (block->type) {
	case BLOCK_SECTION:
		return take_section(input, block);
	case BLOCK_INTERFACE:
		return take_interface(input, block);
	case BLOCK_CUSTOM:
	case BLOCK_CUSTOM_NO_COPY:
		*counts = true;
		return take_custom(input, block, frame);
	case BLOCK_SYSDIG:
	case BLOCK_SYSDIG_V2:
	case BLOCK_SYSDIG_V2_LARGE:
		*counts = true;
		return take_sysdig(input, block, frame);
	case BLOCK_JOURNAL:
		*counts = true;
		return take_journal(input, block, frame);
	default:
		return TCPHS_INPUT_FRAME;
	}
}

static enum tcphs_input_result pcapng_reader_next(struct tcphs_input *input, struct tcphs_frame *frame)
{
	enum tcphs_input_result result;
	struct block block;
	bool counts;

	for (;;) {
		result = read_block(input, &block);
		if (G_UNLIKELY(result != TCPHS_INPUT_FRAME))
			return result;
		if (G_LIKELY(block.type == BLOCK_PACKET_ENHANCED || block.type == BLOCK_PACKET_OBSOLETE))
			return take_packet(input, &block, frame);
		if (block.type == BLOCK_PACKET_SIMPLE)
			return take_simple(input, &block, frame);
		result = take_other(input, &block, frame, &counts);
		if (result != TCPHS_INPUT_FRAME || counts)
			return result;
	}
}

static void pcapng_reader_close(struct tcphs_input *input)
{
	forget_interfaces(&input->pcapng);
	g_array_free(input->pcapng.interfaces, TRUE);
	g_free(input->pcapng.large);
}

bool pcapng_reader_open(struct tcphs_input *input)
{
	struct block block;

	input->pcapng.interfaces = g_array_new(FALSE, FALSE, sizeof(struct pcapng_interface));
	input->next = pcapng_reader_next;
	input->close = pcapng_reader_close;
	return read_block(input, &block) == TCPHS_INPUT_FRAME && take_section(input, &block) == TCPHS_INPUT_FRAME;
}
