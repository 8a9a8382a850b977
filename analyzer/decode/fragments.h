/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fragments.h - IP fragments put together.
 */
#ifndef TCPHS_FRAGMENTS_H
#define TCPHS_FRAGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The most that waits at one time, of all datagrams; what has waited longest gives way. */
#define FRAGMENTS_DATAGRAMS_MAX 4096
#define FRAGMENTS_OCTETS_MAX (16u << 20)

/** The most pieces of one datagram; with more it is given up. Of 24 octets each, 49152 octets. */
#define FRAGMENTS_PIECES_MAX 2048

/** struct fragment_key: which fragments belong together. */
struct fragment_key {
	uint8_t src[16], dst[16];  /* IPv4 mapped */
	uint32_t id;
	uint32_t version;          /* 4 or 6 */
};

/** struct fragment: one of them: |size| octets that belong at |offset|; they are copied. */
struct fragment {
	struct fragment_key key;
	const uint8_t *octets;
	uint32_t offset;
	uint32_t size;
	bool last;                 /* no more fragments come after these octets */
	bool counted;              /* the caller will count it as not decoded, unless it completes the datagram */
	uint32_t frame;            /* in which it came */
};

/** struct whole: a datagram that is complete. */
struct whole {
	uint8_t *octets;           /* for g_free() */
	uint32_t size;
	uint32_t *frames;          /* in which its pieces came, for g_free() */
	uint32_t frame_count;
	uint32_t counted;          /* of its earlier fragments, how many were |counted| */
};

struct fragments;

struct fragments *fragments_new(void);
void fragments_del(struct fragments *fragments);

/** fragments_forget(): drops whatever waits. */
void fragments_forget(struct fragments *fragments);

/**
 * fragments_add(): one fragment more.
 *
 * @return true if its datagram is complete: *whole is set, and the datagram waits no longer.
 */
bool fragments_add(struct fragments *fragments, const struct fragment *fragment, struct whole *whole);

/** fragments_octets(): how many octets wait, with what it takes to keep them; never more than FRAGMENTS_OCTETS_MAX. */
size_t fragments_octets(const struct fragments *fragments);

#endif
