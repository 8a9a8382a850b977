/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.h - writes JSON, and is the one place that escapes for it.
 *
 * Keys are our own words and are not escaped; values are, but for those of json_word(). A key is NULL inside an array
 * and at the top. A line of a report has half a hundred keys, and they are constants. So the writer is inline, and
 * where its address is only given to inline functions it lives in registers: whether a comma is due is known then when
 * it is compiled, and a key is a few stores.
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

/** Both, with what is between them. */
#define JSON_ROOM (JSON_KEY_MAX + 4 + JSON_VALUE_MAX)

#define JSON_INLINE static inline __attribute__((always_inline))

/** struct json: what is being written. Nothing else writes to |out| from json_begin() to json_end(). */
struct json {
	struct output *out;
	char *at;     /* where the next octet goes */
	char *full;   /* from here on there is less than JSON_ROOM in |out| */
	bool comma;   /* a value stands before this place, in the same object or array */
};

JSON_INLINE char *json_full(const struct output *out)
{
	return out->buffer + out->size - JSON_ROOM;
}

/** json_more(): |at| is what was written so far. @return where to go on, with room for a key and a value. */
char *json_more(struct output *out, char *at);

/** json_room(): there is as much from now on, for what is put next. */
JSON_INLINE void json_room(struct json *json)
{
	if (json->at < json->full)
		return;
	json->at = json_more(json->out, json->at);
	json->full = json_full(json->out);
}

/** json_before(): puts what stands before a value, a comma and the key. @return room for JSON_VALUE_MAX octets. */
JSON_INLINE char *json_before(struct json *json, const char *key)
{
	char *to;

	json_room(json);
	to = json->at;
	if (json->comma)
		*to++ = ',';
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
JSON_INLINE void json_begin(struct json *json, struct output *out)
{
	json->out = out;
	json->at = out->buffer + out->used;
	json->full = json_full(out);
	json->comma = false;
}

/** json_end(): the document is whole, and |out| is the caller's again. */
JSON_INLINE void json_end(const struct json *json)
{
	output_advance(json->out, json->at);
}

/** json_line(): likewise the line. */
JSON_INLINE void json_line(struct json *json)
{
	json_room(json);
	*json->at++ = '\n';
	json_end(json);
}

/** json_raw(): |value| is JSON already, of at most JSON_VALUE_MAX octets. */
JSON_INLINE void json_raw(struct json *json, const char *key, const char *value, size_t size)
{
	char *to = json_before(json, key);

	memcpy(to, value, size);
	json->at = to + size;
}

JSON_INLINE void json_object(struct json *json, const char *key)
{
	json_raw(json, key, "{", 1);
	json->comma = false;
}

JSON_INLINE void json_array(struct json *json, const char *key)
{
	json_raw(json, key, "[", 1);
	json->comma = false;
}

JSON_INLINE void json_close(struct json *json, char bracket)
{
	json_room(json);
	*json->at++ = bracket;
	json->comma = true;
}

JSON_INLINE void json_object_end(struct json *json)
{
	json_close(json, '}');
}

JSON_INLINE void json_array_end(struct json *json)
{
	json_close(json, ']');
}

JSON_INLINE void json_null(struct json *json, const char *key)
{
	json_raw(json, key, "null", 4);
}

JSON_INLINE void json_bool(struct json *json, const char *key, bool value)
{
	char *to = json_before(json, key);

	memcpy(to, value ? "true" : "fals", 4);
	to[4] = 'e';
	json->at = to + 4 + !value;
}

JSON_INLINE void json_uint(struct json *json, const char *key, uint64_t value)
{
	json->at = decimal_put(json_before(json, key), value);
}

/** json_word(): a word of our own, short and without anything to escape. */
JSON_INLINE void json_word(struct json *json, const char *key, const char *word)
{
	char *to = json_before(json, key);

	*to++ = '"';
	to = stpcpy(to, word);
	*to++ = '"';
	json->at = to;
}

/** json_escape(): |value| in quotes at |at|, as long as it may be. @return what follows it. */
char *json_escape(struct output *out, char *at, const char *value);

/** json_string(): null for NULL. Octets that are no UTF-8 become U+FFFD, for JSON has no others. */
JSON_INLINE void json_string(struct json *json, const char *key, const char *value)
{
	if (!value) {
		json_null(json, key);
		return;
	}
	json->at = json_escape(json->out, json_before(json, key), value);
	json->full = json_full(json->out);
}

/** json_interval(): seconds with 6 decimals, or 9 where 6 would lose something; null for TCPHS_TIME_NONE. */
JSON_INLINE void json_interval(struct json *json, const char *key, tcphs_time value)
{
	if (value == TCPHS_TIME_NONE)
		json_null(json, key);
	else
		json->at = seconds_write(json_before(json, key), value, seconds_digits(value));
}

/** json_timestamp(): seconds since the epoch as a string, 9 digits: a double would lose the last of them. */
JSON_INLINE void json_timestamp(struct json *json, const char *key, tcphs_time value)
{
	char *to = json_before(json, key);

	*to++ = '"';
	to = seconds_write(to, value, 9);
	*to++ = '"';
	json->at = to;
}

#endif
