/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.c - the octets of an input, in order.
 *
 * Theory of operation. buffer[start .. end) is what was read and not yet taken. fill() asks read(2) for as
 * much as fits and is content with less, so that a slow pipe is not waited for longer than needed. When the
 * room behind |end| is too small, what is left moves to the front; the buffer grows, up to
 * STREAM_BUFFER_MAX, only when a caller needs more octets together than it holds.
 */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"

/** Enough for most frames, small enough to stay in a processor's cache. */
#define BUFFER_FIRST (64 * 1024)

struct stream *stream_open(const char *path, char **message)
{
	struct stream *stream;
	int fd = STDIN_FILENO;

	if (strcmp(path, "-") != 0) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fd < 0) {
			*message = g_strdup_printf("cannot be opened (%s): check the path and its permissions",
			                           g_strerror(errno));
			return NULL;
		}
	}
	stream = g_new0(struct stream, 1);
	stream->fd = fd;
	stream->size = BUFFER_FIRST;
	stream->buffer = g_malloc(stream->size);
	return stream;
}

void stream_close(struct stream *stream)
{
	if (!stream)
		return;
	if (stream->fd != STDIN_FILENO)
		close(stream->fd);
	g_free(stream->buffer);
	g_free(stream);
}

/** fill(): one successful read(2); 0 at the end or on error, and from then on. */
static size_t fill(struct stream *stream, void *into, size_t size)
{
	ssize_t got;

	if (stream->ended)
		return 0;
	do {
		got = read(stream->fd, into, size);
	} while (got < 0 && errno == EINTR);
	if (got > 0) {
		progress_read((size_t)got);
		return (size_t)got;
	}
	if (got < 0)
		stream->error = errno;
	stream->ended = true;
	return 0;
}

size_t stream_read(struct stream *stream, void *into, size_t size)
{
	size_t available = stream_available(stream);

	if (available == 0) {
		size = fill(stream, into, size);
		stream->offset += size;
		return size;
	}
	if (size > available)
		size = available;
	memcpy(into, stream_data(stream), size);
	stream_take(stream, size);
	return size;
}

/** make_room(): buffer[start ...) can hold |count| octets. */
static void make_room(struct stream *stream, size_t count)
{
	size_t available = stream_available(stream);

	if (stream->size - stream->start >= count)
		return;
	memmove(stream->buffer, stream_data(stream), available);
	stream->start = 0;
	stream->end = available;
	if (stream->size < count) {
		stream->size = MIN((size_t)STREAM_BUFFER_MAX, MAX(count, 2 * stream->size));
		stream->buffer = g_realloc(stream->buffer, stream->size);
	}
}

bool stream_fill(struct stream *stream, size_t count)
{
	g_return_val_if_fail(count <= STREAM_BUFFER_MAX, false);
	make_room(stream, count);
	while (stream_available(stream) < count) {
		size_t got = fill(stream, stream->buffer + stream->end, stream->size - stream->end);

		if (got == 0)
			return false;
		stream->end += got;
	}
	return true;
}

bool stream_skip(struct stream *stream, uint64_t count)
{
	while (count > stream_available(stream)) {
		count -= stream_available(stream);
		stream_take(stream, stream_available(stream));
		stream->start = stream->end = 0;
		if (!stream_fill(stream, 1))
			return false;
	}
	stream_take(stream, (size_t)count);
	return true;
}
