/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_agree.c - the same traffic told in another way: the answers may not depend on it.
 *
 * The input is a list of short records, each a segment or an ICMP error on one of two 4-tuples, its numbers drawn from
 * few values around each side's ISN, or just where the side has come to. The traffic is judged once with every
 * connection kept, as the plugin does, then
 *   - drained after every frame, and drained at the end, as the analyzer does;
 *   - with other ISNs, which wrap elsewhere, with the addresses exchanged, and at another time of day, 1970 too;
 *   - with 4-tuples hashed by another secret; and over IPv6, in traffic without IPv4 identifications;
 *   - and without segments that go the short way (TCPHS_PLAIN), which is to give the same marks octet for octet.
 * Each time every mark, and of every connection the verdict, reason, blame, end, steps and findings, must be the same.
 * A judgement that was called certain on the way must be that of the end, and what was found then still be found.
 */
#include <string.h>

#include "fuzz.h"
#include "tcphs.h"

#define RECORDS 160
#define FINDINGS 400

/* One frame, in the numbers of the first telling. Segments of one connection have one 'side' for each sender. */
struct record {
	struct tcphs_segment segment;
	unsigned side, tuple;
	bool quoted;
	bool goes_on;       /* an ACK where both sides have come to */
};

/* How the traffic is told. */
struct telling {
	const char *name;
	bool keep, drain_often, exchanged, ipv6, slow;
	uint64_t secret;
	uint32_t shift[2];
	tcphs_time epoch;
};

/* What came out of one connection, found by its first segment. */
struct outcome {
	struct tcphs_summary summary;
	struct tcphs_finding findings[FINDINGS];
	struct tcphs_judgement certain;   /* the first one called so on the way, with its findings */
	struct tcphs_finding certain_findings[FINDINGS];
	size_t certain_count;
};

struct result {
	struct tcphs_mark marks[RECORDS + 1];
	struct outcome *by_first[RECORDS + 1];
};

static uint32_t number(uint8_t choice, unsigned side)
{
	static const uint32_t offsets[16] = { 0, 1, 1, 1, 2, 101, 102, 202, 1, 1000, 70000, 0x40000001u, 0x80000000u,
	                                      0xffffffffu, 0xfffffff0u, 101 };

	return (side ? 700000u : 400000u) + (choice & 0x10 ? 5000 : 0) + (choice & 0x60 ? 0 : choice >> 7) +
	       offsets[choice & 15];
}

static tcphs_time pause_of(uint8_t choice)
{
	static const tcphs_time pauses[8] = { TCPHS_MILLISECOND, 1000, 10 * TCPHS_MILLISECOND,
	                                      150 * TCPHS_MILLISECOND, 1100 * TCPHS_MILLISECOND, 4 * TCPHS_SECOND,
	                                      61 * TCPHS_SECOND, -TCPHS_SECOND };

	return pauses[choice & 7];
}

static void read_record(struct fuzz_reader *reader, struct record *record)
{
	static const uint8_t usual[16] = {
		TCPHS_SYN, TCPHS_SYN | TCPHS_ACK, TCPHS_ACK, TCPHS_ACK | TCPHS_PSH, TCPHS_RST, TCPHS_RST | TCPHS_ACK,
		TCPHS_FIN | TCPHS_ACK, TCPHS_FIN, 0, TCPHS_SYN | TCPHS_FIN, TCPHS_SYN | TCPHS_RST, TCPHS_ACK,
		TCPHS_SYN | TCPHS_ECE | TCPHS_CWR, TCPHS_SYN | TCPHS_ACK, TCPHS_ACK, TCPHS_SYN,
	};
	uint8_t kind = fuzz_octet(reader), what = fuzz_octet(reader), options = fuzz_octet(reader);
	struct tcphs_segment *s = &record->segment;

	memset(record, 0, sizeof(*record));
	record->side = kind & 1;
	record->tuple = (kind & 6) == 6;
	record->quoted = (kind & 0x18) == 0x18 && (options & 0xc0) == 0xc0;
	s->time = pause_of(kind >> 5);
	s->have = TCPHS_HAVE_SEQ | TCPHS_HAVE_HEADER | TCPHS_HAVE_OPTIONS | TCPHS_HAVE_LENGTH;
	if ((what & 0xf0) == 0xf0)
		s->have = TCPHS_HAVE_SEQ;
	s->flags = usual[what & 15];
	record->goes_on = (what & 0xe0) == 0xc0;
	if (record->goes_on)
		s->flags = TCPHS_ACK;
	s->seq = number(fuzz_octet(reader), record->side);
	s->ack = s->flags & TCPHS_ACK ? number(fuzz_octet(reader), !record->side) : 0;
	s->length = (options & 3) == 3 ? 100 : (options & 3) == 2 && !(s->flags & TCPHS_SYN) ? 1 : 0;
	s->window = 64240;
	s->options.seen = (options & 4 ? TCPHS_OPT_TIMESTAMPS : 0) | (s->flags & TCPHS_SYN ? TCPHS_OPT_MSS : 0);
	s->options.tsval = options & 4 ? 1 + (options >> 6) : 0;
	s->ip_id = options & 8 ? 0 : (uint16_t)(1 + (kind >> 5));
	s->ttl = options & 0x10 ? 64 : 250;
	s->sport = record->side ? 80 : (uint16_t)(49152 + record->tuple);
	s->dport = record->side ? (uint16_t)(49152 + record->tuple) : 80;
}

/* |next|: of each tuple and side, the number behind the latest segment. */
static void go_on(struct record *record, uint32_t next[2][2])
{
	struct tcphs_segment *s = &record->segment;
	uint32_t *own = &next[record->tuple][record->side];

	if (record->goes_on) {
		s->seq = *own;
		s->ack = next[record->tuple][!record->side];
	}
	*own = s->seq + s->length + ((s->flags & (TCPHS_SYN | TCPHS_FIN)) != 0);
}

static void key_of(struct tcphs_key *key, const struct record *record, const struct telling *telling)
{
	static const uint8_t ipv4[2][16] = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1 },
		                             { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 9 } };
	static const uint8_t ipv6[2][16] = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 },
		                             { 0x20, 0x01, 0x0d, 0xb8, [15] = 9 } };
	const uint8_t(*addresses)[16] = telling->ipv6 ? ipv6 : ipv4;
	unsigned from = record->side ^ telling->exchanged;

	memcpy(key->src, addresses[from], 16);
	memcpy(key->dst, addresses[!from], 16);
	key->sport = record->segment.sport;
	key->dport = record->segment.dport;
}

static void note_outcome(struct result *result, const struct tcphs_summary *summary)
{
	struct outcome *o = result->by_first[summary->first];

	if (!o)
		o = result->by_first[summary->first] = calloc(1, sizeof(*o));
	CHECK(o && summary->finding_count <= FINDINGS && o->summary.frames == 0);
	o->summary = *summary;
	o->summary.finding_count = 0;
	for (size_t i = 0; i < summary->finding_count; i++) {
		/* The one rule for which one ISN is not like another. */
		if (summary->findings[i].rule != TCPHS_RULE_SYN_ISN_ZERO)
			o->findings[o->summary.finding_count++] = summary->findings[i];
	}
}

static void drain(struct tcphs_tracker *tracker, struct result *result)
{
	struct tcphs_summary summary;

	while (tcphs_tracker_next(tracker, &summary))
		note_outcome(result, &summary);
}

/* What is certain is said at once: by the plugin, in one pass. */
static void note_certain(struct tcphs_tracker *tracker, struct result *result, uint32_t connection)
{
	struct tcphs_summary summary;
	struct outcome *o;

	if (connection == TCPHS_NO_CONNECTION)
		return;
	tcphs_tracker_summary(tracker, connection, tcphs_tracker_end(tracker), &summary);
	o = result->by_first[summary.first];
	if (!o)
		o = result->by_first[summary.first] = calloc(1, sizeof(*o));
	CHECK(o);
	if (!summary.judgement.certain || o->certain.certain)
		return;
	CHECK(summary.finding_count <= FINDINGS);
	o->certain = summary.judgement;
	o->certain_count = summary.finding_count;
	if (summary.finding_count > 0)
		memcpy(o->certain_findings, summary.findings, summary.finding_count * sizeof(*summary.findings));
}

static void feed_one(struct tcphs_tracker *tracker, const struct record *record, const struct telling *telling,
                     struct tcphs_mark *mark)
{
	struct tcphs_quote quote = { .segment = record->segment, .type = 3, .code = 1 };
	struct tcphs_segment *s = &quote.segment;

	key_of(&quote.key, record, telling);
	s->time += telling->epoch;
	s->seq += telling->shift[record->side];
	if (s->flags & TCPHS_ACK)
		s->ack += telling->shift[!record->side];
	tcphs_segment_sum_up(s);
	if (telling->slow)
		s->plain = 0;
	tcphs_tracker_frame(tracker, s->time);
	if (record->quoted)
		CHECK(tcphs_tracker_quote(tracker, &quote, mark) == TCPHS_OK);
	else
		CHECK(tcphs_tracker_segment(tracker, &quote.key, s, mark) == TCPHS_OK);
}

/*
 * Each endpoint goes on from where it was; what is known is never unknown again; and once both have sent FIN there is
 * no way back (figure 5). Before that, what comes late can take back what was inferred; and a SYN-ACK captured behind
 * all, with nothing of the server's known so far, begins the handshake anew.
 */
static void check_states(uint8_t (*known)[2], const struct tcphs_mark *mark)
{
	static const uint16_t ways[TCPHS_STATES] = {
		[TCPHS_FIN_WAIT_2] = 1 << TCPHS_FIN_WAIT_2 | 1 << TCPHS_TIME_WAIT | 1 << TCPHS_CLOSED,
		[TCPHS_CLOSING] = 1 << TCPHS_CLOSING | 1 << TCPHS_TIME_WAIT | 1 << TCPHS_CLOSED,
		[TCPHS_LAST_ACK] = 1 << TCPHS_LAST_ACK | 1 << TCPHS_CLOSED,
		[TCPHS_TIME_WAIT] = 1 << TCPHS_TIME_WAIT | 1 << TCPHS_CLOSED,
	};

	if (mark->connection == TCPHS_NO_CONNECTION || mark->phase == TCPHS_PHASE_NONE || mark->late)
		return;
	for (int i = 0; i < 2; i++) {
		uint8_t before = mark->before[i], after = mark->state[i];

		CHECK(before < TCPHS_STATES && after < TCPHS_STATES);
		CHECK(before == known[mark->connection][i]);
		CHECK(before == TCPHS_STATE_NONE || after != TCPHS_STATE_NONE);
		CHECK(!ways[before] || (ways[before] >> after & 1) || mark->phase == TCPHS_PHASE_SYNACK);
		known[mark->connection][i] = after;
	}
}

static void tell(const struct record *records, size_t count, const struct telling *telling,
                 enum tcphs_stream_rule rule, struct result *result)
{
	struct tcphs_tracker *tracker;
	struct tcphs_config config;
	uint8_t known[RECORDS][2] = { { 0 } };
	uint32_t connections = 0;

	memset(result, 0, sizeof(*result));
	tcphs_config_default(&config);
	config.keep = telling->keep;
	config.stream_rule = rule;
	config.hash_key[0] ^= telling->secret;
	CHECK(tcphs_tracker_new(&tracker, &config) == TCPHS_OK);
	for (size_t i = 0; i < count; i++) {
		struct tcphs_mark *mark = &result->marks[i + 1];

		feed_one(tracker, &records[i], telling, mark);
		if (telling->drain_often)
			drain(tracker, result);
		if (telling->keep) {
			note_certain(tracker, result, mark->connection);
			check_states(known, mark);
			if (mark->connection != TCPHS_NO_CONNECTION && mark->connection >= connections)
				connections = mark->connection + 1;
		}
	}
	tcphs_tracker_finish(tracker);
	drain(tracker, result);
	for (uint32_t i = 0; telling->keep && i < connections; i++) {
		struct tcphs_summary summary;

		tcphs_tracker_summary(tracker, i, tcphs_tracker_end(tracker), &summary);
		note_outcome(result, &summary);
	}
	tcphs_tracker_del(tracker);
}

/* With FUZZ_SHOW in the environment: the traffic as a capture script, to make one of. */
static void show(const struct record *records, size_t count)
{
	static const char letters[] = "FSRP.UEWe";

	for (size_t i = 0; i < count; i++) {
		const struct tcphs_segment *s = &records[i].segment;
		char flags[sizeof(letters)] = "none";
		size_t n = 0;

		for (size_t bit = 0; letters[bit]; bit++) {
			if (s->flags & (1u << bit)) {
				flags[n++] = letters[bit];
				flags[n] = '\0';
			}
		}
		fprintf(stderr, "%.6f %s %s %-4s %u:%u(%u) ack %u <%s> id %u ttl %u%s  # %zu\n",
		        (double)s->time / (double)TCPHS_SECOND, records[i].side ? "B > A" : "A > B",
		        records[i].quoted ? "quoted" : "", flags, s->seq, s->seq + s->length, s->length, s->ack,
		        s->options.tsval ? (s->flags & TCPHS_SYN ? "TS,mss" : "TS")
		                         : (s->flags & TCPHS_SYN ? "mss" : ""), s->ip_id, s->ttl,
		        s->have & TCPHS_HAVE_HEADER ? (records[i].tuple ? " tuple 2" : "") : " cut", i + 1);
	}
}

static void fail(const struct telling *telling, const char *what, size_t ref)
{
	fprintf(stderr, "%s: %s differs at %zu\n", telling->name, what, ref);
	abort();
}

static void compare_findings(const struct outcome *a, const struct outcome *b, const struct telling *telling,
                             size_t ref)
{
	size_t most = a->summary.finding_count > b->summary.finding_count ? a->summary.finding_count
	                                                                  : b->summary.finding_count;

	for (size_t i = 0; i < most; i++) {
		const struct tcphs_finding *x = &a->findings[i], *y = &b->findings[i];

		if (x->rule != y->rule || x->at != y->at || x->related != y->related || x->side != y->side ||
		    x->numbers != y->numbers)
			fail(telling, tcphs_rule_info(x->rule ? x->rule : y->rule)->id, ref);
		if (telling->shift[0] == 0 && (x->expected != y->expected || x->actual != y->actual))
			fail(telling, "number in a finding", ref);
	}
}

static bool same_mark(const struct tcphs_mark *m, const struct tcphs_mark *n)
{
	return m->stream == n->stream && m->phase == n->phase && m->step == n->step && m->side == n->side &&
	       m->event == n->event && memcmp(m->state, n->state, sizeof(m->state)) == 0 && m->terms == n->terms &&
	       m->late == n->late;
}

static bool same_judgement(const struct tcphs_summary *a, const struct tcphs_summary *b)
{
	const struct tcphs_judgement *x = &a->judgement, *y = &b->judgement;

	return x->reason == y->reason && x->blame == y->blame && x->closed == y->closed && x->client == y->client &&
	       x->completeness == y->completeness && memcmp(x->steps, y->steps, sizeof(x->steps)) == 0 &&
	       a->frames == b->frames && a->stream == b->stream && a->incarnation == b->incarnation;
}

static void compare(const struct result *a, const struct result *b, size_t count, const struct telling *telling)
{
	for (size_t i = 1; i <= count; i++) {
		const struct outcome *x = a->by_first[i], *y = b->by_first[i];

		if (!same_mark(&a->marks[i], &b->marks[i]) ||
		    (telling->slow && memcmp(&a->marks[i], &b->marks[i], sizeof(a->marks[i])) != 0))
			fail(telling, "mark", i);
		if (!x != !y || (x && !same_judgement(&x->summary, &y->summary)))
			fail(telling, "judgement", i);
		if (x)
			compare_findings(x, y, telling, i);
	}
}

static bool is_found(const struct outcome *o, const struct tcphs_finding *wanted)
{
	for (size_t i = 0; i < o->summary.finding_count; i++) {
		const struct tcphs_finding *found = &o->findings[i];

		if (found->rule == wanted->rule && found->at == wanted->at && found->side == wanted->side)
			return true;
	}
	return !tcphs_rule_lasts((enum tcphs_rule)wanted->rule) || wanted->rule == TCPHS_RULE_SYN_ISN_ZERO;
}

static void check_certain(const struct result *result, size_t count)
{
	for (size_t i = 1; i <= count; i++) {
		const struct outcome *o = result->by_first[i];

		if (!o || !o->certain.certain)
			continue;
		if (o->certain.reason != o->summary.judgement.reason || o->certain.blame != o->summary.judgement.blame)
			fail(&(struct telling){ .name = "certain" }, "judgement", i);
		for (size_t n = 0; n < o->certain_count; n++) {
			const struct tcphs_finding *finding = &o->certain_findings[n];

			if (!is_found(o, finding))
				fail(&(struct telling){ .name = "certain" },
				     tcphs_rule_info((enum tcphs_rule)finding->rule)->id, finding->at);
		}
	}
}

static void clear(struct result *result)
{
	for (size_t i = 0; i <= RECORDS; i++)
		free(result->by_first[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct telling tellings[] = {
		{ .name = "kept", .keep = true, .epoch = INT64_C(1700000000) * TCPHS_SECOND },
		{ .name = "drained often", .drain_often = true, .epoch = INT64_C(1700000000) * TCPHS_SECOND },
		{ .name = "drained at the end", .epoch = INT64_C(1700000000) * TCPHS_SECOND },
		{ .name = "shifted", .keep = true, .shift = { 0u - 400001u, 0u - 700001u },
		  .epoch = INT64_C(1700000000) * TCPHS_SECOND },
		{ .name = "exchanged", .exchanged = true, .epoch = INT64_C(1700000000) * TCPHS_SECOND },
		{ .name = "in 1970", .epoch = -TCPHS_MILLISECOND },
		{ .name = "hashed otherwise", .secret = 0x5eed, .epoch = INT64_C(1700000000) * TCPHS_SECOND },
		{ .name = "the long way", .keep = true, .slow = true, .epoch = INT64_C(1700000000) * TCPHS_SECOND },
		{ .name = "over IPv6", .ipv6 = true, .epoch = INT64_C(1700000000) * TCPHS_SECOND },
	};
	static struct record records[RECORDS];
	static struct result first, other;
	struct fuzz_reader reader = { data, size };
	uint8_t choice = fuzz_octet(&reader);
	enum tcphs_stream_rule rule = choice & 1 ? TCPHS_STREAM_WS44 : TCPHS_STREAM_WS40;
	bool without_ids = choice & 2;
	uint32_t next[2][2] = { { 0 } };
	tcphs_time now = 0;
	size_t count = 0;

	for (; count < RECORDS && reader.left > 0; count++) {
		read_record(&reader, &records[count]);
		go_on(&records[count], next);
		records[count].segment.time = now += records[count].segment.time;
		records[count].segment.ref = (tcphs_ref)count + 1;
		if (without_ids)
			records[count].segment.ip_id = 0;
	}
	if (getenv("FUZZ_SHOW"))
		show(records, count);
	tell(records, count, &tellings[0], rule, &first);
	check_certain(&first, count);
	for (size_t i = 1; i < sizeof(tellings) / sizeof(tellings[0]); i++) {
		if (tellings[i].ipv6 && !without_ids)
			continue;
		tell(records, count, &tellings[i], rule, &other);
		compare(&first, &other, count, &tellings[i]);
		clear(&other);
	}
	clear(&first);
	return 0;
}
