/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.c - the octets of an input, in order.
 *
 * Theory of operation. buffer[start .. end) is what was read and not yet taken. fill() asks the source for as
 * much as fits and is content with less, so that a slow pipe is not waited for longer than needed. When the
 * room behind |end| is too small, what is left moves to the front; the buffer grows, up to
 * STREAM_BUFFER_MAX, only when a caller needs more octets together than it holds.
 *
 * Some libraries want a FILE. Of a file there is a real one, with a descriptor and this buffer of its own: the C
 * library copies short pieces octet by octet out of any other. All else is given to the FILE by stream_read(). Either
 * has one reader, which reads twice a frame: locking it each time would cost as much as decoding the frame.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* fopencookie() */
#endif
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "progress.h"

/** Enough for most frames, small enough to stay in a processor's cache. */
#define BUFFER_FIRST (64 * 1024)

/* ---- sources ------------------------------------------------------------------------------------- */

static ssize_t file_pull(struct stream *stream, void *into, size_t size)
{
	ssize_t got;

	do {
		got = read(stream->fd, into, size);
	} while (got < 0 && errno == EINTR);
	if (got > 0)
		progress_read((size_t)got);
	if (got < 0)
		stream_fail(stream, g_strerror(errno));
	return got;
}

static int64_t file_seek(struct stream *stream, int64_t offset, int whence)
{
	return lseek(stream->fd, offset, whence);
}

static void file_close(struct stream *stream)
{
	if (stream->fd != STDIN_FILENO)
		close(stream->fd);
}

static const struct stream_source file_source = { file_pull, file_seek, file_close };

static ssize_t extent_pull(struct stream *stream, void *into, size_t size)
{
	ssize_t got = extent_read(stream->data, into, size, stream->pulled);

	if (got < 0)
		stream_fail(stream, g_strerror(errno));
	return got;
}

static void extent_close(struct stream *stream)
{
	extent_unref(stream->data);
}

static const struct stream_source extent_source = { extent_pull, NULL, extent_close };

/* ---- the stream ---------------------------------------------------------------------------------- */

struct stream *stream_new(const struct stream_source *source, void *data)
{
	struct stream *stream = g_new0(struct stream, 1);

	stream->source = source;
	stream->data = data;
	stream->fd = -1;
	stream->size = BUFFER_FIRST;
	stream->buffer = g_malloc(stream->size);
	return stream;
}

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
	stream = stream_new(&file_source, NULL);
	stream->fd = fd;
	return stream;
}

struct stream *stream_open_extent(struct extent *extent)
{
	return stream_new(&extent_source, extent_ref(extent));
}

void stream_close(struct stream *stream)
{
	if (!stream)
		return;
	stream->source->close(stream);
	extent_unref(stream->copy);
	g_free(stream->problem);
	g_free(stream->buffer);
	g_free(stream);
}

bool stream_is_file(const struct stream *stream)
{
	struct stat status;

	return stream->fd >= 0 && fstat(stream->fd, &status) == 0 && S_ISREG(status.st_mode);
}

void stream_fail(struct stream *stream, const char *problem)
{
	char *octet;

	stream->ended = true;
	if (stream->problem)
		return;
	stream->problem = g_strdup(problem);
	for (octet = stream->problem; *octet; octet++)
		if (!g_ascii_isprint(*octet))
			*octet = '?';
}

/** copy(): what cannot be copied cannot be read again: better to stop than to find out later. */
static bool copy(struct stream *stream, const void *octets, size_t size)
{
	int error = stream->copy ? extent_write(stream->copy, octets, size) : 0;
	g_autofree char *problem = error ? g_strdup_printf("temporary file: %s", g_strerror(error)) : NULL;

	if (problem)
		stream_fail(stream, problem);
	return !problem;
}

struct extent *stream_copy(struct stream *stream, struct spool *spool)
{
	stream->copy = extent_new(spool);
	copy(stream, stream_data(stream), stream_available(stream));
	return stream->copy;
}

int64_t stream_seek(struct stream *stream, int64_t offset, int whence)
{
	int64_t place;

	if (!stream->source->seek || stream->copy)
		return -1;
	if (whence == SEEK_CUR)
		offset -= (int64_t)stream_available(stream); /* which the source has given, and nobody has taken */
	place = stream->source->seek(stream, offset, whence);
	if (place < 0)
		return -1;
	stream->start = stream->end = 0;
	stream->offset = (uint64_t)place;
	stream->ended = stream->problem != NULL;
	return place;
}

/** fill(): octets from the source, at least one; 0 at the end or after a problem, and from then on. */
static size_t fill(struct stream *stream, void *into, size_t size)
{
	ssize_t got;

	if (stream->ended)
		return 0;
	got = stream->source->pull(stream, into, size);
	if (got > 0) {
		stream->pulled += (uint64_t)got;
		return copy(stream, into, (size_t)got) ? (size_t)got : 0;
	}
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

/* ---- as a FILE ----------------------------------------------------------------------------------- */

static ssize_t file_of_stream_read(void *cookie, char *into, size_t size)
{
	struct stream *stream = cookie;
	size_t got = stream_read(stream, into, size);

	return got == 0 && stream->problem ? -1 : (ssize_t)got;
}

/** file_of_stream(): its buffer is the only copy, stream_read() fills it directly. */
static FILE *file_of_stream(struct stream *stream)
{
	static const cookie_io_functions_t functions = { .read = file_of_stream_read };
	FILE *file = fopencookie(stream, "r", functions);

	if (file)
		setvbuf(file, NULL, _IOFBF, BUFFER_FIRST);
	return file;
}

/** file_of_file(): reads what stream_data() already has once more: so it comes to lie where it can be changed. */
static FILE *file_of_file(struct stream *stream)
{
	int fd = fcntl(stream->fd, F_DUPFD_CLOEXEC, 0);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	int octet;

	if (!file) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	setvbuf(file, (char *)stream->buffer, _IOFBF, stream->size);
	octet = getc(file);
	if (octet != EOF)
		ungetc(octet, file);
	return file;
}

FILE *stream_file(struct stream *stream)
{
	FILE *file;

	if (!stream_is_file(stream) || stream_seek(stream, 0, SEEK_CUR) < 0) {
		file = file_of_stream(stream);
	} else {
		file = file_of_file(stream);
		stream->handed_over = file != NULL;
	}
	if (file)
		__fsetlocking(file, FSETLOCKING_BYCALLER);
	return file;
}

void stream_file_took(const struct stream *stream, size_t size)
{
	if (stream->handed_over)
		progress_read(size);
}

bool stream_file_failed(struct stream *stream, FILE *file)
{
	if (!stream->problem && ferror(file))
		stream_fail(stream, g_strerror(errno));
	return stream->problem != NULL;
}

/* ---- octets together ----------------------------------------------------------------------------- */

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
