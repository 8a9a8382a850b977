/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * index.c - a hash table of 32-bit values; see index.h.
 *
 * It doubles when ten of twelve places are taken. Every value then needs its hash again, and for that its key, which is
 * anywhere: the keys of some buckets ahead are fetched while the values of one move.
 */
#include "index.h"

#include <stdlib.h>

#include "huge.h"

#define BUCKETS_MIN 128
#define AHEAD 3          /* buckets */

static bool allocate(struct tcphs_index *index, uint32_t buckets)
{
	/* Large tables come zeroed from the system, and what is not used of them costs no memory. */
	const size_t size = (size_t)buckets * sizeof(*index->buckets) + TCPHS_CACHE_LINE;

	index->memory = calloc(1, size);
	if (!index->memory)
		return false;
	tcphs_huge_advise(index->memory, size);
	index->buckets = (struct tcphs_bucket *)tcphs_whole_lines((uintptr_t)index->memory);
	index->mask = buckets - 1;
	index->count = 0;
	return true;
}

bool tcphs_index_init(struct tcphs_index *index)
{
	return allocate(index, BUCKETS_MIN);
}

void tcphs_index_clear(struct tcphs_index *index)
{
	free(index->memory);
	*index = (struct tcphs_index){ 0 };
}

void tcphs_index_add(struct tcphs_index *index, uint32_t hash, uint32_t value)
{
	struct tcphs_bucket *bucket;
	uint32_t gaps;
	unsigned place;

	for (uint32_t at = hash & index->mask;; at = (at + 1) & index->mask) {
		bucket = &index->buckets[at];
		gaps = tcphs_bucket_hits(bucket, 0);
		if (gaps)
			break;
		if (bucket->passed < UINT8_MAX)
			bucket->passed++;
	}
	place = (unsigned)__builtin_ctz(gaps);
	bucket->tags[place] = tcphs_index_tag(hash);
	bucket->values[place] = value;
	index->count++;
}

/* The bucket and the place of a value that is there. */
static struct tcphs_bucket *locate(const struct tcphs_index *index, uint32_t hash, uint32_t value, unsigned *place)
{
	const uint8_t tag = tcphs_index_tag(hash);

	for (uint32_t at = hash & index->mask;; at = (at + 1) & index->mask) {
		struct tcphs_bucket *bucket = &index->buckets[at];

		for (uint32_t hits = tcphs_bucket_hits(bucket, tag); hits; hits &= hits - 1) {
			*place = (unsigned)__builtin_ctz(hits);
			if (bucket->values[*place] == value)
				return bucket;
		}
	}
}

void tcphs_index_remove(struct tcphs_index *index, uint32_t hash, uint32_t value)
{
	unsigned place;
	struct tcphs_bucket *bucket = locate(index, hash, value, &place);

	bucket->tags[place] = 0;
	for (uint32_t at = hash & index->mask; &index->buckets[at] != bucket; at = (at + 1) & index->mask) {
		if (index->buckets[at].passed < UINT8_MAX)
			index->buckets[at].passed--;
	}
	index->count--;
}

void tcphs_index_replace(struct tcphs_index *index, uint32_t hash, uint32_t before, uint32_t after)
{
	unsigned place;
	struct tcphs_bucket *bucket = locate(index, hash, before, &place);

	bucket->values[place] = after;
}

/* Which places have a value, a bit for each. */
static uint32_t taken_places(const struct tcphs_bucket *bucket)
{
	return ~tcphs_bucket_hits(bucket, 0) & ((UINT32_C(1) << TCPHS_BUCKET) - 1);
}

static void prefetch_bucket(const struct tcphs_bucket *bucket, const struct tcphs_index_keys *keys)
{
	for (uint32_t taken = taken_places(bucket); taken; taken &= taken - 1)
		keys->prefetch(keys->context, bucket->values[__builtin_ctz(taken)]);
}

bool tcphs_index_grow(struct tcphs_index *index, const struct tcphs_index_keys *keys)
{
	const uint32_t buckets = index->mask + 1;
	struct tcphs_index larger;

	/* Up to one free place is enough to go on with. */
	if (buckets > UINT32_MAX / 2 / TCPHS_BUCKET || !allocate(&larger, 2 * buckets))
		return index->count < buckets * TCPHS_BUCKET - 1;
	for (uint32_t i = 0; i < buckets; i++) {
		const struct tcphs_bucket *bucket = &index->buckets[i];

		if (i + AHEAD < buckets)
			prefetch_bucket(&index->buckets[i + AHEAD], keys);
		for (uint32_t taken = taken_places(bucket); taken; taken &= taken - 1) {
			const uint32_t value = bucket->values[__builtin_ctz(taken)];

			tcphs_index_add(&larger, keys->hash(keys->context, value), value);
		}
	}
	free(index->memory);
	*index = larger;
	return true;
}
