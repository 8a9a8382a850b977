/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapng_write.c - frames into a pcapng file (draft-ietf-opsawg-pcapng), each with comments.
 *
 * A block is put together in memory, since its length stands before it, and written in one piece.
 */
#include "pcapng_write.h"

#include <pcap/pcap.h>
#include <string.h>

enum { BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_PACKET = 6 };
enum { OPTION_END = 0, OPTION_COMMENT = 1, OPTION_NAME = 2, OPTION_APPLICATION = 4, OPTION_TSRESOL = 9 };

/** A length has 16 bits. */
#define OPTION_MAX 65535

struct pcapng_writer {
	struct output *out;
	GByteArray *block;     /* the one that is being made */
	GArray *interfaces;    /* of struct tcphs_interface, with names of our own */
	uint32_t last;         /* interface of the last frame */
};

static void put(GByteArray *block, const void *octets, size_t size)
{
	static const uint8_t zeros[4];

	g_byte_array_append(block, octets, (guint)size);
	g_byte_array_append(block, zeros, (guint)(-size & 3));
}

static void put16(GByteArray *block, uint16_t number)
{
	g_byte_array_append(block, (const uint8_t *)&number, sizeof(number));
}

static void put32(GByteArray *block, uint32_t number)
{
	g_byte_array_append(block, (const uint8_t *)&number, sizeof(number));
}

static void put_option(GByteArray *block, uint16_t code, const void *octets, size_t size)
{
	size = MIN(size, OPTION_MAX);
	put16(block, code);
	put16(block, (uint16_t)size);
	put(block, octets, size);
}

static void begin_block(struct pcapng_writer *writer, uint32_t type)
{
	g_byte_array_set_size(writer->block, 0);
	put32(writer->block, type);
	put32(writer->block, 0);
}

static void end_block(struct pcapng_writer *writer)
{
	uint32_t size = writer->block->len + (uint32_t)sizeof(size);

	put32(writer->block, size);
	memcpy(writer->block->data + sizeof(uint32_t), &size, sizeof(size));
	output_write(writer->out, writer->block->data, size);
}

struct pcapng_writer *pcapng_writer_new(struct output *out)
{
	static const char application[] = "tcphs " TCPHS_VERSION;
	struct pcapng_writer *writer = g_new0(struct pcapng_writer, 1);

	writer->out = out;
	writer->block = g_byte_array_new();
	writer->interfaces = g_array_new(FALSE, FALSE, sizeof(struct tcphs_interface));
	begin_block(writer, BLOCK_SECTION);
	put32(writer->block, 0x1a2b3c4d);
	put16(writer->block, 1);
	put16(writer->block, 0);
	put32(writer->block, UINT32_MAX); /* the section's length is not known */
	put32(writer->block, UINT32_MAX);
	put_option(writer->block, OPTION_APPLICATION, application, sizeof(application) - 1);
	put_option(writer->block, OPTION_END, NULL, 0);
	end_block(writer);
	return writer;
}

void pcapng_writer_free(struct pcapng_writer *writer)
{
	if (!writer)
		return;
	for (guint i = 0; i < writer->interfaces->len; i++)
		g_free((gpointer)g_array_index(writer->interfaces, struct tcphs_interface, i).name);
	g_array_free(writer->interfaces, TRUE);
	g_byte_array_unref(writer->block);
	g_free(writer);
}

/** linktype_of_dlt(): the few link types whose number in files is not libpcap's on this system. */
static uint16_t linktype_of_dlt(int dlt)
{
	switch (dlt) {
	case DLT_ATM_RFC1483:
		return 100;
	case DLT_RAW:
		return 101;
	case DLT_SLIP_BSDOS:
		return 102;
	case DLT_PPP_BSDOS:
		return 103;
	case DLT_ATM_CLIP:
		return 106;
	default:
		return (uint16_t)dlt;
	}
}

static bool is_same(const struct tcphs_interface *a, const struct tcphs_interface *b)
{
	return a->linktype == b->linktype && a->snaplen == b->snaplen && g_strcmp0(a->name, b->name) == 0;
}

/** describe(): the number of the interface, which is described if it is new. */
static uint32_t describe(struct pcapng_writer *writer, const struct tcphs_interface *interface)
{
	static const uint8_t nanoseconds = 9;
	struct tcphs_interface kept = *interface;
	GArray *known = writer->interfaces;
	uint32_t i;

	if (known->len && is_same(interface, &g_array_index(known, struct tcphs_interface, writer->last)))
		return writer->last;
	for (i = 0; i < known->len; i++)
		if (is_same(interface, &g_array_index(known, struct tcphs_interface, i)))
			return writer->last = i;
	kept.name = g_strdup(interface->name);
	g_array_append_val(known, kept);
	begin_block(writer, BLOCK_INTERFACE);
	put16(writer->block, linktype_of_dlt(interface->linktype));
	put16(writer->block, 0);
	put32(writer->block, interface->snaplen);
	if (interface->name)
		put_option(writer->block, OPTION_NAME, interface->name, strlen(interface->name));
	put_option(writer->block, OPTION_TSRESOL, &nanoseconds, sizeof(nanoseconds));
	put_option(writer->block, OPTION_END, NULL, 0);
	end_block(writer);
	return writer->last = i;
}

void pcapng_write(struct pcapng_writer *writer, const struct tcphs_frame *frame, const char *const *comments)
{
	uint32_t interface;

	if (!frame->interface)
		return;
	interface = describe(writer, frame->interface);
	begin_block(writer, BLOCK_PACKET);
	put32(writer->block, interface);
	put32(writer->block, (uint32_t)((uint64_t)frame->time_ns >> 32));
	put32(writer->block, (uint32_t)frame->time_ns);
	put32(writer->block, frame->captured);
	put32(writer->block, frame->length);
	put(writer->block, frame->bytes, frame->captured);
	if (comments && *comments) {
		for (; *comments; comments++)
			put_option(writer->block, OPTION_COMMENT, *comments, strlen(*comments));
		put_option(writer->block, OPTION_END, NULL, 0);
	}
	end_block(writer);
}
