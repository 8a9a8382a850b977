/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.c - the writer behind the ndjson report (RFC 8259): strings.
 *
 * Nothing here allocates or calls printf: there is a line for every connection, and reading the packets is cheap.
 */
#include "json.h"

#include <string.h>

#include <glib.h>

/** So many octets of a string are written at once. */
#define PIECE 256
/** So many are looked at at once. */
#define WORD ((ptrdiff_t)sizeof(uint64_t))

/* Whether an octet stands for itself in a JSON string, whatever its neighbours. */
static bool plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Whether all octets of |word| do: of each octet that does not, the highest bit is set in one of these. */
static bool all_plain(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = 0x80 * ones;
	const uint64_t quote = word ^ '"' * ones, backslash = word ^ '\\' * ones;

	/* From 0x80 on by itself, 0x7f by adding 1; below 0x20, and 0, by subtracting: what borrows is not plain. */
	return ((word | (word + ones) | (word - 0x20 * ones) | (quote - ones) | (backslash - ones)) & high) == 0;
}

/* Writes the character at |text| that is not plain; returns where the next one begins. */
static const char *special(struct output *out, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char c = (unsigned char)*text;
	char escape[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
	gunichar wide;

	if (c == '"' || c == '\\') {
		escape[1] = (char)c;
		output_write(out, escape, 2);
		return text + 1;
	}
	if (c < 0x80) {
		output_write(out, escape, sizeof(escape));
		return text + 1;
	}
	wide = g_utf8_get_char_validated(text, -1);
	if (wide == (gunichar)-1 || wide == (gunichar)-2) {
		output_text(out, "\\ufffd");
		return text + 1;
	}
	output_write(out, text, (size_t)g_unichar_to_utf8(wide, NULL));
	return text + g_unichar_to_utf8(wide, NULL);
}

/* Copies a word of |text| if all of it is plain. */
static inline bool copy_plain(char *to, const char *text)
{
	uint64_t word;

	memcpy(&word, text, WORD);
	if (!all_plain(word))
		return false;
	memcpy(to, &word, WORD);
	return true;
}

/* Writes the plain octets that |text| begins with, up to |end| and no more than PIECE; returns what follows. */
static const char *put_plain(struct output *out, const char *text, const char *end)
{
	char *to = output_reserve(out, PIECE);
	const char *last = end - text > PIECE ? text + PIECE : end, *begin = text;
	ptrdiff_t again;

	for (; last - text >= WORD && copy_plain(to, text); text += WORD, to += WORD)
		;
	/* The end, less than a word, goes with octets that are written already. */
	again = WORD - (last - text);
	if (again > 0 && again <= text - begin && copy_plain(to - again, text - again)) {
		to += last - text;
		text = last;
	}
	while (text < last && plain((unsigned char)*text))
		*to++ = *text++;
	output_advance(out, to);
	return text;
}

char *json_more(struct output *out, char *at)
{
	output_advance(out, at);
	return output_reserve(out, JSON_ROOM);
}

char *json_escape(struct output *out, char *at, const char *value)
{
	const char *end = value + strlen(value);

	*at = '"';
	output_advance(out, at + 1);
	while (value < end) {
		const char *next = put_plain(out, value, end);

		value = next > value ? next : special(out, value);
	}
	output_char(out, '"');
	return out->buffer + out->used;
}
