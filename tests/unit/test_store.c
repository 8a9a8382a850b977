/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_store.c - what is kept, and in which form: the table against one of GLib's, pools, packed SYNs octet for octet,
 * and a tracker that may pack, and take segments the short way, beside one that may not.
 *
 * Random numbers are GLib's, from a fixed seed.
 */
#include <glib.h>
#include <string.h>

#include "store.h"

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

/* ---- the table ----------------------------------------------------------------------------------- */

/* Keys are values; so few hashes that buckets run over. */
static uint32_t crowded(const void *context, uint32_t value)
{
	(void)context;
	return value % 97 * UINT32_C(0x01000193);
}

static uint32_t spread(const void *context, uint32_t value)
{
	(void)context;
	return value * UINT32_C(0x9e3779b1);
}

static void no_prefetch(const void *context, uint32_t value)
{
	(void)context;
	(void)value;
}

static bool is_value(const void *context, const void *key, uint32_t value)
{
	(void)context;
	return *(const uint32_t *)key == value;
}

static void test_index(gconstpointer data)
{
	const struct tcphs_index_keys keys = { NULL, data == NULL ? spread : crowded, no_prefetch };
	const uint32_t most = data == NULL ? 20000 : 2000;
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
	g_assert_cmpuint(a.finding_count, ==, b.finding_count);
	if (a.finding_count > 0)
		g_assert_cmpmem(a.findings, a.finding_count * sizeof(*a.findings), b.findings,
		                b.finding_count * sizeof(*b.findings));
	a.connection = b.connection = 0;
	a.findings = b.findings = NULL;
	g_assert_cmpmem(&a, sizeof(a), &b, sizeof(b));
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

/** test_trackers(): whatever is captured, a tracker that packs says what one that does not says. */
static void test_trackers(gconstpointer data)
{
	const unsigned seed = GPOINTER_TO_UINT(data);
	GRand *rand = g_rand_new_with_seed(seed);
	struct tcphs_tracker *full, *packing;
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
			tcphs_tracker_quote(packing, &quote, NULL);
		} else {
			g_assert_cmpint(tcphs_tracker_segment(full, &key, &s, &mark), ==, TCPHS_OK);
			g_assert_cmpint(tcphs_tracker_segment(packing, &key, &s, NULL), ==, TCPHS_OK);
		}
		if (i % 32 == 0)
			count += drain(full, packing);
	}
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
	if (odd != 5 && odd != 6)
		talk->next[*side] += s->length + ((s->flags & (TCPHS_SYN | TCPHS_FIN)) != 0);
	talk->step++;
}

/** test_talks(): connections with data, in which now and then something is not as it should be. */
static void test_talks(void)
{
	GRand *rand = g_rand_new_with_seed(7);
	struct tcphs_tracker *full, *packing;
	struct talk talks[8] = { 0 };
	struct tcphs_config config;
	tcphs_time now = TCPHS_SECOND;
	unsigned count = 0;

	tcphs_config_default(&config);
	g_assert_cmpint(tcphs_tracker_new(&full, &config), ==, TCPHS_OK);
	g_assert_cmpint(tcphs_tracker_new(&packing, &config), ==, TCPHS_OK);
	for (uint32_t i = 1; i < 100000; i++) {
		struct talk *talk = &talks[g_rand_int_range(rand, 0, G_N_ELEMENTS(talks))];
		struct tcphs_segment s, again;
		struct tcphs_mark mark;
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
		again = s;
		/* Some come twice, as copies do. */
		for (int k = g_rand_int_range(rand, 0, 30) == 0 ? 2 : 1; k > 0; k--) {
			g_assert_cmpint(tcphs_tracker_segment(full, &talk->key[side], &s, &mark), ==, TCPHS_OK);
			g_assert_cmpint(tcphs_tracker_segment(packing, &talk->key[side], &again, NULL), ==, TCPHS_OK);
			s.ref = again.ref = ++i;
		}
		if (i % 32 == 0)
			count += drain(full, packing);
	}
	tcphs_tracker_finish(full);
	tcphs_tracker_finish(packing);
	count += drain(full, packing);
	g_assert_cmpuint(count, >, 1000);
	tcphs_tracker_del(full);
	tcphs_tracker_del(packing);
	g_rand_free(rand);
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
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/store/pool", test_pool);
	g_test_add_data_func("/store/index/spread", NULL, test_index);
	g_test_add_data_func("/store/index/crowded", GUINT_TO_POINTER(1), test_index);
	g_test_add_func("/store/syn", test_syn);
	g_test_add_func("/store/checks-pass", test_checks_pass);
	g_test_add_func("/store/small", test_small);
	g_test_add_func("/store/talks", test_talks);
	for (unsigned seed = 1; seed <= 6; seed++) {
		char *path = g_strdup_printf("/store/trackers/%u", seed);

		g_test_add_data_func(path, GUINT_TO_POINTER(seed), test_trackers);
		g_free(path);
	}
	return g_test_run();
}
