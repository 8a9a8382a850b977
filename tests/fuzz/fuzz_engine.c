/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_engine.c - arbitrary traffic through the tracker: nothing crashes, and what comes out hangs together.
 *
 * The input is a list of short records, each a segment on one of four 4-tuples. Sequence numbers are drawn from few
 * values around each side's ISN, near the wrap, so that random octets often make handshakes that nearly work; some
 * records are raw TCP headers instead, for the option parser, and some are ICMP quotes. After the last one:
 *   - every segment with a connection, those aside that came too late for it, is counted in exactly one summary;
 *   - each verdict is the one its reason belongs to, and steps and findings point at segments that were fed;
 *   - every text fits what it said it wanted;
 *   - a second tracker, for which no segment goes the short way, gives the same marks and summaries;
 *   - so does a third one, but for marks: it is not asked for them, and so may pack what it keeps.
 * The engine's own assertions (an IMPOSSIBLE cell of a table) are what this is most likely to find.
 */
#include <string.h>

#include "fuzz.h"
#include "tcphs.h"

/* However much is captured: 16 of each rule, as the manual says, and what is said of the whole. */
#define FINDINGS_MOST (TCPHS_RULES * 16 + 24)

#define FUZZ_EPOCH (INT64_C(1700000000) * TCPHS_SECOND)

struct feed {
	struct tcphs_tracker *tracker, *slow, *packing;
	tcphs_time now;
	tcphs_ref ref;
	uint64_t taken;     /* segments that were given a connection */
	uint64_t summed;    /* frames of the summaries so far */
	uint32_t connections;   /* that were marked */
};

/* An ISN of each side near the wrap, plus one of a few offsets that matter. */
static uint32_t number(uint8_t choice, unsigned side)
{
	static const uint32_t bases[2][2] = { { 0xfffffff0u, 4321 }, { 0xfffffffeu, 7000 } };
	static const uint32_t offsets[16] = { 0, 1, 2, 3, 11, 12, 100, 101, 1000, 1461, 65535, 70000, 0x40000000u,
	                                      0x80000000u, 0xffffffffu, 0xfffffff0u };

	return bases[side][(choice >> 4) & 1] + offsets[choice & 15];
}

static tcphs_time step_of(uint8_t choice)
{
	static const tcphs_time steps[8] = { 0, 1000, TCPHS_MILLISECOND, 150 * TCPHS_MILLISECOND, TCPHS_SECOND,
	                                     4 * TCPHS_SECOND, 61 * TCPHS_SECOND, -TCPHS_SECOND };

	return steps[choice & 7];
}

static void key_of(struct tcphs_key *key, uint8_t choice)
{
	uint8_t *from = key->src, *to = key->dst;

	memset(key, 0, sizeof(*key));
	if (choice & 1) {
		from = key->dst;
		to = key->src;
	}
	tcphs_map_ipv4(from, "\xc0\x00\x02\x01");
	tcphs_map_ipv4(to, choice & 4 ? "\xc0\x00\x02\x01" : "\xc0\x00\x02\x09");
	key->sport = choice & 1 ? 80 : 49152;
	key->dport = choice & 1 ? 49152 : 80;
	if (choice & 2)
		key->sport = key->dport = 7;
}

static void structured(struct fuzz_reader *reader, struct tcphs_segment *segment, unsigned side)
{
	static const uint8_t usual[16] = {
		TCPHS_SYN, TCPHS_SYN | TCPHS_ACK, TCPHS_ACK, TCPHS_ACK | TCPHS_PSH,
		TCPHS_RST, TCPHS_RST | TCPHS_ACK, TCPHS_FIN | TCPHS_ACK, TCPHS_FIN,
		0, TCPHS_SYN | TCPHS_FIN, TCPHS_SYN | TCPHS_RST, TCPHS_FIN | TCPHS_PSH | TCPHS_URG,
		TCPHS_SYN | TCPHS_ECE | TCPHS_CWR, TCPHS_SYN | TCPHS_ACK, TCPHS_ACK, TCPHS_SYN,
	};
	uint8_t options = fuzz_octet(reader);

	memset(segment, 0, sizeof(*segment));
	segment->have = TCPHS_HAVE_SEQ | TCPHS_HAVE_HEADER | TCPHS_HAVE_OPTIONS | TCPHS_HAVE_LENGTH;
	segment->flags = usual[fuzz_octet(reader) & 15];
	segment->seq = number(fuzz_octet(reader), side);
	segment->ack = number(fuzz_octet(reader), !side);
	segment->length = (options & 3) == 3 ? 100 : 0;
	segment->window = options & 4 ? 0 : 64240;
	if (options & 8)
		segment->have &= (uint8_t)~TCPHS_HAVE_LENGTH;
	if (options & 16)
		segment->options.seen = TCPHS_OPT_FAST_OPEN;
	if (options & 32)
		segment->options.seen |= TCPHS_OPT_TIMESTAMPS;
	segment->options.tsval = options >> 6;
	segment->options.hash = options;
}

static void raw(struct fuzz_reader *reader, struct tcphs_segment *segment)
{
	uint8_t header[80] = { 0 };
	size_t wanted = fuzz_octet(reader) % sizeof(header), size = 0;
	uint8_t length = fuzz_octet(reader);

	while (size < wanted && reader->left > 0)
		header[size++] = fuzz_octet(reader);
	tcphs_segment_parse(segment, header, size, length);
	CHECK(size >= 16 || !(segment->have & TCPHS_HAVE_HEADER));
}

static void check_text(const struct tcphs_finding *finding, const struct tcphs_summary *summary)
{
	char exact[4096], cut[16];
	size_t wanted = tcphs_finding_format(exact, sizeof(exact), finding, summary);

	CHECK(wanted > 0 && wanted < sizeof(exact) && strlen(exact) == wanted);
	CHECK(tcphs_finding_format(cut, sizeof(cut), finding, summary) == wanted);
	CHECK(strlen(cut) < sizeof(cut));
}

static void check_summary(struct feed *feed, const struct tcphs_summary *summary)
{
	const struct tcphs_judgement *judgement = &summary->judgement;
	size_t i;

	CHECK(judgement->reason < TCPHS_REASONS);
	CHECK(judgement->verdict == tcphs_reason_verdict(judgement->reason));
	CHECK(summary->first > 0 && summary->first <= summary->last && summary->last <= feed->ref);
	for (i = 0; i < 3; i++)
		CHECK(judgement->steps[i] <= summary->last);
	CHECK(memchr(summary->history, 0, sizeof(summary->history)));
	CHECK(summary->finding_count <= FINDINGS_MOST);
	for (i = 0; i < summary->finding_count; i++) {
		const struct tcphs_finding *finding = &summary->findings[i];

		CHECK(tcphs_rule_info(finding->rule));
		CHECK(finding->at <= feed->ref && finding->related <= feed->ref);
		check_text(finding, summary);
	}
	feed->summed += summary->frames;
}

/* Member for member: what lies between the octets and the steps is anything. */
static void check_same_judgement(const struct tcphs_judgement *a, const struct tcphs_judgement *b)
{
	const size_t octets = offsetof(struct tcphs_judgement, opening_certain) + sizeof(a->opening_certain);

	CHECK(memcmp(a, b, octets) == 0);
	CHECK(memcmp(a->steps, b->steps, sizeof(a->steps)) == 0);
}

/* Octet for octet, but for the connection's number, and findings by what they say. */
static void check_same(struct tcphs_summary a, struct tcphs_summary b)
{
	check_same_judgement(&a.judgement, &b.judgement);
	memset(&a.judgement, 0, sizeof(a.judgement));
	memset(&b.judgement, 0, sizeof(b.judgement));
	CHECK(a.finding_count == b.finding_count);
	for (size_t i = 0; i < a.finding_count; i++)
		CHECK(memcmp(&a.findings[i], &b.findings[i], sizeof(a.findings[i])) == 0);
	a.connection = b.connection = 0;
	a.findings = b.findings = NULL;
	CHECK(memcmp(&a, &b, sizeof(a)) == 0);
}

static void drain(struct feed *feed)
{
	struct tcphs_summary summary, slow, packed;

	while (tcphs_tracker_next(feed->tracker, &summary)) {
		check_summary(feed, &summary);
		CHECK(tcphs_tracker_next(feed->slow, &slow) && tcphs_tracker_next(feed->packing, &packed));
		check_same(summary, slow);
		check_same(summary, packed);
	}
	CHECK(!tcphs_tracker_next(feed->slow, &slow) && !tcphs_tracker_next(feed->packing, &packed));
}

/* Where nothing is drained: all connections as they stand. */
static void look_at_all(struct feed *feed)
{
	const tcphs_time end = tcphs_tracker_end(feed->tracker);
	struct tcphs_summary summary, slow, packed;

	for (uint32_t number = 0; number < feed->connections; number++) {
		tcphs_tracker_summary(feed->tracker, number, end, &summary);
		tcphs_tracker_summary(feed->slow, number, end, &slow);
		tcphs_tracker_summary(feed->packing, number, end, &packed);
		check_summary(feed, &summary);
		check_same(summary, slow);
		check_same(summary, packed);
	}
}

/* To all three. @return the mark. */
static struct tcphs_mark tell(struct feed *feed, const struct tcphs_key *key, const struct tcphs_segment *segment)
{
	struct tcphs_segment unknown = *segment;
	struct tcphs_mark mark, slow;

	unknown.plain = 0;
	CHECK(tcphs_tracker_segment(feed->tracker, key, segment, &mark) == TCPHS_OK);
	CHECK(tcphs_tracker_segment(feed->slow, key, &unknown, &slow) == TCPHS_OK);
	CHECK(tcphs_tracker_segment(feed->packing, key, segment, NULL) == TCPHS_OK);
	CHECK(memcmp(&mark, &slow, sizeof(mark)) == 0);
	return mark;
}

/* With FUZZ_SHOW in the environment: what is fed, to read a crash by. */
static void show(const struct feed *feed, const char *kind, const struct tcphs_segment *segment)
{
	static const char letters[] = "FSRP.UEWe";
	char flags[sizeof(letters)] = "none";
	size_t i, n = 0;

	if (!getenv("FUZZ_SHOW"))
		return;
	for (i = 0; letters[i]; i++) {
		if (segment->flags & (1u << i)) {
			flags[n++] = letters[i];
			flags[n] = '\0';
		}
	}
	fprintf(stderr, "%u: %.6f %s %u > %u %s seq %u length %u ack %u win %u have 0x%x options 0x%x\n", segment->ref,
	        (double)(feed->now - FUZZ_EPOCH) / (double)TCPHS_SECOND, kind, segment->sport, segment->dport, flags,
	        segment->seq, segment->length, segment->ack, segment->window, segment->have, segment->options.seen);
}

static void one(struct feed *feed, struct fuzz_reader *reader)
{
	uint8_t kind = fuzz_octet(reader), where = fuzz_octet(reader);
	struct tcphs_segment segment;
	struct tcphs_mark mark;
	struct tcphs_key key;
	char line[512];

	feed->now += step_of(kind >> 5);
	if ((kind & 7) == 7)
		raw(reader, &segment);
	else
		structured(reader, &segment, where & 1);
	key_of(&key, where);
	segment.sport = key.sport;
	segment.dport = key.dport;
	segment.time = feed->now;
	if (kind >= 0xe0 && where >= 0xf0)
		segment.time = where & 1 ? INT64_MAX : INT64_MIN;   /* a damaged timestamp */
	segment.ref = ++feed->ref;
	segment.ip_id = where >> 4;
	segment.ttl = kind & 8 ? 64 : 250;
	tcphs_segment_sum_up(&segment);
	show(feed, (kind & 7) == 6 ? "quoted" : "segment", &segment);
	tcphs_tracker_frame(feed->tracker, segment.time);
	tcphs_tracker_frame(feed->slow, segment.time);
	tcphs_tracker_frame(feed->packing, segment.time);
	if ((kind & 7) == 6) {
		struct tcphs_quote quote = { .key = key, .segment = segment, .type = 3, .code = where >> 5 };

		CHECK(tcphs_tracker_quote(feed->tracker, &quote, &mark) == TCPHS_OK);
		CHECK(tcphs_tracker_quote(feed->slow, &quote, &mark) == TCPHS_OK);
		CHECK(tcphs_tracker_quote(feed->packing, &quote, NULL) == TCPHS_OK);
		return;
	}
	mark = tell(feed, &key, &segment);
	CHECK(mark.connection != TCPHS_NO_CONNECTION || mark.late || !(segment.have & TCPHS_HAVE_HEADER));
	if (mark.connection != TCPHS_NO_CONNECTION && mark.connection >= feed->connections)
		feed->connections = mark.connection + 1;
	if (mark.connection == TCPHS_NO_CONNECTION || mark.late)
		return;
	CHECK(mark.phase < TCPHS_PHASES && mark.step <= 3 && mark.side <= 1);
	CHECK(mark.state[0] < TCPHS_STATES && mark.state[1] < TCPHS_STATES);
	CHECK(tcphs_arithmetic_format(line, sizeof(line), &mark, &segment) < sizeof(line));
	feed->taken++;
	if (kind & 16)
		drain(feed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_reader reader = { data, size };
	struct feed feed = { .now = FUZZ_EPOCH };
	struct tcphs_config config;
	uint8_t choice = fuzz_octet(&reader);

	tcphs_config_default(&config);
	config.stream_rule = choice & 1 ? TCPHS_STREAM_WS44 : TCPHS_STREAM_WS40;
	config.forget = choice & 2 ? 10 * TCPHS_SECOND : 0;
	config.max_connections = choice >> 6;
	config.keep = (choice & 12) == 12;
	config.zeek = !config.keep;
	CHECK(tcphs_tracker_new(&feed.tracker, &config) == TCPHS_OK);
	CHECK(tcphs_tracker_new(&feed.slow, &config) == TCPHS_OK);
	CHECK(tcphs_tracker_new(&feed.packing, &config) == TCPHS_OK);
	while (reader.left > 0)
		one(&feed, &reader);
	tcphs_tracker_finish(feed.tracker);
	tcphs_tracker_finish(feed.slow);
	tcphs_tracker_finish(feed.packing);
	drain(&feed);
	if (config.keep)
		look_at_all(&feed);
	CHECK(feed.summed == feed.taken);
	tcphs_tracker_del(feed.tracker);
	tcphs_tracker_del(feed.slow);
	tcphs_tracker_del(feed.packing);
	return 0;
}
