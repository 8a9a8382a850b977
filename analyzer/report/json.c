/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.c - the writer behind the ndjson report (RFC 8259).
 *
 * Nothing here allocates or calls printf: there is a line for every connection, and reading the packets is cheap.
 */
#include "json.h"

#include <string.h>

#include <glib.h>

#include "seconds.h"

/* Puts what stands before a value: a comma and the key. */
static void before(struct json *json, const char *key)
{
	if (json->comma)
		output_char(json->out, ',');
	json->comma = true;
	if (!key)
		return;
	output_char(json->out, '"');
	output_text(json->out, key);
	output_write(json->out, "\":", 2);
}

void json_begin(struct json *json, struct output *out)
{
	json->out = out;
	json->comma = false;
}

void json_object(struct json *json, const char *key)
{
	before(json, key);
	output_char(json->out, '{');
	json->comma = false;
}

void json_object_end(struct json *json)
{
	output_char(json->out, '}');
	json->comma = true;
}

void json_array(struct json *json, const char *key)
{
	before(json, key);
	output_char(json->out, '[');
	json->comma = false;
}

void json_array_end(struct json *json)
{
	output_char(json->out, ']');
	json->comma = true;
}

void json_line(struct json *json)
{
	output_char(json->out, '\n');
	json->comma = false;
}

void json_null(struct json *json, const char *key)
{
	json_raw(json, key, "null", 4);
}

void json_bool(struct json *json, const char *key, bool value)
{
	json_raw(json, key, value ? "true" : "false", value ? 4 : 5);
}

void json_uint(struct json *json, const char *key, uint64_t value)
{
	before(json, key);
	output_uint(json->out, value);
}

void json_raw(struct json *json, const char *key, const char *value, size_t size)
{
	before(json, key);
	output_write(json->out, value, size);
}

/* Whether an octet stands for itself in a JSON string, whatever its neighbours. */
static bool plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
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

void json_string(struct json *json, const char *key, const char *value)
{
	struct output *out = json->out;

	if (!value) {
		json_null(json, key);
		return;
	}
	before(json, key);
	output_char(out, '"');
	while (*value) {
		const char *end = value;

		while (plain((unsigned char)*end))
			end++;
		output_write(out, value, (size_t)(end - value));
		value = *end ? special(out, end) : end;
	}
	output_char(out, '"');
}

void json_interval(struct json *json, const char *key, tcphs_time value)
{
	if (value == TCPHS_TIME_NONE) {
		json_null(json, key);
		return;
	}
	before(json, key);
	seconds_put(json->out, value, seconds_digits(value));
}

void json_timestamp(struct json *json, const char *key, tcphs_time value)
{
	before(json, key);
	output_char(json->out, '"');
	seconds_put(json->out, value, 9);
	output_char(json->out, '"');
}
