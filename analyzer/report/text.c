/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text.c - escaping, addresses, intervals and line breaks for the reports that people read.
 */
#include "text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <glib.h>

/* Spaces other than U+0020 and directions are format characters here: they make one name look like another. */
static bool harmless(gunichar c)
{
	if (c == '\\')
		return false;
	if (c < 0x80)
		return c >= 0x20 && c < 0x7f;
	return g_unichar_isprint(c) && !g_unichar_isspace(c) && !g_unichar_iszerowidth(c);
}

static char *escape(const char *raw, bool utf8)
{
	GString *text = g_string_new(NULL);

	while (*raw) {
		gunichar c = g_utf8_get_char_validated(raw, -1);
		bool valid = utf8 && c != (gunichar)-1 && c != (gunichar)-2;

		if (!valid)
			c = (unsigned char)*raw;
		if (c == '\\')
			g_string_append(text, "\\\\");
		else if (harmless(c) && (valid || c < 0x80))
			g_string_append_unichar(text, c);
		else if (valid && c >= 0x80)
			g_string_append_printf(text, "\\u{%04x}", (unsigned)c);
		else
			g_string_append_printf(text, "\\x%02x", (unsigned)c);
		raw += valid ? g_unichar_to_utf8(c, NULL) : 1;
	}
	return g_string_free(text, FALSE);
}

char *text_escape(const char *raw)
{
	return escape(raw, g_get_charset(NULL));
}

char *text_escape_utf8(const char *raw)
{
	return escape(raw, true);
}

size_t text_address(char buffer[TEXT_ADDRESS], const uint8_t address[16])
{
	char *to = buffer;

	if (!tcphs_is_ipv4(address)) {
		inet_ntop(AF_INET6, address, buffer, TEXT_ADDRESS);
		return strlen(buffer);
	}
	for (int i = 12; i < 16; i++) {
		to = decimal_put(to, address[i]);
		*to++ = '.';
	}
	*--to = '\0';
	return (size_t)(to - buffer);
}

size_t text_endpoint(char buffer[TEXT_ENDPOINT], const uint8_t address[16], uint16_t port)
{
	char name[TEXT_ADDRESS];
	char *to = buffer;
	size_t length = text_address(name, address);
	bool ipv6 = memchr(name, ':', length) != NULL;

	if (ipv6)
		*to++ = '[';
	memcpy(to, name, length);
	to += length;
	if (ipv6)
		*to++ = ']';
	*to++ = ':';
	to = decimal_put(to, port);
	*to = '\0';
	return (size_t)(to - buffer);
}

void text_interval(char buffer[TEXT_INTERVAL], tcphs_time interval)
{
	double seconds = (double)interval / 1e9;
	double size = seconds < 0 ? -seconds : seconds;

	if (interval == TCPHS_TIME_NONE)
		g_strlcpy(buffer, "-", TEXT_INTERVAL);
	else if (size < 0.9995e-3)
		snprintf(buffer, TEXT_INTERVAL, "%.0f us", seconds * 1e6);
	else if (size < 9.995e-3)
		snprintf(buffer, TEXT_INTERVAL, "%.2f ms", seconds * 1e3);
	else if (size < 0.9995)
		snprintf(buffer, TEXT_INTERVAL, "%.1f ms", seconds * 1e3);
	else
		snprintf(buffer, TEXT_INTERVAL, "%.2f s", seconds);
}

size_t text_wrap(const char *text, size_t columns, const char **next)
{
	size_t length = strlen(text);
	size_t end;

	if (columns == 0 || length <= columns) {
		*next = text + length;
		return length;
	}
	for (end = columns; end > 0 && text[end] != ' '; end--)
		;
	if (end == 0) {  /* one long word */
		*next = text + columns;
		return columns;
	}
	*next = text + end + 1;
	return end;
}

void text_paragraph(struct output *out, const char *text, size_t columns, size_t indent)
{
	size_t room = columns > indent + 20 ? columns - indent : columns;  /* 0 stays 0: no limit */

	while (*text) {
		const char *next;
		size_t length = text_wrap(text, room, &next);

		output_pad(out, indent);
		output_write(out, text, length);
		output_char(out, '\n');
		text = next;
	}
}

const char *text_verdict_colour(enum tcphs_verdict verdict)
{
	static const char *const verdicts[TCPHS_VERDICTS] = {
		[TCPHS_COMPLETE] = "32",
		[TCPHS_UNKNOWN] = "36",
		[TCPHS_INCOMPLETE] = "33",
		[TCPHS_HALF_OPEN] = "31",
		[TCPHS_MALFORMED] = "1;31",
	};

	return verdicts[verdict];
}
