/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text.h - what comes from captures and file systems, made fit for people's eyes.
 */
#ifndef TCPHS_TEXT_H
#define TCPHS_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "output.h"
#include "tcphs.h"

/**
 * text_escape(): |raw| so that it can neither move a cursor nor hide anything: control and format characters,
 * backslashes, and octets that are no UTF-8 (all above ASCII, if the locale is not UTF-8) become \xNN or \u{NNNN}.
 *
 * @return a new string, for g_free().
 */
char *text_escape(const char *raw);
/** text_escape_utf8(): the same for a file that is UTF-8 whatever the locale. */
char *text_escape_utf8(const char *raw);

/** Room for any address, and for any endpoint, as text. */
#define TEXT_ADDRESS 46
#define TEXT_ENDPOINT (TEXT_ADDRESS + 3 + DECIMAL_MAX)

/** text_address(): as inet_ntop() prints it; ::ffff:a.b.c.d as a.b.c.d. Returns the length. */
size_t text_address(char buffer[TEXT_ADDRESS], const uint8_t address[16]);
/** text_endpoint(): "192.0.2.1:80", "[2001:db8::1]:80". Returns the length. */
size_t text_endpoint(char buffer[TEXT_ENDPOINT], const uint8_t address[16], uint16_t port);

/** Room for text_interval(). */
#define TEXT_INTERVAL 24

/** text_interval(): three or four digits and a unit, "120 us", "30.6 ms", "1.20 s"; "-" for TCPHS_TIME_NONE. */
void text_interval(char buffer[TEXT_INTERVAL], tcphs_time interval);

/**
 * text_wrap(): where the first line of |text| ends if it may have |columns| (0: no limit).
 *
 * Breaks at a space where there is one, else inside a word. *next is where the second line begins.
 * @return the length of the first line in octets. The text is ASCII.
 */
size_t text_wrap(const char *text, size_t columns, const char **next);

/** text_paragraph(): writes |text| in lines of |columns|, each after |indent| spaces, each ended. */
void text_paragraph(struct output *out, const char *text, size_t columns, size_t indent);

/** text_verdict_colour(): a verdict's colour wherever one is printed, as the parameters of SGR (ECMA-48 8.3.117). */
const char *text_verdict_colour(enum tcphs_verdict verdict);

#endif
