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
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "huge.h"

#define TCPHS_BUCKET 12

/** It grows when a bucket has so many values, on average. */
#define TCPHS_BUCKET_FULL 10

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

/** tcphs_index_grow(): for tcphs_index_reserve(). */
bool tcphs_index_grow(struct tcphs_index *index, const struct tcphs_index_keys *keys);

/** tcphs_index_reserve(): room for one more; false without memory. Places found before are void. */
static inline bool tcphs_index_reserve(struct tcphs_index *index, const struct tcphs_index_keys *keys)
{
	return index->count < (index->mask + 1) * TCPHS_BUCKET_FULL || tcphs_index_grow(index, keys);
}

/** tcphs_index_add(): a value that is not there yet; room is reserved. */
void tcphs_index_add(struct tcphs_index *index, uint32_t hash, uint32_t value);

/** tcphs_index_remove(): a value that is there. */
void tcphs_index_remove(struct tcphs_index *index, uint32_t hash, uint32_t value);

/** tcphs_index_replace(): the same key has another value now. */
void tcphs_index_replace(struct tcphs_index *index, uint32_t hash, uint32_t before, uint32_t after);

static inline void tcphs_index_prefetch(const struct tcphs_index *index, uint32_t hash)
{
	tcphs_prefetch(&index->buckets[hash & index->mask]);
}

static inline uint8_t tcphs_index_tag(uint32_t hash)
{
	uint8_t tag = (uint8_t)(hash >> 24);

	return tag ? tag : 1;
}

#ifdef __SSE2__
/** tcphs_bucket_hits(): which places have that tag, a bit for each. */
static inline uint32_t tcphs_bucket_hits(const struct tcphs_bucket *bucket, uint8_t tag)
{
	__m128i tags = _mm_load_si128((const __m128i *)(const void *)bucket);

	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(tags, _mm_set1_epi8((char)tag))) &
	       ((UINT32_C(1) << TCPHS_BUCKET) - 1);
}
#else
static inline uint32_t tcphs_bucket_hits(const struct tcphs_bucket *bucket, uint8_t tag)
{
	uint32_t hits = 0;

	for (unsigned i = 0; i < TCPHS_BUCKET; i++)
		hits |= (uint32_t)(bucket->tags[i] == tag) << i;
	return hits;
}
#endif

/** tcphs_index_find(): the value that |same| says is the one, or |none|. */
static inline __attribute__((always_inline)) uint32_t
tcphs_index_find(const struct tcphs_index *index, uint32_t hash, uint32_t none,
                 bool (*same)(const void *context, const void *key, uint32_t value), const void *context,
                 const void *key)
{
	const uint8_t tag = tcphs_index_tag(hash);

	for (uint32_t at = hash & index->mask;; at = (at + 1) & index->mask) {
		const struct tcphs_bucket *bucket = &index->buckets[at];

		for (uint32_t hits = tcphs_bucket_hits(bucket, tag); hits; hits &= hits - 1) {
			uint32_t value = bucket->values[__builtin_ctz(hits)];

			if (same(context, key, value))
				return value;
		}
		if (bucket->passed == 0)
			return none;
	}
}

static inline bool tcphs_index_takes_it(const void *context, const void *key, uint32_t value)
{
	(void)context;
	(void)key;
	(void)value;
	return true;
}

/**
 * tcphs_index_guess(): what may be the value, or |none|. Whether it is of the same key is not looked at: that may not
 * be in the cache yet.
 */
static inline uint32_t tcphs_index_guess(const struct tcphs_index *index, uint32_t hash, uint32_t none)
{
	return tcphs_index_find(index, hash, none, tcphs_index_takes_it, NULL, NULL);
}

#endif
