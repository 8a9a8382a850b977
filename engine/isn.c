/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * isn.c - ISN quality per host: repeated and predictable initial sequence numbers (3.4.1, RFC 6528).
 *
 * Theory of operation. Numbers of different 4-tuples must not be related. Good hosts hash the 4-tuple (Linux, the BSDs,
 * Windows) or draw at random; so a table keeps of each host
 *
 *   uses      the ISNs that it sent last, with how many connections had each: for repeats
 *   samples   of its first completed connections, one a 4-tuple, when and with which ISN: for patterns
 *
 * and says something only on evidence that chance does not explain. Numbers that good hosts choose are uniform and
 * independent, so each pattern has a probability of coming about by chance; below 2^-EVIDENCE it is not chance. Hosts
 * that count up by random increments, as older BSDs did, are not accused either: the test for a clock measures against
 * the size of the increments, and not against the whole range of numbers; and it must be as exact as a clock is, for
 * over hours random increments too make a steady pace.
 *
 * One connection can be captured on both sides of an address translator, and is then two or three 4-tuples with one
 * ISN. So a repeat takes four of them, and patterns are looked for among different ISNs only.
 *
 * Memory is bounded, whatever the capture holds: TCPHS_ISN_HOSTS, USES, SAMPLES. Most hosts of a flood show one ISN,
 * most others a few, and each ISN once: there is room for one in the host, and what only repeats need is apart.
 *
 * The samples of a host are the first by time of those that are first of their 4-tuple, which does not depend on the
 * order in which they are learned; repeats are counted a capture, and added; what was proven in a capture stays proven.
 * So captures can be merged in any order.
 *
 * No mathematics library is needed: logarithms are taken by squaring, and a standard deviation only as a logarithm.
 */
#include "isn.h"

#include <stdlib.h>
#include <string.h>

#include "huge.h"
#include "index.h"
#include "pool.h"
#include "sip.h"

/** So many different 4-tuples of an ISN are known: the most that config.isn_tuples can ask for. */
#define TUPLES 4

/** Chance must be less likely than 2 to the minus this. */
#define EVIDENCE 40

/** The best of a few ways to see it was taken: what that adds to the probability, as a power of two. */
#define CHOICES 6

/** A clock is read, and the reading captured, no later than this. */
#define JITTER (TCPHS_SECOND / 20)

/** What can be told of a host's samples. */
#define PATTERNS (TCPHS_ISN_CONSTANT_STEP | TCPHS_ISN_CLOCK | TCPHS_ISN_MULTIPLES)

#define USES 16
#define SAMPLES 32

/** An address, for its hash. */
#define ADDRESS_WORDS 4

/** struct use: an ISN that a host sent. */
struct use {
	uint32_t isn;
	tcphs_ref first;
	uint32_t tuple;                  /* of its first connection */
	uint32_t completed;              /* how often that one was; or REPEATED and the number of a struct repeats */
};

#define REPEATED (UINT32_C(1) << 31)

/** struct repeats: the same of an ISN that several 4-tuples had. */
struct repeats {
	uint32_t connections, completed;
	uint32_t tuple[TUPLES];          /* the first different ones */
};

struct sample {
	tcphs_time time;
	uint32_t isn, tuple;
};

/** struct host: a cache line. Of two or more items there is room for the next power of two. */
struct host {
	uint8_t address[16];
	uint32_t hash;                   /* of it */
	uint8_t use_count, sample_count;
	uint8_t proven;                  /* TCPHS_ISN_* that were told of it, in any capture */
	bool alike : 1;                  /* samples may have the same ISN */
	bool completed : 1;              /* a connection with a repeated ISN was */
	uint64_t repeated;               /* connections with a repeated ISN */
	union {
		struct use one, *many;   /* used last first */
	} uses;
	union {
		struct sample one, *many;  /* by time */
	} samples;
};

_Static_assert(sizeof(struct host) == TCPHS_CACHE_LINE, "looking at a host touches one cache line");

struct tcphs_isn_table {
	uint64_t secrets[ADDRESS_WORDS + 1];
	uint8_t tuples;                  /* so many 4-tuples with one ISN are a repeat */
	uint8_t enough;                  /* so many samples, and different ISNs among them, can be a pattern */
	struct tcphs_pool hosts, repeats;
	struct tcphs_index index;        /* of hosts, by address */
	struct host **sorted;            /* by address, for tcphs_isn_next() */
	uint32_t next;
	bool full;
};

static struct host *host_at(const struct tcphs_isn_table *table, uint32_t number)
{
	return tcphs_pool_at(&table->hosts, number);
}

/* ---- hosts --------------------------------------------------------------------------------------- */

static struct use *uses_of(struct host *host)
{
	return host->use_count > 1 ? host->uses.many : &host->uses.one;
}

static struct sample *samples_of(struct host *host)
{
	return host->sample_count > 1 ? host->samples.many : &host->samples.one;
}

static const struct sample *samples_in(const struct host *host)
{
	return host->sample_count > 1 ? host->samples.many : &host->samples.one;
}

static struct repeats *repeats_of(const struct tcphs_isn_table *table, const struct use *use)
{
	return use->completed & REPEATED ? tcphs_pool_at(&table->repeats, use->completed & ~REPEATED) : NULL;
}

/* Whoever made the capture cannot know which addresses fall together. */
static uint32_t hash_of(const struct tcphs_isn_table *table, const uint8_t *address)
{
	const uint64_t *secret = table->secrets;
	uint32_t words[ADDRESS_WORDS];

	memcpy(words, address, sizeof(words));
	return (uint32_t)((secret[0] + secret[1] * words[0] + secret[2] * words[1] + secret[3] * words[2] +
	                   secret[4] * words[3]) >> 32);
}

static uint32_t hash_of_host(const void *context, uint32_t number)
{
	return host_at(context, number)->hash;
}

static void prefetch_host(const void *context, uint32_t number)
{
	tcphs_prefetch(host_at(context, number));
}

static bool has_address(const void *context, const void *address, uint32_t number)
{
	return memcmp(host_at(context, number)->address, address, 16) == 0;
}

/* NULL if there is no room for it. */
__attribute__((noinline)) static struct host *add_host(struct tcphs_isn_table *table, const uint8_t *address,
                                                       uint32_t hash)
{
	const struct tcphs_index_keys keys = { table, hash_of_host, prefetch_host };
	struct host *host;
	uint32_t number;

	if (table->hosts.count == TCPHS_ISN_HOSTS) {
		table->full = true;
		return NULL;
	}
	if (!tcphs_index_reserve(&table->index, &keys))
		return NULL;
	number = tcphs_pool_take(&table->hosts);
	if (number == TCPHS_NONE)
		return NULL;
	host = host_at(table, number);
	*host = (struct host){ .hash = hash };
	memcpy(host->address, address, sizeof(host->address));
	tcphs_index_add(&table->index, hash, number);
	return host;
}

/* The host of that address, a new one if there was none; NULL if there is no room for it. */
static inline __attribute__((always_inline)) struct host *find_host(struct tcphs_isn_table *table,
                                                                    const uint8_t *address)
{
	const uint32_t hash = hash_of(table, address);
	const uint32_t number = tcphs_index_find(&table->index, hash, TCPHS_NONE, has_address, table, address);

	return number != TCPHS_NONE ? host_at(table, number) : add_host(table, address, hash);
}

void tcphs_isn_prefetch(const struct tcphs_isn_table *table, const uint8_t *host, unsigned round)
{
	const uint32_t hash = hash_of(table, host);
	uint32_t number;

	if (round == 0) {
		tcphs_index_prefetch(&table->index, hash);
		return;
	}
	number = tcphs_index_guess(&table->index, hash, TCPHS_NONE);
	if (number != TCPHS_NONE)
		prefetch_host(table, number);
}

static bool is_full(unsigned count)
{
	return count > 0 && (count & (count - 1)) == 0;
}

/*
 * Room for twice |count| items: |place| is the union of one and of a pointer to many. False without memory. Not by
 * realloc(): most pieces of memory were another host's before, and the C library keeps those at hand for malloc().
 */
static bool grow(void *place, size_t item, unsigned count)
{
	void *many = malloc(2 * count * item), *before;

	if (!many)
		return false;
	if (count == 1) {
		memcpy(many, place, item);
	} else {
		memcpy(&before, place, sizeof(before));
		memcpy(many, before, count * item);
		free(before);
	}
	memcpy(place, &many, sizeof(many));
	return true;
}

/* ---- repeats ------------------------------------------------------------------------------------- */

/* The host's use of |isn|; NULL if there is none. */
static struct use *find_use(struct host *host, uint32_t isn)
{
	struct use *use = uses_of(host), *end = use + host->use_count;

	for (; use < end; use++) {
		if (use->isn == isn)
			return use;
	}
	return NULL;
}

/* The same; it is the host's first one from now on. */
static struct use *use_again(struct host *host, uint32_t isn)
{
	struct use *uses = uses_of(host), *use = find_use(host, isn);
	struct use again;

	if (!use)
		return NULL;
	again = *use;
	memmove(&uses[1], &uses[0], (size_t)(use - uses) * sizeof(*uses));
	uses[0] = again;
	return &uses[0];
}

/* A new use, the host's first one from now on; the one unused longest makes room for it. Nothing without memory. */
static void add_use(struct tcphs_isn_table *table, struct host *host, const struct tcphs_isn *isn)
{
	unsigned others = host->use_count;
	struct use *uses;

	if (others == USES) {
		const struct use *last = &uses_of(host)[--others];

		if (last->completed & REPEATED)
			tcphs_pool_give(&table->repeats, last->completed & ~REPEATED);
	} else {
		if (is_full(others) && !grow(&host->uses, sizeof(*uses), others))
			return;
		host->use_count++;
	}
	uses = uses_of(host);
	memmove(&uses[1], &uses[0], others * sizeof(*uses));
	uses[0] = (struct use){ .isn = isn->isn, .first = isn->ref, .tuple = isn->tuple };
}

/* What is kept of a use from its second 4-tuple on; NULL without memory. */
static struct repeats *begin_repeats(struct tcphs_isn_table *table, struct use *use)
{
	uint32_t number = tcphs_pool_take_zeroed(&table->repeats);
	struct repeats *repeats;

	if (number == TCPHS_NONE)
		return NULL;
	repeats = tcphs_pool_at(&table->repeats, number);
	*repeats = (struct repeats){ .connections = 1, .completed = use->completed, .tuple = { use->tuple } };
	use->completed = REPEATED | number;
	return repeats;
}

/* Notes who has the ISN. @return whether the 4-tuple is another one than those known to have it. */
static bool take_tuple(struct repeats *repeats, uint32_t tuple)
{
	uint32_t known = repeats->connections < TUPLES ? repeats->connections : TUPLES;

	for (uint32_t i = 0; i < known; i++) {
		if (repeats->tuple[i] == tuple)
			return false;
	}
	if (known < TUPLES)
		repeats->tuple[known] = tuple;
	return repeats->connections < UINT32_MAX;
}

/* The host has an ISN again, on what may be another 4-tuple. @return as tcphs_isn_sent() */
__attribute__((noinline)) static bool note_repeat(struct tcphs_isn_table *table, struct host *host, struct use *use,
                                                  uint32_t tuple, struct tcphs_isn_repeat *repeat)
{
	struct repeats *repeats = use->completed & REPEATED ? repeats_of(table, use) : begin_repeats(table, use);

	if (!repeats || !take_tuple(repeats, tuple))
		return false;
	repeats->connections++;
	if (repeats->connections < table->tuples)
		return false;
	host->repeated += repeats->connections == table->tuples ? repeats->connections : 1;
	host->completed |= repeats->completed > 0;
	*repeat = (struct tcphs_isn_repeat){ repeats->connections, repeats->completed, use->first };
	if (host->proven & TCPHS_ISN_REPEATED)
		return false;
	host->proven |= TCPHS_ISN_REPEATED;
	return true;
}

bool tcphs_isn_sent(struct tcphs_isn_table *table, const struct tcphs_isn *isn, struct tcphs_isn_repeat *repeat)
{
	struct host *host = find_host(table, isn->host);
	struct use *use = host ? use_again(host, isn->isn) : NULL;

	if (host && !use)
		add_use(table, host, isn);
	if (!use || (!(use->completed & REPEATED) && use->tuple == isn->tuple))
		return false;
	return note_repeat(table, host, use, isn->tuple, repeat);
}

static void note_completed(const struct tcphs_isn_table *table, struct host *host, uint32_t isn)
{
	struct use *use = find_use(host, isn);
	struct repeats *repeats;

	if (!use)
		return;
	repeats = repeats_of(table, use);
	if (repeats) {
		repeats->completed++;
		host->completed |= repeats->connections >= table->tuples;
	} else {
		use->completed += use->completed < REPEATED - 1;
	}
}

/* ---- samples ------------------------------------------------------------------------------------- */

static bool earlier(const struct sample *a, const struct sample *b)
{
	if (a->time != b->time)
		return a->time < b->time;
	return a->isn != b->isn ? a->isn < b->isn : a->tuple < b->tuple;
}

/* Of each 4-tuple the earliest, of these the first SAMPLES. @return whether this is one of them, and new. */
static bool keep_sample(struct host *host, const struct sample *sample)
{
	const unsigned count = host->sample_count;
	struct sample *samples = samples_of(host), *end = samples + count, *at;
	bool alike = false;

	if (count == SAMPLES && !earlier(sample, end - 1))
		return false;
	for (at = samples; at < end && at->tuple != sample->tuple; at++)
		alike |= at->isn == sample->isn;
	if (at < end) {
		if (!earlier(sample, at))
			return false;
		alike = true;   /* perhaps: those after it were not looked at */
	} else if (count == SAMPLES) {
		at--;
	} else {
		if (is_full(count) && !grow(&host->samples, sizeof(*samples), count))
			return false;
		host->sample_count++;
		samples = samples_of(host);
		at = samples + count;
	}
	host->alike |= alike;
	for (; at > samples && earlier(sample, at - 1); at--)
		*at = at[-1];
	*at = *sample;
	return true;
}

/* ---- judging a host ------------------------------------------------------------------------------ */

/** struct series: the samples with different ISNs, in order of time, and what lies between neighbours. */
struct series {
	unsigned count;              /* of ISNs; differences are one less */
	unsigned samples, enough;    /* of the host; so many are needed */
	uint32_t isn[SAMPLES];
	uint32_t ahead[SAMPLES];     /* [i] from sample i to i + 1, upwards */
	double elapsed[SAMPLES];     /* nanoseconds */
};

static bool has_isn(const struct series *s, uint32_t isn)
{
	for (unsigned i = 0; i < s->count; i++) {
		if (s->isn[i] == isn)
			return true;
	}
	return false;
}

static void read_series(const struct tcphs_isn_table *table, const struct host *host, struct series *s)
{
	const struct sample *sample = samples_in(host), *end = sample + host->sample_count, *before = sample;

	s->count = 0;
	s->samples = host->sample_count;
	s->enough = table->enough;
	for (; sample < end; sample++) {
		if (host->alike && has_isn(s, sample->isn))
			continue;
		if (s->count > 0) {
			s->ahead[s->count - 1] = sample->isn - before->isn;
			/* Timestamps may be anything: subtract where overflow is defined. */
			s->elapsed[s->count - 1] = (double)((uint64_t)sample->time - (uint64_t)before->time);
		}
		s->isn[s->count++] = sample->isn;
		before = sample;
	}
}

/* From sample i to i + 1 by the shorter way. */
static uint32_t apart(const struct series *s, unsigned i)
{
	return s->ahead[i] <= UINT32_MAX / 2 ? s->ahead[i] : 0 - s->ahead[i];
}

/* |scale| times the binary logarithm of |v|, rounded; |scale| is a power of two, 0 is the answer below 1. */
static uint32_t scaled_log2(double v, uint32_t scale)
{
	const double root = 1.4142135623730951;
	uint32_t result = 0;

	if (!(v >= 1))
		return 0;
	for (; v >= 2; v /= 2)
		result += scale;
	while (scale > 1) {
		scale /= 2;
		v *= v;
		if (v >= 2) {
			v /= 2;
			result += scale;
		}
	}
	return result + (v >= root);
}

static uint32_t common_divisor(const struct series *s)
{
	uint32_t gcd = 0;

	for (unsigned i = 0; i + 1 < s->count && gcd != 1; i++) {
		uint32_t n = apart(s, i);

		while (n != 0) {
			uint32_t rest = gcd % n;

			gcd = n;
			n = rest;
		}
	}
	return gcd;
}

/* Random differences all have a divisor of at least |gcd| with a probability of gcd^(1 - differences). */
static bool multiples_prove(const struct series *s, uint32_t gcd)
{
	return s->count >= s->enough && gcd > 9 && (s->count - 2) * scaled_log2(gcd, 8) >= 8 * EVIDENCE;
}

/* Differences that are all equal: even small ones are no chance. */
static bool steps_prove(const struct series *s)
{
	if (s->count == 1)
		return s->samples >= s->enough;
	for (unsigned i = 1; i + 1 < s->count; i++) {
		if (s->ahead[i] != s->ahead[0])
			return false;
	}
	return s->count >= s->enough;
}

/* The middle one of the rates between neighbours, in numbers a nanosecond; 0 if none was measured. */
static double middle_rate(const struct series *s)
{
	double rates[SAMPLES], *end = rates;
	size_t count;

	for (unsigned i = 0; i + 1 < s->count; i++) {
		double rate = s->elapsed[i] > 0 ? s->ahead[i] / s->elapsed[i] : 0, *at = end;

		if (!(rate > 0))
			continue;
		for (; at > rates && at[-1] > rate; at--)
			*at = at[-1];
		*at = rate;
		end++;
	}
	count = (size_t)(end - rates);
	return count ? rates[count / 2] : 0;
}

/*
 * A clock that all ISNs are read from: between neighbours it made about |rate| times the time, and the numbers tell how
 * much exactly. The ISNs then lie on a line but for an error. How small that is, against how far the clock usually goes
 * from one to the next, is the evidence, for each of them but the two that a line can always be laid through.
 *
 * @return numbers a second, or 0.
 */
static uint32_t clock_proves(const struct series *s)
{
	double rate = middle_rate(s), sum = 0, elapsed = 0, lowest = 0, highest = 0, usual;
	double grown[SAMPLES];

	if (s->count < s->enough || !(rate > 0))
		return 0;
	for (unsigned i = 0; i + 1 < s->count; i++) {
		int64_t guess;

		if (!(rate * s->elapsed[i] < 1e15))  /* a double cannot tell the numbers apart any more */
			return 0;
		guess = (int64_t)(rate * s->elapsed[i]);
		sum += (double)guess + (int32_t)(s->ahead[i] - (uint32_t)guess);
		elapsed += s->elapsed[i];
		grown[i] = sum;
	}
	rate = sum / elapsed;
	if (!(rate > 0) || rate * TCPHS_SECOND + 0.5 > UINT32_MAX)
		return 0;
	elapsed = 0;
	for (unsigned i = 0; i + 1 < s->count; i++) {
		double error;

		elapsed += s->elapsed[i];
		error = grown[i] - rate * elapsed;
		lowest = error < lowest ? error : lowest;
		highest = error > highest ? error : highest;
	}
	if (highest - lowest > rate * JITTER + 1)
		return 0;
	usual = sum / (s->count - 1);
	usual = usual < UINT32_MAX ? usual : UINT32_MAX;
	if ((s->count - 2) * scaled_log2(usual / (highest - lowest + 1), 8) < 8 * (EVIDENCE + CHOICES))
		return 0;
	return (uint32_t)(rate * TCPHS_SECOND + 0.5);
}

/* Nmap's ISR and SP. Neighbours of the same time have no rate. */
static void rate_series(const struct series *s, uint32_t gcd, struct tcphs_host *out)
{
	double rates[SAMPLES], mean = 0, variance = 0, unit = gcd > 9 ? gcd : 1;
	unsigned n = 0;

	for (unsigned i = 0; i + 1 < s->count; i++) {
		if (!(s->elapsed[i] > 0))
			continue;
		rates[n] = apart(s, i) / s->elapsed[i] * (double)TCPHS_SECOND;
		mean += rates[n++];
	}
	if (n == 0)
		return;
	mean /= n;
	out->isr = scaled_log2(mean, 8);
	if (n < 3)
		return;
	for (unsigned i = 0; i < n; i++)
		variance += (rates[i] - mean) / unit * ((rates[i] - mean) / unit);
	out->sp = scaled_log2(variance / (n - 1), 4);   /* half the logarithm: that of the root */
}

/* Which patterns there are, and the number of each. */
static void find_patterns(const struct series *s, struct tcphs_host *out)
{
	out->gcd = common_divisor(s);
	if (steps_prove(s)) {
		out->pattern = TCPHS_ISN_CONSTANT_STEP;
		out->step = s->count > 1 ? s->ahead[0] : 0;
		return;
	}
	out->rate = clock_proves(s);
	out->pattern = (out->rate ? TCPHS_ISN_CLOCK : 0) | (multiples_prove(s, out->gcd) ? TCPHS_ISN_MULTIPLES : 0);
}

static void judge_host(const struct tcphs_isn_table *table, const struct host *host, struct tcphs_host *out)
{
	struct series s;

	*out = (struct tcphs_host){ .samples = host->sample_count, .isr = TCPHS_ISN_NOT_KNOWN,
	                            .sp = TCPHS_ISN_NOT_KNOWN };
	memcpy(out->address, host->address, sizeof(out->address));
	out->repeated = host->repeated;
	read_series(table, host, &s);
	find_patterns(&s, out);
	if (s.count == 1 && s.samples >= 4)
		out->isr = out->sp = 0;
	rate_series(&s, out->gcd, out);
	out->quality = host->proven | out->pattern;
	if (host->repeated > 0 && !host->completed)
		out->quality |= TCPHS_ISN_SCANNER;
}

/* Judging costs more than all else here, and a pattern that holds is still there a few samples later. */
static bool time_to_judge(const struct tcphs_isn_table *table, const struct host *host)
{
	return host->sample_count >= table->enough && (host->sample_count <= 8 || host->sample_count % 8 == 0);
}

/* @return as tcphs_isn_completed() */
__attribute__((noinline)) static bool find_pattern(const struct tcphs_isn_table *table, struct host *host,
                                                   struct tcphs_isn_pattern *pattern)
{
	struct tcphs_host judged = { 0 };
	struct series s;

	read_series(table, host, &s);
	find_patterns(&s, &judged);
	if (judged.pattern & TCPHS_ISN_CONSTANT_STEP)
		*pattern = (struct tcphs_isn_pattern){ TCPHS_ISN_CONSTANT_STEP, judged.step };
	else if (judged.pattern & TCPHS_ISN_CLOCK)
		*pattern = (struct tcphs_isn_pattern){ TCPHS_ISN_CLOCK, judged.rate };
	else if (judged.pattern & TCPHS_ISN_MULTIPLES)
		*pattern = (struct tcphs_isn_pattern){ TCPHS_ISN_MULTIPLES, judged.gcd };
	else
		return false;
	host->proven |= (uint8_t)pattern->kind;
	return true;
}

bool tcphs_isn_completed(struct tcphs_isn_table *table, const struct tcphs_isn *isn, struct tcphs_isn_pattern *pattern)
{
	const struct sample sample = { isn->time, isn->isn, isn->tuple };
	struct host *host = find_host(table, isn->host);

	if (!host)
		return false;
	note_completed(table, host, isn->isn);
	if (!keep_sample(host, &sample) || !time_to_judge(table, host) || (host->proven & PATTERNS))
		return false;
	return find_pattern(table, host, pattern);
}

/* ---- tables -------------------------------------------------------------------------------------- */

static uint8_t within(uint8_t n, uint8_t least, uint8_t most)
{
	return n < least ? least : n > most ? most : n;
}

struct tcphs_isn_table *tcphs_isn_new(const struct tcphs_config *config)
{
	struct tcphs_isn_table *table = calloc(1, sizeof(*table));

	if (!table || !tcphs_index_init(&table->index)) {
		free(table);
		return NULL;
	}
	tcphs_secrets(config->hash_key, table->secrets, ADDRESS_WORDS + 1);
	table->tuples = within(config->isn_tuples, 2, TUPLES);
	table->enough = within(config->isn_samples, 4, SAMPLES);
	tcphs_pool_init(&table->hosts, sizeof(struct host));
	tcphs_pool_init(&table->repeats, sizeof(struct repeats));
	return table;
}

void tcphs_isn_del(struct tcphs_isn_table *table)
{
	if (!table)
		return;
	for (uint32_t number = 0; number < table->hosts.count; number++) {
		struct host *host = host_at(table, number);

		if (host->use_count > 1)
			free(host->uses.many);
		if (host->sample_count > 1)
			free(host->samples.many);
	}
	tcphs_pool_clear(&table->hosts);
	tcphs_pool_clear(&table->repeats);
	tcphs_index_clear(&table->index);
	free(table->sorted);
	free(table);
}

/* Whether there is anything of the host that another capture could add to. */
static bool has_evidence(const struct host *host)
{
	return host->sample_count > 0 || host->repeated > 0;
}

int tcphs_isn_merge(struct tcphs_isn_table *table, const struct tcphs_isn_table *other)
{
	table->full |= other->full;
	for (uint32_t number = 0; number < other->hosts.count; number++) {
		const struct host *from = host_at(other, number);
		struct host *host = has_evidence(from) ? find_host(table, from->address) : NULL;

		if (!host && has_evidence(from) && table->hosts.count < TCPHS_ISN_HOSTS)
			return TCPHS_ERR_NOMEM;
		if (!host)
			continue;
		host->proven |= from->proven;
		host->repeated += from->repeated;
		host->completed |= from->completed;
		for (unsigned i = 0; i < from->sample_count; i++)
			keep_sample(host, &samples_in(from)[i]);
	}
	return TCPHS_OK;
}

bool tcphs_isn_full(const struct tcphs_isn_table *table)
{
	return table->full;
}

/* ---- report -------------------------------------------------------------------------------------- */

static int by_address(const void *a, const void *b)
{
	return memcmp((*(const struct host *const *)a)->address, (*(const struct host *const *)b)->address, 16);
}

/* @return the hosts by address, or NULL without memory. */
static struct host **sort_hosts(const struct tcphs_isn_table *table)
{
	struct host **sorted = malloc(((size_t)table->hosts.count + 1) * sizeof(*sorted));

	if (!sorted)
		return NULL;
	for (uint32_t number = 0; number < table->hosts.count; number++)
		sorted[number] = host_at(table, number);
	qsort(sorted, table->hosts.count, sizeof(struct host *), by_address);
	return sorted;
}

bool tcphs_isn_next(struct tcphs_isn_table *table, struct tcphs_host *out)
{
	if (!table->sorted)
		table->sorted = sort_hosts(table);
	while (table->sorted && table->next < table->hosts.count) {
		const struct host *host = table->sorted[table->next++];

		if (host->sample_count < table->enough && host->repeated == 0)
			continue;
		judge_host(table, host, out);
		return true;
	}
	free(table->sorted);
	table->sorted = NULL;
	table->next = 0;
	return false;
}

const char *tcphs_isn_word(unsigned bit)
{
	static const char *const words[TCPHS_ISN_BITS] = {
		"repeated", "scanner", "constant_step", "clock", "multiples",
	};

	for (unsigned i = 0; i < TCPHS_ISN_BITS; i++) {
		if (bit == 1u << i)
			return words[i];
	}
	return "";
}
