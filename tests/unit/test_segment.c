/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_segment.c - reading a TCP header, octet by octet.
 *
 * Theory of operation. Headers are written in hexadecimal as they stand on the wire. Each is parsed from a heap block
 * of exactly the captured size, so that AddressSanitizer reports a read past it; the last tests do this with every cut
 * of a header and with arbitrary octets.
 */
#include "tcphs.h"

#include <glib.h>
#include <string.h>

/* A header without options: port 49152 to 80, seq 4321, ack 7000, window 64240; offset and flags to be filled in. */
#define FIXED "c000 0050 000010e1 00001b58 "
#define REST " faf0 0000 0000 "

/** octets(): hexadecimal with blanks -> a heap block of exactly that size. */
static uint8_t *octets(const char *hex, size_t *size)
{
	GByteArray *array = g_byte_array_new();

	while (*hex != '\0') {
		uint8_t octet;

		if (*hex == ' ') {
			hex++;
			continue;
		}
		octet = (uint8_t)(g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]));
		g_byte_array_append(array, &octet, 1);
		hex += 2;
	}
	*size = array->len;
	return g_byte_array_free(array, FALSE);
}

/** parse_cut(): parses the first |captured| octets of a segment that is |length| octets long. */
static struct tcphs_segment parse_cut(const char *hex, size_t captured, size_t length)
{
	struct tcphs_segment segment;
	size_t size;
	uint8_t *whole = octets(hex, &size);
	uint8_t *part;

	g_assert_cmpuint(captured, <=, size);
	part = g_memdup2(whole, captured);
	memset(&segment, 0xa5, sizeof(segment));
	tcphs_segment_parse(&segment, part, captured, length);
	g_free(part);
	g_free(whole);
	return segment;
}

/** parse(): a segment that was captured whole. */
static struct tcphs_segment parse(const char *hex)
{
	size_t size;

	g_free(octets(hex, &size));
	return parse_cut(hex, size, size);
}

/** parse_options(): options of a SYN; |hex| must be a multiple of four octets. */
static struct tcphs_options parse_options(const char *hex)
{
	size_t size;
	struct tcphs_segment segment;
	char *whole;

	g_free(octets(hex, &size));
	g_assert_cmpuint(size % 4, ==, 0);
	whole = g_strdup_printf(FIXED "%x002" REST "%s", (unsigned int)(5 + size / 4), hex);
	segment = parse(whole);
	g_free(whole);
	g_assert_cmphex(segment.have, ==, TCPHS_HAVE_SEQ | TCPHS_HAVE_HEADER | TCPHS_HAVE_OPTIONS | TCPHS_HAVE_LENGTH);
	return segment.options;
}

static void test_fixed_part(void)
{
	struct tcphs_segment s = parse(FIXED "5018" REST "474554");

	g_assert_cmphex(s.have, ==, TCPHS_HAVE_SEQ | TCPHS_HAVE_HEADER | TCPHS_HAVE_OPTIONS | TCPHS_HAVE_LENGTH);
	g_assert_cmpuint(s.sport, ==, 49152);
	g_assert_cmpuint(s.dport, ==, 80);
	g_assert_cmpuint(s.seq, ==, 4321);
	g_assert_cmpuint(s.ack, ==, 7000);
	g_assert_cmphex(s.flags, ==, TCPHS_PSH | TCPHS_ACK);
	g_assert_cmpuint(s.window, ==, 64240);
	g_assert_cmpuint(s.length, ==, 3);
	g_assert_cmphex(s.options.seen, ==, 0);
	g_assert_cmpuint(s.options.mptcp_subtype, ==, TCPHS_MP_NONE);
	/* The caller's members are cleared, not left as they were. */
	g_assert_cmpint(s.time, ==, 0);
	g_assert_cmpuint(s.ref, ==, 0);
	g_assert_cmpuint(s.ttl, ==, 0);
}

static void test_flags(void)
{
	/* All nine bits, and none of the three reserved ones. */
	g_assert_cmphex(parse(FIXED "5fff" REST).flags, ==, TCPHS_FLAGS);
	g_assert_cmphex(parse(FIXED "51c2" REST).flags, ==, TCPHS_AE | TCPHS_CWR | TCPHS_ECE | TCPHS_SYN);
	g_assert_cmphex(parse(FIXED "5e00" REST).flags, ==, 0);
}

static void test_numbers_above_half(void)
{
	struct tcphs_segment s = parse("c000 0050 ffffffff fffffffe 5012" REST);

	g_assert_cmpuint(s.seq, ==, 4294967295U);
	g_assert_cmpuint(s.ack, ==, 4294967294U);
}

static void test_padding_is_not_data(void)
{
	/* An Ethernet frame is padded to 60 octets: 26 follow the IP header, 20 are the segment's. */
	struct tcphs_segment s = parse_cut(FIXED "5010" REST "000000000000", 26, 20);

	g_assert_cmpuint(s.length, ==, 0);
	g_assert_cmphex(s.have, ==, TCPHS_HAVE_SEQ | TCPHS_HAVE_HEADER | TCPHS_HAVE_OPTIONS | TCPHS_HAVE_LENGTH);
	/* Nor does it make a header of a segment that is too short to hold one. */
	s = parse_cut(FIXED "5010" REST, 20, 12);
	g_assert_cmphex(s.have, ==, TCPHS_HAVE_SEQ);
	g_assert_cmphex(s.flags, ==, 0);
}

static void test_length_unknown(void)
{
	struct tcphs_segment s = parse_cut(FIXED "5010" REST "474554", 23, 0);

	g_assert_cmphex(s.have, ==, TCPHS_HAVE_SEQ | TCPHS_HAVE_HEADER | TCPHS_HAVE_OPTIONS);
	g_assert_cmpuint(s.length, ==, 0);
}

static void test_length_of_uncaptured_data(void)
{
	struct tcphs_segment s = parse_cut(FIXED "5010" REST, 20, 1480);

	g_assert_cmpuint(s.length, ==, 1460);
}

static void test_bad_offset(void)
{
	const uint8_t readable = TCPHS_HAVE_SEQ | TCPHS_HAVE_HEADER;
	struct tcphs_segment s = parse(FIXED "4002" REST "020405b4");

	g_assert_cmphex(s.have, ==, readable | TCPHS_BAD_OFFSET);
	g_assert_cmpuint(s.length, ==, 0);
	g_assert_cmphex(s.options.seen, ==, 0);
	g_assert_cmphex(s.flags, ==, TCPHS_SYN);

	/* One word longer than the segment is; then just as long. */
	s = parse(FIXED "7002" REST "020405b4");
	g_assert_cmphex(s.have, ==, readable | TCPHS_BAD_OFFSET);
	s = parse(FIXED "6002" REST "020405b4");
	g_assert_cmphex(s.have, ==, readable | TCPHS_HAVE_OPTIONS | TCPHS_HAVE_LENGTH);

	/* Of unknown length: nothing to hold the offset against. */
	s = parse_cut(FIXED "7002" REST "020405b4", 24, 0);
	g_assert_cmphex(s.have, ==, readable);
	g_assert_cmphex(s.options.seen, ==, TCPHS_OPT_MSS);
}

/* What is whole of a header that the snapshot length cut. */
static void test_stumps(void)
{
	const char *hex = FIXED "5012" REST;

	for (size_t captured = 0; captured < 20; captured++) {
		struct tcphs_segment s = parse_cut(hex, captured, 20);

		g_assert_cmpuint(s.sport, ==, captured >= 2 ? 49152 : 0);
		g_assert_cmpuint(s.dport, ==, captured >= 4 ? 80 : 0);
		g_assert_cmpuint(s.seq, ==, captured >= 8 ? 4321 : 0);
		g_assert_cmpuint(s.ack, ==, captured >= 12 ? 7000 : 0);
		g_assert_cmphex(s.flags, ==, captured >= 14 ? TCPHS_SYN | TCPHS_ACK : 0);
		g_assert_cmpuint(s.window, ==, captured >= 16 ? 64240 : 0);
		g_assert_cmphex(s.have, ==, captured >= 16  ? TCPHS_HAVE_SEQ | TCPHS_HAVE_HEADER | TCPHS_HAVE_LENGTH
		                            : captured >= 8 ? TCPHS_HAVE_SEQ
		                                            : 0);
	}
}

static void test_options_of_a_syn(void)
{
	/* Linux: MSS 1460, SACK permitted, timestamps, NOP, window scale 7. */
	struct tcphs_options o = parse_options("020405b4 0402 080a 499602d2 00000005 01 030307");

	g_assert_cmphex(o.seen, ==, TCPHS_OPT_MSS | TCPHS_OPT_SACK_OK | TCPHS_OPT_TIMESTAMPS | TCPHS_OPT_WSCALE);
	g_assert_cmphex(o.malformed, ==, 0);
	g_assert_cmphex(o.repeated, ==, 0);
	g_assert_cmpuint(o.mss, ==, 1460);
	g_assert_cmpuint(o.wscale, ==, 7);
	g_assert_cmpuint(o.tsval, ==, 1234567890);
	g_assert_cmpuint(o.tsecr, ==, 5);
}

static void test_options_of_data(void)
{
	/* The layout that has a short path, and nearly the same one, which has none. */
	struct tcphs_segment s = parse(FIXED "8018" REST "0101 080a 11223344 aabbccdd 00");
	struct tcphs_options o;

	g_assert_cmphex(s.options.seen, ==, TCPHS_OPT_TIMESTAMPS);
	g_assert_cmphex(s.options.tsval, ==, 0x11223344);
	g_assert_cmphex(s.options.tsecr, ==, 0xaabbccdd);
	g_assert_cmpuint(s.length, ==, 1);
	o = parse_options("01 080a 11223344 aabbccdd 01");
	g_assert_cmphex(o.seen, ==, TCPHS_OPT_TIMESTAMPS);
	g_assert_cmphex(o.tsecr, ==, 0xaabbccdd);
	/* Same first octets, but more options behind them. */
	o = parse_options("0101 080a 11223344 aabbccdd 0101 050a 00000001 00000002");
	g_assert_cmphex(o.seen, ==, TCPHS_OPT_TIMESTAMPS | TCPHS_OPT_SACK);
}

static void test_end_of_options(void)
{
	/* What follows the end of the list is padding, whatever it holds. */
	struct tcphs_options o = parse_options("020405b4 00 020401");

	g_assert_cmphex(o.seen, ==, TCPHS_OPT_MSS);
	g_assert_cmphex(o.malformed, ==, 0);
	g_assert_cmpuint(o.mss, ==, 1460);
}

static void test_fast_open(void)
{
	struct tcphs_options o = parse_options("2202 0101");

	g_assert_cmphex(o.seen, ==, TCPHS_OPT_FAST_OPEN);
	g_assert_cmpuint(o.cookie_length, ==, 0);
	o = parse_options("220a 0102030405060708 0101");
	g_assert_cmpuint(o.cookie_length, ==, 8);
	o = parse_options("fe04 f989");
	g_assert_cmphex(o.seen, ==, TCPHS_OPT_FAST_OPEN);
	g_assert_cmpuint(o.cookie_length, ==, 0);
	o = parse_options("fd0c f989 0102030405060708");
	g_assert_cmphex(o.seen, ==, TCPHS_OPT_FAST_OPEN);
	g_assert_cmpuint(o.cookie_length, ==, 8);
	/* Another experiment, and one too short to say which it is. */
	o = parse_options("fe04 1234 fd02 0101");
	g_assert_cmphex(o.seen, ==, TCPHS_OPT_OTHER);
	g_assert_cmphex(o.malformed, ==, 0);
}

static void test_accurate_ecn(void)
{
	g_assert_cmphex(parse_options("ac02 0101").seen, ==, TCPHS_OPT_ACCECN);
	g_assert_cmphex(parse_options("ae05 000001 010101").seen, ==, TCPHS_OPT_ACCECN);
	g_assert_cmphex(parse_options("fe04 acce").seen, ==, TCPHS_OPT_ACCECN);
	g_assert_cmphex(parse_options("fd04 acce").seen, ==, TCPHS_OPT_OTHER);
}

static void test_authentication(void)
{
	struct tcphs_options o = parse_options("1312 000102030405060708090a0b0c0d0e0f 0101");

	g_assert_cmphex(o.seen, ==, TCPHS_OPT_MD5);
	o = parse_options("1311 000102030405060708090a0b0c0d0e 010101");
	g_assert_cmphex(o.seen, ==, 0);
	g_assert_cmphex(o.malformed, ==, TCPHS_OPT_MD5);
	o = parse_options("1d10 0102 000102030405060708090a0b");
	g_assert_cmphex(o.seen, ==, TCPHS_OPT_AO);
}

/* RFC 8684 3.1: how many keys MP_CAPABLE carries shows in its length. */
static void test_mptcp(void)
{
	static const struct {
		const char *hex;
		uint8_t subtype, keys;
	} cases[] = {
		{"1e04 0181", TCPHS_MP_CAPABLE, 0},
		{"1e0c 0181 0102030405060708", TCPHS_MP_CAPABLE, 1},
		{"1e14 0181 0102030405060708 1112131415161718", TCPHS_MP_CAPABLE, 2},
		{"1e16 0181 0102030405060708 1112131415161718 0010 0101", TCPHS_MP_CAPABLE, 2},
		{"1e18 0181 0102030405060708 1112131415161718 0010 abcd", TCPHS_MP_CAPABLE, 2},
		{"1e0c 0081 0102030405060708", TCPHS_MP_CAPABLE, 1},
		{"1e0c 1002 01020304 05060708", TCPHS_MP_JOIN, 0},
		{"1e04 2001", 2, 0},
		/* MP_FAIL without its number, or whatever is short: the subtype is there. */
		{"1e03 60 01", 6, 0},
		/* Two of them: the first one counts. */
		{"1e04 0181 1e0c 1002 01020304 05060708", TCPHS_MP_CAPABLE, 0},
	};
	struct tcphs_options o;

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		o = parse_options(cases[i].hex);
		g_assert_cmphex(o.seen, ==, TCPHS_OPT_MPTCP);
		g_assert_cmpuint(o.mptcp_subtype, ==, cases[i].subtype);
		g_assert_cmpuint(o.mptcp_keys, ==, cases[i].keys);
	}
	o = parse_options("1e02 0101");
	g_assert_cmphex(o.seen, ==, 0);
	g_assert_cmphex(o.malformed, ==, TCPHS_OPT_MPTCP);
	g_assert_cmpuint(o.mptcp_subtype, ==, TCPHS_MP_NONE);
}

/* A wrong length spoils the one option; those behind it are still read. */
static void test_wrong_lengths(void)
{
	static const struct {
		const char *hex;
		uint16_t malformed;
	} cases[] = {
		{"0203 05 0402 010101", TCPHS_OPT_MSS},
		{"0205 05b401 0402 01", TCPHS_OPT_MSS},
		{"0302 0402", TCPHS_OPT_WSCALE},
		{"0304 0700 0402 0101", TCPHS_OPT_WSCALE},
		{"0403 00 0402 010101", TCPHS_OPT_SACK_OK},
		{"0809 11223344 aabbcc 0402 01", TCPHS_OPT_TIMESTAMPS},
		{"0802 0402", TCPHS_OPT_TIMESTAMPS},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct tcphs_options o = parse_options(cases[i].hex);

		g_assert_cmphex(o.malformed, ==, cases[i].malformed);
		g_assert_cmphex(o.seen, ==, TCPHS_OPT_SACK_OK);
		g_assert_cmpuint(o.mss, ==, 0);
		g_assert_cmpuint(o.wscale, ==, 0);
		g_assert_cmpuint(o.tsval, ==, 0);
	}
}

/* A length of 0 or 1, or past the header, ends the list: nothing behind it can be found. */
static void test_broken_lists(void)
{
	static const char *const cases[] = {
		"0402 0200 0303 0701",
		"0402 0201 0303 0701",
		"0402 0207 0303 0701",
		"0402 ff00 0303 0701",
		"0402 ff01 0303 0701",
		"0402 ff07 0303 0701",
		"0402 0101 010101 02",
		"0402 0101 010101 ff",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct tcphs_options o = parse_options(cases[i]);

		g_assert_cmphex(o.seen, ==, TCPHS_OPT_SACK_OK);
		g_assert_cmphex(o.malformed, ==, TCPHS_OPT_OTHER);
	}
	/* Just as long as what is left is sound. */
	g_assert_cmphex(parse_options("0402 ff06 03030701").malformed, ==, 0);
}

static void test_repeated(void)
{
	struct tcphs_options o = parse_options("020405b4 02040200");

	g_assert_cmphex(o.repeated, ==, TCPHS_OPT_MSS);
	g_assert_cmpuint(o.mss, ==, 512);
	g_assert_cmphex(parse_options("030307 030308 0101").repeated, ==, TCPHS_OPT_WSCALE);
	g_assert_cmphex(parse_options("0402 0402").repeated, ==, TCPHS_OPT_SACK_OK);
	g_assert_cmphex(parse_options("080a0000000100000000 080a0000000100000000").repeated, ==, TCPHS_OPT_TIMESTAMPS);
	g_assert_cmphex(parse_options("2202 2202").repeated, ==, TCPHS_OPT_FAST_OPEN);
	/* A spoilt one counts as met. */
	o = parse_options("020305 020405b4 01");
	g_assert_cmphex(o.repeated, ==, TCPHS_OPT_MSS);
	g_assert_cmpuint(o.mss, ==, 1460);
	/* Kinds that may come twice, and the experimental beside the final Fast Open. */
	g_assert_cmphex(parse_options("1e040181 1e042001").repeated, ==, 0);
	g_assert_cmphex(parse_options("050a0000000100000002 050a0000000300000004").repeated, ==, 0);
	g_assert_cmphex(parse_options("fe04f989 2202 0101").repeated, ==, 0);
	g_assert_cmphex(parse_options("2202 fe04f989 0101").repeated, ==, 0);
}

/* Options cut by the snapshot length: the whole ones are there, the cut one is neither there nor malformed. */
static void test_cut_options(void)
{
	const char *hex = FIXED "a002" REST "020405b4 0402 080a 499602d2 00000000 01 030307";
	static const struct {
		size_t captured;
		uint16_t seen;
	} cases[] = {
		{20, 0},
		{21, 0},
		{23, 0},
		{24, TCPHS_OPT_MSS},
		{25, TCPHS_OPT_MSS},
		{26, TCPHS_OPT_MSS | TCPHS_OPT_SACK_OK},
		{35, TCPHS_OPT_MSS | TCPHS_OPT_SACK_OK},
		{36, TCPHS_OPT_MSS | TCPHS_OPT_SACK_OK | TCPHS_OPT_TIMESTAMPS},
		{39, TCPHS_OPT_MSS | TCPHS_OPT_SACK_OK | TCPHS_OPT_TIMESTAMPS},
		{40, TCPHS_OPT_MSS | TCPHS_OPT_SACK_OK | TCPHS_OPT_TIMESTAMPS | TCPHS_OPT_WSCALE},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct tcphs_segment s = parse_cut(hex, cases[i].captured, 40);

		g_assert_cmphex(s.options.seen, ==, cases[i].seen);
		g_assert_cmphex(s.options.malformed, ==, 0);
		g_assert_cmphex(s.have & TCPHS_HAVE_OPTIONS, ==, cases[i].captured == 40 ? TCPHS_HAVE_OPTIONS : 0);
		g_assert_cmphex(s.have & TCPHS_HAVE_LENGTH, ==, TCPHS_HAVE_LENGTH);
	}
}

/* The same of options that have no fixed length: one octet short, they are not there. */
static void test_cut_variable_options(void)
{
	static const char *const cases[] = {
		FIXED "8002" REST "1e0c 0181 0102030405060708",
		FIXED "8002" REST "fe0c f989 0102030405060708",
		FIXED "8002" REST "220c 0102030405060708090a",
		FIXED "8002" REST "ff0c 0102030405060708090a",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_assert_cmphex(parse_cut(cases[i], 32, 32).options.seen, !=, 0);
		g_assert_cmphex(parse_cut(cases[i], 31, 32).options.seen, ==, 0);
		g_assert_cmphex(parse_cut(cases[i], 31, 32).options.malformed, ==, 0);
	}
}

static void test_cut_timestamps(void)
{
	/* The short path must not be taken on what was not captured. */
	struct tcphs_segment s = parse_cut(FIXED "8010" REST "0101 080a 11223344 aabbccdd", 31, 1480);

	g_assert_cmphex(s.options.seen, ==, 0);
	g_assert_cmpuint(s.length, ==, 1448);
}

static void test_broken_though_cut(void)
{
	/* The length that is past the header was captured, the rest of the option was not. */
	struct tcphs_segment s = parse_cut(FIXED "7002" REST "020905b4 01010101", 22, 28);

	g_assert_cmphex(s.options.malformed, ==, TCPHS_OPT_OTHER);
	/* A kind of fixed length with another one: wrong whatever follows. */
	s = parse_cut(FIXED "7002" REST "020505b4 01010101", 22, 28);
	g_assert_cmphex(s.options.malformed, ==, TCPHS_OPT_MSS);
}

static void test_hash(void)
{
	struct tcphs_segment one = parse(FIXED "8010" REST "0101080a 11223344 aabbccdd");
	struct tcphs_segment same = parse("1234 5678 00000000 00000000 8018 0001 0002 0003"
	                                  "0101080a 11223344 aabbccdd ff");
	size_t size;
	uint8_t *list = octets(FIXED "f002" REST "01010101 01010101 01010101 01010101 01010101"
	                       "01010101 01010101 01010101 01010101 01010101", &size);
	GHashTable *met = g_hash_table_new(NULL, NULL);

	g_assert_cmphex(one.options.hash, ==, same.options.hash);
	/* Any one octet changed, at any place of a list of any length, changes the hash. */
	for (size_t words = 1; words <= 10; words++) {
		struct tcphs_segment s;

		list[12] = (uint8_t)((5 + words) << 4);
		tcphs_segment_parse(&s, list, size, 0);
		g_assert_true(g_hash_table_add(met, GUINT_TO_POINTER(s.options.hash)));
		for (size_t i = 20; i < 20 + words * 4; i++) {
			list[i] = 0;
			tcphs_segment_parse(&s, list, size, 0);
			g_assert_true(g_hash_table_add(met, GUINT_TO_POINTER(s.options.hash)));
			list[i] = 1;
		}
	}
	g_hash_table_destroy(met);
	g_free(list);
}

/* Arbitrary octets at every captured size: nothing is read past them, and the facts stay within their bounds. */
static void test_arbitrary_octets(void)
{
	GRand *rand = g_rand_new_with_seed(9293);

	for (unsigned int i = 0; i < 200000; i++) {
		size_t captured = (size_t)g_rand_int_range(rand, 0, 64);
		size_t length = g_rand_boolean(rand) ? 0 : (size_t)g_rand_int_range(rand, 1, 80);
		uint8_t *tcp = g_malloc(captured);
		struct tcphs_segment s;

		for (size_t k = 0; k < captured; k++)
			tcp[k] = (uint8_t)(k == 12 || g_rand_boolean(rand) ? g_rand_int(rand) : g_rand_int(rand) % 36);
		tcphs_segment_parse(&s, tcp, captured, length);
		g_assert_cmpuint(s.length, <=, length);
		g_assert_cmpuint(s.options.mptcp_keys, <=, 2);
		g_assert_cmpuint(s.options.cookie_length, <=, 38);
		if (s.have & (TCPHS_HAVE_OPTIONS | TCPHS_HAVE_LENGTH | TCPHS_BAD_OFFSET))
			g_assert_true(s.have & TCPHS_HAVE_HEADER);
		if (s.have & TCPHS_BAD_OFFSET)
			g_assert_cmphex(s.have & (TCPHS_HAVE_OPTIONS | TCPHS_HAVE_LENGTH), ==, 0);
		g_free(tcp);
	}
	g_rand_free(rand);
}

/*
 * What is summed up of a header that was read is what comes of its members, for those who set them by hand: also of the
 * usual header (timestamps and no other option), which is read at once.
 */
static void test_sums(void)
{
	static const uint8_t usual[12] = {1, 1, 8, 10}, offsets[] = {0x80, 0x50, 0x20};
	GRand *rand = g_rand_new_with_seed(9293);
	unsigned int plain = 0;

	for (unsigned int i = 0; i < 50000; i++) {
		uint8_t tcp[32] = {0};
		struct tcphs_segment s, again;
		size_t length;

		/* Ports and window are 0 now and then, flags are any. */
		tcp[1] = (uint8_t)g_rand_int_range(rand, 0, 3);
		tcp[3] = (uint8_t)g_rand_int_range(rand, 0, 3);
		tcp[12] = offsets[g_rand_int_range(rand, 0, G_N_ELEMENTS(offsets))];
		tcp[13] = (uint8_t)(g_rand_boolean(rand) ? TCPHS_ACK : g_rand_int(rand));
		tcp[15] = (uint8_t)g_rand_int_range(rand, 0, 3);
		memcpy(tcp + 20, usual, sizeof(usual));
		length = g_rand_int_range(rand, 0, 10) ? 40 : 0;
		tcphs_segment_parse(&s, tcp, sizeof(tcp), length);
		g_assert_cmpuint(s.sport, ==, tcp[1]);
		g_assert_cmpuint(s.dport, ==, tcp[3]);
		g_assert_cmpint((s.have & TCPHS_BAD_OFFSET) != 0, ==, tcp[12] < 0x50);
		g_assert_cmpint((s.have & TCPHS_HAVE_LENGTH) != 0, ==, length != 0 && tcp[12] >= 0x50);
		g_assert_cmpuint(s.length, ==, s.have & TCPHS_HAVE_LENGTH ? 40 - tcp[12] / 16 * 4 : 0);
		again = s;
		again.plain = 0;
		again.print = 0;
		tcphs_segment_sum_up(&again);
		g_assert_cmphex(s.plain, ==, again.plain);
		g_assert_cmphex(s.print, ==, again.print);
		if (s.plain == 0)
			continue;
		plain++;
		g_assert_cmphex(s.flags & (TCPHS_SYN | TCPHS_RST | TCPHS_ACK), ==, TCPHS_ACK);
		g_assert_true(s.window != 0 && s.sport != 0 && s.dport != 0 && s.sport != s.dport);
		g_assert_cmphex(s.have, ==, TCPHS_HAVE_SEQ | TCPHS_HAVE_HEADER | TCPHS_HAVE_OPTIONS |
		                TCPHS_HAVE_LENGTH);
		g_assert_cmpint((s.plain & TCPHS_PLAIN_STAMPED) != 0, ==, tcp[12] == 0x80);
	}
	g_assert_cmpuint(plain, >, 1000);
	g_rand_free(rand);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/segment/fixed-part", test_fixed_part);
	g_test_add_func("/segment/flags", test_flags);
	g_test_add_func("/segment/numbers-above-half", test_numbers_above_half);
	g_test_add_func("/segment/padding-is-not-data", test_padding_is_not_data);
	g_test_add_func("/segment/length-unknown", test_length_unknown);
	g_test_add_func("/segment/length-of-uncaptured-data", test_length_of_uncaptured_data);
	g_test_add_func("/segment/bad-offset", test_bad_offset);
	g_test_add_func("/segment/stumps", test_stumps);
	g_test_add_func("/segment/options/syn", test_options_of_a_syn);
	g_test_add_func("/segment/options/data", test_options_of_data);
	g_test_add_func("/segment/options/end", test_end_of_options);
	g_test_add_func("/segment/options/fast-open", test_fast_open);
	g_test_add_func("/segment/options/accurate-ecn", test_accurate_ecn);
	g_test_add_func("/segment/options/authentication", test_authentication);
	g_test_add_func("/segment/options/mptcp", test_mptcp);
	g_test_add_func("/segment/options/wrong-lengths", test_wrong_lengths);
	g_test_add_func("/segment/options/broken-lists", test_broken_lists);
	g_test_add_func("/segment/options/repeated", test_repeated);
	g_test_add_func("/segment/options/cut", test_cut_options);
	g_test_add_func("/segment/options/cut-variable", test_cut_variable_options);
	g_test_add_func("/segment/options/cut-timestamps", test_cut_timestamps);
	g_test_add_func("/segment/options/broken-though-cut", test_broken_though_cut);
	g_test_add_func("/segment/options/hash", test_hash);
	g_test_add_func("/segment/arbitrary-octets", test_arbitrary_octets);
	g_test_add_func("/segment/sums", test_sums);
	return g_test_run();
}
