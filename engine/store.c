/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.c - pools of equal items.
 *
 * A pool grows by chunks, so that what is in it never moves and a failed allocation loses nothing. Items
 * given back are handed out again first, the latest first: it is still in the cache.
 */
#include <stdlib.h>
#include <string.h>

#include "store.h"

#define CHUNK_BITS 8
#define CHUNK (UINT32_C(1) << CHUNK_BITS)

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

void *tcphs_pool_at(const struct tcphs_pool *pool, uint32_t number)
{
	return (char *)pool->chunks[number >> CHUNK_BITS] + (size_t)(number & (CHUNK - 1)) * pool->item;
}

static bool grow(struct tcphs_pool *pool)
{
	void **chunks;

	/* The list of chunks doubles at powers of two. */
	if ((pool->chunk_count & (pool->chunk_count - 1)) == 0) {
		size_t wanted = pool->chunk_count ? 2 * (size_t)pool->chunk_count : 1;

		chunks = realloc(pool->chunks, wanted * sizeof(*chunks));
		if (!chunks)
			return false;
		pool->chunks = chunks;
	}
	pool->chunks[pool->chunk_count] = malloc(CHUNK * pool->item);
	if (!pool->chunks[pool->chunk_count])
		return false;
	pool->chunk_count++;
	return true;
}

uint32_t tcphs_pool_take(struct tcphs_pool *pool)
{
	uint32_t number = pool->free;

	if (number != TCPHS_NONE) {
		memcpy(&pool->free, tcphs_pool_at(pool, number), sizeof(pool->free));
	} else {
		if (pool->count == TCPHS_NONE || (pool->count >> CHUNK_BITS == pool->chunk_count && !grow(pool)))
			return TCPHS_NONE;
		number = pool->count++;
	}
	memset(tcphs_pool_at(pool, number), 0, pool->item);
	return number;
}

void tcphs_pool_give(struct tcphs_pool *pool, uint32_t number)
{
	memcpy(tcphs_pool_at(pool, number), &pool->free, sizeof(pool->free));
	pool->free = number;
}
