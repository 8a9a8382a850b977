/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_decode.c - the decoder: what an item says, what is counted as not decoded, and that lists stay bounded.
 *
 * Which frames hold TCP, and with which numbers, is compared with Wireshark's answer by tests/input. Here is what
 * Wireshark does not say: the word for the encapsulation, hashes, checksum states, quotes, counts, batches.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif

#include <glib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "decode.h"
#include "fragments.h"
#include "layers.h"

enum { ETHERNET = 1, RAW = 12 };
enum { TCP = 6, ICMP = 1, UDP = 17, ICMP6 = 58 };

static const uint8_t host_a[4] = { 192, 0, 2, 1 }, host_b[4] = { 192, 0, 2, 9 };
static const uint8_t host_a6[16] = { 0x20, 1, 0x0d, 0xb8, [15] = 1 }, host_b6[16] = { 0x20, 1, 0x0d, 0xb8, [15] = 9 };

/* ---- building, from the inside out --------------------------------------------------------------- */

/** struct octets: a frame that grows at its front. */
struct octets {
	uint8_t room[2048];
	size_t start;
};

static struct octets new_octets(void)
{
	return (struct octets){ .start = sizeof(((struct octets *)0)->room) };
}

static size_t size_of(const struct octets *octets)
{
	return sizeof(octets->room) - octets->start;
}

static uint8_t *front(struct octets *octets)
{
	return octets->room + octets->start;
}

static uint8_t *prepend(struct octets *octets, const void *header, size_t size)
{
	g_assert_cmpuint(octets->start, >=, size);
	octets->start -= size;
	memcpy(front(octets), header, size);
	return front(octets);
}

/** prepend_tcp(): a SYN from 49152 to 80, seq 100, with |payload| octets. */
static void prepend_tcp(struct octets *octets, size_t payload)
{
	static const uint8_t header[20] = { 0xc0, 0, 0, 80, 0, 0, 0, 100, 0, 0, 0, 0, 0x50, 2, 0xfa, 0xf0 };
	static const uint8_t data[256] = { 'x', 'y', 'z' };

	prepend(octets, data, payload);
	prepend(octets, header, sizeof(header));
}

/** sum16(): the Internet checksum, not inverted, added to |sum|. */
static uint16_t sum16(uint32_t sum, const uint8_t *octets, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		sum += i % 2 ? octets[i] : (uint32_t)octets[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void prepend_ip4(struct octets *octets, uint8_t protocol)
{
	uint8_t header[20] = { 0x45, 0, [4] = 0x12, 0x34, [8] = 63, protocol };
	size_t total = size_of(octets) + sizeof(header);
	uint16_t sum;

	header[2] = (uint8_t)(total >> 8);
	header[3] = (uint8_t)total;
	memcpy(header + 12, host_a, 4);
	memcpy(header + 16, host_b, 4);
	sum = (uint16_t)~sum16(0, header, sizeof(header));
	header[10] = (uint8_t)(sum >> 8);
	header[11] = (uint8_t)sum;
	prepend(octets, header, sizeof(header));
}

static void prepend_ip6(struct octets *octets, uint8_t protocol)
{
	uint8_t header[40] = { 0x60, [6] = protocol, 62 };

	header[4] = (uint8_t)(size_of(octets) >> 8);
	header[5] = (uint8_t)size_of(octets);
	memcpy(header + 8, host_a6, 16);
	memcpy(header + 24, host_b6, 16);
	prepend(octets, header, sizeof(header));
}

static void prepend_tag(struct octets *octets, uint16_t type)
{
	const uint8_t header[4] = { 0, 5, (uint8_t)(type >> 8), (uint8_t)type };

	prepend(octets, header, sizeof(header));
}

static void prepend_eth(struct octets *octets, uint16_t type)
{
	const uint8_t header[14] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, (uint8_t)(type >> 8), (uint8_t)type };

	prepend(octets, header, sizeof(header));
}

static void prepend_icmp(struct octets *octets, uint8_t type, uint8_t code)
{
	const uint8_t header[8] = { type, code };

	prepend(octets, header, sizeof(header));
}

/* ---- decoding ------------------------------------------------------------------------------------ */

static struct tcphs_decoder *new_decoder(bool checksums)
{
	const struct tcphs_decode_config config = { .checksums = checksums };

	return tcphs_decoder_new(&config);
}

/** decode(): the only item of the frame; of its octets only |captured| are there, in memory of their own. */
static struct tcphs_decoded decode_cut(struct tcphs_decoder *decoder, int linktype, struct octets *octets,
                                       size_t captured)
{
	struct tcphs_decoded items[TCPHS_DECODE_ITEMS];
	g_autofree uint8_t *copy = g_memdup2(front(octets), captured);
	const struct tcphs_frame frame = {
		.time_ns = 5 * TCPHS_SECOND, .number = 7, .captured = (uint32_t)captured,
		.length = (uint32_t)size_of(octets), .linktype = linktype, .has_time = true, .bytes = copy,
	};

	g_assert_cmpuint(tcphs_decode(decoder, &frame, items), ==, 1);
	g_assert_true(items[0].first);
	g_assert_cmpuint(items[0].frame, ==, 7);
	g_assert_cmpint(items[0].time, ==, 5 * TCPHS_SECOND);
	return items[0];
}

static struct tcphs_decoded decode(struct tcphs_decoder *decoder, int linktype, struct octets *octets)
{
	return decode_cut(decoder, linktype, octets, size_of(octets));
}

/** assert_hidden(): exactly this was counted, once; or nothing if |word| is NULL. Forgets it. */
static void assert_hidden(struct tcphs_decoder *decoder, const char *word)
{
	uint64_t frames = 0;

	g_assert_cmpstr(tcphs_decoder_not_decoded(decoder, 0, &frames), ==, word);
	if (word)
		g_assert_cmpuint(frames, ==, 1);
	g_assert_null(tcphs_decoder_not_decoded(decoder, 1, &frames));
	tcphs_decoder_reset(decoder);
}

/* ---- segments ------------------------------------------------------------------------------------ */

static void test_segment(void)
{
	static const uint8_t mapped[16] = { [10] = 0xff, 0xff, 192, 0, 2, 1 };
	struct tcphs_decoder *decoder = new_decoder(false);
	struct octets octets = new_octets();
	struct tcphs_decoded item;

	prepend_tcp(&octets, 3);
	prepend_ip4(&octets, TCP);
	prepend_eth(&octets, 0x0800);
	item = decode(decoder, ETHERNET, &octets);
	g_assert_cmpint(item.kind, ==, TCPHS_DECODED_SEGMENT);
	g_assert_cmpmem(item.tcp.key.src, 16, mapped, 16);
	g_assert_cmpuint(item.tcp.key.sport, ==, 49152);
	g_assert_cmpuint(item.tcp.key.dport, ==, 80);
	g_assert_cmpuint(item.tcp.segment.ref, ==, 7);
	g_assert_cmpint(item.tcp.segment.time, ==, 5 * TCPHS_SECOND);
	g_assert_cmpuint(item.tcp.segment.ip_id, ==, 0x1234);
	g_assert_cmpuint(item.tcp.segment.ttl, ==, 63);
	g_assert_cmpuint(item.tcp.segment.length, ==, 3);
	g_assert_cmpuint(item.tcp.segment.flags, ==, TCPHS_SYN);
	g_assert_cmpuint(item.tcp.segment.checksum, ==, TCPHS_CHECKSUM_UNKNOWN);
	assert_hidden(decoder, NULL);
	tcphs_decoder_del(decoder);
}

static void test_segment6(void)
{
	struct tcphs_decoder *decoder = new_decoder(false);
	struct octets octets = new_octets();
	struct tcphs_decoded item;

	prepend_tcp(&octets, 0);
	prepend_ip6(&octets, TCP);
	item = decode(decoder, RAW, &octets);
	g_assert_cmpint(item.kind, ==, TCPHS_DECODED_SEGMENT);
	g_assert_cmpmem(item.tcp.key.src, 16, host_a6, 16);
	g_assert_cmpmem(item.tcp.key.dst, 16, host_b6, 16);
	g_assert_cmpuint(item.tcp.segment.ip_id, ==, 0);
	g_assert_cmpuint(item.tcp.segment.ttl, ==, 62);
	tcphs_decoder_del(decoder);
}

/** A segment of which at least ports and sequence number were captured comes out; with less it is "truncated". */
static void test_cut(void)
{
	struct tcphs_decoder *decoder = new_decoder(true);
	struct octets octets = new_octets();
	size_t captured;

	prepend_tcp(&octets, 30);
	prepend_ip4(&octets, TCP);
	prepend_eth(&octets, 0x0800);
	for (captured = 0; captured < size_of(&octets); captured++) {
		struct tcphs_decoded item = decode_cut(decoder, ETHERNET, &octets, captured);

		if (captured < 14 + 20 + 8) {
			g_assert_cmpint(item.kind, ==, TCPHS_DECODED_NOTHING);
			assert_hidden(decoder, "truncated");
			continue;
		}
		g_assert_cmpint(item.kind, ==, TCPHS_DECODED_SEGMENT);
		g_assert_cmpuint(item.tcp.segment.seq, ==, 100);
		g_assert_cmpuint(item.tcp.segment.length, ==, captured < 14 + 20 + 16 ? 0 : 30);
		g_assert_cmpuint(item.tcp.segment.checksum, ==, TCPHS_CHECKSUM_UNKNOWN);
		assert_hidden(decoder, NULL);
	}
	tcphs_decoder_del(decoder);
}

/* ---- encapsulations ------------------------------------------------------------------------------ */

static void test_encap(void)
{
	struct tcphs_decoder *decoder = new_decoder(false);
	struct octets plain = new_octets(), tagged, six = new_octets();
	uint8_t eth_ip, eth_vlan_ip, raw_ip6;

	prepend_tcp(&plain, 0);
	prepend_ip4(&plain, TCP);
	tagged = plain;
	prepend_eth(&plain, 0x0800);
	prepend_tag(&tagged, 0x0800);
	prepend_tag(&tagged, 0x8100);
	prepend_eth(&tagged, 0x88a8);
	prepend_tcp(&six, 0);
	prepend_ip6(&six, TCP);
	eth_ip = decode(decoder, ETHERNET, &plain).tcp.segment.encap;
	eth_vlan_ip = decode(decoder, ETHERNET, &tagged).tcp.segment.encap;
	raw_ip6 = decode(decoder, RAW, &six).tcp.segment.encap;
	g_assert_cmpstr(tcphs_decoder_encap(decoder, eth_ip), ==, "eth:ip");
	g_assert_cmpstr(tcphs_decoder_encap(decoder, eth_vlan_ip), ==, "eth:vlan:vlan:ip");
	g_assert_cmpstr(tcphs_decoder_encap(decoder, raw_ip6), ==, "raw:ip6");
	tcphs_decoder_reset(decoder);
	g_assert_cmpuint(decode(decoder, ETHERNET, &plain).tcp.segment.encap, ==, eth_ip);
	g_assert_cmpstr(tcphs_decoder_encap(decoder, 200), ==, "other");
	tcphs_decoder_del(decoder);
}

/**
 * More encapsulations than numbers: the rest are "other", and those that have a number keep it. Every combination of
 * "tag or LLC" eight times makes 256 of them.
 */
static void test_encap_many(void)
{
	static const uint8_t snap[8] = { 0xaa, 0xaa, 3, 0, 0, 0, 0x81, 0 };
	struct tcphs_decoder *decoder = new_decoder(false);
	unsigned numbers, bit, others = 0;

	for (numbers = 0; numbers < 512; numbers++) {
		struct octets octets = new_octets();
		uint16_t type = 0x0800;
		uint8_t encap;

		prepend_tcp(&octets, 0);
		prepend_ip4(&octets, TCP);
		for (bit = 0; bit < 8; bit++) {
			prepend_tag(&octets, type);
			type = 0x8100;
			if (numbers & 1u << bit) {
				prepend(&octets, snap, sizeof(snap));
				type = (uint16_t)size_of(&octets);
			}
		}
		prepend_eth(&octets, type);
		encap = decode(decoder, ETHERNET, &octets).tcp.segment.encap;
		if (strcmp(tcphs_decoder_encap(decoder, encap), "other") == 0)
			others++;
		else
			g_assert_cmpuint(encap, ==, numbers % 256);
	}
	g_assert_cmpuint(others, ==, 2);
	tcphs_decoder_del(decoder);
}

/* ---- checksums ----------------------------------------------------------------------------------- */

static void set_checksum(struct octets *octets, uint16_t value)
{
	front(octets)[16] = (uint8_t)(value >> 8);
	front(octets)[17] = (uint8_t)value;
}

/** checksum_of(): the state of a segment with |value| in its checksum field, over IPv4 or IPv6. */
static enum tcphs_checksum checksum_of(struct octets octets, uint16_t value, bool v6)
{
	struct tcphs_decoder *decoder = new_decoder(true);
	struct tcphs_decoded item;

	set_checksum(&octets, value);
	if (v6)
		prepend_ip6(&octets, TCP);
	else
		prepend_ip4(&octets, TCP);
	item = decode(decoder, RAW, &octets);
	g_assert_cmpint(item.kind, ==, TCPHS_DECODED_SEGMENT);
	tcphs_decoder_del(decoder);
	return (enum tcphs_checksum)item.tcp.segment.checksum;
}

/** A wrong sum of the IP header says more than that of the segment; it is looked at only if sums are. */
static void test_header_checksum(void)
{
	int checksums;

	for (checksums = 0; checksums <= 1; checksums++) {
		struct tcphs_decoder *decoder = new_decoder(checksums);
		struct octets octets = new_octets();

		prepend_tcp(&octets, 0);
		prepend_ip4(&octets, TCP);
		front(&octets)[10] ^= 1;
		g_assert_cmpint(decode(decoder, RAW, &octets).tcp.segment.checksum, ==,
		                checksums ? TCPHS_CHECKSUM_BAD_IP : TCPHS_CHECKSUM_UNKNOWN);
		tcphs_decoder_del(decoder);
	}
}

static void test_checksums(void)
{
	size_t payload;
	int v6;

	for (payload = 0; payload < 8; payload++) {
		for (v6 = 0; v6 <= 1; v6++) {
			struct octets octets = new_octets();
			uint16_t addresses, pseudo, right;

			prepend_tcp(&octets, payload);
			addresses = sum16(TCP, v6 ? host_a6 : host_a, v6 ? 16 : 4);
			addresses = sum16(addresses, v6 ? host_b6 : host_b, v6 ? 16 : 4);
			pseudo = sum16(addresses + (uint32_t)size_of(&octets), NULL, 0);
			right = (uint16_t)~sum16(pseudo, front(&octets), size_of(&octets));
			g_assert_cmpint(checksum_of(octets, right, v6), ==, TCPHS_CHECKSUM_GOOD);
			g_assert_cmpint(checksum_of(octets, right ^ 0x0100, v6), ==, TCPHS_CHECKSUM_BAD);
			g_assert_cmpint(checksum_of(octets, 0, v6), ==, TCPHS_CHECKSUM_PARTIAL);
			g_assert_cmpint(checksum_of(octets, pseudo, v6), ==, TCPHS_CHECKSUM_PARTIAL);
			g_assert_cmpint(checksum_of(octets, addresses, v6), ==, TCPHS_CHECKSUM_PARTIAL);
		}
	}
}

/* ---- ICMP ---------------------------------------------------------------------------------------- */

/** prepend_quoted(): an ICMP message with the first |quoted| octets of the datagram, and the IP header before it. */
static void prepend_error(struct octets *octets, size_t quoted, uint8_t type, bool v6)
{
	struct octets cut = new_octets();

	prepend(&cut, front(octets), quoted);
	prepend_icmp(&cut, type, 9);
	if (v6)
		prepend_ip6(&cut, ICMP6);
	else
		prepend_ip4(&cut, ICMP);
	*octets = cut;
}

static void test_quotes(void)
{
	static const uint8_t errors4[] = { 3, 4, 5, 11, 12 }, errors6[] = { 1, 2, 3, 4 };
	struct tcphs_decoder *decoder = new_decoder(true);
	unsigned type, v6, header;

	for (type = 0; type < 256; type++) {
		for (v6 = 0; v6 <= 1; v6++) {
			const uint8_t *errors = v6 ? errors6 : errors4;
			size_t count = v6 ? sizeof(errors6) : sizeof(errors4);
			struct octets octets = new_octets();
			struct tcphs_decoded item;

			prepend_tcp(&octets, 200);
			if (v6)
				prepend_ip6(&octets, TCP);
			else
				prepend_ip4(&octets, TCP);
			header = v6 ? 40 : 20;
			prepend_error(&octets, header + 8, (uint8_t)type, v6);
			item = decode(decoder, RAW, &octets);
			if (!memchr(errors, (int)type, count)) {
				g_assert_cmpint(item.kind, ==, TCPHS_DECODED_NOTHING);
				continue;
			}
			g_assert_cmpint(item.kind, ==, TCPHS_DECODED_QUOTE);
			g_assert_cmpuint(item.quote.type, ==, type);
			g_assert_cmpuint(item.quote.code, ==, 9);
			g_assert_cmpint(item.quote.icmpv6, ==, v6);
			g_assert_cmpuint(item.quote.segment.have, ==, TCPHS_HAVE_SEQ);
			g_assert_cmpuint(item.quote.segment.seq, ==, 100);
			g_assert_cmpuint(item.quote.segment.ref, ==, 7);
			g_assert_cmpuint(item.quote.key.dport, ==, 80);
			g_assert_cmpmem(item.quote.sender, 16, item.quote.key.src, 16);
		}
	}
	assert_hidden(decoder, NULL);
	tcphs_decoder_del(decoder);
}

/** What is quoted is as long as its own header says, though most of it is not there; less than 8 octets are nothing. */
static void test_quote_sizes(void)
{
	struct tcphs_decoder *decoder = new_decoder(false);
	size_t quoted;

	for (quoted = 0; quoted <= 60; quoted++) {
		struct octets octets = new_octets();
		struct tcphs_decoded item;

		prepend_tcp(&octets, 200);
		prepend_ip4(&octets, TCP);
		prepend_error(&octets, quoted, 3, false);
		item = decode(decoder, RAW, &octets);
		assert_hidden(decoder, NULL);
		g_assert_cmpint(item.kind, ==, quoted < 28 ? TCPHS_DECODED_NOTHING : TCPHS_DECODED_QUOTE);
		if (quoted >= 40)
			g_assert_cmpuint(item.quote.segment.length, ==, 200);
	}
	tcphs_decoder_del(decoder);
}

/* ---- what is not decoded ------------------------------------------------------------------------- */

static void test_hidden(void)
{
	static const struct {
		const char *word;
		uint8_t protocol;
		uint16_t port;
		uint16_t fragment;
	} cases[] = {
		{ NULL, UDP, 53, 0 },
		{ NULL, 2, 0, 0 },
		{ NULL, UDP, 53, 0x2000 },
		{ NULL, UDP, 4789, 0 },
		{ NULL, 47, 0, 0 },
		{ NULL, 132, 0, 0 },
		{ "fragment", TCP, 0, 0x2000 },
		{ "fragment", TCP, 0, 0x0001 },
		{ "fragment", 47, 0, 0x2000 },
		{ "fragment", UDP, 4789, 0x2000 },
		{ "ip_malformed", 4, 0, 0 },
		{ "tunnel_esp", 50, 0, 0 },
		{ "tunnel_ipcomp", 108, 0, 0 },
		{ "tunnel_l2tp3", 115, 0, 0 },
		{ "tunnel_openvpn", UDP, 1194, 0 },
		{ "udp_malformed", UDP, 2152, 0 },
	};
	struct tcphs_decoder *decoder = new_decoder(false);
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct octets octets = new_octets();
		const uint8_t length = cases[i].port == 2152 ? 7 : 28; /* shorter than the header, or all there is */
		const uint8_t ports[8] = { 0xc0, 0, (uint8_t)(cases[i].port >> 8), (uint8_t)cases[i].port, 0, length };

		prepend_tcp(&octets, 0);
		if (cases[i].protocol == UDP)
			prepend(&octets, ports, sizeof(ports));
		prepend_ip4(&octets, cases[i].protocol);
		front(&octets)[6] = (uint8_t)(cases[i].fragment >> 8);
		front(&octets)[7] = (uint8_t)cases[i].fragment;
		prepend_eth(&octets, 0x0800);
		g_assert_cmpint(decode(decoder, ETHERNET, &octets).kind, ==, TCPHS_DECODED_NOTHING);
		assert_hidden(decoder, cases[i].word);
	}
	tcphs_decoder_del(decoder);
}

static void test_hidden_link(void)
{
	static const struct {
		const char *word;
		uint16_t type;
	} cases[] = {
		{ NULL, 0x0806 }, { NULL, 0x88cc }, { NULL, 1501 }, { "ip_malformed", 0x86dd },
		{ "tunnel_batman", 0x4305 }, { "tunnel_ppp", 0x880b },
	};
	struct tcphs_decoder *decoder = new_decoder(false);
	struct octets octets;
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(cases); i++) {
		octets = new_octets();
		prepend_tcp(&octets, 100);
		prepend_ip4(&octets, TCP);
		prepend_eth(&octets, cases[i].type);
		g_assert_cmpint(decode(decoder, ETHERNET, &octets).kind, ==, TCPHS_DECODED_NOTHING);
		assert_hidden(decoder, cases[i].word);
	}
	g_assert_cmpint(decode(decoder, TCPHS_LINKTYPE_NONE, &octets).kind, ==, TCPHS_DECODED_NOTHING);
	assert_hidden(decoder, NULL);
	g_assert_cmpint(decode(decoder, 147, &octets).kind, ==, TCPHS_DECODED_NOTHING);
	assert_hidden(decoder, "linktype_147");
	tcphs_decoder_del(decoder);
}

static void test_hidden_bounded(void)
{
	struct tcphs_decoder *decoder = new_decoder(false);
	struct octets octets = new_octets();
	uint64_t frames, sum = 0;
	const char *word, *last = NULL;
	size_t words = 0;
	int linktype;

	prepend_tcp(&octets, 0);
	for (linktype = 300; linktype < 500; linktype++)
		decode(decoder, linktype, &octets);
	while ((word = tcphs_decoder_not_decoded(decoder, words, &frames))) {
		words++;
		sum += frames;
		last = word;
	}
	g_assert_cmpuint(words, <=, 64);
	g_assert_cmpuint(sum, ==, 200);
	g_assert_cmpstr(last, ==, "other");
	tcphs_decoder_del(decoder);
}

static void test_too_deep(void)
{
	struct tcphs_decoder *decoder = new_decoder(false);
	struct octets octets = new_octets();
	int i;

	prepend_tcp(&octets, 0);
	prepend_ip4(&octets, TCP);
	prepend_tag(&octets, 0x0800);
	for (i = 0; i < 400; i++)
		prepend_tag(&octets, 0x8100);
	prepend_eth(&octets, 0x8100);
	g_assert_cmpint(decode(decoder, ETHERNET, &octets).kind, ==, TCPHS_DECODED_NOTHING);
	assert_hidden(decoder, "too_deep");
	tcphs_decoder_del(decoder);
}

/** The last of the tags of A-MSDU subframes that fit are items, the rest of the frame is counted. */
static void test_too_many(void)
{
	enum { WLAN = 105, SUBFRAMES = 36, SUBFRAME = 14 + 8 + 40 + 2 };
	static const uint8_t header[26] = { 0x88, 1, [24] = 0x80 };
	static const uint8_t before[14 + 8] = { [13] = 8 + 40, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0 };
	struct tcphs_decoded items[TCPHS_DECODE_ITEMS];
	struct tcphs_decoder *decoder = new_decoder(false);
	g_autofree uint8_t *frame = g_malloc0(sizeof(header) + SUBFRAMES * SUBFRAME);
	struct tcphs_frame whole = { .number = 7, .linktype = WLAN, .bytes = frame };
	struct octets octets = new_octets();
	int i;

	prepend_tcp(&octets, 0);
	prepend_ip4(&octets, TCP);
	memcpy(frame, header, sizeof(header));
	for (i = 0; i < SUBFRAMES; i++) {
		uint8_t *at = frame + sizeof(header) + i * SUBFRAME;

		memcpy(at, before, sizeof(before));
		memcpy(at + sizeof(before), front(&octets), size_of(&octets));
	}
	whole.captured = whole.length = (uint32_t)(sizeof(header) + SUBFRAMES * SUBFRAME);
	g_assert_cmpuint(tcphs_decode(decoder, &whole, items), ==, TCPHS_DECODE_ITEMS);
	for (i = 0; i < TCPHS_DECODE_ITEMS; i++) {
		g_assert_cmpint(items[i].kind, ==, TCPHS_DECODED_SEGMENT);
		g_assert_cmpint(items[i].first, ==, i == 0);
		g_assert_cmpstr(tcphs_decoder_encap(decoder, items[i].tcp.segment.encap), ==, "wlan:llc:ip");
	}
	g_assert_cmpstr(tcphs_decoder_not_decoded(decoder, 0, &(uint64_t){ 0 }), ==, "too_many");
	tcphs_decoder_del(decoder);
}

/* ---- tables -------------------------------------------------------------------------------------- */

/** Rows behind the first are found by bisection; a number that stands twice would hide one of its rows. */
static void test_tables_sorted(void)
{
	static const struct layer_table *const tables[] = {
		&linktypes, &ethertypes, &ip_protocols, &udp_ports, &gre_types, &ppp_protocols, &next_protocols,
		&juniper_protocols,
	};
	size_t i, row;

	for (i = 0; i < G_N_ELEMENTS(tables); i++) {
		for (row = 0; row < tables[i]->count; row++) {
			const struct layer_row *rows = tables[i]->rows;

			g_assert_true(find_layer(tables[i], rows[row].number) == &rows[row]);
			if (row > 1)
				g_assert_cmpuint(rows[row].number, >, rows[row - 1].number);
		}
		g_assert_null(find_layer(tables[i], 0xfffffff0));
	}
}

/* ---- fragments ----------------------------------------------------------------------------------- */

static const uint8_t many[65536];

static struct fragment fragment(uint32_t id, uint32_t offset, uint32_t size, bool last)
{
	return (struct fragment){ { { 1 }, { 2 }, id, 4 }, many, offset, size, last, true };
}

/** However many datagrams are begun: memory stays bounded, the oldest are forgotten, new ones are still completed. */
static void test_fragments_flood(void)
{
	struct fragments *fragments = fragments_new();
	struct fragment piece;
	struct whole whole;
	uint32_t id;

	for (id = 0; id < 3 * FRAGMENTS_DATAGRAMS_MAX; id++) {
		piece = fragment(id, 0, id % 2 ? 8 : 20000, false);
		g_assert_false(fragments_add(fragments, &piece, &whole));
		g_assert_cmpuint(fragments_octets(fragments), <=, FRAGMENTS_OCTETS_MAX);
	}
	piece = fragment(0, 20000, 8, true);
	g_assert_false(fragments_add(fragments, &piece, &whole));
	piece = fragment(id - 1, 8, 8, true);
	g_assert_true(fragments_add(fragments, &piece, &whole));
	g_assert_cmpuint(whole.size, ==, 16);
	g_assert_cmpuint(whole.counted, ==, 1);
	g_free(whole.octets);
	g_free(whole.frames);
	fragments_forget(fragments);
	g_assert_cmpuint(fragments_octets(fragments), ==, 0);
	fragments_del(fragments);
}

/** Pieces without end of one datagram: copies are not kept, others only so many; then it begins anew. */
static void test_fragments_pieces(void)
{
	struct fragments *fragments = fragments_new();
	struct fragment piece;
	struct whole whole;
	size_t octets;
	uint32_t i;

	piece = fragment(1, 0, 1000, false);
	fragments_add(fragments, &piece, &whole);
	octets = fragments_octets(fragments);
	for (i = 0; i < 10000; i++) {
		piece = fragment(1, 0, 1000 - i % 500, false);
		g_assert_false(fragments_add(fragments, &piece, &whole));
		g_assert_cmpuint(fragments_octets(fragments), ==, octets);
	}
	for (i = 0; i < 20000; i++) {
		piece = fragment(1, 65528 - i % 8000 * 8, 8 + i / 8000, false);
		g_assert_false(fragments_add(fragments, &piece, &whole));
		g_assert_cmpuint(fragments_octets(fragments), <, 500000);
	}
	fragments_del(fragments);
}

/** The smallest pieces that exist, in the worst order, as many as are kept. */
static void test_fragments_small(void)
{
	struct fragments *fragments = fragments_new();
	struct fragment piece;
	struct whole whole;
	uint32_t i;

	for (i = FRAGMENTS_PIECES_MAX - 1; i > 0; i--) {
		piece = fragment(1, i * 8, 8, i == FRAGMENTS_PIECES_MAX - 1);
		g_assert_false(fragments_add(fragments, &piece, &whole));
	}
	piece = fragment(1, 0, 8, false);
	g_assert_true(fragments_add(fragments, &piece, &whole));
	g_assert_cmpuint(whole.size, ==, FRAGMENTS_PIECES_MAX * 8);
	g_assert_cmpuint(whole.counted, ==, FRAGMENTS_PIECES_MAX - 1);
	g_free(whole.octets);
	g_free(whole.frames);
	g_assert_cmpuint(fragments_octets(fragments), ==, 0);
	fragments_del(fragments);
}

/** piece_of(): the |first| to |last| octets of a datagram as a fragment of it. */
static struct octets piece_of(const struct octets *datagram, size_t first, size_t last)
{
	struct octets piece = new_octets();
	uint16_t sum;

	prepend(&piece, datagram->room + datagram->start + first, last - first);
	prepend_ip4(&piece, TCP);
	front(&piece)[6] = last < size_of(datagram) ? 0x20 : 0;
	front(&piece)[7] = (uint8_t)(first / 8);
	front(&piece)[10] = front(&piece)[11] = 0;
	sum = (uint16_t)~sum16(0, front(&piece), 20);
	front(&piece)[10] = (uint8_t)(sum >> 8);
	front(&piece)[11] = (uint8_t)sum;
	return piece;
}

/** A segment is what its last fragment's frame has; fragments do not wait beyond the end of a file. */
static void test_fragments_decoded(void)
{
	struct tcphs_decoder *decoder = new_decoder(true);
	struct octets datagram = new_octets(), first, second;
	struct tcphs_decoded item;
	uint16_t sum;

	prepend_tcp(&datagram, 60);
	sum = sum16(sum16(sum16(TCP + 80, host_a, 4), host_b, 4), front(&datagram), size_of(&datagram));
	front(&datagram)[16] = (uint8_t)(~sum >> 8);
	front(&datagram)[17] = (uint8_t)~sum;
	first = piece_of(&datagram, 0, 16);
	second = piece_of(&datagram, 16, 80);
	g_assert_cmpint(decode(decoder, RAW, &first).kind, ==, TCPHS_DECODED_NOTHING);
	item = decode(decoder, RAW, &second);
	g_assert_cmpint(item.kind, ==, TCPHS_DECODED_SEGMENT);
	g_assert_cmpuint(item.tcp.segment.length, ==, 60);
	g_assert_cmpuint(item.tcp.segment.ref, ==, 7);
	g_assert_cmpint(item.tcp.segment.checksum, ==, TCPHS_CHECKSUM_GOOD);
	assert_hidden(decoder, NULL);
	decode(decoder, RAW, &first);
	assert_hidden(decoder, "fragment");
	g_assert_cmpint(decode(decoder, RAW, &second).kind, ==, TCPHS_DECODED_NOTHING);
	assert_hidden(decoder, "fragment");
	tcphs_decoder_del(decoder);
}

/* ---- batches ------------------------------------------------------------------------------------- */

/** open_capture(): a classic pcap file of |count| SYNs, each over raw IP, one second apart. */
static struct tcphs_input *open_capture(uint32_t count)
{
	static const uint32_t header[6] = { 0xa1b2c3d4, 0x00040002, 0, 0, 65535, 101 };
	struct octets octets = new_octets();
	int memory = memfd_create("capture", MFD_CLOEXEC);
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", memory);
	struct tcphs_input *input;
	char *message = NULL;
	uint32_t i;

	prepend_tcp(&octets, 0);
	prepend_ip4(&octets, TCP);
	g_assert_cmpint(write(memory, header, sizeof(header)), ==, sizeof(header));
	for (i = 1; i <= count; i++) {
		const uint32_t record[4] = { i, 0, (uint32_t)size_of(&octets), (uint32_t)size_of(&octets) };

		g_assert_cmpint(write(memory, record, sizeof(record)), ==, sizeof(record));
		g_assert_cmpint(write(memory, front(&octets), size_of(&octets)), ==, (ssize_t)size_of(&octets));
	}
	input = tcphs_input_open(path, &message);
	g_assert_cmpstr(message, ==, NULL);
	close(memory);
	return input;
}

static void test_batch(void)
{
	struct tcphs_decoder *decoder = new_decoder(false);
	struct tcphs_input *input = open_capture(100);
	struct tcphs_decoded items[TCPHS_DECODE_ITEMS + 30];
	enum tcphs_input_result result;
	uint64_t frames = 0;
	uint32_t expected = 1;
	size_t count, i;

	do {
		result = tcphs_decode_batch(decoder, input, items, G_N_ELEMENTS(items), &count, &frames);
		for (i = 0; i < count; i++, expected++) {
			g_assert_cmpint(items[i].kind, ==, TCPHS_DECODED_SEGMENT);
			g_assert_cmpuint(items[i].tcp.segment.ref, ==, expected);
			g_assert_cmpint(items[i].tcp.segment.time, ==, expected * TCPHS_SECOND);
		}
		g_assert_cmpuint(frames, ==, expected - 1);
		g_assert_true(result == TCPHS_INPUT_END || count == 31);
	} while (result == TCPHS_INPUT_FRAME);
	g_assert_cmpint(result, ==, TCPHS_INPUT_END);
	g_assert_cmpuint(frames, ==, 100);
	tcphs_input_close(input);
	tcphs_decoder_del(decoder);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/decode/segment", test_segment);
	g_test_add_func("/decode/segment6", test_segment6);
	g_test_add_func("/decode/cut", test_cut);
	g_test_add_func("/decode/encap", test_encap);
	g_test_add_func("/decode/encap-many", test_encap_many);
	g_test_add_func("/decode/checksums", test_checksums);
	g_test_add_func("/decode/header-checksum", test_header_checksum);
	g_test_add_func("/decode/quotes", test_quotes);
	g_test_add_func("/decode/quote-sizes", test_quote_sizes);
	g_test_add_func("/decode/hidden", test_hidden);
	g_test_add_func("/decode/hidden-link", test_hidden_link);
	g_test_add_func("/decode/hidden-bounded", test_hidden_bounded);
	g_test_add_func("/decode/too-deep", test_too_deep);
	g_test_add_func("/decode/too-many", test_too_many);
	g_test_add_func("/decode/tables-sorted", test_tables_sorted);
	g_test_add_func("/decode/fragments-flood", test_fragments_flood);
	g_test_add_func("/decode/fragments-pieces", test_fragments_pieces);
	g_test_add_func("/decode/fragments-small", test_fragments_small);
	g_test_add_func("/decode/fragments-decoded", test_fragments_decoded);
	g_test_add_func("/decode/batch", test_batch);
	return g_test_run();
}
