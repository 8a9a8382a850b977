/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output.c - one buffer, flushed when it is full and when the owner says so, or held until its turn comes.
 *
 * Not stdio: a failed write must be seen with its errno, a signal must not tear a line, and a line per connection has
 * to cost less than reading the connection's packets did.
 */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "progress.h"

#define BUFFER_SIZE 65536

/* What a part holds first; most captures have few connections. */
#define PART_SIZE 4096

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

/* Whether |path| can be written beside and renamed; a pipe or a device cannot. */
static bool is_replaceable(const char *path)
{
	struct stat status;

	return stat(path, &status) != 0 || S_ISREG(status.st_mode);
}

int output_create(struct output *out, const char *named)
{
	/* Through a link, so that it stays one. */
	char *real = realpath(named, NULL);
	const char *path = real ? real : named;
	bool beside = is_replaceable(path);
	char *name = beside ? g_strdup_printf("%s.XXXXXX", path) : g_strdup(path);
	int fd = beside ? g_mkstemp_full(name, O_WRONLY | O_CLOEXEC, 0666)
	                : open(name, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		int error = errno;

		g_free(name);
		free(real);
		return error;
	}
	output_open(out, fd);
	out->path = g_strdup(path);
	free(real);
	if (beside)
		out->beside = name;
	else
		g_free(name);
	return 0;
}

void output_open_part(struct output *part, const struct output *whole)
{
	*part = *whole;
	part->path = part->beside = NULL;
	part->held = true;
	part->used = 0;
	part->size = PART_SIZE;
	part->buffer = g_malloc(part->size);
}

void output_hold(struct output *out)
{
	memset(out, 0, sizeof(*out));
	out->fd = -1;
	out->held = true;
	out->size = PART_SIZE;
	out->buffer = g_malloc(out->size);
}

void output_release(struct output *part)
{
	part->held = false;
}

void output_adopt(struct output *whole, struct output *part)
{
	if (part->held)
		output_write(whole, part->buffer, part->used);
	else
		output_flush(part);
	if (!whole->error)
		whole->error = part->error;
	g_free(part->buffer);
	part->buffer = NULL;
}

/* A file that was created: it gets its name, or goes. */
static void settle(struct output *out)
{
	if (out->path && close(out->fd) != 0 && !out->error)
		out->error = errno;
	if (out->beside && !out->error && rename(out->beside, out->path) != 0)
		out->error = errno;
	if (out->beside && out->error)
		unlink(out->beside);
}

int output_close(struct output *out)
{
	output_flush(out);
	settle(out);
	return out->error;
}

void output_clear(struct output *out)
{
	g_free(out->buffer);
	g_free(out->path);
	g_free(out->beside);
	out->buffer = out->path = out->beside = NULL;
}

void output_flush(struct output *out)
{
	size_t done = 0;

	if (out->held || !out->used)
		return;
	if (out->terminal)
		progress_hide();
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
	if (out->terminal)
		progress_show(out->buffer[out->used - 1] == '\n');
	out->used = 0;
}

/* What is held has to fit; where memory is out for it, it is lost like what a full disk does not take. */
static void make_room(struct output *out, size_t size)
{
	size_t wanted = 2 * out->size;
	char *larger;

	while (wanted <= out->used + size)
		wanted *= 2;
	larger = out->error ? NULL : g_try_realloc(out->buffer, wanted);
	if (larger) {
		out->buffer = larger;
		out->size = wanted;
		return;
	}
	out->error = out->error ? out->error : ENOMEM;
	out->held = false;
	out->used = 0;
}

void output_write_over(struct output *out, const void *bytes, size_t size)
{
	const char *from = bytes;

	if (out->held && size >= out->size - out->used)
		make_room(out, size);
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

void output_make_room(struct output *out, size_t size)
{
	if (out->held)
		make_room(out, size);
	else
		output_flush(out);
}

/* The eight digits of a number below 10^8, an octet each, the first one in the lowest. */
static inline uint64_t eight_digits(uint32_t number)
{
	/* Two halves of four digits, then four pairs, then eight digits. To divide all parts of a word at once, a
	 * factor and a shift stand for 1 / 100 and 1 / 10; they are exact for parts that small. */
	uint64_t halves = number / 10000 | (uint64_t)(number % 10000) << 32;
	uint64_t hundreds = (halves * 10486 >> 20) & 0x0000007f0000007f;
	uint64_t pairs = hundreds | (halves - 100 * hundreds) << 16;
	uint64_t tens = (pairs * 103 >> 10) & 0x000f000f000f000f;

	return tens | (pairs - 10 * tens) << 8;
}

/* Puts such digits but for the first |without|. */
static inline char *put_digits(char *to, uint64_t digits, unsigned without)
{
	digits = GUINT64_TO_LE((digits | 0x3030303030303030) >> 8 * without);
	memcpy(to, &digits, sizeof(digits));
	return to + sizeof(digits) - without;
}

char *decimal_put_long(char *to, uint64_t number)
{
	uint64_t digits;

	if (number >= 100000000)
		return put_digits(decimal_put(to, number / 100000000), eight_digits(number % 100000000), 0);
	digits = eight_digits((uint32_t)number);
	return put_digits(to, digits, (unsigned)__builtin_ctzll(digits | UINT64_C(1) << 56) / 8);
}

char *decimal_put_nine(char *to, uint32_t number)
{
	*to = (char)('0' + number / 100000000);
	return put_digits(to + 1, eight_digits(number % 100000000), 0);
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
