/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool.h - equal items, named by numbers.
 *
 * A number stays valid until it is given back; an address does, too, for items never move. NONE is no number.
 */
#ifndef TCPHS_POOL_H
#define TCPHS_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TCPHS_NONE UINT32_MAX

/** A pool has no more items than this: who keeps numbers has the upper three bits for something else. */
#define TCPHS_POOL_MAX ((UINT32_C(1) << 29) - 1)

#define TCPHS_CHUNK_BITS 8
#define TCPHS_CHUNK (UINT32_C(1) << TCPHS_CHUNK_BITS)

/** A chunk: its items begin on a cache line of their own. */
struct tcphs_chunk {
	uint64_t taken[TCPHS_CHUNK / 64];  /* a bit for each item */
	uint64_t unused[4];
	uint8_t items[];
};

/** A piece of memory with one or more chunks. */
struct tcphs_slab {
	struct tcphs_slab *before;
	uint64_t unused[7];
	uint8_t chunks[];
};

struct tcphs_pool {
	struct tcphs_chunk **chunks;
	struct tcphs_slab *slabs;
	size_t item;           /* octets, 4 or more */
	uint32_t count;        /* items ever handed out */
	uint32_t chunk_count, chunk_room;
	uint32_t free;         /* first item given back, or NONE; its first 4 octets name the next */
};

void tcphs_pool_init(struct tcphs_pool *pool, size_t item);
void tcphs_pool_clear(struct tcphs_pool *pool);
/** tcphs_pool_take(): an item's number, or TCPHS_NONE if there is no memory. What is in it is not set. */
uint32_t tcphs_pool_take(struct tcphs_pool *pool);
/** tcphs_pool_take_zeroed(): the same, all of it 0. */
uint32_t tcphs_pool_take_zeroed(struct tcphs_pool *pool);
void tcphs_pool_give(struct tcphs_pool *pool, uint32_t number);
/** tcphs_pool_next(): the first item from |number| on that is taken, or TCPHS_NONE: to walk through a pool. */
uint32_t tcphs_pool_next(const struct tcphs_pool *pool, uint32_t number);

static inline void *tcphs_pool_at(const struct tcphs_pool *pool, uint32_t number)
{
	return pool->chunks[number >> TCPHS_CHUNK_BITS]->items + (size_t)(number & (TCPHS_CHUNK - 1)) * pool->item;
}

#endif
