/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.h - where connections, 4-tuples and findings are kept, and in which form; only store.c knows how.
 *
 * A 4-tuple is named by a number that has its form in it, so the number changes with the form:
 *
 *   FULL    struct tcphs_tuple, with up to two connections that live
 *   SYN     one connection, of which no more than a SYN was captured: that SYN, and nothing else. What became of the
 *           connection by it is worked out again when more is captured, or when the connection is asked for
 *   SPENT   no connection any more: what stream numbers, and the next connection on it, need
 *
 * SYN and SPENT are packed: they exist once for IPv4 and once for all else. A packed form is used only where nothing is
 * lost by it; what does not fit stays FULL.
 */
#ifndef TCPHS_STORE_H
#define TCPHS_STORE_H

#include "connection.h"
#include "huge.h"
#include "index.h"
#include "pool.h"

/** One connection and its place among the others. */
struct tcphs_entry {
	uint32_t tuple, stream, incarnation;
	uint32_t hash;                    /* of its tuple */
	uint32_t findings, last_finding;  /* list of struct tcphs_kept, or NONE */
	uint32_t next;                    /* in the list of those lingering, or of those retired */
	uint32_t before;                  /* in the list of those lingering */
	uint8_t first_direction;          /* of the first side: 0 if it is the tuple's lower endpoint */
	bool lingering, retired;
	/* If 'lingering', when it was closed or replaced. If 'retired', when the capture ended for it: TIME_NEVER if it
	 * retired before that. */
	tcphs_time expires_from;
	struct tcphs_connection c;
};

_Static_assert(offsetof(struct tcphs_entry, c.side[0]) % TCPHS_CACHE_LINE == 0 &&
               offsetof(struct tcphs_entry, c.side[1]) % TCPHS_CACHE_LINE == 0,
               "what most segments touch of a side is one cache line");

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

/** A 4-tuple in form FULL: lower endpoint first. A base is what stream numbering compares SYNs with. */
struct tcphs_tuple {
	uint8_t low[16], high[16];
	uint32_t ports;              /* the lower endpoint's in the upper half */
	uint32_t newest, previous;   /* entries, or NONE */
	uint32_t stream;
	uint32_t base[2];            /* of the lower and of the higher endpoint */
	uint32_t hash;
	uint8_t flags;
	bool listed;                 /* it is what is found under its key */
	uint32_t undrained;          /* its connections that retired and were not given to the caller yet */
	uint32_t incarnations;       /* connections so far whose stream is this one */
	uint32_t syn_isns;           /* connections opened by SYN since flood_from */
	tcphs_time flood_from;       /* when that count began */
};

enum tcphs_form { TCPHS_FULL, TCPHS_SYN4, TCPHS_SYN6, TCPHS_SPENT4, TCPHS_SPENT6, TCPHS_FORMS };

/** tcphs_form_of(): the form in a 4-tuple's number. */
static inline enum tcphs_form tcphs_form_of(uint32_t tuple)
{
	return (enum tcphs_form)(tuple >> 29);
}

/** tcphs_is_syn(): whether it is packed as a SYN. */
static inline bool tcphs_is_syn(uint32_t tuple)
{
	return tcphs_form_of(tuple) == TCPHS_SYN4 || tcphs_form_of(tuple) == TCPHS_SYN6;
}

/** How many 32-bit words a key has; a hash of so many takes one more secret. */
#define TCPHS_KEY_WORDS 9

/** enum tcphs_rank: what is lost by giving a 4-tuple up, from little to much. */
enum tcphs_rank {
	TCPHS_RANK_SPENT,      /* no connection of it lives */
	TCPHS_RANK_DECIDED,    /* the verdicts of those that live are certain */
	TCPHS_RANK_UNDECIDED,
	TCPHS_RANKS
};

struct tcphs_store {
	uint64_t secrets[TCPHS_KEY_WORDS + 1];
	struct tcphs_pool entries, findings;
	struct tcphs_pool tuples[TCPHS_FORMS];
	struct tcphs_index index;
	bool ordered;                /* the order in which 4-tuples were used is kept, in each rank */
	uint32_t oldest[TCPHS_RANKS], newest[TCPHS_RANKS];   /* by that order, or NONE */
	uint32_t in_order;           /* 4-tuples that have a place in it */
};

/** tcphs_store_init(): false without memory; clear() is allowed then. */
bool tcphs_store_init(struct tcphs_store *store, const struct tcphs_config *config);
void tcphs_store_clear(struct tcphs_store *store);

static inline struct tcphs_entry *tcphs_entry_at(const struct tcphs_store *store, uint32_t number)
{
	return tcphs_pool_at(&store->entries, number);
}

/** tcphs_entry_prefetch(): a segment of the open connection comes soon. */
static inline void tcphs_entry_prefetch(const struct tcphs_entry *e, const struct tcphs_config *config)
{
	tcphs_prefetch(e);
	tcphs_prefetch(&e->c.last);
	tcphs_prefetch(&e->c.side[0]);
	tcphs_prefetch(&e->c.side[1]);
	if (config->zeek) {
		tcphs_prefetch(&e->c.zeek);
		tcphs_prefetch(&e->c.zeek.endpoint[1]);
	}
}

/** tcphs_tuple_at(): of form FULL, which a number as such is. */
static inline struct tcphs_tuple *tcphs_tuple_at(const struct tcphs_store *store, uint32_t number)
{
	return tcphs_pool_at(&store->tuples[TCPHS_FULL], number);
}

static inline struct tcphs_kept *tcphs_kept_at(const struct tcphs_store *store, uint32_t number)
{
	return tcphs_pool_at(&store->findings, number);
}

/* ---- 4-tuples ------------------------------------------------------------------------------------ */

void tcphs_store_place(const struct tcphs_store *store, const struct tcphs_key *key, struct tcphs_place *place);

/** tcphs_store_prefetch(): it will be looked up soon. Sets place->seen to what may be its number, or NONE. */
void tcphs_store_prefetch(const struct tcphs_store *store, struct tcphs_place *place);

/** tcphs_store_find(): the 4-tuple's number, or NONE. */
uint32_t tcphs_store_find(const struct tcphs_store *store, const struct tcphs_place *place);

/*
 * Which end is the lower one is as good as random, and a processor that has to guess it is often wrong: so it is
 * reckoned with, and not asked for.
 */

/** tcphs_ports_of(): the lower end's port in the upper half, the other in the lower one. */
static inline uint32_t tcphs_ports_of(const struct tcphs_place *place)
{
	const uint32_t ports = (uint32_t)place->key->sport << 16 | place->key->dport;
	const unsigned turn = 16u * place->direction;

	return ports << turn | ports >> turn;
}

/** tcphs_low_of(), tcphs_high_of(): the addresses of a key, which begins with them. */
static inline const uint8_t *tcphs_low_of(const struct tcphs_place *place)
{
	return (const uint8_t *)place->key + 16 * (size_t)place->direction;
}

static inline const uint8_t *tcphs_high_of(const struct tcphs_place *place)
{
	return (const uint8_t *)place->key + 16 * (size_t)!place->direction;
}

static inline uint64_t tcphs_word64(const uint8_t *octets)
{
	uint64_t word;

	memcpy(&word, octets, sizeof(word));
	return word;
}

/** tcphs_store_is(): whether FULL |tuple| is the one of |place|. */
static inline bool tcphs_store_is(const struct tcphs_tuple *tuple, const struct tcphs_place *place)
{
	const uint8_t *low = tcphs_low_of(place), *high = tcphs_high_of(place);

	return ((tcphs_word64(tuple->low) ^ tcphs_word64(low)) |
	        (tcphs_word64(tuple->low + 8) ^ tcphs_word64(low + 8)) |
	        (tcphs_word64(tuple->high) ^ tcphs_word64(high)) |
	        (tcphs_word64(tuple->high + 8) ^ tcphs_word64(high + 8)) |
	        (tcphs_ports_of(place) ^ tuple->ports) |
	        (tuple->hash ^ place->hash)) == 0;
}

/** tcphs_store_look_up(): the same, quicker if what was seen in the batch is still true. *tuple* is set to where a FULL
 * one is, else to NULL. */
static inline uint32_t tcphs_store_look_up(const struct tcphs_store *store, const struct tcphs_place *place,
                                           struct tcphs_tuple **tuple)
{
	uint32_t number = place->seen;

	if (number != TCPHS_NONE && tcphs_form_of(number) == TCPHS_FULL) {
		*tuple = place->there;
		if ((*tuple)->listed && tcphs_store_is(*tuple, place))
			return number;
	}
	number = tcphs_store_find(store, place);
	*tuple = number != TCPHS_NONE && tcphs_form_of(number) == TCPHS_FULL ? tcphs_tuple_at(store, number) : NULL;
	return number;
}

/** tcphs_store_add(): a 4-tuple that is not there yet, FULL and without a connection; NONE without memory. */
uint32_t tcphs_store_add(struct tcphs_store *store, const struct tcphs_place *place);

/**
 * tcphs_store_add_syn(): a 4-tuple that is not there yet, as the SYN |segment| that opens its first connection, and
 * whether that |plain|ly passes all checks (tcphs_checks_pass()).
 *
 * @return its number, or NONE: it cannot be packed, or there is no memory.
 */
uint32_t tcphs_store_add_syn(struct tcphs_store *store, const struct tcphs_place *place, uint32_t stream,
                             const struct tcphs_segment *segment, bool plain);

/** tcphs_store_syn(): the SYN of a 4-tuple of that form, and its sender's key. */
const struct tcphs_packed_syn *tcphs_store_syn(const struct tcphs_store *store, uint32_t number,
                                               struct tcphs_key *key, uint32_t *stream);

/** tcphs_store_read_syn(): what a 4-tuple of form SYN is about; |place| is its sender's. */
void tcphs_store_read_syn(const struct tcphs_store *store, uint32_t number, struct tcphs_key *key,
                          struct tcphs_place *place, uint32_t *stream, struct tcphs_segment *segment);

/** tcphs_store_stream(): the stream of a 4-tuple of form SYN. */
uint32_t tcphs_store_stream(const struct tcphs_store *store, uint32_t number);

/** tcphs_store_unpack(): a FULL 4-tuple for one that is SPENT, which is no more; NONE without memory. */
uint32_t tcphs_store_unpack(struct tcphs_store *store, uint32_t number);

/** tcphs_store_pack(): makes a FULL one that has no connection SPENT, if nothing is lost by it. */
void tcphs_store_pack(struct tcphs_store *store, uint32_t number);

/** tcphs_store_new(): a FULL 4-tuple that cannot be looked up, for |place|; NONE without memory. */
uint32_t tcphs_store_new(struct tcphs_store *store, const struct tcphs_place *place);

/** tcphs_store_replace(): the 4-tuple |before| is |after| from now on. */
void tcphs_store_replace(struct tcphs_store *store, uint32_t hash, uint32_t before, uint32_t after);

/** tcphs_store_hide(): it can be looked up no more; of form SYN, a walk does not come to it either. */
void tcphs_store_hide(struct tcphs_store *store, uint32_t number);

/** tcphs_store_give(): it is no more. Not in the table, nor in the order of use. */
void tcphs_store_give(struct tcphs_store *store, uint32_t number);

/** tcphs_store_close(): nothing will be looked up any more. */
void tcphs_store_close(struct tcphs_store *store);

/** tcphs_store_walk(): the first of |form| from that number on, or NONE. Start with |number| = the form's own, 0. */
uint32_t tcphs_store_walk(const struct tcphs_store *store, enum tcphs_form form, uint32_t number);

/* ---- the order of use ---------------------------------------------------------------------------- */

/** Kept behind each 4-tuple if the store is ordered. */
struct tcphs_use {
	tcphs_time used;
	uint32_t older, newer;
	uint8_t rank;          /* enum tcphs_rank; in none of the lists, where the next one goes */
};

struct tcphs_use *tcphs_store_use(const struct tcphs_store *store, uint32_t number);
/** tcphs_store_used(): it is the one used last. */
void tcphs_store_used(struct tcphs_store *store, uint32_t number, tcphs_time now);
/** tcphs_store_rank(): it has that rank from now on, and is the one used last there. It has a place in the order. */
void tcphs_store_rank(struct tcphs_store *store, uint32_t number, enum tcphs_rank rank, tcphs_time now);
/** tcphs_store_unused(): it has no place in the order. */
void tcphs_store_unused(struct tcphs_store *store, uint32_t number);
/** tcphs_store_dispensable(): the oldest one of the lowest rank that has any. There is one. */
uint32_t tcphs_store_dispensable(const struct tcphs_store *store);

/* ---- a packed SYN -------------------------------------------------------------------------------- */

/** struct tcphs_packed_syn: a struct tcphs_segment that is a SYN, without what is 0 in nearly all of them. */
struct tcphs_packed_syn {
	tcphs_time time;
	tcphs_ref ref;
	uint32_t seq, ack, tsval, options_hash;
	uint16_t length, window, mss, ip_id;
	uint32_t bits;                 /* flags, have, checksum, options.seen, and three of the store's own */
	uint8_t ttl, encap, wscale, cookie_length;
	uint8_t mptcp;
};

/** tcphs_syn_pack(): false if unpacking would not give the same segment. */
bool tcphs_syn_pack(struct tcphs_packed_syn *packed, const struct tcphs_segment *segment, const struct tcphs_key *key);
/** tcphs_syn_bits(): .bits without where the 4-tuple is, which is the store's own business. */
uint32_t tcphs_syn_bits(const struct tcphs_packed_syn *packed);
/** tcphs_syn_is_plain(): whether tcphs_checks_pass() was said of it. */
bool tcphs_syn_is_plain(const struct tcphs_packed_syn *packed);
/** tcphs_syn_unpack(): the segment; its ports are the key's. */
void tcphs_syn_unpack(const struct tcphs_packed_syn *packed, struct tcphs_segment *segment,
                      const struct tcphs_key *key);

#endif
