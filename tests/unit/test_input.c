/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_input.c - the reader of capture files: what comes out of sound files, pipes, files cut short or made to harm.
 *
 * Files are built octet by octet in a GByteArray and read through a pipe or a file in memory. What numbers frames get,
 * and where damage begins, is compared with Wireshark's by tests/input; here is what only the interface shows.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif

#include <glib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "input.h"

enum { LINKTYPE_ETHERNET = 1 };

static const uint8_t packet[60] = { 0x02, 0, 0, 0, 0, 1 };

/* ---- building ------------------------------------------------------------------------------------ */

/** struct file: octets, and the order in which put16(), put32() write. */
struct file {
	GByteArray *octets;
	bool big;
};

static struct file new_file(bool big)
{
	return (struct file){ g_byte_array_new(), big };
}

static void put(struct file *file, const void *octets, size_t size)
{
	g_byte_array_append(file->octets, octets, (guint)size);
}

static void put16(struct file *file, uint16_t value)
{
	value = file->big ? GUINT16_TO_BE(value) : GUINT16_TO_LE(value);
	put(file, &value, sizeof(value));
}

static void put32(struct file *file, uint32_t value)
{
	value = file->big ? GUINT32_TO_BE(value) : GUINT32_TO_LE(value);
	put(file, &value, sizeof(value));
}

static void put_zeros(struct file *file, size_t size)
{
	guint before = file->octets->len;

	g_byte_array_set_size(file->octets, before + (guint)size);
	memset(file->octets->data + before, 0, size);
}

static void pcap_header(struct file *file, uint32_t magic, uint32_t snaplen)
{
	put32(file, magic);
	put16(file, 2);
	put16(file, 4);
	put_zeros(file, 8);
	put32(file, snaplen);
	put32(file, LINKTYPE_ETHERNET);
}

static void pcap_frame(struct file *file, uint32_t seconds, uint32_t fraction)
{
	put32(file, seconds);
	put32(file, fraction);
	put32(file, sizeof(packet));
	put32(file, sizeof(packet) + 100);
	put(file, packet, sizeof(packet));
}

/** ng_block(): the beginning of a block whose body has |size| octets; the caller puts them, then put32(12 + size). */
static void ng_block(struct file *file, uint32_t type, uint32_t size)
{
	put32(file, type);
	put32(file, 12 + size);
}

static void ng_section(struct file *file)
{
	ng_block(file, 0x0a0d0d0a, 16);
	put32(file, 0x1a2b3c4d);
	put16(file, 1);
	put16(file, 0);
	put32(file, UINT32_MAX);
	put32(file, UINT32_MAX);
	put32(file, 28);
}

/** ng_interface(): with if_tsresol, and if_tsoffset in seconds. */
static void ng_interface(struct file *file, uint8_t resolution, uint64_t offset)
{
	ng_block(file, 1, 8 + 8 + 12);
	put16(file, LINKTYPE_ETHERNET);
	put16(file, 0);
	put32(file, 0);
	put16(file, 9);
	put16(file, 1);
	put(file, &resolution, 1);
	put_zeros(file, 3);
	put16(file, 14);
	put16(file, 8);
	put32(file, (uint32_t)(file->big ? offset >> 32 : offset));
	put32(file, (uint32_t)(file->big ? offset : offset >> 32));
	put32(file, 12 + 8 + 8 + 12);
}

/** ng_frame(): an enhanced packet block with |options| octets of an option behind the packet. */
static void ng_frame(struct file *file, uint64_t time, uint32_t options)
{
	ng_block(file, 6, 20 + sizeof(packet) + options);
	put32(file, 0);
	put32(file, (uint32_t)(time >> 32));
	put32(file, (uint32_t)time);
	put32(file, sizeof(packet));
	put32(file, sizeof(packet));
	put(file, packet, sizeof(packet));
	put_zeros(file, options);
	put32(file, 12 + 20 + sizeof(packet) + options);
}

/* ---- reading ------------------------------------------------------------------------------------- */

/** open_octets(): an input over the first |size| octets of the file. */
static struct tcphs_input *open_octets(const struct file *file, size_t size, char **message)
{
	int memory = memfd_create("capture", MFD_CLOEXEC);
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", memory);
	struct tcphs_input *input;

	g_assert_cmpint(memory, >=, 0);
	g_assert_cmpint(write(memory, file->octets->data, size), ==, (ssize_t)size);
	*message = NULL;
	input = tcphs_input_open(path, message);
	close(memory);
	return input;
}

static struct tcphs_input *open_file(const struct file *file)
{
	char *message;
	struct tcphs_input *input = open_octets(file, file->octets->len, &message);

	g_assert_cmpstr(message, ==, NULL);
	g_assert_nonnull(input);
	return input;
}

static void assert_frame(struct tcphs_input *input, uint32_t number, int64_t time)
{
	struct tcphs_frame frame;

	g_assert_cmpint(tcphs_input_next(input, &frame), ==, TCPHS_INPUT_FRAME);
	g_assert_cmpuint(frame.number, ==, number);
	g_assert_cmpint(frame.linktype, ==, LINKTYPE_ETHERNET);
	g_assert_cmpint(frame.time_ns, ==, time);
	g_assert_true(frame.has_time);
	g_assert_cmpmem(frame.bytes, frame.captured, packet, sizeof(packet));
}

/** assert_over(): the input says |result| now and whenever asked again, then closes it. */
static void assert_over(struct tcphs_input *input, enum tcphs_input_result result, const char *part)
{
	struct tcphs_frame frame;
	int i;

	for (i = 0; i < 3; i++)
		g_assert_cmpint(tcphs_input_next(input, &frame), ==, result);
	if (part)
		g_assert_nonnull(strstr(tcphs_input_message(input), part));
	else
		g_assert_cmpstr(tcphs_input_message(input), ==, NULL);
	tcphs_input_close(input);
}

static void assert_refused(const void *octets, size_t size, const char *part)
{
	struct file file = new_file(false);
	struct tcphs_input *input;
	char *message;

	put(&file, octets, size);
	input = open_octets(&file, size, &message);
	g_assert_null(input);
	g_assert_nonnull(strstr(message, part));
	g_assert_true(g_str_is_ascii(message));
	g_free(message);
	g_byte_array_free(file.octets, TRUE);
}

/* ---- classic pcap -------------------------------------------------------------------------------- */

static void test_pcap_times(void)
{
	static const struct {
		uint32_t magic;
		bool big;
		uint32_t fraction;
		int64_t nanoseconds;
	} cases[] = {
		{ 0xa1b2c3d4, false, 123456, 123456000 },
		{ 0xa1b2c3d4, true, 123456, 123456000 },
		{ 0xa1b23c4d, false, 123456789, 123456789 },
		{ 0xa1b23c4d, true, 123456789, 123456789 },
	};
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct file file = new_file(cases[i].big);
		struct tcphs_input *input;

		pcap_header(&file, cases[i].magic, 65535);
		pcap_frame(&file, 1500000000, cases[i].fraction);
		pcap_frame(&file, 4000000000, cases[i].fraction);  /* after 2038 */
		input = open_file(&file);
		g_assert_cmpstr(tcphs_input_format(input), ==, "pcap");
		assert_frame(input, 1, 1500000000 * TCPHS_SECOND + cases[i].nanoseconds);
		assert_frame(input, 2, 4000000000 * TCPHS_SECOND + cases[i].nanoseconds);
		assert_over(input, TCPHS_INPUT_END, NULL);
		g_byte_array_free(file.octets, TRUE);
	}
}

static void test_pcap_beyond_snaplen(void)
{
	struct file file = new_file(false);
	struct tcphs_input *input;

	pcap_header(&file, 0xa1b2c3d4, 20);  /* libpcap alone would cut the frame to this */
	pcap_frame(&file, 1, 0);
	input = open_file(&file);
	assert_frame(input, 1, TCPHS_SECOND);
	assert_over(input, TCPHS_INPUT_END, NULL);
	g_byte_array_free(file.octets, TRUE);
}

/** read_cut(): every way to cut a file of three equal frames: those before the cut come, then END or damage. */
static void read_cut(const struct file *file, size_t header, size_t frame_size)
{
	size_t size;

	for (size = header; size <= file->octets->len; size++) {
		size_t whole = (size - header) / frame_size;
		bool pcapng = file->octets->data[0] == 0x0a;
		g_autofree char *where = g_strdup_printf("frame %zu", pcapng ? whole : whole + 1);
		struct tcphs_input *input;
		char *message;
		uint32_t i;

		input = open_octets(file, size, &message);
		g_assert_nonnull(input);
		for (i = 1; i <= whole; i++)
			assert_frame(input, i, i * TCPHS_SECOND);
		if ((size - header) % frame_size == 0)
			assert_over(input, TCPHS_INPUT_END, NULL);
		else
			assert_over(input, TCPHS_INPUT_DAMAGED, where);
	}
}

static void test_pcap_cut(void)
{
	struct file file = new_file(false);
	uint32_t i;

	pcap_header(&file, 0xa1b2c3d4, 65535);
	for (i = 1; i <= 3; i++)
		pcap_frame(&file, i, 0);
	read_cut(&file, 24, 16 + sizeof(packet));
	assert_refused(file.octets->data, 23, "cut short");
	g_byte_array_free(file.octets, TRUE);
}

static void test_pcap_absurd_length(void)
{
	struct file file = new_file(false);
	struct tcphs_input *input;

	pcap_header(&file, 0xa1b2c3d4, 65535);
	pcap_frame(&file, 1, 0);
	put_zeros(&file, 8);
	put32(&file, 0x7fffffff);
	put32(&file, 0x7fffffff);
	input = open_file(&file);
	assert_frame(input, 1, TCPHS_SECOND);
	assert_over(input, TCPHS_INPUT_DAMAGED, "frame 2");
	g_byte_array_free(file.octets, TRUE);
}

/* ---- pcapng -------------------------------------------------------------------------------------- */

static void test_pcapng_cut(void)
{
	struct file file = new_file(true);
	size_t header;
	uint32_t i;

	ng_section(&file);
	ng_interface(&file, 6, 0);
	header = file.octets->len;
	for (i = 1; i <= 3; i++)
		ng_frame(&file, i * UINT64_C(1000000), 0);
	read_cut(&file, header, 32 + sizeof(packet));
	g_byte_array_free(file.octets, TRUE);
}

static void test_pcapng_times(void)
{
	static const struct {
		uint8_t resolution;
		uint64_t offset;
		uint64_t stamp;
		int64_t time;
	} cases[] = {
		{ 6, 0, 1234567, 1234567000 },
		{ 9, 0, 1234567890, 1234567890 },
		{ 3, 0, 1234, 1234000000 },
		{ 0, 0, 7, 7 * TCPHS_SECOND },
		{ 0x80 | 1, 0, 3, 1500000000 },
		{ 0x80 | 32, 0, UINT64_C(0x180000000), 1500000000 },
		{ 12, 0, UINT64_C(1500000000000), 1500000000 },
		{ 0x80 | 63, 0, UINT64_C(3) << 62, 1500000000 },
		{ 6, 100, 1000000, 101 * TCPHS_SECOND },
		{ 6, (uint64_t)-2, 5000000, 3 * TCPHS_SECOND },
		/* What does not fit goes to the nearest time that does. */
		{ 6, (uint64_t)-7, 5000000, 0 },
		{ 0, 0, UINT64_MAX, INT64_C(1) << 62 },
		{ 0, INT64_MAX, INT64_MAX, INT64_C(1) << 62 },
		{ 0, (uint64_t)INT64_MIN, INT64_MAX, 0 },
		{ 6, (uint64_t)INT64_MAX, UINT64_MAX, INT64_C(1) << 62 },
	};
	size_t i;

	for (i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
		struct file file = new_file(i % 2);
		struct tcphs_input *input;

		ng_section(&file);
		ng_interface(&file, cases[i / 2].resolution, cases[i / 2].offset);
		ng_frame(&file, cases[i / 2].stamp, 0);
		input = open_file(&file);
		g_assert_cmpstr(tcphs_input_format(input), ==, "pcapng");
		assert_frame(input, 1, cases[i / 2].time);
		assert_over(input, TCPHS_INPUT_END, NULL);
		g_byte_array_free(file.octets, TRUE);
	}
}

/** A block of options larger than any buffer does not hide the frame in it, nor the frame after it. */
static void test_pcapng_large_block(void)
{
	struct file file = new_file(false);
	struct tcphs_input *input;
	uint32_t i;

	ng_section(&file);
	ng_interface(&file, 6, 0);
	for (i = 0; i < 6; i++)
		ng_frame(&file, i * UINT64_C(1000000), i % 2 ? 0 : i * 300000 + 500000);
	input = open_file(&file);
	for (i = 0; i < 6; i++)
		assert_frame(input, i + 1, i * TCPHS_SECOND);
	assert_over(input, TCPHS_INPUT_END, NULL);
	file.octets->data[file.octets->len - 1 - 32 - sizeof(packet)] ^= 1;  /* trailer of the fifth */
	input = open_file(&file);
	for (i = 0; i < 4; i++)
		assert_frame(input, i + 1, i * TCPHS_SECOND);
	assert_over(input, TCPHS_INPUT_DAMAGED, "after frame 4");
	g_byte_array_free(file.octets, TRUE);
}

static void test_pcapng_many_interfaces(void)
{
	struct file file = new_file(false);
	struct tcphs_input *input;
	struct tcphs_frame frame;
	uint32_t i;

	ng_section(&file);
	for (i = 0; i < 65537; i++)
		ng_interface(&file, 6, 0);
	ng_frame(&file, 0, 0);
	input = open_file(&file);
	g_assert_cmpint(tcphs_input_next(input, &frame), ==, TCPHS_INPUT_DAMAGED);
	g_assert_nonnull(strstr(tcphs_input_message(input), "65536"));
	tcphs_input_close(input);
	g_byte_array_free(file.octets, TRUE);
}

/* ---- pipes, and what is no capture --------------------------------------------------------------- */

static void write_all(int fd, const GByteArray *octets, size_t from, size_t to)
{
	g_assert_cmpint(write(fd, octets->data + from, to - from), ==, (ssize_t)(to - from));
}

/** A frame is there as soon as its octets are, without waiting for those of the next; by way of "-". */
static void read_pipe(const struct file *file, size_t header, size_t frame_size)
{
	int pipe_ends[2], saved = dup(STDIN_FILENO);
	struct tcphs_input *input;
	char *message = NULL;
	size_t i;

	g_assert_cmpint(pipe(pipe_ends), ==, 0);
	g_assert_cmpint(dup2(pipe_ends[0], STDIN_FILENO), ==, STDIN_FILENO);
	write_all(pipe_ends[1], file->octets, 0, header);
	input = tcphs_input_open("-", &message);
	g_assert_cmpstr(message, ==, NULL);
	for (i = 0; i < 3; i++) {
		write_all(pipe_ends[1], file->octets, header + i * frame_size, header + (i + 1) * frame_size);
		assert_frame(input, (uint32_t)i + 1, (int64_t)(i + 1) * TCPHS_SECOND);
	}
	close(pipe_ends[1]);
	assert_over(input, TCPHS_INPUT_END, NULL);
	close(pipe_ends[0]);
	g_assert_cmpint(dup2(saved, STDIN_FILENO), ==, STDIN_FILENO);
	close(saved);
}

static void test_pipes(void)
{
	struct file pcap = new_file(false), ng = new_file(false);
	size_t header;
	uint32_t i;

	pcap_header(&pcap, 0xa1b2c3d4, 65535);
	ng_section(&ng);
	ng_interface(&ng, 6, 0);
	header = ng.octets->len;
	for (i = 1; i <= 3; i++) {
		pcap_frame(&pcap, i, 0);
		ng_frame(&ng, i * UINT64_C(1000000), 0);
	}
	read_pipe(&pcap, 24, 16 + sizeof(packet));
	read_pipe(&ng, header, 32 + sizeof(packet));
	g_byte_array_free(pcap.octets, TRUE);
	g_byte_array_free(ng.octets, TRUE);
}

static void test_no_capture(void)
{
	static const uint8_t gzip[] = { 0x1f, 0x8b, 8, 0 }, zstd[] = { 0x28, 0xb5, 0x2f, 0xfd, 0 };
	struct tcphs_input *input;
	char *message = NULL;

	assert_refused("", 0, "empty");
	assert_refused("ab", 2, "2 octets");
	assert_refused("hello, world", 12, "editcap");
	assert_refused(gzip, sizeof(gzip), "holds no capture");
	assert_refused(zstd, sizeof(zstd), "cannot be unpacked");
	assert_refused("\x0a\x0d\x0d\x0a\x1c\0\0\0zzzz\1\0\0\0\0\0\0\0\0\0\0\0\x1c\0\0\0", 28, "byte order");
	input = tcphs_input_open("/nonexistent/capture", &message);
	g_assert_null(input);
	g_assert_nonnull(strstr(message, "cannot be opened"));
	g_clear_pointer(&message, g_free);
	input = tcphs_input_open("/", &message);
	g_assert_null(input);
	g_assert_nonnull(strstr(message, "cannot be read"));
	g_free(message);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/input/pcap/times", test_pcap_times);
	g_test_add_func("/input/pcap/beyond-snaplen", test_pcap_beyond_snaplen);
	g_test_add_func("/input/pcap/cut", test_pcap_cut);
	g_test_add_func("/input/pcap/absurd-length", test_pcap_absurd_length);
	g_test_add_func("/input/pcapng/cut", test_pcapng_cut);
	g_test_add_func("/input/pcapng/times", test_pcapng_times);
	g_test_add_func("/input/pcapng/large-block", test_pcapng_large_block);
	g_test_add_func("/input/pcapng/many-interfaces", test_pcapng_many_interfaces);
	g_test_add_func("/input/pipes", test_pipes);
	g_test_add_func("/input/no-capture", test_no_capture);
	return g_test_run();
}
