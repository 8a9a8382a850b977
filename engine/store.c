/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.c - the forms of a 4-tuple, and the table in which they are found.
 *
 * Theory of operation. Most 4-tuples of a large capture are no connection that is going on: a scan or a flood leaves
 * SYNs that nobody answers, ordinary traffic leaves connections that are over. What is kept of them has to be small,
 * and exact: the packed forms hold what was captured, not what was concluded from it, so that nothing can get lost on
 * the way. A packed SYN is replayed (tracker.c) when it is needed, by the same functions that would have taken it in.
 *
 * The table has a number for each 4-tuple, whose upper three bits are the form and so the pool that it is in. Its keys
 * are hashed with secrets (tcphs_secrets()), because whoever made the capture chose them; nothing goes through it in
 * its order.
 */
#include "store.h"

#include <stddef.h>
#include <string.h>

#include "huge.h"
#include "sip.h"

#define NUMBER_BITS 29

/** Where the members are in tcphs_packed_syn.bits: flags have 9, have 5, checksum 3, options.seen 11. */
enum { HAVE_AT = 9, CHECKSUM_AT = 14, SEEN_AT = 17, DIRECTION_AT = 28, HIDDEN_AT = 29, PLAIN_AT = 30 };

/** The key of packed forms. */
struct ends4 {
	uint32_t low, high;          /* as in the packet */
	uint32_t ports;              /* low_port << 16 | high_port */
};

struct ends6 {
	uint8_t low[16], high[16];
	uint32_t ports;
};

struct syn4 {
	struct tcphs_packed_syn syn;
	uint32_t stream;
	struct ends4 ends;
};

struct syn6 {
	struct tcphs_packed_syn syn;
	uint32_t stream;
	struct ends6 ends;
};

/** What is left of a 4-tuple without a connection. */
struct spent {
	tcphs_time flood_from;
	uint32_t stream;
	uint32_t base[2];
	uint16_t syn_isns;
	uint8_t incarnations;
	uint8_t flags;
};

struct spent4 {
	struct spent spent;
	struct ends4 ends;
};

struct spent6 {
	struct spent spent;
	struct ends6 ends;
};

/** Octets of an item, without struct tcphs_use behind it. */
static const size_t sizes[TCPHS_FORMS] = {
	[TCPHS_FULL] = sizeof(struct tcphs_tuple), [TCPHS_SYN4] = sizeof(struct syn4),
	[TCPHS_SYN6] = sizeof(struct syn6), [TCPHS_SPENT4] = sizeof(struct spent4),
	[TCPHS_SPENT6] = sizeof(struct spent6),
};

_Static_assert(offsetof(struct tcphs_key, src) == 0 && offsetof(struct tcphs_key, dst) == 16,
               "tcphs_low_of() takes one or the other");
_Static_assert(offsetof(struct tcphs_entry, c.zeek) + sizeof(struct tcphs_zeek) == sizeof(struct tcphs_entry),
               "what may be without memory comes last");
_Static_assert(sizeof(struct syn4) <= 72, "a half-open connection is to take no more than 96 octets, with its place");
_Static_assert(sizeof(struct spent4) <= 40, "a finished connection is to take no more than 64 octets, with its place");

static void *item_at(const struct tcphs_store *store, uint32_t number)
{
	return tcphs_pool_at(&store->tuples[number >> NUMBER_BITS], number & TCPHS_POOL_MAX);
}

/* A new item of that form; the number has the form in it. */
static uint32_t take(struct tcphs_store *store, enum tcphs_form form)
{
	uint32_t number = tcphs_pool_take(&store->tuples[form]);

	if (number == TCPHS_NONE)
		return TCPHS_NONE;
	number |= (uint32_t)form << NUMBER_BITS;
	if (store->ordered)
		*tcphs_store_use(store, number) =
			(struct tcphs_use){ 0, TCPHS_NONE, TCPHS_NONE, TCPHS_RANK_UNDECIDED };
	return number;
}

/* Whole cache lines, so that what belongs together is on as few as can be. */
static size_t size_of_entry(const struct tcphs_config *config)
{
	return tcphs_whole_lines(config->zeek ? sizeof(struct tcphs_entry) : offsetof(struct tcphs_entry, c.zeek));
}

bool tcphs_store_init(struct tcphs_store *store, const struct tcphs_config *config)
{
	memset(store, 0, sizeof(*store));
	tcphs_secrets(config->hash_key, store->secrets, TCPHS_KEY_WORDS + 1);
	store->ordered = config->forget > 0 || config->max_connections > 0;
	for (unsigned rank = 0; rank < TCPHS_RANKS; rank++)
		store->oldest[rank] = store->newest[rank] = TCPHS_NONE;
	tcphs_pool_init(&store->entries, size_of_entry(config));
	tcphs_pool_init(&store->findings, sizeof(struct tcphs_kept));
	for (unsigned form = 0; form < TCPHS_FORMS; form++)
		tcphs_pool_init(&store->tuples[form], sizes[form] + (store->ordered ? sizeof(struct tcphs_use) : 0));
	return tcphs_index_init(&store->index);
}

void tcphs_store_clear(struct tcphs_store *store)
{
	tcphs_pool_clear(&store->entries);
	tcphs_pool_clear(&store->findings);
	for (unsigned form = 0; form < TCPHS_FORMS; form++)
		tcphs_pool_clear(&store->tuples[form]);
	tcphs_index_clear(&store->index);
}

/* ---- keys ---------------------------------------------------------------------------------------- */

static uint32_t word_at(const uint8_t *octets)
{
	uint32_t word;

	memcpy(&word, octets, sizeof(word));
	return word;
}

static uint32_t big_endian(const uint8_t *octets)
{
	return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 | octets[3];
}

static uint32_t hash4(const struct tcphs_store *store, const struct ends4 *ends)
{
	const uint64_t *secret = store->secrets;

	return (uint32_t)((secret[0] + secret[1] * ends->low + secret[2] * ends->high + secret[3] * ends->ports) >> 32);
}

static uint32_t hash6(const struct tcphs_store *store, const uint8_t *low, const uint8_t *high, uint32_t ports)
{
	const uint64_t *secret = store->secrets;
	uint64_t sum = secret[0] + secret[1] * ports;

	for (unsigned i = 0; i < 4; i++)
		sum += secret[2 + i] * word_at(low + 4 * i) + secret[6 + i] * word_at(high + 4 * i);
	return (uint32_t)(sum >> 32);
}

static inline struct ends4 ends4_of(const struct tcphs_place *place)
{
	return (struct ends4){ word_at(tcphs_low_of(place) + 12), word_at(tcphs_high_of(place) + 12),
		               tcphs_ports_of(place) };
}

static struct ends6 ends6_of(const struct tcphs_place *place)
{
	struct ends6 ends = { .ports = tcphs_ports_of(place) };

	memcpy(ends.low, tcphs_low_of(place), 16);
	memcpy(ends.high, tcphs_high_of(place), 16);
	return ends;
}

static bool is_ipv4(const struct tcphs_key *key)
{
	uint64_t zeros[2];
	uint32_t ones[2];

	memcpy(&zeros[0], key->src, 8);
	memcpy(&zeros[1], key->dst, 8);
	memcpy(&ones[0], key->src + 8, 4);
	memcpy(&ones[1], key->dst + 8, 4);
	return (zeros[0] | zeros[1]) == 0 && ones[0] == ones[1] && tcphs_is_ipv4(key->src);
}

/* As memcmp() of the addresses says. */
static bool is_higher4(const struct tcphs_key *key)
{
	return ((uint64_t)big_endian(key->src + 12) << 16 | key->sport) >
	       ((uint64_t)big_endian(key->dst + 12) << 16 | key->dport);
}

static bool is_higher6(const struct tcphs_key *key)
{
	int order = memcmp(key->src, key->dst, 16);

	return order > 0 || (order == 0 && key->sport > key->dport);
}

/* Apart: what most places are should not pay for what these need. */
__attribute__((noinline)) static void place6(const struct tcphs_store *store, struct tcphs_place *place)
{
	place->direction = is_higher6(place->key);
	place->hash = hash6(store, tcphs_low_of(place), tcphs_high_of(place), tcphs_ports_of(place));
}

void tcphs_store_place(const struct tcphs_store *store, const struct tcphs_key *key, struct tcphs_place *place)
{
	struct ends4 ends;

	place->key = key;
	place->seen = TCPHS_NONE;
	place->there = NULL;
	place->ipv4 = is_ipv4(key);
	if (!place->ipv4) {
		place6(store, place);
		return;
	}
	place->direction = is_higher4(key);
	ends = ends4_of(place);
	place->hash = hash4(store, &ends);
}

static void set_ports(struct tcphs_key *key, uint32_t ports, unsigned direction)
{
	key->sport = (uint16_t)(direction ? ports : ports >> 16);
	key->dport = (uint16_t)(direction ? ports >> 16 : ports);
}

/* The key of the ends that an item has; the sender is that of |direction|. */
static void key_at4(const struct ends4 *ends, unsigned direction, struct tcphs_key *key)
{
	tcphs_map_ipv4(direction ? key->dst : key->src, &ends->low);
	tcphs_map_ipv4(direction ? key->src : key->dst, &ends->high);
	set_ports(key, ends->ports, direction);
}

static void key_at6(const struct ends6 *ends, unsigned direction, struct tcphs_key *key)
{
	memcpy(direction ? key->dst : key->src, ends->low, 16);
	memcpy(direction ? key->src : key->dst, ends->high, 16);
	set_ports(key, ends->ports, direction);
}

/* As tcphs_store_place(), but that the direction is known: of equal ends it cannot be told. */
static void place_again(const struct tcphs_store *store, const struct tcphs_key *key, unsigned direction,
                        struct tcphs_place *place)
{
	tcphs_store_place(store, key, place);
	place->direction = (uint8_t)direction;
}

static const struct ends4 *ends4_at(const struct tcphs_store *store, uint32_t number)
{
	if (tcphs_form_of(number) == TCPHS_SYN4)
		return &((const struct syn4 *)item_at(store, number))->ends;
	return &((const struct spent4 *)item_at(store, number))->ends;
}

static const struct ends6 *ends6_at(const struct tcphs_store *store, uint32_t number)
{
	if (tcphs_form_of(number) == TCPHS_SYN6)
		return &((const struct syn6 *)item_at(store, number))->ends;
	return &((const struct spent6 *)item_at(store, number))->ends;
}

/* ---- the table ----------------------------------------------------------------------------------- */

static uint32_t hash_of(const void *context, uint32_t number)
{
	const struct tcphs_store *store = context;
	const struct ends6 *ends;

	switch (tcphs_form_of(number)) {
	case TCPHS_FULL:
		return tcphs_tuple_at(store, number)->hash;
	case TCPHS_SYN4:
	case TCPHS_SPENT4:
		return hash4(store, ends4_at(store, number));
	default:
		ends = ends6_at(store, number);
		return hash6(store, ends->low, ends->high, ends->ports);
	}
}

static void prefetch_key(const void *context, uint32_t number)
{
	const char *item = item_at(context, number);

	/* Where the key of a packed IPv4 one ends; of a FULL one the hash is on that line, too. */
	tcphs_prefetch(item + sizes[tcphs_form_of(number)] - 8);
}

static bool same(const void *context, const void *key, uint32_t number)
{
	const struct tcphs_store *store = context;
	const struct tcphs_place *place = key;
	const struct ends4 *ends4;
	const struct ends6 *ends6;

	switch (tcphs_form_of(number)) {
	case TCPHS_FULL:
		return tcphs_store_is(tcphs_tuple_at(store, number), place);
	case TCPHS_SYN4:
	case TCPHS_SPENT4:
		ends4 = ends4_at(store, number);
		return place->ipv4 && ends4->low == word_at(tcphs_low_of(place) + 12) &&
		       ends4->high == word_at(tcphs_high_of(place) + 12) && ends4->ports == tcphs_ports_of(place);
	default:
		ends6 = ends6_at(store, number);
		return memcmp(ends6->low, tcphs_low_of(place), 16) == 0 &&
		       memcmp(ends6->high, tcphs_high_of(place), 16) == 0 && ends6->ports == tcphs_ports_of(place);
	}
}

uint32_t tcphs_store_find(const struct tcphs_store *store, const struct tcphs_place *place)
{
	return tcphs_index_find(&store->index, place->hash, TCPHS_NONE, same, store, place);
}

void tcphs_store_prefetch(const struct tcphs_store *store, struct tcphs_place *place)
{
	place->seen = tcphs_index_guess(&store->index, place->hash, TCPHS_NONE);
	if (place->seen == TCPHS_NONE)
		return;
	place->there = item_at(store, place->seen);
	tcphs_prefetch(place->there);
}

static bool reserve(struct tcphs_store *store)
{
	const struct tcphs_index_keys keys = { store, hash_of, prefetch_key };

	return tcphs_index_reserve(&store->index, &keys);
}

uint32_t tcphs_store_new(struct tcphs_store *store, const struct tcphs_place *place)
{
	uint32_t number = take(store, TCPHS_FULL);
	struct tcphs_tuple *tuple;

	if (number == TCPHS_NONE)
		return TCPHS_NONE;
	tuple = tcphs_tuple_at(store, number);
	*tuple = (struct tcphs_tuple){ .newest = TCPHS_NONE, .previous = TCPHS_NONE, .stream = TCPHS_NONE,
		                       .hash = place->hash };
	memcpy(tuple->low, tcphs_low_of(place), 16);
	memcpy(tuple->high, tcphs_high_of(place), 16);
	tuple->ports = tcphs_ports_of(place);
	return number;
}

uint32_t tcphs_store_add(struct tcphs_store *store, const struct tcphs_place *place)
{
	uint32_t number = reserve(store) ? tcphs_store_new(store, place) : TCPHS_NONE;

	if (number == TCPHS_NONE)
		return TCPHS_NONE;
	tcphs_index_add(&store->index, place->hash, number);
	tcphs_tuple_at(store, number)->listed = true;
	return number;
}

/* Whether a 4-tuple in form FULL can be looked up; others need no such mark. */
static void list(const struct tcphs_store *store, uint32_t number, bool listed)
{
	if (tcphs_form_of(number) == TCPHS_FULL)
		tcphs_tuple_at(store, number)->listed = listed;
}

/* Where the order goes on from |older|, and back from |newer|; from NONE, where it begins and ends. */
static uint32_t *link_from(struct tcphs_store *store, uint32_t older, unsigned rank)
{
	return older != TCPHS_NONE ? &tcphs_store_use(store, older)->newer : &store->oldest[rank];
}

static uint32_t *link_back(struct tcphs_store *store, uint32_t newer, unsigned rank)
{
	return newer != TCPHS_NONE ? &tcphs_store_use(store, newer)->older : &store->newest[rank];
}

void tcphs_store_replace(struct tcphs_store *store, uint32_t hash, uint32_t before, uint32_t after)
{
	tcphs_index_replace(&store->index, hash, before, after);
	list(store, before, false);
	list(store, after, true);
	if (store->ordered) {
		struct tcphs_use *use = tcphs_store_use(store, after);

		*use = *tcphs_store_use(store, before);
		*link_from(store, use->older, use->rank) = after;
		*link_back(store, use->newer, use->rank) = after;
	}
	tcphs_store_give(store, before);
}

void tcphs_store_hide(struct tcphs_store *store, uint32_t number)
{
	tcphs_index_remove(&store->index, hash_of(store, number), number);
	list(store, number, false);
	if (tcphs_is_syn(number))
		((struct tcphs_packed_syn *)item_at(store, number))->bits |= UINT32_C(1) << HIDDEN_AT;
}

static bool is_hidden(const struct tcphs_store *store, uint32_t number)
{
	return tcphs_is_syn(number) &&
	       (((const struct tcphs_packed_syn *)item_at(store, number))->bits >> HIDDEN_AT & 1);
}

void tcphs_store_give(struct tcphs_store *store, uint32_t number)
{
	tcphs_pool_give(&store->tuples[tcphs_form_of(number)], number & TCPHS_POOL_MAX);
}

void tcphs_store_close(struct tcphs_store *store)
{
	tcphs_index_clear(&store->index);
}

uint32_t tcphs_store_walk(const struct tcphs_store *store, enum tcphs_form form, uint32_t number)
{
	do {
		number = tcphs_pool_next(&store->tuples[form], number & TCPHS_POOL_MAX);
		if (number == TCPHS_NONE)
			return TCPHS_NONE;
		number |= (uint32_t)form << NUMBER_BITS;
	} while (is_hidden(store, number++));
	return number - 1;
}

/* ---- the order of use ---------------------------------------------------------------------------- */

struct tcphs_use *tcphs_store_use(const struct tcphs_store *store, uint32_t number)
{
	return (struct tcphs_use *)((char *)item_at(store, number) + sizes[tcphs_form_of(number)]);
}

static bool has_place(const struct tcphs_store *store, uint32_t number)
{
	const struct tcphs_use *use = tcphs_store_use(store, number);

	return use->older != TCPHS_NONE || store->oldest[use->rank] == number;
}

void tcphs_store_unused(struct tcphs_store *store, uint32_t number)
{
	struct tcphs_use *use = tcphs_store_use(store, number);

	if (!has_place(store, number))
		return;
	*link_from(store, use->older, use->rank) = use->newer;
	*link_back(store, use->newer, use->rank) = use->older;
	use->older = use->newer = TCPHS_NONE;
	store->in_order--;
}

void tcphs_store_used(struct tcphs_store *store, uint32_t number, tcphs_time now)
{
	struct tcphs_use *use;

	if (!store->ordered)
		return;
	use = tcphs_store_use(store, number);
	use->used = now;
	if (store->newest[use->rank] == number)
		return;
	tcphs_store_unused(store, number);
	use->older = store->newest[use->rank];
	*link_from(store, use->older, use->rank) = number;
	store->newest[use->rank] = number;
	store->in_order++;
}

void tcphs_store_rank(struct tcphs_store *store, uint32_t number, enum tcphs_rank rank, tcphs_time now)
{
	struct tcphs_use *use = tcphs_store_use(store, number);

	if (use->rank == rank)
		return;
	tcphs_store_unused(store, number);
	use->rank = (uint8_t)rank;
	tcphs_store_used(store, number, now);
}

uint32_t tcphs_store_dispensable(const struct tcphs_store *store)
{
	unsigned rank = TCPHS_RANK_SPENT;

	while (store->oldest[rank] == TCPHS_NONE)
		rank++;
	return store->oldest[rank];
}

/* ---- SYN ----------------------------------------------------------------------------------------- */

/** tcphs_packed_syn.mptcp: 0 is none, else 1 + subtype * 3 + keys. */
enum { MPTCP_KEYS = 3 };

void tcphs_syn_unpack(const struct tcphs_packed_syn *packed, struct tcphs_segment *s, const struct tcphs_key *key)
{
	*s = (struct tcphs_segment){
		.time = packed->time, .ref = packed->ref, .ip_id = packed->ip_id, .ttl = packed->ttl,
		.checksum = packed->bits >> CHECKSUM_AT & 7, .encap = packed->encap,
		.have = packed->bits >> HAVE_AT & 31, .flags = packed->bits & TCPHS_FLAGS, .seq = packed->seq,
		.ack = packed->ack, .length = packed->length, .window = packed->window, .sport = key->sport,
		.dport = key->dport,
		.options = { .seen = packed->bits >> SEEN_AT & 2047, .mss = packed->mss, .wscale = packed->wscale,
		             .cookie_length = packed->cookie_length, .mptcp_subtype = TCPHS_MP_NONE,
		             .tsval = packed->tsval, .hash = packed->options_hash },
	};
	if (packed->mptcp != 0) {
		s->options.mptcp_subtype = (uint8_t)((packed->mptcp - 1) / MPTCP_KEYS);
		s->options.mptcp_keys = (uint8_t)((packed->mptcp - 1) % MPTCP_KEYS);
	}
	tcphs_segment_sum_up(s);
}

/* Whether all that is in the segment has a place in struct tcphs_packed_syn. */
static bool is_packable(const struct tcphs_segment *s, const struct tcphs_key *key)
{
	const struct tcphs_options *o = &s->options;

	if (s->length > UINT16_MAX || s->checksum > 7 || s->have > 31 || s->flags > TCPHS_FLAGS || s->plain != 0 ||
	    s->sport != key->sport || s->dport != key->dport)
		return false;
	if ((o->malformed | o->repeated) != 0 || o->tsecr != 0 || o->seen > 2047)
		return false;
	return o->mptcp_subtype == TCPHS_MP_NONE ? o->mptcp_keys == 0
	                                         : o->mptcp_keys < MPTCP_KEYS && o->mptcp_subtype < 16;
}

bool tcphs_syn_pack(struct tcphs_packed_syn *packed, const struct tcphs_segment *s, const struct tcphs_key *key)
{
	const struct tcphs_options *o = &s->options;

	if (!is_packable(s, key))
		return false;
	*packed = (struct tcphs_packed_syn){
		.time = s->time, .ref = s->ref, .seq = s->seq, .ack = s->ack, .tsval = o->tsval,
		.options_hash = o->hash, .length = (uint16_t)s->length, .window = s->window, .mss = o->mss,
		.ip_id = s->ip_id, .ttl = s->ttl, .encap = s->encap, .wscale = o->wscale,
		.cookie_length = o->cookie_length,
		.bits = s->flags | (uint32_t)s->have << HAVE_AT | (uint32_t)s->checksum << CHECKSUM_AT |
		        (uint32_t)o->seen << SEEN_AT,
	};
	if (o->mptcp_subtype != TCPHS_MP_NONE)
		packed->mptcp = (uint8_t)(1 + o->mptcp_subtype * MPTCP_KEYS + o->mptcp_keys);
	return true;
}

uint32_t tcphs_syn_bits(const struct tcphs_packed_syn *packed)
{
	return packed->bits & ~(UINT32_C(1) << DIRECTION_AT | UINT32_C(1) << HIDDEN_AT);
}

bool tcphs_syn_is_plain(const struct tcphs_packed_syn *packed)
{
	return packed->bits >> PLAIN_AT & 1;
}

uint32_t tcphs_store_add_syn(struct tcphs_store *store, const struct tcphs_place *place, uint32_t stream,
                             const struct tcphs_segment *segment, bool plain)
{
	struct tcphs_packed_syn packed;
	uint32_t number;

	if (!tcphs_syn_pack(&packed, segment, place->key) || !reserve(store))
		return TCPHS_NONE;
	packed.bits |= (uint32_t)place->direction << DIRECTION_AT | (uint32_t)plain << PLAIN_AT;
	number = take(store, place->ipv4 ? TCPHS_SYN4 : TCPHS_SYN6);
	if (number == TCPHS_NONE)
		return TCPHS_NONE;
	if (place->ipv4)
		*(struct syn4 *)item_at(store, number) = (struct syn4){ packed, stream, ends4_of(place) };
	else
		*(struct syn6 *)item_at(store, number) = (struct syn6){ packed, stream, ends6_of(place) };
	tcphs_index_add(&store->index, place->hash, number);
	return number;
}

uint32_t tcphs_store_stream(const struct tcphs_store *store, uint32_t number)
{
	if (tcphs_form_of(number) == TCPHS_SYN4)
		return ((const struct syn4 *)item_at(store, number))->stream;
	return ((const struct syn6 *)item_at(store, number))->stream;
}

const struct tcphs_packed_syn *tcphs_store_syn(const struct tcphs_store *store, uint32_t number,
                                               struct tcphs_key *key, uint32_t *stream)
{
	if (tcphs_form_of(number) == TCPHS_SYN4) {
		const struct syn4 *syn = item_at(store, number);

		*stream = syn->stream;
		key_at4(&syn->ends, syn->syn.bits >> DIRECTION_AT & 1, key);
		return &syn->syn;
	} else {
		const struct syn6 *syn = item_at(store, number);

		*stream = syn->stream;
		key_at6(&syn->ends, syn->syn.bits >> DIRECTION_AT & 1, key);
		return &syn->syn;
	}
}

void tcphs_store_read_syn(const struct tcphs_store *store, uint32_t number, struct tcphs_key *key,
                          struct tcphs_place *place, uint32_t *stream, struct tcphs_segment *segment)
{
	const struct tcphs_packed_syn *packed = tcphs_store_syn(store, number, key, stream);

	place_again(store, key, packed->bits >> DIRECTION_AT & 1, place);
	tcphs_syn_unpack(packed, segment, key);
}

/* ---- SPENT --------------------------------------------------------------------------------------- */

uint32_t tcphs_store_unpack(struct tcphs_store *store, uint32_t number)
{
	const struct spent *spent = item_at(store, number);   /* both begin with it */
	struct tcphs_place place;
	struct tcphs_tuple *tuple;
	struct tcphs_key key;
	uint32_t full;

	if (tcphs_form_of(number) == TCPHS_SPENT4)
		key_at4(ends4_at(store, number), 0, &key);
	else
		key_at6(ends6_at(store, number), 0, &key);
	place_again(store, &key, 0, &place);
	full = tcphs_store_new(store, &place);
	if (full == TCPHS_NONE)
		return TCPHS_NONE;
	tuple = tcphs_tuple_at(store, full);
	tuple->flood_from = spent->flood_from;
	tuple->stream = spent->stream;
	memcpy(tuple->base, spent->base, sizeof(tuple->base));
	tuple->syn_isns = spent->syn_isns;
	tuple->incarnations = spent->incarnations;
	tuple->flags = spent->flags;
	tcphs_store_replace(store, place.hash, number, full);
	return full;
}

void tcphs_store_pack(struct tcphs_store *store, uint32_t number)
{
	const struct tcphs_tuple *tuple = tcphs_tuple_at(store, number);
	const struct spent spent = { tuple->flood_from, tuple->stream, { tuple->base[0], tuple->base[1] },
		                     (uint16_t)tuple->syn_isns, (uint8_t)tuple->incarnations, tuple->flags };
	const bool ipv4 = tcphs_is_ipv4(tuple->low) && tcphs_is_ipv4(tuple->high);
	uint32_t packed;

	if (spent.syn_isns != tuple->syn_isns || spent.incarnations != tuple->incarnations)
		return;
	packed = take(store, ipv4 ? TCPHS_SPENT4 : TCPHS_SPENT6);
	if (packed == TCPHS_NONE)
		return;
	if (ipv4) {
		struct spent4 *item = item_at(store, packed);

		item->spent = spent;
		item->ends = (struct ends4){ word_at(tuple->low + 12), word_at(tuple->high + 12), tuple->ports };
	} else {
		struct spent6 *item = item_at(store, packed);

		item->spent = spent;
		memcpy(item->ends.low, tuple->low, 16);
		memcpy(item->ends.high, tuple->high, 16);
		item->ends.ports = tuple->ports;
	}
	tcphs_store_replace(store, tuple->hash, number, packed);
}
