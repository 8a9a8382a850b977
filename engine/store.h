/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.h - where connections, 4-tuples and findings are kept; only store.c knows how.
 *
 * Everything is named by a number, never by an address: a number stays valid until it is given back, an
 * address only until the next call of a function that can allocate. NONE is no number.
 */
#ifndef TCPHS_STORE_H
#define TCPHS_STORE_H

#include "connection.h"

#define TCPHS_NONE UINT32_MAX

/** struct tcphs_pool: equal items in chunks that never move, with a list of those given back. */
struct tcphs_pool {
	void **chunks;
	size_t item;           /* octets */
	uint32_t count;        /* items ever handed out */
	uint32_t chunk_count;
	uint32_t free;         /* first item given back, or NONE; its first 4 octets name the next */
};

void tcphs_pool_init(struct tcphs_pool *pool, size_t item);
void tcphs_pool_clear(struct tcphs_pool *pool);
/** tcphs_pool_take(): a zeroed item's number, or TCPHS_NONE if there is no memory. */
uint32_t tcphs_pool_take(struct tcphs_pool *pool);
void tcphs_pool_give(struct tcphs_pool *pool, uint32_t number);
void *tcphs_pool_at(const struct tcphs_pool *pool, uint32_t number);

/** One connection and its place among the others. */
struct tcphs_entry {
	struct tcphs_connection c;
	uint32_t tuple, stream, incarnation;
	uint32_t findings, last_finding;  /* list of struct tcphs_kept, or NONE */
	uint32_t next;                    /* in the list of those lingering, or of those retired */
	uint32_t before;                  /* in the list of those lingering */
	tcphs_time expires_from;          /* closed or replaced then; valid if 'lingering' */
	uint8_t first_direction;          /* of the first side: 0 if it is the tuple's lower endpoint */
	bool lingering, retired;
	bool early;                       /* retired before the capture's end, which then means nothing to it */
};

/** A finding that was kept. */
struct tcphs_kept {
	uint32_t next;
	struct tcphs_finding finding;
};

/** Bits of tcphs_tuple.flags. */
enum {
	TCPHS_TUPLE_BASE_LOW = 1, TCPHS_TUPLE_BASE_HIGH = 2,  /* base[0], base[1] are set */
	TCPHS_TUPLE_USED = 4,         /* it had a connection */
	TCPHS_TUPLE_UNANSWERED = 8,   /* the one that retired last was a SYN without any answer */
	TCPHS_TUPLE_ENDED = 16,       /* RST or FIN with ACK in this stream */
	TCPHS_TUPLE_FORGOTTEN = 32,   /* not in the table any more */
};

/** One 4-tuple: lower endpoint first. A base is what stream numbering compares SYNs with. */
struct tcphs_tuple {
	uint8_t low[16], high[16];
	uint16_t low_port, high_port;
	uint32_t hash;
	uint32_t stream;
	uint32_t base[2];            /* of the lower and of the higher endpoint */
	uint32_t newest, previous;   /* entries, or NONE */
	uint32_t incarnations;       /* connections so far whose stream is this one */
	tcphs_time flood_from;       /* when the count below began */
	uint32_t syn_isns;           /* connections opened by SYN since */
	uint32_t undrained;          /* its connections that retired and were not given to the caller yet */
	uint32_t older, newer;       /* by last use, for 'forget' */
	tcphs_time used;
	uint8_t flags;
};

#endif
