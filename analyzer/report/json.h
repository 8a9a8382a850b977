/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.h - writes JSON, and is the one place that escapes for it.
 *
 * Keys are our own words and are not escaped; values are. A key is NULL inside an array and at the top.
 */
#ifndef TCPHS_JSON_H
#define TCPHS_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "output.h"
#include "tcphs.h"

struct json {
	struct output *out;
	bool comma;     /* a value stands before this place, in the same object or array */
};

/** json_begin(): a document, or a line of newline-delimited JSON, begins on |out|. */
void json_begin(struct json *json, struct output *out);
void json_object(struct json *json, const char *key);
void json_object_end(struct json *json);
void json_array(struct json *json, const char *key);
void json_array_end(struct json *json);
/** json_line(): ends that line. */
void json_line(struct json *json);

void json_null(struct json *json, const char *key);
void json_bool(struct json *json, const char *key, bool value);
void json_uint(struct json *json, const char *key, uint64_t value);
/** json_string(): null for NULL. Octets that are no UTF-8 become U+FFFD, for JSON has no others. */
void json_string(struct json *json, const char *key, const char *value);
/** json_raw(): |value| is JSON already. */
void json_raw(struct json *json, const char *key, const char *value, size_t size);
/** json_interval(): seconds with 6 decimals, or 9 where 6 would lose something; null for TCPHS_TIME_NONE. */
void json_interval(struct json *json, const char *key, tcphs_time value);
/** json_timestamp(): seconds since the epoch as a string, 9 digits: a double would lose the last of them. */
void json_timestamp(struct json *json, const char *key, tcphs_time value);

#endif
