/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.h - the octets of an input, in order.
 *
 * One buffer of at most STREAM_BUFFER_MAX octets, filled by read(2) as far as the source has something: a
 * pipe's first octets can be used before its last are written. The place to put decompression: only
 * stream.c's fill() knows where octets come from.
 */
#ifndef TCPHS_STREAM_H
#define TCPHS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** The most octets that stream_need() can bring together. */
#define STREAM_BUFFER_MAX (512 * 1024)

struct stream {
	int fd;
	int error;         /* errno of the read that failed, 0 if none did */
	bool ended;        /* nothing more will be read */
	uint8_t *buffer;
	size_t size;       /* octets allocated at |buffer| */
	size_t start, end; /* buffer[start .. end) was read and not yet taken */
	uint64_t offset;   /* of buffer[start] from the beginning of the input */
};

/** stream_open(): a file, or standard input for "-". NULL: *message is a sentence, for g_free(). */
struct stream *stream_open(const char *path, char **message);
void stream_close(struct stream *stream);

/** stream_read(): as read(2): waits for at least one octet; 0 at the end or on error (then stream->error is set). */
size_t stream_read(struct stream *stream, void *into, size_t size);

/** stream_fill(): the slow path of stream_need(). */
bool stream_fill(struct stream *stream, size_t count);

/** stream_need(): waits until |count| octets lie at stream_data(); false if the input ends before. */
static inline bool stream_need(struct stream *stream, size_t count)
{
	return stream->end - stream->start >= count || stream_fill(stream, count);
}

/** stream_data(): the next octets; valid until the next stream_need() or stream_skip(). */
static inline uint8_t *stream_data(struct stream *stream)
{
	return stream->buffer + stream->start;
}

/** stream_available(): how many octets lie at stream_data(). */
static inline size_t stream_available(const struct stream *stream)
{
	return stream->end - stream->start;
}

/** stream_take(): |count| octets, of those available, are done with. */
static inline void stream_take(struct stream *stream, size_t count)
{
	stream->start += count;
	stream->offset += count;
}

/** stream_skip(): takes |count| octets, available or not; false if the input ends before. */
bool stream_skip(struct stream *stream, uint64_t count);

#endif
