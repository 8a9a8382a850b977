/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output.c - one buffer, flushed when it is full and when the owner says so.
 *
 * Not stdio: a failed write must be seen with its errno, a signal must not tear a line, and a line per connection has
 * to cost less than reading the connection's packets did.
 */
#include "output.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BUFFER_SIZE 65536

/* A terminal that does not tell its width is taken for one of the old ones. */
#define DEFAULT_COLUMNS 80

static bool set(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value;
}

void output_open(struct output *out, int fd)
{
	struct winsize size = { 0 };

	memset(out, 0, sizeof(*out));
	out->fd = fd;
	out->size = BUFFER_SIZE;
	out->buffer = g_malloc(out->size);
	out->terminal = isatty(fd) == 1;
	if (!out->terminal)
		return;
	out->colour = !set("NO_COLOR") && g_strcmp0(getenv("TERM"), "dumb") != 0;
	out->columns = DEFAULT_COLUMNS;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		out->columns = size.ws_col;
}

void output_close(struct output *out)
{
	output_flush(out);
	g_free(out->buffer);
	out->buffer = NULL;
}

void output_flush(struct output *out)
{
	size_t done = 0;

	while (!out->error && done < out->used) {
		ssize_t written = write(out->fd, out->buffer + done, out->used - done);

		if (written >= 0) {
			done += (size_t)written;
		} else if (errno == EAGAIN) {
			struct pollfd waiting = { .fd = out->fd, .events = POLLOUT };

			poll(&waiting, 1, -1);
		} else if (errno != EINTR) {  /* after a signal the line is still to be finished */
			out->error = errno;
		}
	}
	out->used = 0;
}

void output_write_over(struct output *out, const void *bytes, size_t size)
{
	const char *from = bytes;

	while (size > 0) {
		size_t part = out->size - out->used;

		if (part > size)
			part = size;
		memcpy(out->buffer + out->used, from, part);
		out->used += part;
		from += part;
		size -= part;
		if (out->used == out->size)
			output_flush(out);
	}
}

void output_uint(struct output *out, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	output_write(out, digits + at, sizeof(digits) - at);
}

void output_format(struct output *out, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	output_text(out, text);
	g_free(text);
}

void output_pad(struct output *out, size_t count)
{
	while (count-- > 0)
		output_char(out, ' ');
}
