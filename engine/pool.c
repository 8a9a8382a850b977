/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool.c - equal items, named by numbers.
 *
 * A pool grows by chunks, a large one by many at once, so that what is in it never moves and a failed allocation loses
 * nothing. Items given back are handed out again first, the latest first: it is still in the cache. A bit for each item
 * tells those that are taken.
 */
#include "pool.h"

#include <stdlib.h>
#include <string.h>

#include "huge.h"

/** From how many octets on a pool grows by huge pages. */
#define HUGE_FROM ((size_t)2 << 20)

void tcphs_pool_init(struct tcphs_pool *pool, size_t item)
{
	*pool = (struct tcphs_pool){ .item = item, .free = TCPHS_NONE };
}

void tcphs_pool_clear(struct tcphs_pool *pool)
{
	while (pool->slabs) {
		struct tcphs_slab *slab = pool->slabs;

		pool->slabs = slab->before;
		free(slab);
	}
	free(pool->chunks);
	tcphs_pool_init(pool, pool->item);
}

/* Octets of a chunk. */
static size_t size_of_chunk(const struct tcphs_pool *pool)
{
	return tcphs_whole_lines(sizeof(struct tcphs_chunk) + TCPHS_CHUNK * pool->item);
}

/* How many chunks come next: one at first, then as many as a huge page holds. */
static uint32_t chunks_wanted(const struct tcphs_pool *pool)
{
	size_t room = (TCPHS_HUGE_PAGE - sizeof(struct tcphs_slab)) / size_of_chunk(pool);

	return pool->chunk_count < HUGE_FROM / size_of_chunk(pool) || room == 0 ? 1 : (uint32_t)room;
}

static struct tcphs_slab *new_slab(const struct tcphs_pool *pool, uint32_t chunks)
{
	size_t size = sizeof(struct tcphs_slab) + chunks * size_of_chunk(pool);
	struct tcphs_slab *slab;

	if (chunks == 1)
		return aligned_alloc(TCPHS_CACHE_LINE, size);
	slab = aligned_alloc(TCPHS_HUGE_PAGE, TCPHS_HUGE_PAGE);
	if (slab)
		tcphs_huge_advise(slab, TCPHS_HUGE_PAGE);
	return slab;
}

/* The list of chunks doubles at powers of two. */
static bool grow_list(struct tcphs_pool *pool, uint32_t more)
{
	size_t wanted = pool->chunk_room ? pool->chunk_room : 1;
	struct tcphs_chunk **chunks;

	while (wanted < (size_t)pool->chunk_count + more)
		wanted *= 2;
	if (wanted == pool->chunk_room)
		return true;
	chunks = realloc(pool->chunks, wanted * sizeof(*chunks));
	if (!chunks)
		return false;
	pool->chunks = chunks;
	pool->chunk_room = (uint32_t)wanted;
	return true;
}

/* Seldom, and apart: taking an item is short then. */
__attribute__((noinline)) static bool grow(struct tcphs_pool *pool)
{
	uint32_t more = chunks_wanted(pool);
	struct tcphs_slab *slab;

	if (!grow_list(pool, more))
		return false;
	slab = new_slab(pool, more);
	if (!slab && more > 1)
		slab = new_slab(pool, more = 1);
	if (!slab)
		return false;
	slab->before = pool->slabs;
	pool->slabs = slab;
	for (uint32_t i = 0; i < more; i++)
		pool->chunks[pool->chunk_count++] = (struct tcphs_chunk *)(slab->chunks + i * size_of_chunk(pool));
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
		if (number % TCPHS_CHUNK == 0)
			memset(pool->chunks[number >> TCPHS_CHUNK_BITS]->taken, 0, sizeof(pool->chunks[0]->taken));
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
