/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_tracker.c - which connection a segment is counted to, at the limits: how streams are counted, when connections
 * retire, which of two on the same ports a segment belongs to, how much is kept of each.
 */
#include <glib.h>
#include <string.h>

#include "isn.h"

/** struct world: a tracker, and what was told to it. */
struct world {
	struct tcphs_tracker *tracker;
	struct tcphs_mark mark;   /* of the segment or quote told last */
	tcphs_ref last;
	uint16_t port;            /* of the client */
};

/** struct message: a segment between the client and the server on the world's port; a window of 1000, no options. */
struct message {
	double at;   /* seconds */
	bool back;   /* from the server */
	uint16_t flags;
	uint32_t seq, ack, length;
};

enum { SYN = TCPHS_SYN, ACK = TCPHS_ACK, SYNACK = TCPHS_SYN | TCPHS_ACK, RST = TCPHS_RST, FIN = TCPHS_FIN };

static struct tcphs_config config_with(bool keep)
{
	struct tcphs_config config;

	tcphs_config_default(&config);
	config.keep = keep;
	return config;
}

static struct world begin(const struct tcphs_config *config)
{
	struct world world = { .port = 50000 };

	g_assert_cmpint(tcphs_tracker_new(&world.tracker, config), ==, TCPHS_OK);
	return world;
}

static tcphs_time nanoseconds(double at)
{
	return (tcphs_time)(at * 1000000 + 0.5) * 1000;
}

static struct tcphs_key key_of(const struct world *world, bool back)
{
	static const uint8_t client[16] = { [10] = 0xff, 0xff, 192, 0, 2, 1 };
	static const uint8_t server[16] = { [10] = 0xff, 0xff, 192, 0, 2, 9 };
	struct tcphs_key key = { .sport = back ? 80 : world->port, .dport = back ? world->port : 80 };

	memcpy(key.src, back ? server : client, 16);
	memcpy(key.dst, back ? client : server, 16);
	return key;
}

static struct tcphs_segment segment_of(struct world *world, const struct message *m)
{
	struct tcphs_segment segment = { .time = nanoseconds(m->at), .ref = ++world->last, .seq = m->seq, .ack = m->ack,
		                         .flags = m->flags, .length = m->length, .window = 1000, .ttl = 64,
		                         .ip_id = (uint16_t)world->last, .sport = m->back ? 80 : world->port,
		                         .dport = m->back ? world->port : 80 };

	segment.have = TCPHS_HAVE_SEQ | TCPHS_HAVE_HEADER | TCPHS_HAVE_OPTIONS | TCPHS_HAVE_LENGTH;
	segment.options.mptcp_subtype = TCPHS_MP_NONE;
	tcphs_segment_sum_up(&segment);
	return segment;
}

/* Tells the tracker of a segment; @return its mark. */
static const struct tcphs_mark *tell(struct world *world, const struct message *m)
{
	const struct tcphs_key key = key_of(world, m->back);
	const struct tcphs_segment segment = segment_of(world, m);

	g_assert_cmpint(tcphs_tracker_segment(world->tracker, &key, &segment, &world->mark), ==, TCPHS_OK);
	return &world->mark;
}

static void tell_all(struct world *world, const struct message *messages, size_t count)
{
	for (size_t i = 0; i < count; i++)
		tell(world, &messages[i]);
}

#define TELL(world, ...) tell(world, &(const struct message){ __VA_ARGS__ })
#define TELL_ALL(world, messages) tell_all(world, messages, G_N_ELEMENTS(messages))

/* A handshake, from |at| on, 10 ms a segment. */
static void open_with(struct world *world, double at, uint32_t isn, uint32_t peer)
{
	const struct message handshake[] = { { at, false, SYN, isn, 0, 0 },
		                             { at + 0.01, true, SYNACK, peer, isn + 1, 0 },
		                             { at + 0.02, false, ACK, isn + 1, peer + 1, 0 } };

	TELL_ALL(world, handshake);
}

/* How many connections have retired by that time. */
static unsigned retired_by(struct world *world, double at)
{
	struct tcphs_summary summary;
	unsigned count = 0;

	tcphs_tracker_frame(world->tracker, nanoseconds(at));
	while (tcphs_tracker_next(world->tracker, &summary))
		count++;
	return count;
}

static struct tcphs_summary summary_of(const struct world *world, uint32_t connection)
{
	struct tcphs_summary summary;

	tcphs_tracker_summary(world->tracker, connection, tcphs_tracker_end(world->tracker), &summary);
	return summary;
}

static unsigned findings_of(const struct tcphs_summary *summary, enum tcphs_rule rule)
{
	unsigned count = 0;

	for (size_t i = 0; i < summary->finding_count; i++)
		count += summary->findings[i].rule == rule;
	return count;
}

/* ---- streams ------------------------------------------------------------------------------------- */

/** struct numbered: a segment, and the stream it has with Wireshark up to 4.2 and from 4.4 on. */
struct numbered {
	struct message message;
	uint32_t ws40, ws44;
};

static void assert_streams(const struct numbered *list, size_t count)
{
	for (int rule = 0; rule < 2; rule++) {
		struct tcphs_config config = config_with(true);
		struct world world;

		config.stream_rule = rule ? TCPHS_STREAM_WS44 : TCPHS_STREAM_WS40;
		world = begin(&config);
		for (size_t i = 0; i < count; i++) {
			g_test_message("rule %d, segment %zu", rule, i + 1);
			tell(&world, &list[i].message);
			g_assert_cmpuint(world.mark.stream, ==, rule ? list[i].ws44 : list[i].ws40);
		}
		tcphs_tracker_del(world.tracker);
	}
}

/* A SYN-ACK with another number begins a stream from 4.4 on; the same again, and what has no SYN, never does. */
static void test_streams_of_synacks(void)
{
	static const struct numbered list[] = {
		{ { 0.0, false, SYN, 1000, 0, 0 }, 0, 0 },         { { 0.1, true, SYNACK, 3000, 1001, 0 }, 0, 0 },
		{ { 0.2, true, SYNACK, 3000, 1001, 0 }, 0, 0 },    { { 0.3, false, SYN, 1000, 0, 0 }, 0, 0 },
		{ { 0.4, true, SYNACK, 9000, 1001, 0 }, 0, 1 },    { { 0.5, false, ACK, 1001, 9001, 0 }, 0, 1 },
		{ { 0.6, false, ACK, 1001, 9001, 10 }, 0, 1 },     { { 0.7, false, SYN, 500000, 0, 0 }, 1, 2 },
	};

	assert_streams(list, G_N_ELEMENTS(list));
}

/* The same SYN again is another stream from 4.4 on if a RST, or a FIN that acknowledges, came between. */
static void test_streams_after_ends(void)
{
	static const struct numbered reset[] = {
		{ { 0.0, false, SYN, 1000, 0, 0 }, 0, 0 },
		{ { 0.1, true, RST | ACK, 0, 1001, 0 }, 0, 0 },
		{ { 0.2, false, SYN, 1000, 0, 0 }, 0, 1 },
	};
	static const struct numbered closed[] = {
		{ { 0.0, false, SYN, 1000, 0, 0 }, 0, 0 },        { { 0.1, true, SYNACK, 3000, 1001, 0 }, 0, 0 },
		{ { 0.2, false, FIN, 1001, 0, 0 }, 0, 0 },        { { 0.3, false, SYN, 1000, 0, 0 }, 0, 0 },
		{ { 0.4, false, FIN | ACK, 1001, 3001, 0 }, 0, 0 }, { { 0.5, false, SYN, 1000, 0, 0 }, 0, 1 },
	};

	assert_streams(reset, G_N_ELEMENTS(reset));
	assert_streams(closed, G_N_ELEMENTS(closed));
}

/* ---- quotes -------------------------------------------------------------------------------------- */

/* An ICMP error quotes what the client sent. */
static const struct tcphs_mark *quote(struct world *world, double at, uint32_t seq, bool whole)
{
	const struct message m = { at, false, SYN, seq, 0, 0 };
	struct tcphs_quote quote = { .key = key_of(world, false), .segment = segment_of(world, &m), .type = 3,
		                     .code = 1 };

	if (!whole)
		quote.segment.have = TCPHS_HAVE_SEQ;
	g_assert_cmpint(tcphs_tracker_quote(world->tracker, &quote, &world->mark), ==, TCPHS_OK);
	return &world->mark;
}

/* A whole header that was quoted has a stream of its own, as in Wireshark; eight octets of one have none. */
static void test_streams_of_quotes(void)
{
	struct tcphs_config config = config_with(true);
	struct world world = begin(&config);

	g_assert_cmpuint(quote(&world, 0, 1000, false)->stream, ==, UINT32_MAX);
	world.port++;
	g_assert_cmpuint(quote(&world, 1, 1000, true)->stream, ==, 0);
	g_assert_cmpuint(world.mark.connection, ==, TCPHS_NO_CONNECTION);
	world.port++;
	g_assert_cmpuint(TELL(&world, 2, false, SYN, 7, 0, 0)->stream, ==, 1);
	tcphs_tracker_del(world.tracker);
}

/* Of two connections on the ports, the error is about the one whose SYN it quotes; if of neither, the newest has it. */
static void test_quotes(void)
{
	static const struct {
		uint32_t seq, connection;
		bool of_older, of_newer;
	} cases[] = { { 1000, 0, true, false }, { 900000, 1, false, true }, { 77, 1, false, false } };

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct tcphs_config config = config_with(true);
		struct world world = begin(&config);

		TELL(&world, 0, false, SYN, 1000, 0, 0);
		TELL(&world, 1, false, SYN, 900000, 0, 0);
		g_assert_cmpuint(quote(&world, 2, cases[i].seq, false)->connection, ==, cases[i].connection);
		g_assert_cmpint(summary_of(&world, 0).icmp.present, ==, cases[i].of_older);
		g_assert_cmpint(summary_of(&world, 1).icmp.present, ==, cases[i].of_newer);
		tcphs_tracker_del(world.tracker);
	}
}

/* ---- retirement ---------------------------------------------------------------------------------- */

/* Closed ones stay for a minute, to the microsecond, and each for its own. */
static void test_linger(void)
{
	struct tcphs_config config = config_with(false);
	struct world world = begin(&config);

	for (unsigned second = 0; second <= 2; second++) {
		world.port++;
		TELL(&world, second, false, SYN, 1000, 0, 0);
		TELL(&world, second, true, RST | ACK, 0, 1001, 0);
	}
	g_assert_cmpuint(retired_by(&world, 60), ==, 0);
	g_assert_cmpuint(retired_by(&world, 61), ==, 1);
	g_assert_cmpuint(retired_by(&world, 61.000001), ==, 1);
	g_assert_cmpuint(retired_by(&world, 62.000001), ==, 1);
	tcphs_tracker_del(world.tracker);
}

/* Idle ones go after as long as was asked for, and not before; what is used stays. */
static void test_forget(void)
{
	struct tcphs_config config = config_with(false);
	struct world world;

	config.forget = 30 * TCPHS_SECOND;
	world = begin(&config);
	open_with(&world, 100, 1000, 3000);
	world.port++;
	open_with(&world, 110, 1000, 3000);
	g_assert_cmpuint(retired_by(&world, 130.02), ==, 0);
	g_assert_cmpuint(retired_by(&world, 130.020001), ==, 1);
	TELL(&world, 140.02, false, ACK, 1001, 3001, 10);
	g_assert_cmpuint(retired_by(&world, 170.02), ==, 0);
	g_assert_cmpuint(retired_by(&world, 170.020001), ==, 1);
	tcphs_tracker_del(world.tracker);
}

/* As many 4-tuples as were asked for have room; both connections of one that must go are counted. */
static void test_evicted(void)
{
	struct tcphs_config config = config_with(false);
	struct world world;

	config.max_connections = 2;
	world = begin(&config);
	open_with(&world, 0, 1000, 3000);
	TELL(&world, 1, false, SYN, 900000, 0, 0);
	world.port++;
	open_with(&world, 2, 1000, 3000);
	g_assert_cmpuint(tcphs_tracker_evicted(world.tracker), ==, 0);
	world.port++;
	open_with(&world, 3, 1000, 3000);
	g_assert_cmpuint(tcphs_tracker_evicted(world.tracker), ==, 2);
	g_assert_cmpuint(retired_by(&world, 3), ==, 2);
	tcphs_tracker_del(world.tracker);
}

/* The port of the connection that retires next. */
static uint16_t retired_port(struct world *world)
{
	struct tcphs_summary summary;

	g_assert_true(tcphs_tracker_next(world->tracker, &summary));
	return summary.key.sport;
}

/*
 * What has to make room: first what is over and certain, though it was used last, then what was used longest ago. One
 * that was refused is not certain, because the same attempt may go on.
 */
static void test_evicted_first(void)
{
	static const uint16_t order[] = { 50003, 50001, 50002, 50000 };
	struct tcphs_config config = config_with(false);
	struct world world;

	config.max_connections = G_N_ELEMENTS(order);
	world = begin(&config);
	TELL(&world, 0, false, SYN, 1000, 0, 0);
	world.port = 50001;
	open_with(&world, 1, 1000, 3000);
	world.port = 50002;
	TELL(&world, 2, false, SYN, 1000, 0, 0);
	TELL(&world, 2.1, true, RST | ACK, 0, 1001, 0);
	world.port = 50000;
	TELL(&world, 2.2, true, SYNACK, 3000, 1001, 0);
	world.port = 50003;
	open_with(&world, 3, 1000, 3000);
	TELL(&world, 3.1, true, ACK, 3001, 1001, 10);
	TELL(&world, 3.2, true, RST | ACK, 3011, 1001, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
		world.port = (uint16_t)(50004 + i);
		TELL(&world, 4 + (double)i, false, SYN, 1000, 0, 0);
		g_assert_cmpuint(retired_port(&world), ==, order[i]);
	}
	g_assert_cmpuint(tcphs_tracker_evicted(world.tracker), ==, G_N_ELEMENTS(order));
	tcphs_tracker_del(world.tracker);
}

/* After retirement only a SYN, or a SYN-ACK that is not the one of before, begins another; all else is late. */
static void test_late(void)
{
	static const struct {
		struct message message;
		bool begins;
	} cases[] = {
		{ { 100, false, ACK, 1001, 3001, 0 }, false },      { { 100, true, SYNACK, 3000, 1001, 0 }, false },
		{ { 100, true, SYNACK, 800000, 1001, 0 }, true },   { { 100, false, SYN, 1000, 0, 0 }, true },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct tcphs_config config = config_with(true);
		struct world world = begin(&config);

		open_with(&world, 0, 1000, 3000);
		TELL(&world, 1, false, RST | ACK, 1001, 3001, 0);
		tell(&world, &cases[i].message);
		g_assert_cmpint(world.mark.late, ==, !cases[i].begins);
		g_assert_cmpuint(world.mark.connection, ==, cases[i].begins);
		g_assert_cmpuint(summary_of(&world, 0).late, ==, !cases[i].begins);
		tcphs_tracker_del(world.tracker);
	}
}

/* Nothing was known of the server's numbers, so its SYN-ACK is the first one, whatever its number is. */
static void test_first_synack(void)
{
	struct tcphs_config config = config_with(true);
	struct world world = begin(&config);

	TELL(&world, 0, false, SYN, 1000, 0, 0);
	TELL(&world, 1, false, RST, 1001, 0, 0);
	TELL(&world, 100, true, SYNACK, 0, 1001, 0);
	g_assert_cmpuint(world.mark.connection, ==, 1);
	g_assert_cmpuint(world.mark.late, ==, 0);
	tcphs_tracker_del(world.tracker);
}

/* What retired long ago does not make the one that was answered since a SYN without an answer. */
static void test_answered_since(void)
{
	struct tcphs_config config = config_with(true);
	struct world world = begin(&config);
	struct tcphs_summary summary;

	TELL(&world, 0, false, SYN, 1000, 0, 0);
	open_with(&world, 1, 500000, 3000);
	TELL(&world, 70, false, RST | ACK, 500001, 3001, 0);
	TELL(&world, 140, false, SYN, 900000, 0, 0);
	g_assert_cmpuint(world.mark.connection, ==, 2);
	summary = summary_of(&world, 2);
	g_assert_cmpuint(findings_of(&summary, TCPHS_RULE_PORT_REUSED), ==, 1);
	g_assert_cmpuint(findings_of(&summary, TCPHS_RULE_SYN_NEW_ISN), ==, 0);
	tcphs_tracker_del(world.tracker);
}

/* Beyond the years 1823 and 2116 time stands still, and what is measured between two times is still a time. */
static void test_reach(void)
{
	struct tcphs_config config = config_with(true);
	struct world world = begin(&config);
	const struct message syn = { 0, false, SYN, 1000, 0, 0 }, synack = { 0, true, SYNACK, 3000, 1001, 0 };
	const struct tcphs_key forth = key_of(&world, false), back = key_of(&world, true);
	struct tcphs_segment first = segment_of(&world, &syn), second = segment_of(&world, &synack);
	struct tcphs_summary summary;

	first.time = INT64_MIN;
	second.time = INT64_MAX;
	tcphs_tracker_segment(world.tracker, &forth, &first, &world.mark);
	tcphs_tracker_segment(world.tracker, &back, &second, &world.mark);
	summary = summary_of(&world, 0);
	g_assert_cmpint(summary.start, <, -((INT64_C(1) << 62) - 2));
	g_assert_cmpint(tcphs_tracker_end(world.tracker), ==, (INT64_C(1) << 62) - 1);
	g_assert_cmpint(summary.rtt_server, >, 0);
	tcphs_tracker_del(world.tracker);
}

/* ---- two on the same ports ----------------------------------------------------------------------- */

/* Frames of the first two connections. */
static void assert_frames(const struct world *world, uint32_t older, uint32_t newer)
{
	g_assert_cmpuint(summary_of(world, 0).frames, ==, older);
	g_assert_cmpuint(summary_of(world, 1).frames, ==, newer);
}

/* The newer client went on without an answer captured; a segment with the older one's numbers is still the older's. */
static void test_older_than_unseen(void)
{
	struct tcphs_config config = config_with(true);
	struct world world = begin(&config);

	open_with(&world, 0, 1000, 3000);
	TELL(&world, 5, false, SYN, 900000000, 0, 0);
	TELL(&world, 5.1, false, ACK, 900000001, 800000001, 0);
	TELL(&world, 5.2, false, ACK, 1001, 3001, 10);
	assert_frames(&world, 4, 2);
	tcphs_tracker_del(world.tracker);
}

/* A copy is of the connection whose segment it is a copy of, even where the older one's numbers are near. */
static void test_copy_of_newer(void)
{
	struct tcphs_config config = config_with(true);
	struct world world = begin(&config);

	open_with(&world, 0, 1000, 3000);
	open_with(&world, 5, 100000, 103000);
	/* The same IP identification and the same millisecond. */
	world.last--;
	TELL(&world, 5.0205, false, ACK, 100001, 103001, 0);
	g_assert_cmpuint(world.mark.phase, !=, TCPHS_PHASE_ACK);
	assert_frames(&world, 3, 4);
	tcphs_tracker_del(world.tracker);
}

/* In answer to a newer SYN with data, numbers near the older one's, too, are the newer's if they answer that SYN. */
static void test_answer_to_newer(void)
{
	static const struct {
		struct message message;
		uint32_t older, newer;
	} cases[] = {
		{ { 5.1, true, RST | ACK, 0, 100101, 0 }, 3, 2 },   /* it acknowledges the data, too */
		{ { 5.1, true, RST | ACK, 0, 100001, 0 }, 3, 2 },
		{ { 5.1, false, ACK, 1001, 3001, 0 }, 4, 1 },
		{ { 5.1, false, ACK, 100500, 3001, 0 }, 4, 1 },     /* beyond that SYN's data */
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct tcphs_config config = config_with(true);
		struct world world = begin(&config);

		open_with(&world, 0, 1000, 3000);
		TELL(&world, 5, false, SYN, 100000, 0, 100);
		tell(&world, &cases[i].message);
		assert_frames(&world, cases[i].older, cases[i].newer);
		tcphs_tracker_del(world.tracker);
	}
}

/* The older one's server now acknowledges the data in its SYN, too, while a newer SYN waits. */
static void test_new_ack_for_older(void)
{
	struct tcphs_config config = config_with(true);
	struct world world = begin(&config);

	TELL(&world, 0, false, SYN, 1000, 0, 100);
	TELL(&world, 0.01, true, SYNACK, 3000, 1001, 0);
	TELL(&world, 0.02, false, SYN, 900000000, 0, 0);
	TELL(&world, 0.03, true, SYNACK, 3000, 1101, 0);
	assert_frames(&world, 3, 1);
	tcphs_tracker_del(world.tracker);
}

/* ---- findings ------------------------------------------------------------------------------------ */

/* However often a capture repeats itself, sixteen of a kind are kept. */
static void test_most_findings(void)
{
	struct tcphs_config config = config_with(true);
	struct world world = begin(&config);
	struct tcphs_summary summary;

	open_with(&world, 0, 1000, 3000);
	for (unsigned i = 1; i <= 40; i++) {
		TELL(&world, i, false, 0, 1001, 0, 0);
		summary = summary_of(&world, 0);
		g_assert_cmpuint(findings_of(&summary, TCPHS_RULE_FLAGS_NULL), ==, MIN(i, 16));
	}
	tcphs_tracker_del(world.tracker);
}

/* Six numbers within a minute are many, the minute's last moment included. */
static void test_many_isns(void)
{
	for (int excess = 0; excess <= 1; excess++) {
		struct tcphs_config config = config_with(true);
		struct world world = begin(&config);
		struct tcphs_summary summary;

		for (uint32_t i = 0; i < 5; i++)
			TELL(&world, 10 * i, false, SYN, 1000000 * i, 0, 0);
		TELL(&world, 60 + excess * 0.000001, false, SYN, 9000000, 0, 0);
		summary = summary_of(&world, 5);
		g_assert_cmpint(findings_of(&summary, TCPHS_RULE_SYN_MANY_ISNS), ==, !excess);
		tcphs_tracker_del(world.tracker);
	}
}

/* The first of that rule; there must be one. */
static struct tcphs_finding finding_of(const struct tcphs_summary *summary, enum tcphs_rule rule)
{
	for (size_t i = 0; i < summary->finding_count; i++) {
		if (summary->findings[i].rule == rule)
			return summary->findings[i];
	}
	g_assert_not_reached();
}

/* Where time goes back, nothing is said of how long the answer took. */
static void test_answer_before(void)
{
	for (int later = 0; later < 2; later++) {
		struct tcphs_config config = config_with(true);
		struct world world = begin(&config);
		struct tcphs_summary summary;

		TELL(&world, 10, false, SYN, 1000, 0, 0);
		TELL(&world, later ? 10.0003 : 9, true, RST | ACK, 0, 1001, 0);
		summary = summary_of(&world, 0);
		g_assert_cmpuint(finding_of(&summary, TCPHS_RULE_RST_REFUSED).actual, ==, later ? 300 : UINT32_MAX);
		tcphs_tracker_del(world.tracker);
	}
}

/* The finding speaks of who sent the step that came late. */
static void test_reordered(void)
{
	const struct message syn = { 0.1, false, SYN, 1000, 0, 0 }, synack = { 0.1, true, SYNACK, 3000, 1001, 0 };
	const struct message ack = { 0.1, false, ACK, 1001, 3001, 0 };
	const struct message late_syn[] = { synack, syn, ack }, late_synack[] = { syn, ack, synack };

	for (int of_server = 0; of_server < 2; of_server++) {
		struct tcphs_config config = config_with(true);
		struct world world = begin(&config);
		struct tcphs_summary summary;
		struct tcphs_finding finding;

		tell_all(&world, of_server ? late_synack : late_syn, 3);
		summary = summary_of(&world, 0);
		finding = finding_of(&summary, TCPHS_RULE_HANDSHAKE_REORDERED);
		g_assert_cmpint(finding.side != summary.judgement.client, ==, of_server);
		tcphs_tracker_del(world.tracker);
	}
}

/* A minute after the last segment of a connection that was closed by FIN, a smaller ISN is no surprise any more. */
static void test_time_wait(void)
{
	for (int excess = 0; excess <= 1; excess++) {
		struct tcphs_config config = config_with(true);
		struct world world = begin(&config);
		struct tcphs_summary summary;

		open_with(&world, 0, 500000, 3000);
		TELL(&world, 1, true, FIN | ACK, 3001, 500001, 0);
		TELL(&world, 1.1, false, FIN | ACK, 500001, 3002, 0);
		TELL(&world, 61.1 + excess * 0.000001, false, SYN, 1000, 0, 0);
		summary = summary_of(&world, 1);
		g_assert_cmpuint(findings_of(&summary, TCPHS_RULE_PORT_REUSED), ==, 1);
		g_assert_cmpint(findings_of(&summary, TCPHS_RULE_REUSE_ISN_NOT_GREATER), ==, !excess);
		tcphs_tracker_del(world.tracker);
	}
}

/* An MSS of 216 is small and a window scale of 14 large, but both are allowed. */
static void test_least_mss_and_largest_scale(void)
{
	for (int excess = 0; excess <= 1; excess++) {
		struct tcphs_config config = config_with(true);
		struct world world = begin(&config);
		const struct message m = { 0, false, SYN, 1000, 0, 0 };
		const struct tcphs_key key = key_of(&world, false);
		struct tcphs_segment syn = segment_of(&world, &m);
		struct tcphs_summary summary;

		syn.options.seen = TCPHS_OPT_MSS | TCPHS_OPT_WSCALE;
		syn.options.mss = (uint16_t)(216 - excess);
		syn.options.wscale = (uint8_t)(14 + excess);
		tcphs_tracker_segment(world.tracker, &key, &syn, &world.mark);
		summary = summary_of(&world, 0);
		g_assert_cmpint(findings_of(&summary, TCPHS_RULE_SYN_MSS_TINY), ==, excess);
		g_assert_cmpint(findings_of(&summary, TCPHS_RULE_SYN_WSCALE_TOO_LARGE), ==, excess);
		tcphs_tracker_del(world.tracker);
	}
}

/* However often a SYN-ACK comes, what is known of the numbers stays. */
static void test_many_synacks(void)
{
	for (int server_first = 0; server_first < 2; server_first++) {
		struct tcphs_config config = config_with(true);
		struct world world = begin(&config);

		if (!server_first)
			TELL(&world, 0, false, SYN, 1000, 0, 0);
		for (unsigned i = 1; i <= 20; i++)
			TELL(&world, i, true, SYNACK, 3000, 1001, 0);
		TELL(&world, 21, false, ACK, 1001, 3001, 0);
		TELL(&world, 21.1, false, ACK, 1001, 3001, 10);
		g_assert_cmpuint(world.mark.seq_expected, ==, 1001);
		g_assert_cmpuint(world.mark.ack_expected, ==, 3001);
		g_assert_cmpstr(summary_of(&world, 0).conn_state, ==, "S1");
		g_assert_cmpuint(summary_of(&world, 0).synack_count, ==, 20);
		g_assert_cmpuint(summary_of(&world, 0).synack_tries, ==, TCPHS_TRIES);
		tcphs_tracker_del(world.tracker);
	}
}

/* ---- ISNs ---------------------------------------------------------------------------------------- */

/* An ISN is of the time at which it was sent: of a server, that of its SYN-ACK. */
static void test_isn_times(void)
{
	struct tcphs_config config = config_with(false);
	struct tcphs_isn_table *isns;
	struct tcphs_host host;
	struct world world;

	config.isn_samples = 4;
	world = begin(&config);
	for (uint32_t i = 0; i < 4; i++) {
		double sent = i + (i % 2 ? 0 : 0.5);

		world.port++;
		TELL(&world, i, false, SYN, 1000000 * i * i, 0, 0);
		TELL(&world, sent, true, SYNACK, 1000 * i, 1000000 * i * i + 1, 0);
		TELL(&world, sent + 0.1, false, ACK, 1000000 * i * i + 1, 1000 * i + 1, 0);
	}
	tcphs_tracker_finish(world.tracker);
	isns = tcphs_tracker_take_isns(world.tracker);
	g_assert_true(tcphs_isn_next(isns, &host));
	g_assert_true(tcphs_isn_next(isns, &host));
	g_assert_cmpuint(host.address[15], ==, 9);
	/* Half a second, one and a half, half of one: 1555.6 a second on average, log2 10.603. */
	g_assert_cmpuint(host.isr, ==, 85);
	tcphs_isn_del(isns);
	tcphs_tracker_del(world.tracker);
}

/* A server that answers each SYN with the same number repeats it, even if it acknowledges nothing of any. */
static void test_isns_of_bad_synacks(void)
{
	struct tcphs_config config = config_with(true);
	struct world world = begin(&config);
	struct tcphs_summary summary;

	for (uint32_t i = 0; i < 4; i++) {
		world.port++;
		TELL(&world, i, false, SYN, 1000000 * i, 0, 0);
		TELL(&world, i + 0.1, true, SYNACK, 77, 5, 0);
		summary = summary_of(&world, i);
		g_assert_cmpint(findings_of(&summary, TCPHS_RULE_ISN_REPEATED), ==, i == 3);
	}
	tcphs_tracker_del(world.tracker);
}

/* What is certain, and what the whole summary says of it: the same. */
static void assert_certain(const struct world *world, uint32_t connection)
{
	const struct tcphs_summary whole = summary_of(world, connection);
	size_t count = whole.finding_count;
	struct tcphs_finding *findings = g_memdup2(whole.findings, count * sizeof(*findings));
	struct tcphs_summary certain;
	size_t at = 0;

	memset(&certain, 0xa5, sizeof(certain));
	tcphs_tracker_certain(world->tracker, connection, tcphs_tracker_end(world->tracker), &certain);
	g_assert_cmpint(certain.judgement.certain, ==, whole.judgement.certain);
	g_assert_cmpint(certain.judgement.client, ==, whole.judgement.client);
	g_assert_cmpint(certain.judgement.client_certain, ==, whole.judgement.client_certain);
	g_assert_cmpint(certain.judgement.opening_certain, ==, whole.judgement.opening_certain);
	g_assert_cmpmem(certain.judgement.steps, sizeof(certain.judgement.steps), whole.judgement.steps,
	                sizeof(whole.judgement.steps));
	if (whole.judgement.certain) {
		g_assert_cmpint(certain.judgement.verdict, ==, whole.judgement.verdict);
		g_assert_cmpint(certain.judgement.reason, ==, whole.judgement.reason);
		g_assert_cmpuint(certain.finding_count, ==, count);
	}
	/* What is there is in the whole, too, in the same order. */
	for (size_t i = 0; i < certain.finding_count; i++) {
		while (at < count && (findings[at].rule != certain.findings[i].rule ||
		                      findings[at].at != certain.findings[i].at))
			at++;
		g_assert_cmpuint(at++, <, count);
	}
	g_free(findings);
}

static void test_certain(void)
{
	static const struct message messages[] = {
		{ 0, false, SYN, 4321, 0, 0 },
		{ 1, false, SYN, 4321, 0, 0 },
		{ 1.01, true, SYNACK, 7000, 4322, 0 },
		{ 1.02, false, ACK, 4322, 7001, 0 },
		{ 1.03, false, ACK, 4322, 7001, 100 },
		{ 1.04, true, ACK, 7001, 4422, 50 },
		{ 1.05, true, ACK | FIN, 7051, 4422, 0 },
		{ 1.06, false, ACK | FIN, 4422, 7052, 0 },
		{ 1.07, true, ACK, 7052, 4423, 0 },
	};
	struct tcphs_config config = config_with(true);
	struct world world = begin(&config);

	for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) {
		const uint32_t connection = tell(&world, &messages[i])->connection;
		struct tcphs_summary summary = summary_of(&world, connection);

		g_test_message("segment %zu", i + 1);
		assert_certain(&world, connection);
		g_assert_cmpint(summary.judgement.certain, ==, i >= 6);   /* from the first FIN on */
	}
	tcphs_tracker_frame(world.tracker, nanoseconds(100));
	assert_certain(&world, world.mark.connection);
	tcphs_tracker_del(world.tracker);
}

static void test_certain_of_resets(void)
{
	struct tcphs_config config = config_with(true);
	struct world world = begin(&config);

	TELL(&world, 0, false, SYN, 4321, 0, 0);
	TELL(&world, 0.01, true, RST | ACK, 0, 4322, 0);
	assert_certain(&world, world.mark.connection);
	tcphs_tracker_frame(world.tracker, nanoseconds(100));
	assert_certain(&world, world.mark.connection);
	tcphs_tracker_del(world.tracker);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/tracker/streams/synacks", test_streams_of_synacks);
	g_test_add_func("/tracker/streams/ends", test_streams_after_ends);
	g_test_add_func("/tracker/streams/quotes", test_streams_of_quotes);
	g_test_add_func("/tracker/quotes", test_quotes);
	g_test_add_func("/tracker/linger", test_linger);
	g_test_add_func("/tracker/forget", test_forget);
	g_test_add_func("/tracker/evicted", test_evicted);
	g_test_add_func("/tracker/evicted-first", test_evicted_first);
	g_test_add_func("/tracker/late", test_late);
	g_test_add_func("/tracker/first-synack", test_first_synack);
	g_test_add_func("/tracker/answered-since", test_answered_since);
	g_test_add_func("/tracker/reach", test_reach);
	g_test_add_func("/tracker/two/older-than-unseen", test_older_than_unseen);
	g_test_add_func("/tracker/two/copy-of-newer", test_copy_of_newer);
	g_test_add_func("/tracker/two/new-ack-for-older", test_new_ack_for_older);
	g_test_add_func("/tracker/two/answer-to-newer", test_answer_to_newer);
	g_test_add_func("/tracker/two/time-wait", test_time_wait);
	g_test_add_func("/tracker/many-synacks", test_many_synacks);
	g_test_add_func("/tracker/findings/least-mss-and-largest-scale", test_least_mss_and_largest_scale);
	g_test_add_func("/tracker/findings/answer-before", test_answer_before);
	g_test_add_func("/tracker/findings/reordered", test_reordered);
	g_test_add_func("/tracker/findings/most", test_most_findings);
	g_test_add_func("/tracker/findings/many-isns", test_many_isns);
	g_test_add_func("/tracker/isns/times", test_isn_times);
	g_test_add_func("/tracker/isns/bad-synacks", test_isns_of_bad_synacks);
	g_test_add_func("/tracker/certain", test_certain);
	g_test_add_func("/tracker/certain/resets", test_certain_of_resets);
	return g_test_run();
}
