/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wireless.c - IEEE 802.11, and the headers that say how a frame was received.
 *
 * Of 802.11 only data frames are looked into. What is encrypted, or cut into fragments by 802.11 itself, is counted.
 */
#include "layers.h"

enum { FCS = 4 };

/* ---- headers before the frame -------------------------------------------------------------------- */

static void wlan(struct decode *decode, struct span span)
{
	enter(decode, LAYER_WLAN, layer_wlan, span);
}

/** radiotap_flags(): the flags field, if there is one; only the time stamp may stand before it. */
static uint8_t radiotap_flags(struct span span, uint32_t size)
{
	enum { HAS_TIME = 1u << 0, HAS_FLAGS = 1u << 1, MORE_WORDS = 1u << 31 };
	uint32_t present = get32_little(span.octets + 4), word = present, at = 8;

	while (word & MORE_WORDS) {
		if (at + 4 > size)
			return 0;
		word = get32_little(span.octets + at);
		at += 4;
	}
	if (present & HAS_TIME)
		at = ((at + 7) & ~7u) + 8;
	return present & HAS_FLAGS && at < size ? span.octets[at] : 0;
}

void layer_radiotap(struct decode *decode, struct span span)
{
	enum { HEADER = 8, HAS_FCS = 0x10, PADDED = 0x20 };
	uint32_t size;
	uint8_t flags;

	if (lacks(decode, span, HEADER))
		return;
	size = get16_little(span.octets + 2);
	if (size < HEADER || lacks(decode, span, size))
		return;
	flags = radiotap_flags(span, size);
	span = inner(span, size);
	if (flags & HAS_FCS)
		span = without_tail(span, FCS);
	decode->wlan_padded = (flags & PADDED) != 0;
	wlan(decode, span);
	decode->wlan_padded = false;
}

/** layer_avs(): magic number, length. */
void layer_avs(struct decode *decode, struct span span)
{
	uint32_t size;

	if (lacks(decode, span, 8))
		return;
	size = get32(span.octets + 4);
	if (size >= 8 && !lacks(decode, span, size))
		wlan(decode, inner(span, size));
}

/** layer_prism(): kind and length in the byte order of the machine that captured; AVS under the same link type. */
void layer_prism(struct decode *decode, struct span span)
{
	enum { AVS_MAGIC = 0x80211000 };
	uint32_t size;

	if (lacks(decode, span, 8))
		return;
	if ((get32(span.octets) & 0xfffff000) == (uint32_t)AVS_MAGIC) {
		enter(decode, LAYER_AVS, layer_avs, span);
		return;
	}
	size = get32_little(span.octets + 4);
	if (size > UINT16_MAX)
		size = get32(span.octets + 4);
	if (size >= 8 && !lacks(decode, span, size))
		wlan(decode, inner(span, size));
}

/** ppi_has_fcs(): the flags of the field that all frames of 802.11 have, among |fields|. */
static bool ppi_has_fcs(struct span fields)
{
	enum { COMMON = 2, FLAGS = 8 };

	while (fields.captured >= 4) {
		uint32_t size = get16_little(fields.octets + 2);
		struct span field = inner(limited(fields, 4 + size), 4);

		if (get16_little(fields.octets) == COMMON)
			return field.captured >= FLAGS + 2 && (get16_little(field.octets + FLAGS) & 1);
		fields = inner(fields, 4 + size);
	}
	return false;
}

/** layer_ppi(): version, flags, length, link type; fields. */
void layer_ppi(struct decode *decode, struct span span)
{
	enum { HEADER = 8, LINKTYPE_WLAN = 105 };
	struct span fields;
	uint32_t size, linktype;

	if (lacks(decode, span, HEADER))
		return;
	size = get16_little(span.octets + 2);
	linktype = get32_little(span.octets + 4);
	if (size < HEADER || lacks(decode, span, size))
		return;
	fields = inner(limited(span, size), HEADER);
	span = inner(span, size);
	if (linktype == LINKTYPE_WLAN && ppi_has_fcs(fields))
		span = without_tail(span, FCS);
	dispatch(decode, &linktypes, linktype, span);
}

/* ---- the frame ----------------------------------------------------------------------------------- */

/** Of the frame control field, in the order of a little-endian number. */
enum {
	CONTROL_TYPE = 0x000c, CONTROL_DATA = 0x0008, CONTROL_NO_DATA = 0x0040, CONTROL_QOS = 0x0080,
	CONTROL_TO_DS = 0x0100, CONTROL_FROM_DS = 0x0200, CONTROL_DS = 0x0300, CONTROL_MORE_FRAGMENTS = 0x0400,
	CONTROL_PROTECTED = 0x4000, CONTROL_ORDER = 0x8000
};

/** struct wlan_header: what is wanted of a header. */
struct wlan_header {
	uint16_t control;
	uint16_t qos;         /* 0 if there is none */
	uint32_t size;
	uint8_t dst[6], src[6];
};

/** ends(): source and destination; where they stand depends on who is an access point (IEEE 802.11 9.3.2.1). */
static void ends(struct wlan_header *header, const uint8_t *octets)
{
	const uint8_t *dst = octets + 4, *src = octets + 10;

	if (header->control & CONTROL_TO_DS)
		dst = octets + 16;
	if (header->control & CONTROL_FROM_DS)
		src = octets + (header->control & CONTROL_TO_DS ? 24 : 16);
	memcpy(header->dst, dst, 6);
	memcpy(header->src, src, 6);
}

/** read_header(): false if it was cut off. */
static bool read_header(struct decode *decode, struct span span, struct wlan_header *header)
{
	enum { SHORT = 24, ADDRESS = 6, QOS = 2, HIGH_THROUGHPUT = 4 };
	bool four = (header->control & CONTROL_DS) == CONTROL_DS;
	uint32_t size = SHORT + (four ? ADDRESS : 0);

	header->qos = 0;
	if (lacks(decode, span, size + (header->control & CONTROL_QOS ? QOS : 0)))
		return false;
	if (header->control & CONTROL_QOS) {
		header->qos = get16_little(span.octets + size);
		size += QOS;
		if (header->control & CONTROL_ORDER)
			size += HIGH_THROUGHPUT;
	}
	if (decode->wlan_padded)
		size = (size + 3) & ~3u;
	header->size = size;
	ends(header, span.octets);
	return !lacks(decode, span, size);
}

/** mesh(): the size of the mesh control field at the front of |span|, or 0. */
static uint32_t mesh(const struct wlan_header *header, struct span span)
{
	enum { QOS_MESH = 0x0100, ADDRESS_EXTENSION = 3, FIELD = 6, ADDRESS = 6 };
	uint8_t flags;

	if (!(header->control & CONTROL_FROM_DS) || !(header->qos & QOS_MESH) || span.captured < 1)
		return 0;
	flags = span.octets[0];
	return flags < ADDRESS_EXTENSION ? FIELD + flags * ADDRESS : 0;
}

/** subframes(): an A-MSDU: frames with addresses and length, each filled up to a multiple of 4. */
static void subframes(struct decode *decode, struct span span)
{
	enum { HEADER = 14 };

	while (span.length >= HEADER) {
		uint32_t length;

		if (lacks(decode, span, HEADER))
			return;
		length = get16(span.octets + 12);
		if (length > 0)
			enter(decode, LAYER_LLC, layer_llc, limited(inner(span, HEADER), length));
		span = inner(span, (HEADER + length + 3) & ~3u);
	}
}

/** body(): LLC, but some drivers leave Ethernet in the frame, or two octets before LLC. */
static void body(struct decode *decode, const struct wlan_header *header, struct span span)
{
	const uint8_t *octets = span.octets;

	if (span.captured >= 2 && get16(octets) != 0xaaaa) {
		if ((span.captured >= 12 && memcmp(octets + 6, header->src, 6) == 0) ||
		    (span.captured >= 6 && memcmp(octets, header->dst, 6) == 0)) {
			enter(decode, LAYER_ETH, layer_eth, span);
			return;
		}
		if (get16(octets) == 0xffff)
			return;
		if (get16(octets) == 0)
			span = inner(span, 2);
	}
	enter(decode, LAYER_LLC, layer_llc, span);
}

/** addresses_hash(): a number for who sends to whom. */
static uint32_t addresses_hash(const struct wlan_header *header)
{
	uint64_t words[2] = { 0, 0 };
	uint64_t hash;

	memcpy(&words[0], header->dst, 6);
	memcpy(&words[1], header->src, 6);
	hash = (words[0] ^ (words[1] + 0x9e3779b97f4a7c15)) * 0xbf58476d1ce4e5b9;
	hash = (hash ^ hash >> 32) * 0x94d049bb133111eb;
	return (uint32_t)(hash >> 32) | 1;
}

/** is_fragment(): remembers one that others follow; one that is the last is a whole if none came before it. */
static bool is_fragment(struct decode *decode, const struct wlan_header *header, uint16_t sequence)
{
	struct wlan_fragments *met = decoder_wlan(decode);
	uint32_t hash = addresses_hash(header) ^ (sequence >> 4) * 0x9e3779b1u;

	for (size_t i = 0; i < sizeof met->hashes / sizeof met->hashes[0]; i++)
		if (met->hashes[i] == hash)
			return true;
	if (!(header->control & CONTROL_MORE_FRAGMENTS))
		return false;
	met->hashes[met->next++ % (sizeof met->hashes / sizeof met->hashes[0])] = hash;
	return true;
}

static void data_frame(struct decode *decode, uint16_t control, struct span span)
{
	enum { FRAGMENT_NUMBER = 0x000f, QOS_AMSDU = 0x0080 };
	struct wlan_header header = { .control = control };
	uint16_t sequence;

	if (!read_header(decode, span, &header))
		return;
	if (control & CONTROL_PROTECTED) {
		not_decoded(decode, "wlan_encrypted");
		return;
	}
	sequence = get16_little(span.octets + 22);
	if (((control & CONTROL_MORE_FRAGMENTS) || (sequence & FRAGMENT_NUMBER)) &&
	    is_fragment(decode, &header, sequence)) {
		not_decoded(decode, "wlan_fragment");
		return;
	}
	span = inner(span, header.size);
	span = inner(span, mesh(&header, span));
	if (header.qos & QOS_AMSDU)
		subframes(decode, span);
	else
		body(decode, &header, span);
}

static void frame(struct decode *decode, uint16_t control, struct span span)
{
	if ((control & CONTROL_TYPE) == CONTROL_DATA && !(control & CONTROL_NO_DATA))
		data_frame(decode, control, span);
}

void layer_wlan(struct decode *decode, struct span span)
{
	if (!lacks(decode, span, 2))
		frame(decode, get16_little(span.octets), span);
}

/** layer_wlan_swapped(): some access points send the frame control field in the other order. */
void layer_wlan_swapped(struct decode *decode, struct span span)
{
	if (!lacks(decode, span, 2))
		frame(decode, get16(span.octets), span);
}
