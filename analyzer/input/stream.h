/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.h - the octets of an input, in order.
 *
 * One buffer of at most STREAM_BUFFER_MAX octets, filled as far as the source has something: a pipe's first octets can
 * be used before its last are written. Where octets come from only the source knows: a file, a spool, or a member of
 * an archive, whose octets come out of another stream.
 */
#ifndef TCPHS_STREAM_H
#define TCPHS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "spool.h"

/** The most octets that stream_need() can bring together. */
#define STREAM_BUFFER_MAX (512 * 1024)

struct stream;

/** struct stream_source: where octets come from. */
struct stream_source {
	/* As read(2): at least one octet, or 0 at the end, or -1: stream_fail() was called. */
	ssize_t (*pull)(struct stream *stream, void *into, size_t size);
	/* The next octet is |to| the beginning or the end. The new place, or -1. NULL: not possible. */
	int64_t (*seek)(struct stream *stream, int64_t offset, int whence);
	void (*close)(struct stream *stream);
};

struct stream {
	const struct stream_source *source;
	void *data;            /* the source's */
	int fd;                /* the source's, if it is a file */
	char *problem;         /* why nothing more can be read, a few words; NULL if that is the end */
	bool ended;            /* nothing more will be read */
	bool handed_over;      /* a FILE reads the descriptor now */
	uint8_t *buffer;
	size_t size;           /* octets allocated at |buffer| */
	size_t start, end;     /* buffer[start .. end) was read and not yet taken */
	uint64_t offset;       /* of buffer[start] from the beginning of the input */
	uint64_t pulled;       /* octets that the source gave in all */
	struct extent *copy;   /* all that the source gives is written there, too; or NULL */
};

/** stream_open(): a file, or standard input for "-". NULL: *message is a sentence, for g_free(). */
struct stream *stream_open(const char *path, char **message);
/** stream_open_extent(): what is in a spool. */
struct stream *stream_open_extent(struct extent *extent);
/** stream_new(): of a source of the caller's own. */
struct stream *stream_new(const struct stream_source *source, void *data);
/** stream_close(): NULL is allowed. */
void stream_close(struct stream *stream);

/** stream_is_file(): a regular file, which can be read again. */
bool stream_is_file(const struct stream *stream);
/** stream_copy(): from the first octet not taken yet, everything goes into an extent, too, which is returned. */
struct extent *stream_copy(struct stream *stream, struct spool *spool);
/** stream_fail(): for sources: nothing more can be read, because of |problem|, of which only ASCII is kept. */
void stream_fail(struct stream *stream, const char *problem);
/** stream_seek(): as lseek(2). -1 where the source cannot. */
int64_t stream_seek(struct stream *stream, int64_t offset, int whence);

/**
 * stream_file(): the octets that were not taken yet, as a FILE. The stream has to outlive it and must not be read any
 * more. What stream_need() brought together still lies at stream_data(): what is changed there, the FILE gives.
 *
 * @return NULL with errno set.
 */
FILE *stream_file(struct stream *stream);
/** stream_file_took(): |size| octets more were read of it; for those who watch, now and then is enough. */
void stream_file_took(const struct stream *stream, size_t size);
/** stream_file_failed(): whether the FILE gives nothing more because of a problem, which |stream->problem| then is. */
bool stream_file_failed(struct stream *stream, FILE *file);

/** stream_read(): as read(2): waits for at least one octet; 0 at the end or after a problem. */
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
