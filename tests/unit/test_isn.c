/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_isn.c - ISN quality per host: whole populations of good hosts that must not be accused, bad ones that must be,
 * Nmap's numbers by hand, and a table that does not grow and does not care in which order it learns.
 *
 * Random numbers are GLib's, from a fixed seed.
 */
#include <glib.h>
#include <string.h>

#include "isn.h"

/** table_with(): with those thresholds, for repeats and for patterns. */
static struct tcphs_isn_table *table_with(uint8_t tuples, uint8_t samples)
{
	struct tcphs_config config;
	struct tcphs_isn_table *table;

	tcphs_config_default(&config);
	config.isn_tuples = tuples;
	config.isn_samples = samples;
	table = tcphs_isn_new(&config);
	g_assert_nonnull(table);
	return table;
}

/** new_table(): with the defaults. */
static struct tcphs_isn_table *new_table(void)
{
	return table_with(4, 6);
}

/** struct told: how often the table spoke of a host. */
struct told {
	unsigned repeated, predictable;
	struct tcphs_isn_repeat repeat;
	struct tcphs_isn_pattern pattern;
	unsigned at;   /* samples when it spoke of a pattern */
};

static void set_address(uint8_t address[16], uint32_t number)
{
	memset(address, 0, 10);
	memset(address + 10, 0xff, 2);
	for (unsigned i = 0; i < 4; i++)
		address[12 + i] = (uint8_t)(number >> (24 - 8 * i));
}

/** use(): a host sends an ISN on a 4-tuple, and the connection is completed or not. */
static void use(struct tcphs_isn_table *table, struct told *told, uint32_t host, uint32_t tuple, uint32_t isn,
                tcphs_time time, bool completed)
{
	uint8_t address[16];
	const struct tcphs_isn sent = {.host = address, .tuple = tuple, .isn = isn, .time = time, .ref = tuple};

	set_address(address, host);
	told->repeated += tcphs_isn_sent(table, &sent, &told->repeat);
	if (completed)
		told->predictable += tcphs_isn_completed(table, &sent, &told->pattern);
	if (told->predictable && !told->at)
		told->at = tuple;
}

/** only_host(): what is reported, which must be one host. */
static struct tcphs_host only_host(struct tcphs_isn_table *table)
{
	struct tcphs_host host, none;

	g_assert_true(tcphs_isn_next(table, &host));
	g_assert_false(tcphs_isn_next(table, &none));
	return host;
}

/* ---- good hosts ---------------------------------------------------------------------------------- */

#define SECOND ((double)TCPHS_SECOND)

/** isn_function: the next ISN of a host at |time|, whose counter is |counter|. */
typedef uint32_t isn_function(GRand *random, tcphs_time time, uint32_t *counter);

static uint32_t isn_random(GRand *random, tcphs_time time, uint32_t *counter)
{
	(void)time;
	(void)counter;
	return g_rand_int(random);
}

/* Linux: a hash of the 4-tuple and a clock of 64 ns a number. */
static uint32_t isn_hashed(GRand *random, tcphs_time time, uint32_t *counter)
{
	(void)counter;
	return g_rand_int(random) + (uint32_t)(time / 64);
}

/* Older BSDs: a counter that rises by up to 2^18 a connection. */
static uint32_t isn_increments(GRand *random, tcphs_time time, uint32_t *counter)
{
	(void)time;
	return *counter += (uint32_t)g_rand_int_range(random, 1, 1 << 18);
}

/* The same, and up to 2^18 every half second, as FreeBSD once did. */
static uint32_t isn_ticking(GRand *random, tcphs_time time, uint32_t *counter)
{
	static tcphs_time ticked;

	if (time < ticked)
		ticked = time;
	for (; ticked + TCPHS_SECOND / 2 <= time; ticked += TCPHS_SECOND / 2)
		*counter += (uint32_t)g_rand_int_range(random, 1, 1 << 18);
	return isn_increments(random, time, counter);
}

/* A SYN cookie: a minute's counter in the upper 8 bits, the rest hashed. */
static uint32_t isn_cookie(GRand *random, tcphs_time time, uint32_t *counter)
{
	(void)counter;
	return ((uint32_t)(time / (60 * TCPHS_SECOND)) << 24) + g_rand_int(random);
}

/* How connections follow each other: at a steady pace, in bursts, over hours. */
static tcphs_time pause(GRand *random, unsigned manner)
{
	switch (manner) {
	case 0:
		return TCPHS_SECOND / 10;
	case 1:
		return (tcphs_time)g_rand_int_range(random, 1, 2000000);
	default:
		return (tcphs_time)(g_rand_double_range(random, 0, 600) * SECOND);
	}
}

static void test_good_hosts(gconstpointer data)
{
	isn_function *isn_of = *(isn_function *const *)data;
	GRand *random = g_rand_new_with_seed(9293);

	for (unsigned i = 0; i < 1500; i++) {
		struct tcphs_isn_table *table = new_table();
		tcphs_time time = 0;
		uint32_t counter = g_rand_int(random);
		struct told told = {0};

		for (uint32_t tuple = 0; tuple < 40; tuple++) {
			use(table, &told, 1, tuple, isn_of(random, time, &counter), time, true);
			time += pause(random, i % 3);
		}
		g_assert_cmpuint(told.repeated, ==, 0);
		g_assert_cmpuint(told.predictable, ==, 0);
		g_assert_cmpuint(only_host(table).quality, ==, 0);
		tcphs_isn_del(table);
	}
	g_rand_free(random);
}

/* Captured on three links with translators between them: each ISN in three 4-tuples. */
static void test_translated(void)
{
	GRand *random = g_rand_new_with_seed(1);

	for (unsigned i = 0; i < 1000; i++) {
		struct tcphs_isn_table *table = new_table();
		struct told told = {0};

		for (uint32_t tuple = 0; tuple < 60; tuple += 3) {
			uint32_t isn = g_rand_int(random);

			for (uint32_t copy = 0; copy < 3; copy++)
				use(table, &told, 1, tuple + copy, isn, (tcphs_time)tuple * TCPHS_SECOND + copy, true);
		}
		g_assert_cmpuint(told.repeated, ==, 0);
		g_assert_cmpuint(told.predictable, ==, 0);
		g_assert_cmpuint(only_host(table).quality, ==, 0);
		tcphs_isn_del(table);
	}
	g_rand_free(random);
}

/* ---- patterns ------------------------------------------------------------------------------------ */

static void test_constant_step(void)
{
	struct tcphs_isn_table *table = new_table();
	struct told told = {0};
	struct tcphs_host host;

	/* It wraps, time goes at no steady pace, and the second last one is told out of order. */
	for (uint32_t i = 0; i < 5; i++)
		use(table, &told, 1, i, UINT32_C(4294900000) + 64000 * i, (tcphs_time)i * i * TCPHS_SECOND, true);
	g_assert_cmpuint(told.predictable, ==, 0);
	g_assert_false(tcphs_isn_next(table, &host));
	use(table, &told, 1, 6, UINT32_C(4294900000) + 64000 * 6, 36 * TCPHS_SECOND, true);
	g_assert_cmpuint(told.pattern.kind, ==, TCPHS_ISN_MULTIPLES);
	use(table, &told, 1, 5, UINT32_C(4294900000) + 64000 * 5, 25 * TCPHS_SECOND, true);
	g_assert_cmpuint(told.predictable, ==, 1);
	host = only_host(table);
	g_assert_cmpuint(host.pattern, ==, TCPHS_ISN_CONSTANT_STEP);
	g_assert_cmpuint(host.quality, ==, TCPHS_ISN_CONSTANT_STEP | TCPHS_ISN_MULTIPLES);
	g_assert_cmpuint(host.step, ==, 64000);
	g_assert_cmpuint(host.samples, ==, 7);
	tcphs_isn_del(table);
}

static void test_all_the_same(void)
{
	struct tcphs_isn_table *table = new_table();
	struct told told = {0};
	struct tcphs_host host;

	for (uint32_t i = 0; i < 50; i++)
		use(table, &told, 1, i, 7, (tcphs_time)i * TCPHS_SECOND, true);
	g_assert_cmpuint(told.repeated, ==, 1);
	g_assert_cmpuint(told.repeat.connections, ==, 50);
	g_assert_cmpuint(told.repeat.first, ==, 0);
	g_assert_cmpuint(told.predictable, ==, 1);
	g_assert_cmpuint(told.at, ==, 5);
	g_assert_cmpuint(told.pattern.kind, ==, TCPHS_ISN_CONSTANT_STEP);
	g_assert_cmpuint(told.pattern.value, ==, 0);
	host = only_host(table);
	g_assert_cmpuint(host.quality, ==, TCPHS_ISN_CONSTANT_STEP | TCPHS_ISN_REPEATED);
	g_assert_cmpuint(host.repeated, ==, 50);
	g_assert_cmpuint(host.gcd | host.isr | host.sp, ==, 0);
	tcphs_isn_del(table);
}

/** struct clock_case: numbers a second, how exactly they are read, and by which sample it is proven (0: never). */
static const struct clock_case {
	double rate, jitter, pace;
	uint32_t by;
} clock_cases[] = {
	{250000, 0, 1, 6},
	{250000, 0.0005, 2, 8},
	{250000, 0.010, 1, 24},
	{128000, 0, 0.3, 6},
	{1000000, 0.001, 60, 7},
	{15625000, 0.001, 5, 8},
	{1000, 0, 100, 6},
	{10, 0, 1000, 8},          /* as exact as whole numbers are */
	{4200000000, 0, 0.1, 7},
	{4294967295, 0, 0.1, 0},   /* does not fit into what is said of it */
	{5000000000, 0, 0.1, 0},
	{250000, 1, 1, 0},         /* too inexact to speak of a clock */
};

static void test_clock(void)
{
	GRand *random = g_rand_new_with_seed(2);

	for (size_t i = 0; i < G_N_ELEMENTS(clock_cases); i++) {
		const struct clock_case *c = &clock_cases[i];
		struct tcphs_isn_table *table = new_table();
		struct told told = {0};
		double time = 0;

		for (uint32_t tuple = 1; tuple <= 32; tuple++) {
			double read = time + c->jitter * g_rand_double(random);

			use(table, &told, 1, tuple, UINT32_C(4294000000) + (uint32_t)(uint64_t)(read * c->rate),
			    (tcphs_time)(time * SECOND), true);
			time += c->pace * g_rand_double_range(random, 0.1, 2);
		}
		g_test_message("%g a second, read to %g s: proven by sample %u", c->rate, c->jitter, told.at);
		g_assert_cmpuint(told.predictable, ==, c->by > 0);
		g_assert_cmpuint(told.at, <=, c->by);
		if (c->by) {
			g_assert_cmpuint(told.pattern.kind, ==, TCPHS_ISN_CLOCK);
			g_assert_cmpfloat_with_epsilon(only_host(table).rate, c->rate, c->rate * 0.01);
		}
		tcphs_isn_del(table);
	}
	g_rand_free(random);
}

/** struct multiples_case: a divisor, and the sample that proves it: up to 8, or a multiple of it (0: never). */
static const struct multiples_case {
	uint32_t divisor, by;
} multiples_cases[] = {{64000, 6}, {1024, 6}, {1000, 6}, {100, 16}, {10, 16}, {9, 0}, {8, 0}, {2, 0}, {1, 0}};

static void test_multiples(void)
{
	GRand *random = g_rand_new_with_seed(3);

	for (size_t i = 0; i < G_N_ELEMENTS(multiples_cases); i++) {
		const struct multiples_case *c = &multiples_cases[i];
		struct tcphs_isn_table *table = new_table();
		struct told told = {0};
		uint32_t isn = 12345;

		for (uint32_t tuple = 1; tuple <= 32; tuple++) {
			use(table, &told, 1, tuple, isn, (tcphs_time)tuple * TCPHS_SECOND, true);
			isn += c->divisor * (uint32_t)g_rand_int_range(random, 1, 10000);
		}
		g_assert_cmpuint(told.predictable, ==, c->by > 0);
		g_assert_cmpuint(told.at, ==, c->by);
		g_assert_cmpuint(only_host(table).gcd, ==, c->divisor);
		g_assert_cmpuint(only_host(table).quality, ==, c->by ? TCPHS_ISN_MULTIPLES : 0);
		tcphs_isn_del(table);
	}
	g_rand_free(random);
}

/* A clock of a million numbers a second was found, once, as far as it can be read. */
static void assert_megahertz(const struct told *told)
{
	g_assert_cmpuint(told->predictable, ==, 1);
	g_assert_cmpuint(told->pattern.kind, ==, TCPHS_ISN_CLOCK);
	g_assert_cmpuint(told->pattern.value, >=, 999900);
	g_assert_cmpuint(told->pattern.value, <=, 1000100);
}

/* A clock that is read without error: its rate is told to the number. */
static void test_exact_clock(void)
{
	struct tcphs_isn_table *table = new_table();
	struct told told = {0};
	uint32_t second = 0;

	for (uint32_t tuple = 1; tuple <= 32; tuple++) {
		use(table, &told, 1, tuple, 1000000 * second, (tcphs_time)second * TCPHS_SECOND, true);
		second += 1 + tuple * tuple % 7;
	}
	g_assert_cmpuint(told.predictable, ==, 1);
	g_assert_cmpuint(told.pattern.kind, ==, TCPHS_ISN_CLOCK);
	g_assert_cmpuint(told.pattern.value, ==, 1000000);
	tcphs_isn_del(table);
}

/* Where times are captured by the second, three ISNs in a row have one: the rate is that of the others. */
static void test_coarse_clock(void)
{
	struct tcphs_isn_table *table = new_table();
	struct told told = {0};

	for (uint32_t i = 0; i < 32; i++) {
		uint32_t second = i / 3 * (i / 3 + 1);

		use(table, &told, 1, i, 1000000 * second + i % 3, (tcphs_time)second * TCPHS_SECOND, true);
	}
	assert_megahertz(&told);
	tcphs_isn_del(table);
}

/* Neighbours that are close are read badly, and most are: how fast the clock is shows over the whole time. */
static void test_hasty_clock(void)
{
	struct tcphs_isn_table *table = new_table();
	struct told told = {0};
	tcphs_time time = 0;

	for (uint32_t i = 0; i < 32; i++) {
		use(table, &told, 1, i, (uint32_t)(time / 1000) + (i % 4) * 100, time, true);
		time += i % 4 == 3 ? 10 * TCPHS_SECOND : TCPHS_MILLISECOND;
	}
	assert_megahertz(&told);
	tcphs_isn_del(table);
}

/* Between two of its ISNs a clock may wrap often; not so often that nobody could say where it stands. */
static void test_clock_gap(void)
{
	const tcphs_time most = INT64_C(1000000) * TCPHS_SECOND;

	for (int excess = -1; excess <= 0; excess++) {
		struct tcphs_isn_table *table = new_table();
		struct told told = {0};
		tcphs_time time = 0;

		for (uint32_t i = 1; i <= 8; i++) {
			use(table, &told, 1, i, (uint32_t)time, time, true);
			time += i == 3 ? most + excess : (tcphs_time)(i + 1) * TCPHS_SECOND / 10;
		}
		g_assert_cmpuint(told.pattern.kind == TCPHS_ISN_CLOCK, ==, excess < 0);
		tcphs_isn_del(table);
	}
}

/*
 * Four of the six ISNs are evidence: 11.5 bits of each are just enough. A clock that is read without error goes so many
 * numbers from one to the next; one that is read to 15 numbers goes 16 times as many.
 */
static void test_least_evidence_of_clock(void)
{
	static const struct {
		uint32_t pace, error, at;
	} cases[] = {{2774, 0, 6}, {2773, 0, 7}, {44400, 15, 6}, {44300, 15, 7}};
	static const int32_t uneven[] = {0, 1, 51, 29, 98, 0, 7, 0};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct tcphs_isn_table *table = new_table();
		struct told told = {0};

		for (uint32_t k = 0; k < 8; k++) {
			uint32_t number = k * cases[i].pace + (uint32_t)uneven[k];
			uint32_t error = k == 1 || k == 3 ? cases[i].error : 0;

			use(table, &told, 1, k + 1, 7 + number + error, number * TCPHS_MILLISECOND, true);
		}
		g_assert_cmpuint(told.pattern.kind, ==, TCPHS_ISN_CLOCK);
		g_assert_cmpuint(told.at, ==, cases[i].at);
		tcphs_isn_del(table);
	}
}

/* A translator shows each twice: ten samples, but of five ISNs only, and six are asked for. */
static void test_too_few_isns(void)
{
	struct tcphs_isn_table *table = new_table();
	struct told told = {0};

	for (uint32_t i = 0; i < 10; i++) {
		uint32_t second = i / 2 * (i / 2);

		use(table, &told, 1, i, 16000000 * second, (tcphs_time)second * TCPHS_SECOND + i % 2, true);
	}
	g_assert_cmpuint(told.predictable, ==, 0);
	g_assert_cmpuint(only_host(table).pattern, ==, 0);
	tcphs_isn_del(table);
}

/* Six samples have five differences, four of them evidence: each of ten bits is just enough, of nine it is not. */
static void test_least_evidence(void)
{
	static const uint32_t isns[] = {0, 3, 4, 9, 2, 17, 29, 12};

	for (uint32_t bits = 9; bits <= 10; bits++) {
		struct tcphs_isn_table *table = new_table();
		struct told told = {0};

		for (uint32_t i = 0; i < G_N_ELEMENTS(isns); i++)
			use(table, &told, 1, i + 1, 77 + (isns[i] << bits), (tcphs_time)(i + 1) * TCPHS_SECOND, true);
		g_assert_cmpuint(told.pattern.kind, ==, TCPHS_ISN_MULTIPLES);
		g_assert_cmpuint(told.pattern.value, ==, 1u << bits);
		g_assert_cmpuint(told.at, ==, bits == 10 ? 6 : 7);
		tcphs_isn_del(table);
	}
}

/* One 4-tuple is one sample, and its first: the same host may count up there. */
static void test_one_sample_a_tuple(void)
{
	struct tcphs_isn_table *table = new_table();
	struct told told = {0};
	struct tcphs_host host;

	for (uint32_t i = 0; i < 40; i++)
		use(table, &told, 1, i % 5, 1000 * i, (tcphs_time)i * TCPHS_SECOND, true);
	g_assert_cmpuint(told.predictable, ==, 0);
	g_assert_false(tcphs_isn_next(table, &host));
	tcphs_isn_del(table);
}

/* ---- Nmap's numbers, by hand --------------------------------------------------------------------- */

static const struct nmap_case {
	unsigned count;
	uint32_t isn[6];
	double apart;    /* seconds */
	uint32_t gcd, isr, sp;
} nmap_cases[] = {
	/* six probes 100 ms apart: 640000 a second, log2 is 19.288 */
	{6, {0, 64000, 128000, 192000, 256000, 320000}, 0.1, 64000, 154, 0},
	/* rates 1000 and 3000: mean 1800, log2 10.814; in units of the divisor sd = sqrt(1.2), log2 0.1315 */
	{6, {0, 1000, 4000, 5000, 8000, 9000}, 1, 1000, 87, 1},
	/* divisor 1: sd = 1095.4 of numbers, log2 10.097 */
	{6, {1, 1001, 4001, 5001, 8001, 9000}, 1, 1, 87, 81},
	/* backwards through 0: the shorter way is taken */
	{6, {500, 250, 0, 4294967046u, 4294966796u, 4294966546u}, 1, 250, 64, 0},
	/* the farthest that is upwards */
	{6, {0, 2147483647u, 4294967294u, 2147483645u, 4294967292u, 2147483643u}, 1, 2147483647u, 248, 0},
	/* a divisor up to 9 is none for the deviation: rates 9 and 27, mean 16.2, sd = 9.859 */
	{6, {0, 9, 36, 45, 72, 81}, 1, 9, 32, 26},
};

static void test_nmap(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(nmap_cases); i++) {
		const struct nmap_case *c = &nmap_cases[i];
		struct tcphs_isn_table *table = new_table();
		struct told told = {0};
		struct tcphs_host host;

		for (uint32_t k = 0; k < c->count; k++)
			use(table, &told, 1, k, c->isn[k], (tcphs_time)(k * c->apart * SECOND), true);
		host = only_host(table);
		g_assert_cmpuint(host.gcd, ==, c->gcd);
		g_assert_cmpuint(host.isr, ==, c->isr);
		g_assert_cmpuint(host.sp, ==, c->sp);
		tcphs_isn_del(table);
	}
}

/* Where four samples are enough: from four ISNs there is a deviation, from three or less there is none. */
static void test_nmap_of_few(void)
{
	for (uint32_t isns = 2; isns <= 4; isns++) {
		struct tcphs_isn_table *table = table_with(4, 4);
		struct told told = {0};
		struct tcphs_host host;

		for (uint32_t i = 0; i < 4; i++)
			use(table, &told, 1, i, MIN(i, isns - 1) * MIN(i, isns - 1), (tcphs_time)i * TCPHS_SECOND,
			    true);
		host = only_host(table);
		g_assert_cmpuint(host.samples, ==, 4);
		g_assert_cmpuint(host.isr, !=, TCPHS_ISN_NOT_KNOWN);
		g_assert_cmpint(host.sp != TCPHS_ISN_NOT_KNOWN, ==, isns == 4);
		tcphs_isn_del(table);
	}
}

/* One ISN only: it goes on by nothing, which takes as many samples to say as any other deviation. */
static void test_nmap_of_one(void)
{
	for (uint32_t samples = 3; samples <= 4; samples++) {
		struct tcphs_isn_table *table = new_table();
		struct told told = {0};

		for (uint32_t i = 0; i < 4; i++)
			use(table, &told, 1, i, 99, (tcphs_time)i * TCPHS_SECOND, i < samples);
		g_assert_cmpuint(only_host(table).isr, ==, samples == 4 ? 0 : TCPHS_ISN_NOT_KNOWN);
		g_assert_cmpuint(only_host(table).sp, ==, samples == 4 ? 0 : TCPHS_ISN_NOT_KNOWN);
		tcphs_isn_del(table);
	}
}

/* ---- repeats ------------------------------------------------------------------------------------- */

/* Each has its own count, on however many 4-tuples the other is. */
static void test_two_repeats(void)
{
	struct tcphs_isn_table *table = new_table();
	struct told told = {0};

	for (uint32_t i = 0; i < 40; i++)
		use(table, &told, 1, i, i % 2 ? 77 : 99, i, false);
	g_assert_cmpuint(told.repeated, ==, 1);
	g_assert_cmpuint(told.repeat.connections, ==, 20);
	g_assert_cmpuint(only_host(table).repeated, ==, 40);
	tcphs_isn_del(table);
}

static void test_scanner(void)
{
	struct tcphs_isn_table *table = new_table();
	struct told told = {0};
	struct tcphs_host host;

	/* Each SYN is sent four times. */
	for (uint32_t i = 0; i < 4000; i++)
		use(table, &told, 1, i / 4, 99, i, false);
	g_assert_cmpuint(told.repeated, ==, 1);
	host = only_host(table);
	g_assert_cmpuint(host.quality, ==, TCPHS_ISN_REPEATED | TCPHS_ISN_SCANNER);
	g_assert_cmpuint(host.samples, ==, 0);
	g_assert_cmpuint(host.isr, ==, TCPHS_ISN_NOT_KNOWN);
	g_assert_cmpuint(host.repeated, >=, 1000);
	/* One of them is answered after all. */
	use(table, &told, 1, 999, 99, 5000, true);
	g_assert_cmpuint(only_host(table).quality, ==, TCPHS_ISN_REPEATED);
	tcphs_isn_del(table);
}

/* The very connection that makes a repeat of it is completed: no scanner. */
static void test_fourth_is_completed(void)
{
	struct tcphs_isn_table *table = new_table();
	struct told told = {0};

	for (uint32_t i = 0; i < 4; i++)
		use(table, &told, 1, i, 99, i, i == 3);
	g_assert_cmpuint(told.repeated, ==, 1);
	g_assert_cmpuint(only_host(table).quality, ==, TCPHS_ISN_REPEATED);
	tcphs_isn_del(table);
}

/* A scan among ordinary connections of the same host, before and while it runs. */
static void test_scanner_is_busy(void)
{
	struct tcphs_isn_table *table = new_table();
	GRand *random = g_rand_new_with_seed(4);
	struct told told = {0};

	for (uint32_t i = 0; i < 1000; i++)
		use(table, &told, 1, i, g_rand_int(random), i, true);
	g_assert_cmpuint(told.repeated, ==, 0);
	for (uint32_t i = 1000; i < 1040; i++)
		use(table, &told, 1, i, i % 10 ? g_rand_int(random) : 99, i, i % 10);
	g_assert_cmpuint(told.repeated, ==, 1);
	g_assert_cmpuint(told.repeat.connections, ==, 4);
	g_assert_cmpuint(told.repeat.completed, ==, 0);
	g_assert_cmpuint(told.repeat.first, ==, 1000);
	g_assert_cmpuint(only_host(table).quality, ==, TCPHS_ISN_REPEATED | TCPHS_ISN_SCANNER);
	g_rand_free(random);
	tcphs_isn_del(table);
}

/* ---- tables -------------------------------------------------------------------------------------- */

/** struct event: a connection of a host. */
struct event {
	uint32_t host, tuple, isn;
	tcphs_time time;
};

static void shuffle(GRand *random, struct event *events, unsigned count)
{
	for (unsigned i = count; i > 1; i--) {
		unsigned k = (unsigned)g_rand_int_range(random, 0, (gint32)i);
		struct event swap = events[i - 1];

		events[i - 1] = events[k];
		events[k] = swap;
	}
}

#define EVENTS 3000

/* Thirty hosts that count by multiples of 100, now and then on a 4-tuple that they used before, many at one time. */
static void make_events(GRand *random, struct event *events)
{
	for (unsigned i = 0; i < EVENTS; i++)
		events[i] = (struct event){.host = (uint32_t)g_rand_int_range(random, 0, 30),
		                           .tuple = (uint32_t)g_rand_int_range(random, 0, 1000),
		                           .isn = 100 * (uint32_t)g_rand_int_range(random, 0, 1 << 20),
		                           .time = g_rand_int_range(random, 0, 1000) * TCPHS_SECOND};
}

static struct tcphs_isn_table *fill(const struct event *events, unsigned count)
{
	struct tcphs_isn_table *table = new_table();
	struct told told = {0};

	for (unsigned i = 0; i < count; i++)
		use(table, &told, events[i].host, events[i].tuple, events[i].isn, events[i].time, true);
	return table;
}

/* Says the same of all hosts, in order of their addresses. */
static void assert_same(struct tcphs_isn_table *a, struct tcphs_isn_table *b)
{
	struct tcphs_host x, y;
	uint32_t hosts = 0;

	while (tcphs_isn_next(a, &x)) {
		uint8_t address[16];

		g_assert_true(tcphs_isn_next(b, &y));
		set_address(address, hosts++);
		g_assert_cmpmem(x.address, 16, address, 16);
		g_assert_cmpmem(y.address, 16, address, 16);
		g_assert_cmpuint(x.samples, ==, y.samples);
		g_assert_cmpuint(x.gcd, ==, y.gcd);
		g_assert_cmpuint(x.isr, ==, y.isr);
		g_assert_cmpuint(x.sp, ==, y.sp);
		g_assert_cmpuint(x.quality, ==, y.quality);
		g_assert_cmpuint(x.repeated, ==, y.repeated);
	}
	g_assert_false(tcphs_isn_next(b, &y));
	g_assert_cmpuint(hosts, ==, 30);
}

static void test_any_order(void)
{
	GRand *random = g_rand_new_with_seed(5);
	struct event events[EVENTS];

	for (unsigned round = 0; round < 20; round++) {
		struct tcphs_isn_table *one, *other;

		make_events(random, events);
		one = fill(events, EVENTS);
		shuffle(random, events, EVENTS);
		other = fill(events, EVENTS);
		assert_same(one, other);
		tcphs_isn_del(one);
		tcphs_isn_del(other);
	}
	g_rand_free(random);
}

/* Captures merged in another order and in other groups, one of them twice; and all of them as one. */
static void test_merge(void)
{
	enum { PARTS = 10, PART = EVENTS / PARTS };
	GRand *random = g_rand_new_with_seed(6);
	struct event events[EVENTS];
	struct tcphs_isn_table *forth = new_table(), *back = new_table(), *group = new_table();
	struct tcphs_isn_table *part[PARTS], *whole;

	make_events(random, events);
	whole = fill(events, EVENTS);
	for (unsigned i = 0; i < PARTS; i++) {
		part[i] = fill(events + i * PART, PART);
		g_assert_cmpint(tcphs_isn_merge(forth, part[i]), ==, TCPHS_OK);
	}
	for (unsigned i = PARTS; i-- > 0;)
		g_assert_cmpint(tcphs_isn_merge(i % 2 ? back : group, part[i]), ==, TCPHS_OK);
	g_assert_cmpint(tcphs_isn_merge(back, group), ==, TCPHS_OK);
	g_assert_cmpint(tcphs_isn_merge(back, part[3]), ==, TCPHS_OK);
	assert_same(forth, back);
	assert_same(forth, whole);
	for (unsigned i = 0; i < PARTS; i++)
		tcphs_isn_del(part[i]);
	tcphs_isn_del(forth);
	tcphs_isn_del(back);
	tcphs_isn_del(group);
	tcphs_isn_del(whole);
	g_rand_free(random);
}

static void test_merge_adds_repeats(void)
{
	struct tcphs_isn_table *total = new_table();

	for (unsigned capture = 0; capture < 3; capture++) {
		struct tcphs_isn_table *table = new_table();
		struct told told = {0};

		for (uint32_t tuple = 0; tuple < 5; tuple++)
			use(table, &told, 1, tuple, 99, tuple, capture == 2 && tuple == 4);
		g_assert_cmpint(tcphs_isn_merge(total, table), ==, TCPHS_OK);
		tcphs_isn_del(table);
		g_assert_cmpuint(only_host(total).repeated, ==, 5 * (capture + 1));
		g_assert_cmpint((only_host(total).quality & TCPHS_ISN_SCANNER) != 0, ==, capture < 2);
	}
	tcphs_isn_del(total);
}

/* What one capture proves stays said, whatever the next one holds of that address. */
static void test_merge_keeps_proof(void)
{
	struct tcphs_isn_table *total = new_table(), *bad = new_table(), *good = new_table();
	GRand *random = g_rand_new_with_seed(8);
	struct told told = {0};
	struct tcphs_host host;

	for (uint32_t i = 0; i < 10; i++) {
		use(bad, &told, 1, i, 64000 * i, i, true);
		use(good, &told, 1, 100 + i, g_rand_int(random), i, true);
	}
	g_assert_cmpuint(told.predictable, ==, 1);
	g_assert_cmpint(tcphs_isn_merge(total, good), ==, TCPHS_OK);
	g_assert_cmpint(tcphs_isn_merge(total, bad), ==, TCPHS_OK);
	host = only_host(total);
	g_assert_cmpuint(host.samples, ==, 20);
	g_assert_cmpuint(host.pattern, ==, 0);
	g_assert_cmpuint(host.quality, ==, TCPHS_ISN_CONSTANT_STEP);
	g_rand_free(random);
	tcphs_isn_del(total);
	tcphs_isn_del(bad);
	tcphs_isn_del(good);
}

/* A flood of hosts that show an ISN each and nothing else takes no room in the total. */
static void test_merge_flood(void)
{
	struct tcphs_isn_table *total = new_table(), *flood = new_table(), *more = new_table();
	struct told told = {0};

	for (uint32_t number = 0; number < TCPHS_ISN_HOSTS; number++)
		use(flood, &told, number, 0, 7, 0, false);
	for (uint32_t tuple = 0; tuple < 4; tuple++)
		use(more, &told, UINT32_MAX, tuple, 7, tuple, false);
	g_assert_cmpint(tcphs_isn_merge(total, flood), ==, TCPHS_OK);
	g_assert_cmpint(tcphs_isn_merge(total, more), ==, TCPHS_OK);
	g_assert_false(tcphs_isn_full(total));
	g_assert_cmpuint(only_host(total).repeated, ==, 4);
	tcphs_isn_del(total);
	tcphs_isn_del(flood);
	tcphs_isn_del(more);
}

/* Room for so many hosts; those met first stay, and nobody is told of the others. */
static void test_full(void)
{
	struct tcphs_isn_table *table = new_table(), *total = new_table(), *more = new_table();
	struct told told = {0};
	struct tcphs_host host;
	uint32_t hosts = 0;

	for (uint32_t number = 0; number < TCPHS_ISN_HOSTS; number++)
		use(table, &told, number, 0, 7, 0, false);
	g_assert_false(tcphs_isn_full(table));
	for (uint32_t number = 0; number < TCPHS_ISN_HOSTS + 5000; number++) {
		for (uint32_t tuple = 1; tuple < 4; tuple++)
			use(table, &told, number, tuple, 7, tuple, false);
	}
	g_assert_true(tcphs_isn_full(table));
	g_assert_cmpuint(told.repeated, ==, TCPHS_ISN_HOSTS);
	for (uint32_t tuple = 0; tuple < 10; tuple++)
		use(table, &told, UINT32_MAX, tuple, 7, tuple, true);
	g_assert_cmpuint(told.predictable, ==, 0);
	while (tcphs_isn_next(table, &host))
		hosts++;
	g_assert_cmpuint(hosts, ==, TCPHS_ISN_HOSTS);
	g_assert_cmpint(tcphs_isn_merge(total, table), ==, TCPHS_OK);
	g_assert_true(tcphs_isn_full(total));
	for (uint32_t tuple = 0; tuple < 4; tuple++)
		use(more, &told, UINT32_MAX, tuple, 7, tuple, true);
	g_assert_cmpint(tcphs_isn_merge(total, more), ==, TCPHS_OK);
	tcphs_isn_del(table);
	tcphs_isn_del(total);
	tcphs_isn_del(more);
}

/* Times from the ends of what 64 bits can hold, and all the same. */
static void test_odd_times(void)
{
	static const tcphs_time times[] = {INT64_MIN, INT64_MAX, 0, -1, 1, INT64_MIN + 1, INT64_MAX - 1};
	struct tcphs_isn_table *table = new_table();
	GRand *random = g_rand_new_with_seed(7);
	struct told told = {0};

	for (uint32_t tuple = 0; tuple < 40; tuple++) {
		use(table, &told, 1, tuple, g_rand_int(random), times[tuple % G_N_ELEMENTS(times)], true);
		use(table, &told, 2, tuple, g_rand_int(random), 5, true);
	}
	g_assert_cmpuint(told.predictable, ==, 0);
	g_rand_free(random);
	tcphs_isn_del(table);
}

static void test_thresholds(void)
{
	struct tcphs_isn_table *table = table_with(2, 8);
	struct told told = {0};

	for (uint32_t i = 0; i < 2; i++)
		use(table, &told, 1, i, 7, i, false);
	g_assert_cmpuint(told.repeated, ==, 1);
	for (uint32_t i = 1; i <= 10; i++)
		use(table, &told, 2, i, 64000 * i, i, true);
	g_assert_cmpuint(told.at, ==, 8);
	tcphs_isn_del(table);
}

/* What people read of each pattern; who is spoken of is the side of the finding. */
static void test_sentences(void)
{
	static const struct {
		struct tcphs_finding finding;
		const char *text;
	} cases[] = {
		{{.rule = TCPHS_RULE_ISN_REPEATED, .numbers = 1, .expected = 0, .actual = 4},
		 "client used one ISN for 4 connections, none of them completed so far, as a scanner does"},
		{{.rule = TCPHS_RULE_ISN_REPEATED, .numbers = 1, .expected = 2, .actual = 4, .side = 1},
		 "server used one ISN for 4 connections, 2 of them completed"},
		{{.rule = TCPHS_RULE_ISN_REPEATED, .numbers = 1, .expected = 4, .actual = 4},
		 "client used one ISN for 4 connections, 4 of them completed"},
		{{.rule = TCPHS_RULE_ISN_PREDICTABLE, .expected = 0, .actual = TCPHS_ISN_CONSTANT_STEP},
		 "client's ISNs can be predicted: each is the same"},
		{{.rule = TCPHS_RULE_ISN_PREDICTABLE, .expected = 64000, .actual = TCPHS_ISN_CONSTANT_STEP},
		 "client's ISNs can be predicted: each is 64000 above the one before"},
		{{.rule = TCPHS_RULE_ISN_PREDICTABLE, .expected = 250000, .actual = TCPHS_ISN_CLOCK, .side = 1},
		 "server's ISNs can be predicted: they grow with the clock, by 250000 a second"},
		{{.rule = TCPHS_RULE_ISN_PREDICTABLE, .expected = 12, .actual = TCPHS_ISN_MULTIPLES},
		 "client's ISNs can be predicted: they differ by multiples of 12"},
	};
	const struct tcphs_summary summary = {0};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		char text[200];

		tcphs_finding_format(text, sizeof(text), &cases[i].finding, &summary);
		g_assert_cmpstr(text, ==, cases[i].text);
	}
}

static void test_words(void)
{
	g_assert_cmpstr(tcphs_isn_word(TCPHS_ISN_REPEATED), ==, "repeated");
	g_assert_cmpstr(tcphs_isn_word(TCPHS_ISN_MULTIPLES), ==, "multiples");
	g_assert_cmpstr(tcphs_isn_word(0), ==, "");
	g_assert_cmpstr(tcphs_isn_word(1u << TCPHS_ISN_BITS), ==, "");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		isn_function *isn_of;
	} good[] = {
		{"/isn/good/random", isn_random}, {"/isn/good/hashed", isn_hashed}, {"/isn/good/cookie", isn_cookie},
		{"/isn/good/increments", isn_increments}, {"/isn/good/ticking", isn_ticking},
	};

	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
		g_test_add_data_func(good[i].path, &good[i].isn_of, test_good_hosts);
	g_test_add_func("/isn/good/translated", test_translated);
	g_test_add_func("/isn/pattern/constant-step", test_constant_step);
	g_test_add_func("/isn/pattern/all-the-same", test_all_the_same);
	g_test_add_func("/isn/pattern/clock", test_clock);
	g_test_add_func("/isn/pattern/exact-clock", test_exact_clock);
	g_test_add_func("/isn/pattern/coarse-clock", test_coarse_clock);
	g_test_add_func("/isn/pattern/hasty-clock", test_hasty_clock);
	g_test_add_func("/isn/pattern/clock-gap", test_clock_gap);
	g_test_add_func("/isn/pattern/least-evidence-of-clock", test_least_evidence_of_clock);
	g_test_add_func("/isn/pattern/too-few-isns", test_too_few_isns);
	g_test_add_func("/isn/pattern/multiples", test_multiples);
	g_test_add_func("/isn/pattern/least-evidence", test_least_evidence);
	g_test_add_func("/isn/pattern/one-sample-a-tuple", test_one_sample_a_tuple);
	g_test_add_func("/isn/nmap", test_nmap);
	g_test_add_func("/isn/nmap/of-few", test_nmap_of_few);
	g_test_add_func("/isn/nmap/of-one", test_nmap_of_one);
	g_test_add_func("/isn/repeat/two", test_two_repeats);
	g_test_add_func("/isn/repeat/scanner", test_scanner);
	g_test_add_func("/isn/repeat/scanner-is-busy", test_scanner_is_busy);
	g_test_add_func("/isn/repeat/fourth-is-completed", test_fourth_is_completed);
	g_test_add_func("/isn/table/any-order", test_any_order);
	g_test_add_func("/isn/table/merge", test_merge);
	g_test_add_func("/isn/table/merge-adds-repeats", test_merge_adds_repeats);
	g_test_add_func("/isn/table/merge-keeps-proof", test_merge_keeps_proof);
	g_test_add_func("/isn/table/merge-flood", test_merge_flood);
	g_test_add_func("/isn/table/full", test_full);
	g_test_add_func("/isn/table/odd-times", test_odd_times);
	g_test_add_func("/isn/thresholds", test_thresholds);
	g_test_add_func("/isn/sentences", test_sentences);
	g_test_add_func("/isn/words", test_words);
	return g_test_run();
}
