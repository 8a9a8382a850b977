/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.h - writes JSON, and is the one place that escapes for it.
 *
 * Keys are our own words and are not escaped; values are, but for those of json_word(). A key is NULL inside an array
 * and at the top. What writes a key is inline, since keys are constants: a line of a report has half a hundred of them,
 * and each is then a few stores.
 */
#ifndef TCPHS_JSON_H
#define TCPHS_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "output.h"
#include "seconds.h"
#include "tcphs.h"

/** The longest key, and more than what else a number, a time or a word of ours takes. */
#define JSON_KEY_MAX 64
#define JSON_VALUE_MAX 128

struct json {
	struct output *out;
	bool comma;     /* a value stands before this place, in the same object or array */
};

/** json_before(): puts what stands before a value, a comma and the key. @return room for JSON_VALUE_MAX octets. */
static inline char *json_before(struct json *json, const char *key)
{
	char *to = output_reserve(json->out, JSON_KEY_MAX + 4 + JSON_VALUE_MAX);

	*to = ',';
	to += json->comma;
	json->comma = true;
	if (!key)
		return to;
	*to++ = '"';
	memcpy(to, key, strlen(key));
	to += strlen(key);
	memcpy(to, "\":", 2);
	return to + 2;
}

/** json_begin(): a document, or a line of newline-delimited JSON, begins on |out|. */
static inline void json_begin(struct json *json, struct output *out)
{
	json->out = out;
	json->comma = false;
}

/** json_raw(): |value| is JSON already, of at most JSON_VALUE_MAX octets. */
static inline void json_raw(struct json *json, const char *key, const char *value, size_t size)
{
	char *to = json_before(json, key);

	memcpy(to, value, size);
	output_advance(json->out, to + size);
}

static inline void json_object(struct json *json, const char *key)
{
	json_raw(json, key, "{", 1);
	json->comma = false;
}

static inline void json_array(struct json *json, const char *key)
{
	json_raw(json, key, "[", 1);
	json->comma = false;
}

static inline void json_object_end(struct json *json)
{
	output_char(json->out, '}');
	json->comma = true;
}

static inline void json_array_end(struct json *json)
{
	output_char(json->out, ']');
	json->comma = true;
}

/** json_line(): ends that line. */
static inline void json_line(struct json *json)
{
	output_char(json->out, '\n');
	json->comma = false;
}

static inline void json_null(struct json *json, const char *key)
{
	json_raw(json, key, "null", 4);
}

static inline void json_bool(struct json *json, const char *key, bool value)
{
	char *to = json_before(json, key);

	memcpy(to, value ? "true" : "fals", 4);
	to[4] = 'e';
	output_advance(json->out, to + 4 + !value);
}

static inline void json_uint(struct json *json, const char *key, uint64_t value)
{
	output_advance(json->out, decimal_put(json_before(json, key), value));
}

/** json_word(): a word of our own, short and without anything to escape. */
static inline void json_word(struct json *json, const char *key, const char *word)
{
	char *to = json_before(json, key);

	*to++ = '"';
	while (*word)
		*to++ = *word++;
	*to++ = '"';
	output_advance(json->out, to);
}

/** json_string(): null for NULL. Octets that are no UTF-8 become U+FFFD, for JSON has no others. */
void json_string(struct json *json, const char *key, const char *value);

/** json_interval(): seconds with 6 decimals, or 9 where 6 would lose something; null for TCPHS_TIME_NONE. */
static inline void json_interval(struct json *json, const char *key, tcphs_time value)
{
	if (value == TCPHS_TIME_NONE)
		json_null(json, key);
	else
		output_advance(json->out, seconds_write(json_before(json, key), value, seconds_digits(value)));
}

/** json_timestamp(): seconds since the epoch as a string, 9 digits: a double would lose the last of them. */
static inline void json_timestamp(struct json *json, const char *key, tcphs_time value)
{
	char *to = json_before(json, key);

	*to++ = '"';
	to = seconds_write(to, value, 9);
	*to++ = '"';
	output_advance(json->out, to);
}

#endif
