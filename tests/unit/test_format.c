/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_format.c - findings and arithmetic as sentences, octet for octet.
 *
 * Theory of operation. The sentences are read in terminals, in packet trees and by scripts that compare them between
 * front ends, so each is asserted whole. A connection to speak of is made by hand: the textbook one, client ISN 4321,
 * server ISN 7000, the client captured first.
 */
#include "tcphs.h"

#include <glib.h>
#include <string.h>

#define START (INT64_C(1427304960695733) * 1000)

static struct tcphs_summary textbook(void)
{
	struct tcphs_summary summary = {
		.judgement = {.client = TCPHS_SIDE_FIRST, .steps = {1, 2, 3}},
		.has_isn = {true, true},
		.isn = {4321, 7000},
		.start = START,
		.syn_count = 1, .synack_count = 1, .tries = 1, .synack_tries = 1,
		.syn_time = {START}, .synack_time = {START + 30 * TCPHS_MILLISECOND},
	};

	return summary;
}

/** set_times(): SYNs (or SYN-ACKs) so many milliseconds after the first. */
static void set_times(tcphs_time *times, uint32_t *known, uint32_t *count, const int *milliseconds, uint32_t number)
{
	for (uint32_t i = 0; i < number && i < TCPHS_TRIES; i++)
		times[i] = START + milliseconds[i] * TCPHS_MILLISECOND;
	*known = MIN(number, TCPHS_TRIES);
	*count = number;
}

static void assert_said(const struct tcphs_finding *finding, const struct tcphs_summary *summary, const char *expected)
{
	char buffer[512];
	size_t wanted = tcphs_finding_format(buffer, sizeof(buffer), finding, summary);

	g_assert_cmpstr(buffer, ==, expected);
	g_assert_cmpuint(wanted, ==, strlen(expected));
}

/** assert_compared(): a finding with numbers about the textbook connection. */
static void assert_compared(enum tcphs_rule rule, enum tcphs_side side, uint32_t expected, uint32_t actual,
                            const char *text)
{
	const struct tcphs_summary summary = textbook();
	const struct tcphs_finding finding = {
		.rule = (uint16_t)rule, .side = (uint8_t)side, .numbers = 1, .expected = expected, .actual = actual,
	};

	assert_said(&finding, &summary, text);
}

/** assert_plain(): a finding without numbers about the textbook connection. */
static void assert_plain(enum tcphs_rule rule, enum tcphs_side side, const char *text)
{
	const struct tcphs_summary summary = textbook();
	const struct tcphs_finding finding = {.rule = (uint16_t)rule, .side = (uint8_t)side};

	assert_said(&finding, &summary, text);
}

static void test_wrong_numbers(void)
{
	assert_compared(TCPHS_RULE_SYNACK_BAD_ACK, TCPHS_SIDE_SECOND, 4322, 4321,
	                "SYN-ACK acknowledges 4321, expected 4322 = 4321 + 1 (SYN): off by -1");
	assert_compared(TCPHS_RULE_SYNACK_BAD_ACK, TCPHS_SIDE_SECOND, 4422, 4500,
	                "SYN-ACK acknowledges 4500, expected 4422 = 4321 + 1 (SYN) + 100 (data in SYN): off by +78");
	assert_compared(TCPHS_RULE_ACK_BAD_ACK, TCPHS_SIDE_FIRST, 7001, 7005,
	                "client's ACK acknowledges 7005, expected 7001 = 7000 + 1 (SYN): off by +4");
	assert_compared(TCPHS_RULE_ACK_BAD_SEQ, TCPHS_SIDE_FIRST, 4322, 4400,
	                "client's ACK has seq 4400, expected 4322 = 4321 + 1 (SYN): off by +78");
	assert_compared(TCPHS_RULE_RST_BAD_ACK, TCPHS_SIDE_SECOND, 4322, 0,
	                "server's RST acknowledges 0, expected 4322 = 4321 + 1 (SYN): off by -4322, so the client "
	                "ignores it");
	assert_compared(TCPHS_RULE_SYN_NEW_ISN, TCPHS_SIDE_FIRST, 4321, 9000,
	                "client sent SYN with ISN 9000; the one with ISN 4321 was not answered");
	assert_compared(TCPHS_RULE_SYNACK_NEW_ISN, TCPHS_SIDE_SECOND, 7000, 9000,
	                "server sent SYN-ACK with ISN 9000 after one with ISN 7000");
	assert_compared(TCPHS_RULE_ACK_OF_UNSEEN, TCPHS_SIDE_FIRST, 7001, 9000,
	                "client's segment has 9000 where 7001 was expected; the capture missed what lies between");
}

/* Without numbers nothing may be made up. */
static void test_wrong_without_numbers(void)
{
	assert_plain(TCPHS_RULE_SYNACK_BAD_ACK, TCPHS_SIDE_SECOND, "SYN-ACK does not acknowledge the SYN");
	assert_plain(TCPHS_RULE_ACK_BAD_ACK, TCPHS_SIDE_FIRST, "client's ACK does not acknowledge the server's SYN");
	assert_plain(TCPHS_RULE_RST_BAD_ACK, TCPHS_SIDE_SECOND, "server's RST does not fit, so the client ignores it");
	assert_plain(TCPHS_RULE_SYN_NEW_ISN, TCPHS_SIDE_FIRST,
	             "client sent another SYN, with a new ISN; the earlier one was not answered");
}

/* An expected number that has nothing to do with the ISN at hand is printed without a sum. */
static void test_sum_of_another_attempt(void)
{
	struct tcphs_summary summary = textbook();
	struct tcphs_finding finding = {
		.rule = TCPHS_RULE_SYNACK_BAD_ACK, .side = TCPHS_SIDE_SECOND, .numbers = 1,
		.expected = 900001, .actual = 1,
	};

	assert_said(&finding, &summary, "SYN-ACK acknowledges 1, expected 900001: off by -900000");
	/* The most that a segment can carry, and one more. */
	finding.expected = 4321 + 65536;
	assert_said(&finding, &summary,
	            "SYN-ACK acknowledges 1, expected 69857 = 4321 + 1 (SYN) + 65535 (data in SYN): off by -69856");
	finding.expected++;
	assert_said(&finding, &summary, "SYN-ACK acknowledges 1, expected 69858: off by -69857");
	finding.expected = 4322;
	summary.has_isn[TCPHS_CLIENT] = false;
	assert_said(&finding, &summary, "SYN-ACK acknowledges 1, expected 4322: off by -4321");
}

static void test_wrap(void)
{
	struct tcphs_summary summary = textbook();
	struct tcphs_finding finding = {
		.rule = TCPHS_RULE_SYNACK_BAD_ACK, .side = TCPHS_SIDE_SECOND, .numbers = 1,
		.expected = 0, .actual = 4294967295U,
	};

	summary.isn[TCPHS_CLIENT] = 4294967295U;
	assert_said(&finding, &summary,
	            "SYN-ACK acknowledges 4294967295, expected 0 = 4294967295 + 1 (SYN): off by -1");
	finding.actual = 0x80000000;
	assert_said(&finding, &summary,
	            "SYN-ACK acknowledges 2147483648, expected 0 = 4294967295 + 1 (SYN): off by -2147483648");
	finding.actual = 0x7fffffff;
	assert_said(&finding, &summary,
	            "SYN-ACK acknowledges 2147483647, expected 0 = 4294967295 + 1 (SYN): off by +2147483647");
}

/* Roles come from the judgement: the side captured first may be the server. */
static void test_roles(void)
{
	struct tcphs_summary summary = textbook();
	struct tcphs_finding finding = {.rule = TCPHS_RULE_FLAGS_SYN_FIN, .side = TCPHS_SIDE_FIRST};

	assert_said(&finding, &summary, "client sent SYN and FIN in one segment");
	finding.side = TCPHS_SIDE_SECOND;
	assert_said(&finding, &summary, "server sent SYN and FIN in one segment");
	summary.judgement.client = TCPHS_SIDE_SECOND;
	assert_said(&finding, &summary, "client sent SYN and FIN in one segment");

	finding = (struct tcphs_finding){
		.rule = TCPHS_RULE_SYNACK_BAD_ACK, .side = TCPHS_SIDE_FIRST, .numbers = 1,
		.expected = 4322, .actual = 4321,
	};
	assert_said(&finding, &summary, "SYN-ACK acknowledges 4321, expected 4322 = 4321 + 1 (SYN): off by -1");
}

static void test_times(void)
{
	static const int doubling[] = {0, 1000, 3000, 7000};
	static const int uneven[] = {0, 1024, 3040, 7072};
	static const int many[] = {0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000};
	struct tcphs_summary summary = textbook();
	struct tcphs_finding finding = {.rule = TCPHS_RULE_SYN_UNANSWERED, .side = TCPHS_SIDE_FIRST};

	assert_said(&finding, &summary, "client sent SYN once; no answer");
	set_times(summary.syn_time, &summary.tries, &summary.syn_count, doubling, 4);
	assert_said(&finding, &summary, "client sent SYN at 0, 1.0, 3.0, 7.0 s; no answer");
	set_times(summary.syn_time, &summary.tries, &summary.syn_count, uneven, 4);
	assert_said(&finding, &summary, "client sent SYN at 0, 1.024, 3.04, 7.072 s; no answer");
	set_times(summary.syn_time, &summary.tries, &summary.syn_count, many, 10);
	assert_said(&finding, &summary,
	            "client sent SYN at 0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0 s and 2 more; no answer");
}

static void test_times_are_rounded(void)
{
	struct tcphs_summary summary = textbook();
	const struct tcphs_finding finding = {.rule = TCPHS_RULE_SYN_UNANSWERED, .side = TCPHS_SIDE_FIRST};

	summary.tries = summary.syn_count = 5;
	summary.syn_time[1] = START + 499999;
	summary.syn_time[2] = START + 500000;
	summary.syn_time[3] = START + 999999999;
	summary.syn_time[4] = START - 1500 * TCPHS_MILLISECOND;
	assert_said(&finding, &summary, "client sent SYN at 0, 0.0, 0.001, 1.0, -1.5 s; no answer");
	/* Timestamps of a hostile file: as far apart as they can be. */
	summary.tries = summary.syn_count = 2;
	summary.syn_time[0] = INT64_MIN;
	summary.syn_time[1] = INT64_MAX;
	assert_said(&finding, &summary, "client sent SYN at 0, 18446744073.71 s; no answer");
	/* More times announced than there is room for. */
	summary.tries = summary.syn_count = 9;
	memset(summary.syn_time, 0, sizeof(summary.syn_time));
	assert_said(&finding, &summary,
	            "client sent SYN at 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0 s and 1 more; no answer");
}

static void test_again(void)
{
	static const int doubling[] = {0, 1000, 3000};
	struct tcphs_summary summary = textbook();
	struct tcphs_finding finding = {.rule = TCPHS_RULE_SYN_AGAIN, .side = TCPHS_SIDE_FIRST};

	set_times(summary.syn_time, &summary.tries, &summary.syn_count, doubling, 3);
	assert_said(&finding, &summary, "client sent the same SYN again: SYN at 0, 1.0, 3.0 s");
	/* In a simultaneous open the server's SYN may come again; its times are not kept. */
	finding.side = TCPHS_SIDE_SECOND;
	assert_said(&finding, &summary, "server sent the same SYN again");
	finding.rule = TCPHS_RULE_SYNACK_AGAIN;
	assert_said(&finding, &summary, "server sent the same SYN-ACK again");
	set_times(summary.synack_time, &summary.synack_tries, &summary.synack_count, doubling, 2);
	assert_said(&finding, &summary, "server sent the same SYN-ACK again: SYN-ACK at 0, 1.0 s");
	finding.rule = TCPHS_RULE_FINAL_ACK_IGNORED;
	assert_said(&finding, &summary,
	            "server sent its SYN-ACK again after the client's ACK: SYN-ACK at 0, 1.0 s");
	finding.rule = TCPHS_RULE_FINAL_ACK_MISSING;
	assert_said(&finding, &summary, "server sent SYN-ACK at 0, 1.0 s; client never acknowledged it");
	summary.synack_count = summary.synack_tries = 1;
	assert_said(&finding, &summary, "server sent SYN-ACK once; client never acknowledged it");
	finding.rule = TCPHS_RULE_FINAL_ACK_IGNORED;
	assert_said(&finding, &summary, "server sent its SYN-ACK again after the client's ACK");
}

/* A duration alone, as columns and statistics have it. */
static void test_interval(void)
{
	static const struct {
		tcphs_time interval;
		const char *text;
	} cases[] = {
		{0, "0 ms"}, {499, "0 ms"}, {500, "0.001 ms"}, {1499, "0.001 ms"}, {1500, "0.002 ms"},
		{30500000, "30.5 ms"}, {999999499, "999.999 ms"}, {999999500, "1.0 s"}, {1024000000, "1.024 s"},
		{-1, "-0 ms"}, {-1500000, "-1.5 ms"}, {INT64_MIN, "-9223372036.855 s"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		char buffer[64];

		g_assert_cmpuint(tcphs_interval_format(buffer, sizeof(buffer), cases[i].interval), ==,
		                 strlen(cases[i].text));
		g_assert_cmpstr(buffer, ==, cases[i].text);
	}
}

static void test_capture_ended(void)
{
	struct tcphs_summary summary = textbook();
	const struct tcphs_finding finding = {.rule = TCPHS_RULE_CAPTURE_ENDED};

	assert_said(&finding, &summary, "server sent SYN-ACK once; the capture ended before the final ACK was due");
	summary.synack_count = summary.synack_tries = 0;
	assert_said(&finding, &summary, "client sent SYN once; the capture ended before an answer was due");
}

/** say_rst(): a finding about a RST that tells its control bits and its delay. */
static void say_rst(enum tcphs_rule rule, enum tcphs_side side, uint32_t flags, uint32_t microseconds, const char *text)
{
	const struct tcphs_summary summary = textbook();
	const struct tcphs_finding finding = {
		.rule = (uint16_t)rule, .side = (uint8_t)side, .expected = flags, .actual = microseconds,
	};

	assert_said(&finding, &summary, text);
}

static void test_rst(void)
{
	const uint32_t with_ack = TCPHS_RST | TCPHS_ACK;

	assert_plain(TCPHS_RULE_RST_REFUSED, TCPHS_SIDE_SECOND, "server answered the SYN with RST");
	say_rst(TCPHS_RULE_RST_REFUSED, TCPHS_SIDE_SECOND, with_ack, 300,
	        "server answered the SYN with RST after 0.3 ms");
	say_rst(TCPHS_RULE_RST_REFUSED, TCPHS_SIDE_SECOND, with_ack, 0, "server answered the SYN with RST after 0 ms");
	say_rst(TCPHS_RULE_RST_REFUSED, TCPHS_SIDE_SECOND, with_ack, 30517,
	        "server answered the SYN with RST after 30.517 ms");
	say_rst(TCPHS_RULE_RST_REFUSED, TCPHS_SIDE_SECOND, with_ack, 999999,
	        "server answered the SYN with RST after 999.999 ms");
	say_rst(TCPHS_RULE_RST_REFUSED, TCPHS_SIDE_SECOND, with_ack, 1000000,
	        "server answered the SYN with RST after 1.0 s");
	say_rst(TCPHS_RULE_RST_REFUSED, TCPHS_SIDE_SECOND, with_ack, 2050499,
	        "server answered the SYN with RST after 2.05 s");
	say_rst(TCPHS_RULE_RST_REFUSED, TCPHS_SIDE_SECOND, TCPHS_FLAGS, 300,
	        "server answered the SYN with RST after 0.3 ms");
	/* Longer than can be told. */
	say_rst(TCPHS_RULE_RST_REFUSED, TCPHS_SIDE_SECOND, with_ack, UINT32_MAX, "server answered the SYN with RST");

	say_rst(TCPHS_RULE_RST_BAD_ACK, TCPHS_SIDE_SECOND, TCPHS_RST, 100,
	        "server's RST has no ACK flag, so the client ignores it");
	say_rst(TCPHS_RULE_RST_BAD_ACK, TCPHS_SIDE_SECOND, with_ack, 100,
	        "server's RST does not fit, so the client ignores it");

	assert_plain(TCPHS_RULE_ABORTED_AFTER_SYNACK, TCPHS_SIDE_FIRST, "client answered the SYN-ACK with RST");
	say_rst(TCPHS_RULE_ABORTED_AFTER_SYNACK, TCPHS_SIDE_FIRST, TCPHS_RST, 100,
	        "client answered the SYN-ACK with RST after 0.1 ms: RST without ACK, its host knows of no "
	        "such connection");
	say_rst(TCPHS_RULE_ABORTED_AFTER_SYNACK, TCPHS_SIDE_FIRST, with_ack, 100,
	        "client answered the SYN-ACK with RST after 0.1 ms: RST with ACK, its program gave up");
}

static void test_rst_with_numbers(void)
{
	/* Numbers to compare are not a delay. */
	assert_compared(TCPHS_RULE_RST_REFUSED, TCPHS_SIDE_SECOND, 4, 300, "server answered the SYN with RST");
	/* The number is right, so it cannot be what is wrong. */
	assert_compared(TCPHS_RULE_RST_BAD_ACK, TCPHS_SIDE_SECOND, 4322, 4322,
	                "server's RST does not fit, so the client ignores it");
	assert_compared(TCPHS_RULE_SYNACK_BAD_ACK, TCPHS_SIDE_SECOND, 4322, 4322,
	                "SYN-ACK does not acknowledge the SYN");
}

static void test_variants(void)
{
	struct tcphs_summary summary = textbook();
	struct tcphs_finding finding = {.rule = TCPHS_RULE_SIMULTANEOUS_OPEN};

	assert_said(&finding, &summary, "both endpoints sent SYN: client's ISN 4321, server's ISN 7000");
	summary.has_isn[TCPHS_SERVER] = false;
	assert_said(&finding, &summary, "both endpoints sent SYN");
	summary.has_isn[TCPHS_SERVER] = true;
	finding = (struct tcphs_finding){.rule = TCPHS_RULE_FAST_OPEN, .numbers = 1, .expected = 4422, .actual = 4422};
	assert_said(&finding, &summary, "server acknowledged the 100 octets of data in the SYN");
	finding.actual = 4342;
	assert_said(&finding, &summary, "server acknowledged 20 of 100 octets of data in the SYN");
	summary.has_isn[TCPHS_CLIENT] = false;
	assert_said(&finding, &summary, "server acknowledged data in the SYN");
	summary.has_isn[TCPHS_CLIENT] = true;
	finding.actual = 4423;
	assert_said(&finding, &summary, "server acknowledged data in the SYN");
	finding.expected = finding.actual = 4322 + 65535;
	assert_said(&finding, &summary, "server acknowledged the 65535 octets of data in the SYN");
	finding.expected = finding.actual = 4322 + 65536;
	assert_said(&finding, &summary, "server acknowledged data in the SYN");
	finding.numbers = 0;
	assert_said(&finding, &summary, "server acknowledged data in the SYN");

	finding = (struct tcphs_finding){.rule = TCPHS_RULE_HANDSHAKE_REORDERED};
	summary.judgement.steps[1] = 4;
	assert_said(&finding, &summary, "steps captured out of order: ACK before SYN-ACK");
	summary.judgement.steps[0] = 5;
	assert_said(&finding, &summary, "steps captured out of order: SYN-ACK before SYN, ACK before SYN-ACK");
	summary.judgement.steps[2] = 0;
	assert_said(&finding, &summary, "steps captured out of order: SYN-ACK before SYN");
	summary.judgement.steps[0] = 0;
	assert_said(&finding, &summary, "steps captured out of order");
	/* One segment may be two steps. */
	summary.judgement.steps[0] = summary.judgement.steps[1] = summary.judgement.steps[2] = 3;
	assert_said(&finding, &summary, "steps captured out of order");
}

static void test_lost_state(void)
{
	struct tcphs_summary summary = textbook();
	struct tcphs_finding finding = {.rule = TCPHS_RULE_PEER_LOST_STATE};

	assert_said(&finding, &summary, "one endpoint has forgotten the connection that the other still has");
	summary.judgement.blame = TCPHS_BLAME_SERVER;
	assert_said(&finding, &summary, "server has forgotten the connection that the client still has");
	summary.judgement.blame = TCPHS_BLAME_CLIENT;
	finding.numbers = 1;
	finding.expected = 401;
	finding.actual = 101;
	assert_said(&finding, &summary,
	            "client has forgotten the connection that the server still has: acknowledges 101, expected 401");
}

static void test_capture(void)
{
	struct tcphs_summary summary = textbook();
	struct tcphs_finding finding = {.rule = TCPHS_RULE_CAPTURE_ONE_SIDED};

	summary.synack_count = 0;
	assert_said(&finding, &summary, "only segments of the client were captured");
	summary.syn_count = 0;
	assert_said(&finding, &summary, "only segments of one endpoint were captured");
	summary.synack_count = 3;
	assert_said(&finding, &summary, "only segments of the server were captured");
	assert_plain(TCPHS_RULE_SUPERSEDED, TCPHS_SIDE_FIRST,
	             "a newer SYN took the place of the attempt with ISN 4321");
	assert_plain(TCPHS_RULE_ACK_OF_UNSEEN, TCPHS_SIDE_SECOND, "server's segment follows one that was not captured");
}

/* No rule is silent, with or without numbers, even of a connection of which nothing is known. */
static void test_every_rule_speaks(void)
{
	const struct tcphs_summary nothing = {0};
	char buffer[512];

	for (int rule = TCPHS_RULE_NONE + 1; rule < TCPHS_RULES; rule++) {
		for (uint8_t numbers = 0; numbers < 2; numbers++) {
			const struct tcphs_finding finding = {
				.rule = (uint16_t)rule, .numbers = numbers, .expected = UINT32_MAX, .actual = 1,
			};
			size_t wanted = tcphs_finding_format(buffer, sizeof(buffer), &finding, &nothing);

			g_assert_cmpuint(wanted, >=, 10);
			g_assert_cmpuint(wanted, ==, strlen(buffer));
			g_assert_null(strchr(buffer, '%'));
			for (const char *at = buffer; *at != '\0'; at++)
				g_assert_true(g_ascii_isprint(*at));
		}
	}
}

static void test_no_rule(void)
{
	const struct tcphs_summary summary = textbook();
	struct tcphs_finding finding = {.rule = TCPHS_RULE_NONE};

	assert_said(&finding, &summary, "");
	finding.rule = TCPHS_RULES;
	assert_said(&finding, &summary, "");
	finding.rule = UINT16_MAX;
	assert_said(&finding, &summary, "");
}

/* As snprintf: every size gives the beginning of the same text, a final NUL and the same wanted length. */
static void test_sizes(void)
{
	const char *whole = "SYN-ACK acknowledges 4321, expected 4322 = 4321 + 1 (SYN): off by -1";
	const struct tcphs_summary summary = textbook();
	const struct tcphs_finding finding = {
		.rule = TCPHS_RULE_SYNACK_BAD_ACK, .side = TCPHS_SIDE_SECOND, .numbers = 1,
		.expected = 4322, .actual = 4321,
	};

	g_assert_cmpuint(tcphs_finding_format(NULL, 0, &finding, &summary), ==, strlen(whole));
	for (size_t size = 1; size <= strlen(whole) + 2; size++) {
		char *buffer = g_malloc(size);
		char *beginning = g_strndup(whole, size - 1);

		g_assert_cmpuint(tcphs_finding_format(buffer, size, &finding, &summary), ==, strlen(whole));
		g_assert_cmpstr(buffer, ==, beginning);
		g_free(beginning);
		g_free(buffer);
	}
}

/* ---- arithmetic --------------------------------------------------------------------------------- */

static void assert_arithmetic(const struct tcphs_mark *mark, uint32_t seq, uint32_t ack, const char *expected)
{
	const struct tcphs_segment segment = {.seq = seq, .ack = ack};
	char buffer[256];
	size_t wanted = tcphs_arithmetic_format(buffer, sizeof(buffer), mark, &segment);

	g_assert_cmpstr(buffer, ==, expected);
	g_assert_cmpuint(wanted, ==, strlen(expected));
	g_assert_cmpuint(tcphs_arithmetic_format(NULL, 0, mark, &segment), ==, wanted);
	wanted = tcphs_arithmetic_format(buffer, 8, mark, &segment);
	g_assert_cmpuint(wanted, ==, strlen(expected));
	g_assert_cmpuint(strlen(buffer), ==, MIN(wanted, 7));
}

static void test_three_steps(void)
{
	struct tcphs_mark mark = {.phase = TCPHS_PHASE_SYN, .terms = TCPHS_TERM_ISN};

	assert_arithmetic(&mark, 4321, 0, "seq 4321 = ISN");
	mark = (struct tcphs_mark){
		.phase = TCPHS_PHASE_SYNACK, .terms = TCPHS_TERM_ISN | TCPHS_TERM_ACK | TCPHS_TERM_ACK_SYN,
		.ack_expected = 4322, .ack_base = 4321,
	};
	assert_arithmetic(&mark, 7000, 4322, "seq 7000 = ISN, ack 4322 = 4321 + 1 (SYN)");
	mark = (struct tcphs_mark){
		.phase = TCPHS_PHASE_ACK,
		.terms = TCPHS_TERM_SEQ | TCPHS_TERM_SEQ_SYN | TCPHS_TERM_ACK | TCPHS_TERM_ACK_SYN,
		.seq_expected = 4322, .seq_base = 4321, .ack_expected = 7001, .ack_base = 7000,
	};
	assert_arithmetic(&mark, 4322, 7001, "seq 4322 = 4321 + 1 (SYN), ack 7001 = 7000 + 1 (SYN)");
}

static void test_nothing_to_compare(void)
{
	const struct tcphs_mark mark = {.phase = TCPHS_PHASE_RST, .seq_expected = 1, .ack_expected = 2};

	assert_arithmetic(&mark, 4321, 7000, "");
}

static void test_fast_open_sum(void)
{
	const struct tcphs_mark mark = {
		.phase = TCPHS_PHASE_SYNACK, .terms = TCPHS_TERM_ACK | TCPHS_TERM_ACK_SYN | TCPHS_TERM_SYN_DATA,
		.ack_expected = 4422, .ack_base = 4321,
	};

	assert_arithmetic(&mark, 7000, 4422, "ack 4422 = 4321 + 1 (SYN) + 100 (data in SYN)");
}

static void test_data_and_fin_sums(void)
{
	struct tcphs_mark mark = {
		.phase = TCPHS_PHASE_ACK_OF_FIN, .terms = TCPHS_TERM_ACK | TCPHS_TERM_ACK_FIN,
		.ack_expected = 9002, .ack_base = 9001,
	};

	assert_arithmetic(&mark, 1, 9002, "ack 9002 = 9001 + 1 (FIN)");
	mark = (struct tcphs_mark){
		.phase = TCPHS_PHASE_PURE_ACK,
		.terms = TCPHS_TERM_SEQ | TCPHS_TERM_SEQ_SYN | TCPHS_TERM_SEQ_FIN | TCPHS_TERM_ACK | TCPHS_TERM_ACK_SYN,
		.seq_expected = 4423, .seq_base = 4321, .ack_expected = 9001, .ack_base = 7000,
	};
	assert_arithmetic(&mark, 4423, 9001,
	                  "seq 4423 = 4321 + 1 (SYN) + 100 (data) + 1 (FIN), ack 9001 = 7000 + 1 (SYN) + 2000 (data)");
	/* Nothing was added to the base. */
	mark = (struct tcphs_mark){
		.phase = TCPHS_PHASE_FIN, .terms = TCPHS_TERM_SEQ, .seq_expected = 9001, .seq_base = 9001,
	};
	assert_arithmetic(&mark, 9001, 0, "seq 9001");
}

static void test_wrong_in_handshake(void)
{
	static const uint8_t phases[] = {
		TCPHS_PHASE_SYNACK, TCPHS_PHASE_ACK, TCPHS_PHASE_RST, TCPHS_PHASE_OUT_OF_PLACE,
	};
	struct tcphs_mark mark = {
		.terms = TCPHS_TERM_SEQ | TCPHS_TERM_SEQ_SYN | TCPHS_TERM_ACK | TCPHS_TERM_ACK_SYN,
		.seq_expected = 7001, .seq_base = 7000, .ack_expected = 4322, .ack_base = 4321,
	};

	for (size_t i = 0; i < G_N_ELEMENTS(phases); i++) {
		mark.phase = phases[i];
		assert_arithmetic(&mark, 7011, 4321,
		                  "seq 7011, expected 7001 = 7000 + 1 (SYN), off by +10, "
		                  "ack 4321, expected 4322 = 4321 + 1 (SYN), off by -1");
	}
}

/* Once the connection is open, other numbers than the newest are old or ahead, not wrong. */
static void test_old_and_ahead(void)
{
	static const uint8_t phases[] = {
		TCPHS_PHASE_DATA, TCPHS_PHASE_PURE_ACK, TCPHS_PHASE_KEEP_ALIVE, TCPHS_PHASE_FIN, TCPHS_PHASE_ACK_OF_FIN,
	};
	struct tcphs_mark mark = {
		.terms = TCPHS_TERM_SEQ | TCPHS_TERM_SEQ_SYN | TCPHS_TERM_ACK | TCPHS_TERM_ACK_SYN,
		.seq_expected = 4342, .seq_base = 4321, .ack_expected = 7051, .ack_base = 7000,
	};

	for (size_t i = 0; i < G_N_ELEMENTS(phases); i++) {
		mark.phase = phases[i];
		assert_arithmetic(&mark, 4322, 7001, "seq 4322, 20 below 4342 (sent before), ack 7001, 50 below 7051");
		assert_arithmetic(&mark, 4400, 7100, "seq 4400, 58 above 4342, ack 7100, 49 above 7051");
	}
}

static void test_arithmetic_wraps(void)
{
	struct tcphs_mark mark = {
		.phase = TCPHS_PHASE_ACK,
		.terms = TCPHS_TERM_SEQ | TCPHS_TERM_SEQ_SYN | TCPHS_TERM_ACK | TCPHS_TERM_ACK_SYN |
		         TCPHS_TERM_SYN_DATA,
		.seq_expected = 0, .seq_base = 4294967295U, .ack_expected = 99, .ack_base = 4294967294U,
	};

	assert_arithmetic(&mark, 0, 99,
	                  "seq 0 = 4294967295 + 1 (SYN), ack 99 = 4294967294 + 1 (SYN) + 100 (data in SYN)");
	mark.terms = TCPHS_TERM_SEQ | TCPHS_TERM_SEQ_SYN;
	assert_arithmetic(&mark, 4294967295U, 0, "seq 4294967295, expected 0 = 4294967295 + 1 (SYN), off by -1");
	mark.phase = TCPHS_PHASE_DATA;
	assert_arithmetic(&mark, 4294967295U, 0, "seq 4294967295, 1 below 0 (sent before)");
	assert_arithmetic(&mark, 2147483648U, 0, "seq 2147483648, 2147483648 below 0 (sent before)");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/format/finding/wrong-numbers", test_wrong_numbers);
	g_test_add_func("/format/finding/wrong-without-numbers", test_wrong_without_numbers);
	g_test_add_func("/format/finding/sum-of-another-attempt", test_sum_of_another_attempt);
	g_test_add_func("/format/finding/wrap", test_wrap);
	g_test_add_func("/format/finding/roles", test_roles);
	g_test_add_func("/format/finding/times", test_times);
	g_test_add_func("/format/finding/times-are-rounded", test_times_are_rounded);
	g_test_add_func("/format/finding/again", test_again);
	g_test_add_func("/format/interval", test_interval);
	g_test_add_func("/format/finding/capture-ended", test_capture_ended);
	g_test_add_func("/format/finding/rst", test_rst);
	g_test_add_func("/format/finding/rst-with-numbers", test_rst_with_numbers);
	g_test_add_func("/format/finding/variants", test_variants);
	g_test_add_func("/format/finding/lost-state", test_lost_state);
	g_test_add_func("/format/finding/capture", test_capture);
	g_test_add_func("/format/finding/every-rule-speaks", test_every_rule_speaks);
	g_test_add_func("/format/finding/no-rule", test_no_rule);
	g_test_add_func("/format/finding/sizes", test_sizes);
	g_test_add_func("/format/arithmetic/three-steps", test_three_steps);
	g_test_add_func("/format/arithmetic/nothing-to-compare", test_nothing_to_compare);
	g_test_add_func("/format/arithmetic/fast-open", test_fast_open_sum);
	g_test_add_func("/format/arithmetic/data-and-fin", test_data_and_fin_sums);
	g_test_add_func("/format/arithmetic/wrong-in-handshake", test_wrong_in_handshake);
	g_test_add_func("/format/arithmetic/old-and-ahead", test_old_and_ahead);
	g_test_add_func("/format/arithmetic/wraps", test_arithmetic_wraps);
	return g_test_run();
}
