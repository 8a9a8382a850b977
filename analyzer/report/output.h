/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output.h - buffered octets on their way to a file descriptor, and what is known of the reader there.
 *
 * An output can be a part of another one: what is written to it is held in memory until its turn has come, and goes
 * straight to the same descriptor from then on. So inputs can be reported at the same time and appear in order.
 *
 * An error is kept (output->error) and everything after it is dropped, so that writers need not check each
 * call: whoever runs the show looks at it from time to time. EPIPE is such an error like any other.
 */
#ifndef TCPHS_OUTPUT_H
#define TCPHS_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <glib.h>

struct output {
	int fd;
	int error;         /* errno of the first write that failed; 0 so far */
	bool terminal;     /* a person looks at it */
	bool colour;       /* a terminal, and neither NO_COLOR nor TERM=dumb */
	unsigned columns;  /* width of the terminal; 0: not a terminal, no limit */
	bool held;         /* a part whose turn has not come: the buffer grows instead of being written */
	size_t used, size;
	char *buffer;
	char *path, *beside;  /* of a file: its name, and the one it has until it is whole; else NULL */
};

/** output_open(): *out* writes to |fd|; what the terminal can do is found out here. */
void output_open(struct output *out, int fd);

/**
 * output_create(): *out* writes to a file that gets its name |path| only when output_close() finds it whole, so that no
 * half-written report ever stands there. What is no regular file (a pipe, a device) is written to as it is.
 *
 * @return 0, or the errno of what failed; then *out* is closed.
 */
int output_create(struct output *out, const char *path);

/** output_open_part(): *part* is held, and will write to where |whole| writes. */
void output_open_part(struct output *part, const struct output *whole);

/** output_hold(): *out* writes nowhere: what is written to it stays in its buffer. */
void output_hold(struct output *out);

/** output_release(): its turn has come: what is held goes out with the next flush. |whole| was flushed before. */
void output_release(struct output *part);

/** output_adopt(): the part is over: what it still holds is written to |whole|, and its error is |whole|'s. */
void output_adopt(struct output *whole, struct output *part);

/**
 * output_close(): flushes; nothing is written after it. A descriptor that was given stays open; a file that was
 * created gets its name, or is removed if anything of it could not be written.
 *
 * @return 0, or the errno of what failed first.
 */
int output_close(struct output *out);
/** output_clear(): frees what *out* holds. */
void output_clear(struct output *out);
/** output_flush(): everything written so far leaves the process. */
void output_flush(struct output *out);

/** output_write_over(): output_write() for what fills the buffer. */
void output_write_over(struct output *out, const void *bytes, size_t size);

/** output_write(): |size| octets as they are. Inline: a line of JSON is a hundred short writes. */
static inline void output_write(struct output *out, const void *bytes, size_t size)
{
	if (size >= out->size - out->used) {
		output_write_over(out, bytes, size);
		return;
	}
	memcpy(out->buffer + out->used, bytes, size);
	out->used += size;
}

/** output_text(): a string as it is: for our own words, not for what comes from outside. */
static inline void output_text(struct output *out, const char *text)
{
	output_write(out, text, strlen(text));
}

static inline void output_char(struct output *out, char c)
{
	output_write(out, &c, 1);
}

/** output_make_room(): output_reserve() for what fills the buffer. */
void output_make_room(struct output *out, size_t size);

/** output_reserve(): room for |size| octets, no more than OUTPUT_RESERVE; output_advance() says where they end. */
#define OUTPUT_RESERVE 1024
static inline char *output_reserve(struct output *out, size_t size)
{
	if (size >= out->size - out->used)
		output_make_room(out, size);
	return out->buffer + out->used;
}

static inline void output_advance(struct output *out, const char *end)
{
	out->used = (size_t)(end - out->buffer);
}

/** Room that decimal_put() takes: 20 digits at most, put by eights. */
#define DECIMAL_MAX 24

/** decimal_put_long(): decimal_put() for any number. */
char *decimal_put_long(char *to, uint64_t number);

/** decimal_put(): in decimal; |to| has room for DECIMAL_MAX octets. @return what follows the last digit. */
static inline char *decimal_put(char *to, uint64_t number)
{
	if (number >= 10)
		return decimal_put_long(to, number);
	*to = (char)('0' + number);
	return to + 1;
}

/** decimal_put_nine(): a number below 10^9 as nine digits, with all zeros before it. @return what follows them. */
char *decimal_put_nine(char *to, uint32_t number);

/** output_uint(): in decimal. */
static inline void output_uint(struct output *out, uint64_t number)
{
	output_advance(out, decimal_put(output_reserve(out, DECIMAL_MAX), number));
}

/** output_format(): as printf does. For people; too slow for a line per connection. */
void output_format(struct output *out, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** output_pad(): |count| spaces. */
void output_pad(struct output *out, size_t count);

#endif
