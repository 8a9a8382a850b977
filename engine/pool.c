/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool.c - equal items, named by numbers.
 *
 * A pool grows by chunks, so that what is in it never moves and a failed allocation loses nothing. Items given back are
 * handed out again first, the latest first: it is still in the cache. A bit for each item tells those that are taken.
 */
#include "pool.h"

#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64

void tcphs_pool_init(struct tcphs_pool *pool, size_t item)
{
	*pool = (struct tcphs_pool){ .item = item, .free = TCPHS_NONE };
}

void tcphs_pool_clear(struct tcphs_pool *pool)
{
	for (uint32_t i = 0; i < pool->chunk_count; i++)
		free(pool->chunks[i]);
	free(pool->chunks);
	tcphs_pool_init(pool, pool->item);
}

static bool grow(struct tcphs_pool *pool)
{
	size_t size = sizeof(struct tcphs_chunk) + TCPHS_CHUNK * pool->item;
	struct tcphs_chunk **chunks;
	struct tcphs_chunk *chunk;

	/* The list of chunks doubles at powers of two. */
	if ((pool->chunk_count & (pool->chunk_count - 1)) == 0) {
		size_t wanted = pool->chunk_count ? 2 * (size_t)pool->chunk_count : 1;

		chunks = realloc(pool->chunks, wanted * sizeof(*chunks));
		if (!chunks)
			return false;
		pool->chunks = chunks;
	}
	chunk = aligned_alloc(CACHE_LINE, (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
	if (!chunk)
		return false;
	memset(chunk->taken, 0, sizeof(chunk->taken));
	pool->chunks[pool->chunk_count++] = chunk;
	return true;
}

static uint64_t *word_of(const struct tcphs_pool *pool, uint32_t number)
{
	return &pool->chunks[number >> TCPHS_CHUNK_BITS]->taken[number % TCPHS_CHUNK / 64];
}

uint32_t tcphs_pool_take(struct tcphs_pool *pool)
{
	uint32_t number = pool->free;

	if (number != TCPHS_NONE) {
		memcpy(&pool->free, tcphs_pool_at(pool, number), sizeof(pool->free));
	} else {
		if (pool->count == TCPHS_POOL_MAX ||
		    (pool->count >> TCPHS_CHUNK_BITS == pool->chunk_count && !grow(pool)))
			return TCPHS_NONE;
		number = pool->count++;
	}
	*word_of(pool, number) |= UINT64_C(1) << number % 64;
	return number;
}

uint32_t tcphs_pool_take_zeroed(struct tcphs_pool *pool)
{
	uint32_t number = tcphs_pool_take(pool);

	if (number != TCPHS_NONE)
		memset(tcphs_pool_at(pool, number), 0, pool->item);
	return number;
}

void tcphs_pool_give(struct tcphs_pool *pool, uint32_t number)
{
	memcpy(tcphs_pool_at(pool, number), &pool->free, sizeof(pool->free));
	pool->free = number;
	*word_of(pool, number) &= ~(UINT64_C(1) << number % 64);
}

uint32_t tcphs_pool_next(const struct tcphs_pool *pool, uint32_t number)
{
	for (; number < pool->count; number = (number | 63) + 1) {
		uint64_t taken = *word_of(pool, number) >> number % 64;

		if (taken)
			return number + (uint32_t)__builtin_ctzll(taken);
	}
	return TCPHS_NONE;
}
