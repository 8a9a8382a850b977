/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_store.c - what is kept, and in which form: the table against one of GLib's, pools, packed SYNs octet for octet,
 * and trackers that may pack, and take segments the short way, beside one that may not.
 *
 * Random numbers are GLib's, from a fixed seed.
 */
#include <glib.h>
#include <string.h>

#include "store.h"
#include "values.h"

/* ---- pools --------------------------------------------------------------------------------------- */

static void test_pool(void)
{
	struct tcphs_pool pool;
	bool taken[2000] = { false };
	GRand *rand = g_rand_new_with_seed(1);

	tcphs_pool_init(&pool, 24);
	for (unsigned i = 0; i < 20000; i++) {
		uint32_t number = (uint32_t)g_rand_int_range(rand, 0, 1000);

		if (number < pool.count && taken[number]) {
			tcphs_pool_give(&pool, number);
			taken[number] = false;
		} else {
			number = tcphs_pool_take(&pool);
			g_assert_cmpuint(number, <, 2000);
			g_assert_false(taken[number]);
			memset(tcphs_pool_at(&pool, number), 0xee, 24);
			taken[number] = true;
		}
	}
	for (uint32_t i = 0, next = tcphs_pool_next(&pool, 0); i < 2000; i++) {
		g_assert_true(taken[i] == (i == next));
		if (i == next)
			next = tcphs_pool_next(&pool, i + 1);
	}
	tcphs_pool_clear(&pool);
	g_rand_free(rand);
}

/* Items of a pool that has grown by many chunks at once are apart from each other, and keep what is in them. */
static void test_large_pool(void)
{
	static const size_t sizes[] = { 40, 1000, 20000 };

	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		const uint32_t count = (uint32_t)(((size_t)12 << 20) / sizes[i]);
		struct tcphs_pool pool;

		tcphs_pool_init(&pool, sizes[i]);
		for (uint32_t n = 0; n < count; n++) {
			g_assert_cmpuint(tcphs_pool_take(&pool), ==, n);
			memset(tcphs_pool_at(&pool, n), (int)(n % 251), sizes[i]);
		}
		for (uint32_t n = 0; n < count; n++) {
			const uint8_t *item = tcphs_pool_at(&pool, n);

			g_assert_cmpuint(item[0], ==, n % 251);
			g_assert_cmpuint(item[sizes[i] - 1], ==, n % 251);
		}
		tcphs_pool_clear(&pool);
	}
}

/* ---- the table ----------------------------------------------------------------------------------- */

/* Keys are values; so few hashes that buckets run over. */
static uint32_t crowded(const void *context, uint32_t value)
{
	(void)context;
	return value % 97 * UINT32_C(0x01000193);
}

/* One hash for all: more pass their bucket than it can count. */
static uint32_t same(const void *context, uint32_t value)
{
	(void)context;
	(void)value;
	return 7;
}

/** struct hashing: a hash, and how many values. */
struct hashing {
	uint32_t (*hash)(const void *context, uint32_t value);
	uint32_t most;
};

static void test_index(gconstpointer data)
{
	const struct hashing *hashing = data;
	const struct tcphs_index_keys keys = { NULL, hashing->hash, no_prefetch };
	const uint32_t most = hashing->most;
	GHashTable *model = g_hash_table_new(NULL, NULL);
	GRand *rand = g_rand_new_with_seed(2);
	struct tcphs_index index;

	g_assert_true(tcphs_index_init(&index));
	for (uint32_t i = 0; i < 20 * most; i++) {
		uint32_t value = 1 + g_rand_int(rand) % most;
		bool there = g_hash_table_contains(model, GUINT_TO_POINTER(value));
		uint32_t hash = keys.hash(NULL, value);

		g_assert_cmpuint(tcphs_index_find(&index, hash, 0, is_value, NULL, &value), ==, there ? value : 0);
		if (there && i % 3 == 0) {
			tcphs_index_remove(&index, hash, value);
			g_hash_table_remove(model, GUINT_TO_POINTER(value));
		} else if (!there) {
			g_assert_true(tcphs_index_reserve(&index, &keys));
			tcphs_index_add(&index, hash, value);
			g_hash_table_add(model, GUINT_TO_POINTER(value));
		}
		g_assert_cmpuint(index.count, ==, g_hash_table_size(model));
	}
	for (uint32_t value = 1; value <= most; value++) {
		uint32_t hash = keys.hash(NULL, value);

		if (!g_hash_table_contains(model, GUINT_TO_POINTER(value)))
			continue;
		g_assert_cmpuint(tcphs_index_find(&index, hash, 0, is_value, NULL, &value), ==, value);
		tcphs_index_remove(&index, hash, value);
	}
	g_assert_cmpuint(index.count, ==, 0);
	tcphs_index_clear(&index);
	g_hash_table_destroy(model);
	g_rand_free(rand);
}

/* ---- traffic ------------------------------------------------------------------------------------- */

static void random_key(GRand *rand, struct tcphs_key *key, bool ipv6)
{
	static const uint8_t prefix[12] = { 0x20, 0x01, 0x0d, 0xb8 };
	uint8_t *ends[2] = { key->src, key->dst };

	for (unsigned i = 0; i < 2; i++) {
		memcpy(ends[i], ipv6 ? prefix : tcphs_ipv4_prefix, 12);
		memset(ends[i] + 12, 0, 4);
		ends[i][12] = 10;
		ends[i][15] = (uint8_t)g_rand_int_range(rand, 0, 5);
	}
	key->sport = (uint16_t)g_rand_int_range(rand, 1, 4);
	key->dport = (uint16_t)g_rand_int_range(rand, 1, 4);
}

/* A segment whose every member may be anything: |usual| of ten are what SYNs look like. */
static void random_segment(GRand *rand, struct tcphs_segment *s, const struct tcphs_key *key, int usual)
{
	static const uint16_t flags[] = { TCPHS_SYN, TCPHS_SYN, TCPHS_SYN, TCPHS_SYN, TCPHS_SYN | TCPHS_ACK, TCPHS_ACK,
		                          TCPHS_ACK, TCPHS_RST | TCPHS_ACK, TCPHS_FIN | TCPHS_ACK,
		                          TCPHS_SYN | TCPHS_ECE | TCPHS_CWR };
	uint8_t header[40] = { 0 };
	size_t size = 20 + 4 * (size_t)g_rand_int_range(rand, 0, 6), length;

	header[5] = (uint8_t)g_rand_int_range(rand, 0, 3);
	header[12] = (uint8_t)(size << 2);
	header[13] = (uint8_t)flags[g_rand_int_range(rand, 0, G_N_ELEMENTS(flags))];
	header[14] = (uint8_t)g_rand_int_range(rand, 0, 2);
	if (header[13] & TCPHS_ACK || g_rand_int_range(rand, 0, 10) >= usual)
		header[11] = (uint8_t)g_rand_int_range(rand, 0, 4);
	if (size >= 32)
		memcpy(header + 20, "\x02\x04\x05\xb4\x01\x01\x08\x0a\x00\x00\x00\x07", 12);
	for (size_t i = 20; i < size && g_rand_int_range(rand, 0, 10) >= usual; i++)
		header[i] = (uint8_t)g_rand_int_range(rand, 0, g_rand_boolean(rand) ? 256 : 36);
	length = size + (size_t)(g_rand_int_range(rand, 0, 10) >= usual ? g_rand_int_range(rand, 0, 70000) : 0);
	tcphs_segment_parse(s, header, g_rand_int_range(rand, 0, 10) >= usual ? size - 2 : size, length);
	s->sport = key->sport;
	s->dport = key->dport;
	tcphs_segment_sum_up(s);
	s->ip_id = (uint16_t)g_rand_int_range(rand, 0, 3);
	s->ttl = (uint8_t)g_rand_int_range(rand, 0, 256);
	s->encap = (uint8_t)g_rand_int_range(rand, 0, 256);
	s->checksum = (uint8_t)g_rand_int_range(rand, 0, TCPHS_CHECKSUM_BAD_IP + 1);
}

/* ---- packed SYNs --------------------------------------------------------------------------------- */

static void test_syn(void)
{
	GRand *rand = g_rand_new_with_seed(3);
	unsigned packed_count = 0;

	for (unsigned i = 0; i < 200000; i++) {
		struct tcphs_packed_syn packed;
		struct tcphs_segment s, back;
		struct tcphs_key key;

		random_key(rand, &key, i & 1);
		random_segment(rand, &s, &key, 8);
		s.time = (tcphs_time)g_rand_int(rand) << 31;
		s.ref = g_rand_int(rand);
		if (!tcphs_syn_pack(&packed, &s, &key))
			continue;
		packed_count++;
		tcphs_syn_unpack(&packed, &back, &key);
		g_assert_cmpmem(&back, sizeof(back), &s, sizeof(s));
	}
	/* Else there would be nothing to it. */
	g_assert_cmpuint(packed_count, >, 100000);
	g_rand_free(rand);
}

static struct tcphs_segment a_syn(const struct tcphs_key *key)
{
	struct tcphs_segment s = { .time = TCPHS_SECOND, .ref = 1, .seq = 1000, .flags = TCPHS_SYN, .window = 1000,
		                   .ttl = 64, .sport = key->sport, .dport = key->dport,
		                   .have = TCPHS_HAVE_SEQ | TCPHS_HAVE_HEADER | TCPHS_HAVE_OPTIONS |
		                           TCPHS_HAVE_LENGTH,
		                   .options.mptcp_subtype = TCPHS_MP_NONE };

	tcphs_segment_sum_up(&s);
	return s;
}

/** set_member(): one of sixteen members of a segment, cut to its size. @return whether there is room for it, packed. */
static bool set_member(struct tcphs_segment *s, const struct tcphs_key *key, unsigned member, uint32_t value)
{
	struct tcphs_options *o = &s->options;

	switch (member) {
	case 0: s->length = value; return value <= UINT16_MAX;
	case 1: s->checksum = (uint8_t)value; return s->checksum <= 7;
	case 2: s->have = (uint8_t)value; return s->have <= 31;
	case 3: s->flags = (uint16_t)value; return s->flags <= TCPHS_FLAGS;
	case 4: s->plain = (uint8_t)value; return s->plain == 0;
	case 5: s->sport = (uint16_t)value; return s->sport == key->sport;
	case 6: s->dport = (uint16_t)value; return s->dport == key->dport;
	case 7: o->malformed = (uint16_t)value; return o->malformed == 0;
	case 8: o->repeated = (uint16_t)value; return o->repeated == 0;
	case 9: o->tsecr = value; return value == 0;
	case 10: o->seen = (uint16_t)value; return o->seen <= 2047;
	case 11: o->mptcp_keys = (uint8_t)value; return o->mptcp_keys == 0;
	case 12: o->mptcp_subtype = (uint8_t)value; return o->mptcp_subtype <= 15 || o->mptcp_subtype == TCPHS_MP_NONE;
	case 13: o->mptcp_subtype = (uint8_t)value, o->mptcp_keys = 2; return o->mptcp_subtype <= 15;
	case 14: o->mptcp_subtype = TCPHS_MP_JOIN, o->mptcp_keys = (uint8_t)value; return o->mptcp_keys <= 2;
	default: s->ack = value; return true;
	}
}

/** test_extreme_syns(): a member may be anything; it is packed if there is room for it, and comes back as it was. */
static void test_extreme_syns(void)
{
	static const uint32_t values[] = { 0,   1,   2,   3,   4,   5,    7,    8,     15,    16,        17,
		                           31,  32,  80,  255, 256, 511,  512,  2047,  2048,  50000,     65535,
		                           65536, UINT32_MAX };
	const struct tcphs_key key = { .sport = 50000, .dport = 80 };

	for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
		for (unsigned member = 0; member < 16; member++) {
			struct tcphs_packed_syn packed;
			struct tcphs_segment s = a_syn(&key), back;
			const bool fits = set_member(&s, &key, member, values[i]);

			/* Of some flags and options, other members come, too. */
			if (member != 4)
				tcphs_segment_sum_up(&s);
			g_assert_cmpint(tcphs_syn_pack(&packed, &s, &key), ==, fits && (member == 4 || s.plain == 0));
			if (!fits || s.plain != 0)
				continue;
			tcphs_syn_unpack(&packed, &back, &key);
			g_assert_cmpmem(&back, sizeof(back), &s, sizeof(s));
		}
	}
}

/** test_forms(): what is packed, and that nothing is lost: a count too large for it stays FULL. */
static void test_forms(void)
{
	static const struct {
		uint32_t incarnations, syn_isns;
		bool packed;
	} cases[] = { { 1, 1, true }, { 255, 65535, true }, { 256, 1, false }, { 1, 65536, false } };
	struct tcphs_config config;
	struct tcphs_key key = { .sport = 50000, .dport = 80 };
	struct tcphs_segment syn;
	struct tcphs_place place;
	struct tcphs_store store;

	tcphs_config_default(&config);
	g_assert_true(tcphs_store_init(&store, &config));
	tcphs_map_ipv4(key.src, "\xc0\x00\x02\x01");
	tcphs_map_ipv4(key.dst, "\xc0\x00\x02\x02");
	syn = a_syn(&key);
	tcphs_store_place(&store, &key, &place);
	g_assert_cmpuint(tcphs_form_of(tcphs_store_add_syn(&store, &place, 0, &syn, true)), ==, TCPHS_SYN4);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct tcphs_tuple *tuple;
		uint32_t number;

		key.sport++;
		tcphs_store_place(&store, &key, &place);
		number = tcphs_store_add(&store, &place);
		tuple = tcphs_tuple_at(&store, number);
		tuple->incarnations = cases[i].incarnations;
		tuple->syn_isns = cases[i].syn_isns;
		tcphs_store_pack(&store, number);
		number = tcphs_store_find(&store, &place);
		g_assert_cmpuint(tcphs_form_of(number), ==, cases[i].packed ? TCPHS_SPENT4 : TCPHS_FULL);
		number = cases[i].packed ? tcphs_store_unpack(&store, number) : number;
		tuple = tcphs_tuple_at(&store, number);
		g_assert_cmpuint(tuple->incarnations, ==, cases[i].incarnations);
		g_assert_cmpuint(tuple->syn_isns, ==, cases[i].syn_isns);
	}
	tcphs_store_clear(&store);
}

/** test_checks_pass(): what passes quickly is what no check has anything to say of. */
static void test_checks_pass(void)
{
	GRand *rand = g_rand_new_with_seed(5);
	struct tcphs_config config;
	unsigned passed = 0, others = 0;

	tcphs_config_default(&config);
	for (unsigned i = 0; i < 200000; i++) {
		struct tcphs_finding found[TCPHS_FINDINGS_MAX];
		struct tcphs_segment s;
		struct tcphs_key key;

		random_key(rand, &key, i & 1);
		random_segment(rand, &s, &key, 8);
		if (i % 7 == 0)
			key.dst[i & 1 ? 0 : 12] = 0xff;   /* a group */
		if (i % 5 == 0 && s.flags & TCPHS_SYN) {
			s.options.seen |= TCPHS_OPT_MSS | TCPHS_OPT_WSCALE;
			s.options.mss = (uint16_t)g_rand_int_range(rand, 215, 218);
			s.options.wscale = (uint8_t)g_rand_int_range(rand, 13, 16);
		}
		if (tcphs_checks_pass(&config, &key, &s)) {
			g_assert_cmpuint(tcphs_checks_all(&config, &key, &s, TCPHS_SIDE_FIRST, found), ==, 0);
			passed++;
		} else {
			others++;
		}
	}
	g_assert_cmpuint(passed, >, 10000);
	g_assert_cmpuint(others, >, 10000);
	g_rand_free(rand);
}

/* ---- trackers ------------------------------------------------------------------------------------ */

static void compare(struct tcphs_summary a, struct tcphs_summary b)
{
	for (size_t i = 1; i < a.finding_count; i++) {
		const struct tcphs_finding *x = &a.findings[i - 1], *y = &a.findings[i];

		g_assert_true(x->at < y->at || (x->at == y->at && x->rule <= y->rule));
	}
	g_assert_cmpuint(a.finding_count, ==, b.finding_count);
	if (a.finding_count > 0)
		g_assert_cmpmem(a.findings, a.finding_count * sizeof(*a.findings), b.findings,
		                b.finding_count * sizeof(*b.findings));
	a.connection = b.connection = 0;
	a.findings = b.findings = NULL;
	g_assert_cmpmem(&a, sizeof(a), &b, sizeof(b));
}

/** struct batch: segments that a front end has read ahead: their keys are looked for before they are told. */
struct batch {
	struct tcphs_key key[7];
	struct tcphs_segment segment[7];
	unsigned count;
};

/* What is left on the stack by others must not matter to anybody. */
__attribute__((noinline)) static void dirty_the_stack(void)
{
	volatile uint8_t octets[4096];

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = 0xff;
}

static void tell_batch(struct tcphs_tracker *tracker, struct batch *batch)
{
	struct tcphs_place place[G_N_ELEMENTS(batch->key)];

	for (unsigned i = 0; i < batch->count; i++)
		tcphs_tracker_place(tracker, &batch->key[i], &place[i]);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < batch->count; i++)
			tcphs_tracker_prefetch(tracker, &place[i], round);
	}
	dirty_the_stack();
	for (unsigned i = 0; i < batch->count; i++)
		g_assert_cmpint(tcphs_tracker_segment_at(tracker, &place[i], &batch->segment[i], NULL), ==, TCPHS_OK);
	batch->count = 0;
}

static void put_off(struct tcphs_tracker *tracker, struct batch *batch, const struct tcphs_key *key,
                    const struct tcphs_segment *segment)
{
	batch->key[batch->count] = *key;
	batch->segment[batch->count] = *segment;
	if (++batch->count == G_N_ELEMENTS(batch->key))
		tell_batch(tracker, batch);
}

static unsigned drain(struct tcphs_tracker *full, struct tcphs_tracker *packing)
{
	struct tcphs_summary a, b;
	unsigned count = 0;

	while (tcphs_tracker_next(full, &a)) {
		g_assert_true(tcphs_tracker_next(packing, &b));
		compare(a, b);
		count++;
	}
	g_assert_false(tcphs_tracker_next(packing, &b));
	return count;
}

/** test_trackers(): whatever is captured, a tracker that packs, and is told in batches, says what another one says. */
static void test_trackers(gconstpointer data)
{
	const unsigned seed = GPOINTER_TO_UINT(data);
	GRand *rand = g_rand_new_with_seed(seed);
	struct tcphs_tracker *full, *packing;
	struct batch batch = { .count = 0 };
	struct tcphs_config config;
	tcphs_time now = TCPHS_SECOND;
	unsigned count = 0;

	tcphs_config_default(&config);
	config.forget = seed % 2 ? 30 * TCPHS_SECOND : 0;
	config.max_connections = seed % 3 ? 0 : 5 * seed;
	g_assert_cmpint(tcphs_tracker_new(&full, &config), ==, TCPHS_OK);
	g_assert_cmpint(tcphs_tracker_new(&packing, &config), ==, TCPHS_OK);
	for (uint32_t i = 1; i < 20000; i++) {
		struct tcphs_segment s;
		struct tcphs_mark mark;
		struct tcphs_key key;

		now += g_rand_int_range(rand, 0, 500) ? g_rand_int_range(rand, 0, 90) * TCPHS_MILLISECOND
		                                      : 90 * TCPHS_SECOND;
		random_key(rand, &key, g_rand_boolean(rand));
		random_segment(rand, &s, &key, 9);
		s.time = now - g_rand_int_range(rand, 0, 3) * TCPHS_MILLISECOND;
		s.ref = i;
		if (i % 50 == 0) {
			const struct tcphs_quote quote = { .key = key, .segment = s, .type = 3, .code = 1 };

			tcphs_tracker_quote(full, &quote, &mark);
			tell_batch(packing, &batch);
			tcphs_tracker_quote(packing, &quote, NULL);
		} else {
			g_assert_cmpint(tcphs_tracker_segment(full, &key, &s, &mark), ==, TCPHS_OK);
			put_off(packing, &batch, &key, &s);
		}
		if (i % 32 == 0) {
			tell_batch(packing, &batch);
			count += drain(full, packing);
		}
	}
	tell_batch(packing, &batch);
	tcphs_tracker_finish(full);
	tcphs_tracker_finish(packing);
	count += drain(full, packing);
	g_assert_cmpuint(count, >, 300);
	g_assert_cmpuint(tcphs_tracker_evicted(full), ==, tcphs_tracker_evicted(packing));
	g_assert_true((config.max_connections > 0) == (tcphs_tracker_evicted(full) > 0));
	tcphs_tracker_del(full);
	tcphs_tracker_del(packing);
	g_rand_free(rand);
}

/** flood_syn(): a SYN of one of a few shapes, some of which a rule has something to say about. */
static struct tcphs_segment flood_syn(GRand *rand, const struct tcphs_key *key)
{
	static const uint16_t mss[] = { 1460, 1460, 536, 100 }, flags[] = { 0, 0, TCPHS_ECE | TCPHS_CWR, TCPHS_URG };
	struct tcphs_segment s = a_syn(key);

	s.flags |= flags[g_rand_int_range(rand, 0, 4)];
	s.seq = g_rand_int(rand);
	s.window = g_rand_int_range(rand, 0, 10) ? 64240 : 0;
	s.options.seen = TCPHS_OPT_MSS;
	s.options.mss = mss[g_rand_int_range(rand, 0, 4)];
	if (g_rand_boolean(rand)) {
		s.options.seen |= TCPHS_OPT_WSCALE;
		s.options.wscale = (uint8_t)(6 + g_rand_int_range(rand, 0, 2));
	}
	if (g_rand_int_range(rand, 0, 4) == 0) {
		s.options.seen |= TCPHS_OPT_MPTCP;
		s.options.mptcp_subtype = TCPHS_MP_CAPABLE;
	}
	if (g_rand_int_range(rand, 0, 4) == 0) {
		s.options.seen |= TCPHS_OPT_FAST_OPEN;
		s.options.cookie_length = 8;
	}
	if (g_rand_int_range(rand, 0, 8) == 0)
		s.options.seen |= TCPHS_OPT_MD5;
	if (g_rand_int_range(rand, 0, 8) == 0)
		s.length = 100;
	if (g_rand_int_range(rand, 0, 8) == 0)
		s.ack = 7;
	tcphs_segment_sum_up(&s);
	return s;
}

/** test_flood(): of SYNs that nobody answers the same is said whether each is judged or one of its shape was. */
static void test_flood(void)
{
	const tcphs_time end = 5000 * TCPHS_SECOND;
	GRand *rand = g_rand_new_with_seed(11);
	struct tcphs_tracker *full, *packing;
	struct tcphs_config config;

	tcphs_config_default(&config);
	config.max_connections = 1000;
	g_assert_cmpint(tcphs_tracker_new(&full, &config), ==, TCPHS_OK);
	g_assert_cmpint(tcphs_tracker_new(&packing, &config), ==, TCPHS_OK);
	for (uint32_t i = 1; i <= 5000; i++) {
		struct tcphs_key key = { .sport = (uint16_t)(i % 50000), .dport = 80 };
		struct tcphs_segment s;
		struct tcphs_mark mark;

		memcpy(key.src, tcphs_ipv4_prefix, 12);
		memcpy(key.dst, tcphs_ipv4_prefix, 12);
		key.src[0] = key.dst[0] = i % 3 ? 0 : 0x20;
		key.src[12] = 10;
		key.dst[12] = (uint8_t)(9 + 2 * (i % 2));
		s = flood_syn(rand, &key);
		/* The last ones come a horizon before the end, or a nanosecond more or less. */
		s.time = i < 4900 ? i * TCPHS_SECOND : i < 5000 ? end - config.horizon + (int)(i % 3) - 1 : end;
		s.ref = i;
		g_assert_cmpint(tcphs_tracker_segment(full, &key, &s, &mark), ==, TCPHS_OK);
		g_assert_cmpint(tcphs_tracker_segment(packing, &key, &s, NULL), ==, TCPHS_OK);
		drain(full, packing);
	}
	tcphs_tracker_finish(full);
	tcphs_tracker_finish(packing);
	g_assert_cmpuint(drain(full, packing), ==, 1000);
	tcphs_tracker_del(full);
	tcphs_tracker_del(packing);
	g_rand_free(rand);
}

/** struct talk: a connection with data, on its way. */
struct talk {
	struct tcphs_key key[2];   /* of client, of server */
	uint32_t next[2];
	unsigned step;
};

/** say(): the talk's next segment; now and then one that is not quite what it should be. */
static void say(GRand *rand, struct talk *talk, struct tcphs_segment *s, unsigned *side)
{
	static const uint16_t opening[3] = { TCPHS_SYN, TCPHS_SYN | TCPHS_ACK, TCPHS_ACK };
	const int odd = g_rand_int_range(rand, 0, 40);

	*side = talk->step < 3 ? talk->step & 1 : (unsigned)g_rand_int_range(rand, 0, 2);
	memset(s, 0, sizeof(*s));
	s->have = TCPHS_HAVE_SEQ | TCPHS_HAVE_HEADER | TCPHS_HAVE_OPTIONS | TCPHS_HAVE_LENGTH;
	s->flags = talk->step < 3 ? opening[talk->step] : odd == 1 ? TCPHS_FIN | TCPHS_ACK : TCPHS_ACK;
	s->length = talk->step < 3 ? 0 : (uint32_t)g_rand_int_range(rand, 0, 3) * 700;
	s->seq = talk->next[*side];
	s->ack = talk->step > 0 ? talk->next[!*side] : 0;
	s->window = odd == 2 ? 0 : 64240;
	s->ttl = odd == 3 ? 40 : 64;
	s->ip_id = (uint16_t)g_rand_int_range(rand, 0, 4);
	s->options.mptcp_subtype = TCPHS_MP_NONE;
	if (odd != 4)
		s->options.seen = TCPHS_OPT_TIMESTAMPS | (s->flags & TCPHS_SYN ? TCPHS_OPT_MSS : 0);
	s->options.mss = 1460;
	s->options.tsval = talk->step;
	s->options.hash = talk->step;
	if (odd == 5)
		s->seq -= 700;
	if (odd == 6)
		s->seq += 700;
	if (odd == 7)
		s->ack += 1400;
	if (odd == 8)
		s->ack -= 1;
	if (odd == 9)
		s->flags |= TCPHS_PSH | TCPHS_URG;
	if (odd == 10 && talk->step % 5 == 0)
		s->flags = TCPHS_RST | TCPHS_ACK;
	if (odd == 11)
		s->checksum = TCPHS_CHECKSUM_BAD;
	if (odd == 12 && talk->step % 3 == 0)
		s->flags = TCPHS_SYN;
	if (odd == 13)
		s->checksum = TCPHS_CHECKSUM_BAD_IP;
	if (odd == 14)
		s->ttl = 60;
	if (odd != 5 && odd != 6)
		talk->next[*side] += s->length + ((s->flags & (TCPHS_SYN | TCPHS_FIN)) != 0);
	talk->step++;
}

/** struct ways: of one capture, a tracker that takes all segments the long way, one that takes them as they come ... */
struct ways {
	struct tcphs_tracker *slow, *quick;
	struct tcphs_tracker *packing;   /* ... and one that need not give marks */
	bool keep;
	uint32_t connections;            /* that were marked */
};

static void ways_new(struct ways *ways, bool as_plugin)
{
	struct tcphs_config config;

	*ways = (struct ways){ .keep = as_plugin };
	tcphs_config_default(&config);
	config.keep = as_plugin;
	config.zeek = !as_plugin;
	g_assert_cmpint(tcphs_tracker_new(&ways->slow, &config), ==, TCPHS_OK);
	g_assert_cmpint(tcphs_tracker_new(&ways->quick, &config), ==, TCPHS_OK);
	g_assert_cmpint(tcphs_tracker_new(&ways->packing, &config), ==, TCPHS_OK);
}

/** ways_take(): one segment; the marks are the same octet for octet. */
static void ways_take(struct ways *ways, const struct tcphs_key *key, const struct tcphs_segment *s)
{
	struct tcphs_segment unknown = *s;
	struct tcphs_mark mark, quick_mark;

	unknown.plain = 0;
	g_assert_cmpint(tcphs_tracker_segment(ways->slow, key, &unknown, &mark), ==, TCPHS_OK);
	g_assert_cmpint(tcphs_tracker_segment(ways->quick, key, s, &quick_mark), ==, TCPHS_OK);
	g_assert_cmpint(tcphs_tracker_segment(ways->packing, key, s, NULL), ==, TCPHS_OK);
	g_assert_cmpmem(&mark, sizeof(mark), &quick_mark, sizeof(quick_mark));
	if (mark.connection != TCPHS_NO_CONNECTION)
		ways->connections = MAX(ways->connections, mark.connection + 1);
}

/** ways_drain(): what is over, or with 'keep' all as it stands. @return how many connections. */
static unsigned ways_drain(struct ways *ways)
{
	struct tcphs_summary slow, quick, packed;
	unsigned count = 0;

	for (; ways->keep && count < ways->connections; count++) {
		tcphs_tracker_summary(ways->slow, count, tcphs_tracker_end(ways->slow), &slow);
		tcphs_tracker_summary(ways->quick, count, tcphs_tracker_end(ways->quick), &quick);
		tcphs_tracker_summary(ways->packing, count, tcphs_tracker_end(ways->packing), &packed);
		compare(slow, quick);
		compare(slow, packed);
	}
	for (; !ways->keep && tcphs_tracker_next(ways->slow, &slow); count++) {
		g_assert_true(tcphs_tracker_next(ways->quick, &quick));
		g_assert_true(tcphs_tracker_next(ways->packing, &packed));
		compare(slow, quick);
		compare(slow, packed);
	}
	return count;
}

static void ways_del(struct ways *ways)
{
	tcphs_tracker_del(ways->slow);
	tcphs_tracker_del(ways->quick);
	tcphs_tracker_del(ways->packing);
}

/** test_talks(): connections with data, in which now and then something is not as it should be. */
static void test_talks(gconstpointer as_plugin)
{
	GRand *rand = g_rand_new_with_seed(7);
	struct talk talks[8] = { 0 };
	struct ways ways;
	tcphs_time now = TCPHS_SECOND;
	unsigned count = 0;

	ways_new(&ways, as_plugin != NULL);
	for (uint32_t i = 1; i < 100000; i++) {
		struct talk *talk = &talks[g_rand_int_range(rand, 0, G_N_ELEMENTS(talks))];
		struct tcphs_segment s;
		unsigned side;

		if (talk->step == 0 || g_rand_int_range(rand, 0, 40) == 0) {
			*talk = (struct talk){ .next = { g_rand_int(rand), g_rand_int(rand) } };
			random_key(rand, &talk->key[0], false);
			memcpy(talk->key[1].src, talk->key[0].dst, 16);
			memcpy(talk->key[1].dst, talk->key[0].src, 16);
			talk->key[1].sport = talk->key[0].dport;
			talk->key[1].dport = talk->key[0].sport;
		}
		say(rand, talk, &s, &side);
		now += g_rand_int_range(rand, 0, 100) ? TCPHS_MILLISECOND : 2 * TCPHS_SECOND;
		s.sport = talk->key[side].sport;
		s.dport = talk->key[side].dport;
		s.time = now;
		s.ref = i;
		tcphs_segment_sum_up(&s);
		/* Some come twice, as copies do. */
		for (int k = g_rand_int_range(rand, 0, 30) == 0 ? 2 : 1; k > 0; k--) {
			ways_take(&ways, &talk->key[side], &s);
			s.ref = ++i;
		}
		if (i % 32 == 0 && !ways.keep)
			count += ways_drain(&ways);
	}
	tcphs_tracker_finish(ways.slow);
	tcphs_tracker_finish(ways.quick);
	tcphs_tracker_finish(ways.packing);
	count += ways_drain(&ways);
	g_assert_cmpuint(count, >, 1000);
	ways_del(&ways);
	g_rand_free(rand);
}

static const uint8_t odd_addresses[][16] = {
	{ [10] = 0xff, 0xff, 10, 0, 0, 1 }, { [10] = 0xff, 0xff, 10, 0, 0, 2 }, { [12] = 10, 0, 0, 1 },
	{ [12] = 10, 0, 0, 2 }, { [9] = 1, 0xff, 0xff, 10, 0, 0, 1 }, { [10] = 0xff, 0, 10, 0, 0, 1 },
	{ [0] = 0x20, [10] = 0xff, 0xff, 10, 0, 0, 1 },
};
enum { ADDRESSES = G_N_ELEMENTS(odd_addresses), PAIRS = ADDRESSES * ADDRESSES };

static bool is_found(const struct tcphs_summary *summary, enum tcphs_rule rule)
{
	for (size_t i = 0; i < summary->finding_count; i++) {
		if (summary->findings[i].rule == rule)
			return true;
	}
	return false;
}

/** expect_pairs(): each pair has one connection that retired, from the address that its ports tell to that other. */
static void expect_pairs(struct tcphs_tracker *tracker, bool again)
{
	bool seen[ADDRESSES][ADDRESSES] = { 0 };
	struct tcphs_summary summary;
	unsigned count = 0;

	while (tcphs_tracker_next(tracker, &summary)) {
		const unsigned src = summary.key.sport - 1000u, dst = summary.key.dport - 2000u;

		g_assert_false(seen[src][dst]);
		seen[src][dst] = true;
		g_assert_cmpmem(summary.key.src, 16, odd_addresses[src], 16);
		g_assert_cmpmem(summary.key.dst, 16, odd_addresses[dst], 16);
		g_assert_true(again == (is_found(&summary, TCPHS_RULE_PORT_REUSED) ||
		                        is_found(&summary, TCPHS_RULE_SYN_NEW_ISN)));
		count++;
	}
	g_assert_cmpuint(count, ==, PAIRS);
}

/** test_addresses(): all that look nearly like IPv4 are told apart, and come back as they were, packed or not. */
static void test_addresses(void)
{
	struct tcphs_tracker *tracker;
	struct tcphs_config config;

	tcphs_config_default(&config);
	g_assert_cmpint(tcphs_tracker_new(&tracker, &config), ==, TCPHS_OK);
	/* SYNs that are reset; the same pairs again, spent by then; and once more, with nothing but a SYN. */
	for (unsigned round = 0; round < 3; round++) {
		const tcphs_time time = (1 + 100 * (tcphs_time)round) * TCPHS_SECOND;

		for (unsigned i = 0; i < PAIRS; i++) {
			struct tcphs_key key = { .sport = (uint16_t)(1000 + i / ADDRESSES),
				                 .dport = (uint16_t)(2000 + i % ADDRESSES) };
			struct tcphs_segment s = a_syn(&key);

			memcpy(key.src, odd_addresses[i / ADDRESSES], 16);
			memcpy(key.dst, odd_addresses[i % ADDRESSES], 16);
			s.time = time;
			s.seq = 1000000 * (1 + round);
			tcphs_tracker_segment(tracker, &key, &s, NULL);
			s.flags = TCPHS_RST;
			s.seq++;
			tcphs_segment_sum_up(&s);
			if (round < 2)
				tcphs_tracker_segment(tracker, &key, &s, NULL);
		}
		tcphs_tracker_frame(tracker, time + 70 * TCPHS_SECOND);
		if (round == 2)
			tcphs_tracker_finish(tracker);
		expect_pairs(tracker, round > 0);
	}
	tcphs_tracker_del(tracker);
}

/** test_one_server(): thousands of clients that differ by their address only are as many connections. */
static void test_one_server(void)
{
	for (unsigned i = 0; i < 8; i++) {
		const bool ipv6 = i & 1, low = i & 2, full = i & 4;
		struct tcphs_tracker *tracker;
		struct tcphs_summary summary;
		struct tcphs_config config;
		struct tcphs_mark mark;
		unsigned count = 0;

		tcphs_config_default(&config);
		g_assert_cmpint(tcphs_tracker_new(&tracker, &config), ==, TCPHS_OK);
		for (unsigned client = 0; client < 3000; client++) {
			struct tcphs_key key = { .sport = 50000, .dport = 80 };
			struct tcphs_segment s = a_syn(&key);

			memcpy(key.src, tcphs_ipv4_prefix, 12);
			memcpy(key.dst, tcphs_ipv4_prefix, 12);
			key.src[0] = key.dst[0] = ipv6 ? 0x20 : 0;
			key.src[12] = 10;
			key.src[14] = (uint8_t)(client >> 8);
			key.src[15] = (uint8_t)client;
			key.dst[12] = low ? 9 : 11;
			tcphs_tracker_segment(tracker, &key, &s, full ? &mark : NULL);
		}
		tcphs_tracker_finish(tracker);
		while (tcphs_tracker_next(tracker, &summary))
			count++;
		g_assert_cmpuint(count, ==, 3000);
		tcphs_tracker_del(tracker);
	}
}

/** test_small(): what half-open and finished connections take in pools, places in the table aside. */
static void test_small(void)
{
	struct tcphs_config config;
	struct tcphs_store store;

	tcphs_config_default(&config);
	g_assert_true(tcphs_store_init(&store, &config));
	g_assert_cmpuint(store.tuples[TCPHS_SYN4].item, <=, 64);
	g_assert_cmpuint(store.tuples[TCPHS_SPENT4].item, <=, 40);
	g_assert_cmpuint(store.tuples[TCPHS_SYN6].item, <=, 96);
	g_assert_cmpuint(store.tuples[TCPHS_SPENT6].item, <=, 64);
	tcphs_store_clear(&store);
}

int main(int argc, char **argv)
{
	static const struct hashing hashings[] = { { spread, 20000 }, { crowded, 2000 }, { same, 600 } };

	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/store/pool", test_pool);
	g_test_add_func("/store/pool/large", test_large_pool);
	g_test_add_data_func("/store/index/spread", &hashings[0], test_index);
	g_test_add_data_func("/store/index/crowded", &hashings[1], test_index);
	g_test_add_data_func("/store/index/same", &hashings[2], test_index);
	g_test_add_func("/store/syn", test_syn);
	g_test_add_func("/store/syn/extremes", test_extreme_syns);
	g_test_add_func("/store/forms", test_forms);
	g_test_add_func("/store/addresses", test_addresses);
	g_test_add_func("/store/one-server", test_one_server);
	g_test_add_func("/store/checks-pass", test_checks_pass);
	g_test_add_func("/store/small", test_small);
	g_test_add_func("/store/flood", test_flood);
	g_test_add_data_func("/store/talks", NULL, test_talks);
	g_test_add_data_func("/store/talks/kept", GUINT_TO_POINTER(1), test_talks);
	for (unsigned seed = 1; seed <= 6; seed++) {
		char *path = g_strdup_printf("/store/trackers/%u", seed);

		g_test_add_data_func(path, GUINT_TO_POINTER(seed), test_trackers);
		g_free(path);
	}
	return g_test_run();
}
