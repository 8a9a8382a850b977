/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_memory.c - memory that is out, at every place where the engine asks for some.
 *
 * The linker has the engine call __wrap_malloc() and the like (tests/unit/CMakeLists.txt). Traffic is tracked again and
 * again: in some round the nth request fails, or all from the nth on. Whatever fails, the tracker says so and stays
 * valid: each segment that it took is in exactly one summary, and what comes later is judged. In the end all memory has
 * been given back.
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "tcphs.h"
#include "values.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *memory);

/* The request that fails, counted from 1, and whether those behind it do, too. 0: none fails. */
static unsigned failing, requests;
static bool for_ever;

/* Pieces of memory that were handed out and not given back. */
static unsigned held;

static bool fails(void)
{
	requests++;
	return failing > 0 && (requests == failing || (for_ever && requests > failing));
}

static void *handed_out(void *memory)
{
	held += memory != NULL;
	return memory;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : handed_out(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : handed_out(__real_calloc(count, size));
}

void *__wrap_realloc(void *memory, size_t size)
{
	if (fails())
		return NULL;
	return memory ? __real_realloc(memory, size) : handed_out(__real_malloc(size));
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return fails() ? NULL : handed_out(__real_aligned_alloc(alignment, size));
}

void __wrap_free(void *memory)
{
	held -= memory != NULL;
	__real_free(memory);
}

/* What was asked of a tracker, and what came of it. */
struct outcome {
	unsigned taken, refused;   /* segments with a connection; segments for which there was no memory */
	unsigned summed, connections;
};

static void drain(struct tcphs_tracker *tracker, struct outcome *outcome)
{
	struct tcphs_summary summary;

	while (tcphs_tracker_next(tracker, &summary)) {
		g_assert_cmpuint(summary.judgement.verdict, ==, tcphs_reason_verdict(summary.judgement.reason));
		outcome->summed += summary.frames;
		outcome->connections++;
	}
}

static void send(struct tcphs_tracker *tracker, unsigned host, bool ipv6, bool back, uint16_t flags, uint32_t seq,
                 uint32_t ack, struct outcome *outcome)
{
	static tcphs_time now = TCPHS_SECOND;
	static tcphs_ref last;
	tcphs_ref ref = ++last;
	struct tcphs_segment segment = { .time = now += TCPHS_MILLISECOND, .ref = ref, .seq = seq, .ack = ack,
		                         .flags = flags, .window = 64240, .ip_id = (uint16_t)ref, .ttl = 64,
		                         .have = TCPHS_HAVE_SEQ | TCPHS_HAVE_HEADER | TCPHS_HAVE_OPTIONS |
		                                 TCPHS_HAVE_LENGTH };
	struct tcphs_key key = { .sport = back ? 80 : 49152, .dport = back ? 49152 : 80 };
	uint8_t *client = back ? key.dst : key.src, *server = back ? key.src : key.dst;
	int result;

	memset(client, ipv6 ? 0x20 : 0, 10);
	memset(server, ipv6 ? 0x20 : 0, 10);
	memset(client + 10, 0xff, 2);
	memset(server + 10, 0xff, 2);
	client[12] = server[12] = 192;
	client[14] = (uint8_t)(host >> 8);
	client[15] = (uint8_t)host;
	server[15] = 9;
	segment.sport = key.sport;
	segment.dport = key.dport;
	segment.options.mptcp_subtype = TCPHS_MP_NONE;
	result = tcphs_tracker_segment(tracker, &key, &segment, NULL);
	g_assert_true(result == TCPHS_OK || result == TCPHS_ERR_NOMEM);
	if (result == TCPHS_OK)
		outcome->taken++;
	else
		outcome->refused++;
}

/* Half-open ones, whole ones, wrong ones and some that are used again, enough to make each pool and table grow. */
static void traffic(struct tcphs_tracker *tracker, struct outcome *outcome)
{
	for (unsigned host = 0; host < 700; host++) {
		bool ipv6 = host % 5 == 0;
		uint32_t isn = 1000 * host, peer = 77 * host;

		send(tracker, host, ipv6, false, TCPHS_SYN, isn, 0, outcome);
		if (host % 3 == 0)
			continue;
		send(tracker, host, ipv6, true, TCPHS_SYN | TCPHS_ACK, peer, isn + (host % 7 ? 1 : 0), outcome);
		send(tracker, host, ipv6, false, TCPHS_ACK, isn + 1, peer + 1, outcome);
		send(tracker, host, ipv6, true, TCPHS_ACK | TCPHS_PSH, peer + 1, isn + 1, outcome);
		if (host % 4 == 0)
			send(tracker, host, ipv6, false, TCPHS_SYN, isn + 100000, 0, outcome);
		if (host % 64 == 0)
			drain(tracker, outcome);
	}
}

/* The capture's hosts become part of a total. */
static void add_hosts(struct tcphs_tracker *tracker, const struct tcphs_config *config)
{
	struct tcphs_isn_table *isns = tcphs_tracker_take_isns(tracker), *total = tcphs_isn_new(config);
	struct tcphs_host host;

	if (total) {
		tcphs_isn_merge(total, isns);
		while (tcphs_isn_next(total, &host))
			g_assert_cmpuint(host.samples + host.repeated, >, 0);
	}
	tcphs_isn_del(total);
	tcphs_isn_del(isns);
}

static struct outcome track(const struct tcphs_config *config, unsigned fail, bool ever)
{
	static unsigned begun;   /* requests that a tracker is made with */
	struct outcome outcome = { 0 };
	struct tcphs_tracker *tracker;
	int result;

	failing = fail;
	for_ever = ever;
	requests = held = 0;
	result = tcphs_tracker_new(&tracker, config);
	g_assert_true((result == TCPHS_OK) == (tracker != NULL));
	if (fail == 0)
		begun = requests;
	if (ever)
		g_assert_cmpint(result, ==, fail <= begun ? TCPHS_ERR_NOMEM : TCPHS_OK);
	if (tracker) {
		traffic(tracker, &outcome);
		tcphs_tracker_finish(tracker);
		drain(tracker, &outcome);
		g_assert_cmpuint(outcome.summed, ==, outcome.taken);
		add_hosts(tracker, config);
		tcphs_tracker_del(tracker);
	}
	g_assert_cmpuint(held, ==, 0);
	failing = 0;
	return outcome;
}

static void run(gconstpointer data)
{
	struct tcphs_config config;
	struct outcome whole, outcome;
	unsigned most;

	tcphs_config_default(&config);
	if (GPOINTER_TO_INT(data) == 1)
		config.forget = TCPHS_SECOND / 2;
	if (GPOINTER_TO_INT(data) == 2)
		config.max_connections = 50;
	whole = track(&config, 0, false);
	most = requests;
	g_assert_cmpuint(most, >, 10);
	g_assert_cmpuint(whole.refused, ==, 0);
	/* Later ones are much alike: a host, a chunk of a pool. */
	for (unsigned n = 1; n <= most; n += n < 30 ? 1 : 41) {
		/* One request that fails is tried again, or does for no more than the segment that made it. */
		outcome = track(&config, n, false);
		g_assert_cmpuint(outcome.refused, <=, 1);
		outcome = track(&config, n, true);
		g_assert_cmpuint(outcome.connections, <=, whole.connections + outcome.refused);
	}
}

/* A table that cannot grow is filled up to one place, so that a search in vain has an end. */
static void run_full_table(void)
{
	const struct tcphs_index_keys keys = { NULL, spread, no_prefetch };
	struct tcphs_index index;
	uint32_t value = 1;

	failing = 0;
	g_assert_true(tcphs_index_init(&index));
	failing = 1;
	for_ever = true;
	requests = 0;
	for (; tcphs_index_reserve(&index, &keys); value++)
		tcphs_index_add(&index, spread(NULL, value), value);
	g_assert_cmpuint(index.count, ==, (index.mask + 1) * TCPHS_BUCKET - 1);
	for (uint32_t wanted = 1; wanted < 2 * value; wanted++)
		g_assert_cmpuint(tcphs_index_find(&index, spread(NULL, wanted), 0, is_value, NULL, &wanted), ==,
		                 wanted < value ? wanted : 0);
	failing = 0;
	tcphs_index_clear(&index);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/memory/plain", GINT_TO_POINTER(0), run);
	g_test_add_data_func("/memory/forget", GINT_TO_POINTER(1), run);
	g_test_add_data_func("/memory/limit", GINT_TO_POINTER(2), run);
	g_test_add_func("/memory/full-table", run_full_table);
	return g_test_run();
}
