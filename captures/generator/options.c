/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.c - TCP options as text to octets.
 *
 * Options are separated by commas, the words of one by spaces: the first names it, the others are its values. One row
 * of a table, one option. Nothing is judged here: a script may well write a list that no stack would send.
 */
#include "script.h"

#include <string.h>

static void put(GByteArray *octets, uint64_t value, unsigned width)
{
	for (unsigned shift = width * 8; shift; shift -= 8) {
		uint8_t octet = (uint8_t)(value >> (shift - 8));
		g_byte_array_append(octets, &octet, 1);
	}
}

static void put_head(GByteArray *octets, unsigned kind, size_t value_length)
{
	put(octets, kind, 1);
	put(octets, 2 + value_length, 1);
}

static char *put_number(GByteArray *octets, const char *word, uint64_t max, unsigned width)
{
	guint64 value;
	if (!word || !g_ascii_string_to_unsigned(word, 10, 0, max, &value, NULL))
		return g_strdup_printf("'%s' is no number from 0 to %" G_GUINT64_FORMAT, word ? word : "", max);
	put(octets, value, width);
	return NULL;
}

static char *put_hex(GByteArray *octets, const char *word)
{
	size_t length = strlen(word);
	if (length % 2 || strspn(word, "0123456789abcdefABCDEF") != length)
		return g_strdup_printf("'%s' is not octets in hexadecimal", word);
	for (size_t i = 0; i < length; i += 2)
		put(octets, (unsigned)(g_ascii_xdigit_value(word[i]) * 16 + g_ascii_xdigit_value(word[i + 1])), 1);
	return NULL;
}

/* Kind, length and then the octets of |word|, which may be missing. */
static char *put_hex_option(GByteArray *octets, unsigned kind, const char *magic, const char *word)
{
	const char *value = word ? word : "";
	put_head(octets, kind, (strlen(magic) + strlen(value)) / 2);
	char *wrong = put_hex(octets, magic);
	return wrong ? wrong : put_hex(octets, value);
}

static char *mss(GByteArray *octets, char **words)
{
	put_head(octets, 2, 2);
	return put_number(octets, words[1], UINT16_MAX, 2);
}

static char *wscale(GByteArray *octets, char **words)
{
	put_head(octets, 3, 1);
	return put_number(octets, words[1], UINT8_MAX, 1);
}

static char *sack_ok(GByteArray *octets, char **words)
{
	(void)words;
	put_head(octets, 4, 0);
	return NULL;
}

static char *nop(GByteArray *octets, char **words)
{
	(void)words;
	put(octets, 1, 1);
	return NULL;
}

static char *eol(GByteArray *octets, char **words)
{
	(void)words;
	put(octets, 0, 1);
	return NULL;
}

/* sack LEFT:RIGHT... */
static char *sack(GByteArray *octets, char **words)
{
	put_head(octets, 5, 8 * (g_strv_length(words) - 1));
	for (char **word = words + 1; *word; word++) {
		char **edges = g_strsplit(*word, ":", 2);
		char *wrong = put_number(octets, edges[0], UINT32_MAX, 4);
		if (!wrong)
			wrong = put_number(octets, edges[1], UINT32_MAX, 4);
		g_strfreev(edges);
		if (wrong)
			return wrong;
	}
	return NULL;
}

/* TS val N ecr N */
static char *timestamps(GByteArray *octets, char **words)
{
	if (g_strv_length(words) != 5 || strcmp(words[1], "val") || strcmp(words[3], "ecr"))
		return g_strdup("write 'TS val N ecr N'");
	put_head(octets, 8, 8);
	char *wrong = put_number(octets, words[2], UINT32_MAX, 4);
	return wrong ? wrong : put_number(octets, words[4], UINT32_MAX, 4);
}

static char *fast_open(GByteArray *octets, char **words)
{
	return put_hex_option(octets, 34, "", words[1]);
}

static char *experimental_fast_open(GByteArray *octets, char **words)
{
	return put_hex_option(octets, 254, "f989", words[1]);
}

/* mptcp capable [KEY [KEY]]: version 1, HMAC-SHA256 (RFC 8684 3.1); a key is 16 hexadecimal digits. */
static char *mptcp(GByteArray *octets, char **words)
{
	if (!words[1] || strcmp(words[1], "capable"))
		return g_strdup("write 'mptcp capable' and the keys, or 'kind 30 HEX'");
	GByteArray *keys = g_byte_array_new();
	char *wrong = NULL;
	for (char **word = words + 2; *word && !wrong; word++) {
		if (!strcmp(*word, "key"))
			continue;
		wrong = put_hex(keys, *word);
		if (!wrong && strlen(*word) != 16)
			wrong = g_strdup_printf("'%s' is no key of 16 digits", *word);
	}
	put_head(octets, 30, 2 + keys->len);
	put(octets, 0x0101, 2);
	g_byte_array_append(octets, keys->data, keys->len);
	g_byte_array_unref(keys);
	return wrong;
}

static char *md5(GByteArray *octets, char **words)
{
	return put_hex_option(octets, 19, "", words[1] ? words[1] : "00112233445566778899aabbccddeeff");
}

static char *ao(GByteArray *octets, char **words)
{
	return put_hex_option(octets, 29, "", words[1] ? words[1] : "010100112233445566778899aabb");
}

/* accecn [N...]: up to three 24-bit counters (RFC 9768 3.2.3) */
static char *accecn_kind(GByteArray *octets, unsigned kind, char **words)
{
	put_head(octets, kind, 3 * (g_strv_length(words) - 1));
	char *wrong = NULL;
	for (char **word = words + 1; *word && !wrong; word++)
		wrong = put_number(octets, *word, 0xffffff, 3);
	return wrong;
}

static char *accecn(GByteArray *octets, char **words)
{
	return accecn_kind(octets, 172, words);
}

static char *accecn1(GByteArray *octets, char **words)
{
	return accecn_kind(octets, 174, words);
}

/* kind N [HEX]: the length is computed */
static char *kind(GByteArray *octets, char **words)
{
	guint64 value;
	if (!words[1] || !g_ascii_string_to_unsigned(words[1], 10, 0, UINT8_MAX, &value, NULL))
		return g_strdup("write 'kind N HEX'");
	return put_hex_option(octets, (unsigned)value, "", words[2]);
}

/* raw HEX: octets as they are */
static char *raw(GByteArray *octets, char **words)
{
	return words[1] ? put_hex(octets, words[1]) : g_strdup("write 'raw HEX'");
}

static const struct option {
	const char *word;
	unsigned most;   /* words, the name included */
	char *(*put)(GByteArray *octets, char **words);
} options[] = {
	{ "mss", 2, mss }, { "wscale", 2, wscale }, { "sackOK", 1, sack_ok }, { "nop", 1, nop }, { "eol", 1, eol },
	{ "sack", 5, sack }, { "TS", 5, timestamps }, { "tfo", 2, fast_open }, { "exp-tfo", 2, experimental_fast_open },
	{ "mptcp", 6, mptcp }, { "md5", 2, md5 }, { "ao", 2, ao }, { "accecn", 4, accecn }, { "accecn1", 4, accecn1 },
	{ "kind", 3, kind }, { "raw", 2, raw },
};

static char *put_option(GByteArray *octets, char **words)
{
	for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
		if (strcmp(words[0], options[i].word))
			continue;
		if (g_strv_length(words) > options[i].most)
			return g_strdup("too many words");
		return options[i].put(octets, words);
	}
	return g_strdup("not known; write 'kind N HEX'");
}

char *script_options(const char *text, GByteArray *octets)
{
	char *wrong = NULL;
	char **list = g_strsplit(text, ",", -1);
	for (char **item = list; *item && !wrong; item++) {
		char **words = g_strsplit_set(g_strstrip(*item), " \t", -1);
		GStrvBuilder *kept = g_strv_builder_new();
		for (char **word = words; *word; word++)
			if (**word)
				g_strv_builder_add(kept, *word);
		g_strfreev(words);
		words = g_strv_builder_end(kept);
		g_strv_builder_unref(kept);
		char *what = words[0] ? put_option(octets, words) : g_strdup("an option is empty");
		if (what)
			wrong = g_strdup_printf("option '%s': %s", *item, what);
		g_free(what);
		g_strfreev(words);
	}
	g_strfreev(list);
	return wrong;
}
