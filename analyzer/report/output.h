/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output.h - buffered octets on their way to a file descriptor, and what is known of the reader there.
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
	size_t used, size;
	char *buffer;
};

/** output_open(): *out* writes to |fd|; what the terminal can do is found out here. */
void output_open(struct output *out, int fd);
/** output_close(): flushes and frees; the descriptor stays open. */
void output_close(struct output *out);
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

/** output_uint(): in decimal. */
void output_uint(struct output *out, uint64_t number);
/** output_format(): as printf does. For people; too slow for a line per connection. */
void output_format(struct output *out, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** output_pad(): |count| spaces. */
void output_pad(struct output *out, size_t count);

#endif
