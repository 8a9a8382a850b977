/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * index.h - a hash table of 32-bit values; where their keys are is the caller's business.
 *
 * A bucket is a cache line: twelve values, and of the hash of each an octet, so that a look-up costs one line here
 * and one where the key is, and a look-up in vain rarely more than the one here. What finds its bucket full goes to the
 * next; |passed| counts them, so that a search knows where to end, and nothing has to be moved when one is removed.
 */
#ifndef TCPHS_INDEX_H
#define TCPHS_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define TCPHS_BUCKET 12

struct tcphs_bucket {
	uint8_t tags[TCPHS_BUCKET];    /* 0 is free */
	uint8_t passed;                /* values that would be here; from 255 on it is not counted any more */
	uint8_t unused[3];
	uint32_t values[TCPHS_BUCKET];
};

struct tcphs_index {
	struct tcphs_bucket *buckets;
	void *memory;
	uint32_t mask;                 /* buckets - 1, a power of two less one */
	uint32_t count;                /* values */
};

/** struct tcphs_index_keys: what the index asks about values. */
struct tcphs_index_keys {
	const void *context;
	uint32_t (*hash)(const void *context, uint32_t value);
	void (*prefetch)(const void *context, uint32_t value);   /* 'hash' will be asked soon */
};

/** tcphs_index_init(): false without memory; clear() is allowed then. */
bool tcphs_index_init(struct tcphs_index *index);
void tcphs_index_clear(struct tcphs_index *index);

/** tcphs_index_reserve(): room for one more; false without memory. Places found before are void. */
bool tcphs_index_reserve(struct tcphs_index *index, const struct tcphs_index_keys *keys);

/** tcphs_index_add(): a value that is not there yet; room is reserved. */
void tcphs_index_add(struct tcphs_index *index, uint32_t hash, uint32_t value);

/** tcphs_index_remove(): a value that is there. */
void tcphs_index_remove(struct tcphs_index *index, uint32_t hash, uint32_t value);

/** tcphs_index_replace(): the same key has another value now. */
void tcphs_index_replace(struct tcphs_index *index, uint32_t hash, uint32_t before, uint32_t after);

static inline void tcphs_index_prefetch(const struct tcphs_index *index, uint32_t hash)
{
	__builtin_prefetch(&index->buckets[hash & index->mask]);
}

static inline uint8_t tcphs_index_tag(uint32_t hash)
{
	uint8_t tag = (uint8_t)(hash >> 24);

	return tag ? tag : 1;
}

/** tcphs_octets_equal(): for each octet of |word| that is |octet|, its highest bit. */
static inline uint64_t tcphs_octets_equal(uint64_t word, uint8_t octet)
{
	const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
	uint64_t x = word ^ octet * UINT64_C(0x0101010101010101);

	return ~(((x & low) + low) | x | low);
}

/** tcphs_bucket_hits(): which places have that tag, as bits 4 i of place i. */
static inline uint64_t tcphs_bucket_hits(const struct tcphs_bucket *bucket, uint8_t tag)
{
	uint64_t first, second = 0;
	uint32_t rest;

	memcpy(&first, bucket->tags, sizeof(first));
	memcpy(&rest, bucket->tags + sizeof(first), sizeof(rest));
	second = rest;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	first = __builtin_bswap64(first);
	second = __builtin_bswap32(rest);
#endif
	first = tcphs_octets_equal(first, tag) >> 7;                   /* bits 8 i */
	second = tcphs_octets_equal(second, tag) >> 7 & UINT64_C(0x01010101);
	return first | second << 4;   /* of the first eight 8 i, of the last four 8 (i - 8) + 4 */
}

/** tcphs_bucket_place(): the place of the lowest bit of what tcphs_bucket_hits() gave. */
static inline unsigned tcphs_bucket_place(uint64_t hits)
{
	unsigned bit = (unsigned)__builtin_ctzll(hits);

	return bit / 8 + (bit & 4) * 2;
}

/** tcphs_index_find(): the value that |same| says is the one, or |none|. */
static inline __attribute__((always_inline)) uint32_t
tcphs_index_find(const struct tcphs_index *index, uint32_t hash, uint32_t none,
                 bool (*same)(const void *context, const void *key, uint32_t value), const void *context,
                 const void *key)
{
	const uint8_t tag = tcphs_index_tag(hash);

	for (uint32_t at = hash & index->mask;; at = (at + 1) & index->mask) {
		const struct tcphs_bucket *bucket = &index->buckets[at];

		for (uint64_t hits = tcphs_bucket_hits(bucket, tag); hits; hits &= hits - 1) {
			uint32_t value = bucket->values[tcphs_bucket_place(hits)];

			if (same(context, key, value))
				return value;
		}
		if (bucket->passed == 0)
			return none;
	}
}

#endif
