/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ladder.c - which segments are kept of a connection, and what a line of them says.
 *
 * Marks are made by hand where the choice of lines is tested, and by the engine's own formatter where words are.
 */
#include "ladder.h"

#include <glib.h>
#include <string.h>

#define LIMIT 16

static struct tcphs_mark mark_of(uint32_t connection, enum tcphs_phase phase)
{
	return (struct tcphs_mark){ .connection = connection, .phase = phase };
}

static void take(struct ladders *ladders, uint32_t connection, enum tcphs_phase phase, tcphs_ref frame)
{
	const struct tcphs_segment segment = { .ref = frame, .have = TCPHS_HAVE_HEADER };
	const struct tcphs_mark mark = mark_of(connection, phase);

	g_assert_cmpint(ladder_take(ladders, &segment, &mark), ==, TCPHS_OK);
}

/** assert_lines(): the frames that are kept, each with what is left out before it: "1 2 (7) 10". */
static void assert_lines(const struct ladders *ladders, uint32_t connection, const char *expected)
{
	const struct ladder *ladder = ladder_of(ladders, connection);
	GString *told = g_string_new(NULL);

	for (size_t i = 0; i < ladder_count(ladder); i++) {
		const struct ladder_line *line = ladder_line(ladder, i);

		if (line->skipped)
			g_string_append_printf(told, "(%u) ", line->skipped);
		g_string_append_printf(told, "%u ", line->frame);
	}
	g_assert_cmpstr(g_strchomp(told->str), ==, expected);
	g_string_free(told, TRUE);
}

static void test_all_of_a_short_one(void)
{
	struct ladders *ladders = ladders_new(LIMIT, SIZE_MAX);

	take(ladders, 0, TCPHS_PHASE_SYN, 1);
	take(ladders, 0, TCPHS_PHASE_SYNACK, 2);
	take(ladders, 0, TCPHS_PHASE_ACK, 3);
	take(ladders, 0, TCPHS_PHASE_DATA, 4);
	take(ladders, 0, TCPHS_PHASE_FIN, 5);
	assert_lines(ladders, 0, "1 2 3 4 5");
	ladders_del(ladders);
}

static void test_nothing_of_others(void)
{
	struct ladders *ladders = ladders_new(LIMIT, SIZE_MAX);
	const struct tcphs_segment segment = { .ref = 9 };
	struct tcphs_mark late = mark_of(0, TCPHS_PHASE_DATA), none = mark_of(TCPHS_NO_CONNECTION, TCPHS_PHASE_NONE);

	late.late = 1;
	g_assert_cmpint(ladder_take(ladders, &segment, &late), ==, TCPHS_OK);
	g_assert_cmpint(ladder_take(ladders, &segment, &none), ==, TCPHS_OK);
	g_assert_null(ladder_of(ladders, 0));
	g_assert_null(ladder_of(ladders, TCPHS_NO_CONNECTION));
	g_assert_cmpuint(ladder_count(NULL), ==, 0);
	ladder_drop(ladders, 7);
	ladders_del(ladders);
}

/* Four segments of data are kept, then only those next to something else, and the last. */
static void test_data_is_left_out(void)
{
	struct ladders *ladders = ladders_new(LIMIT, SIZE_MAX);

	take(ladders, 3, TCPHS_PHASE_SYN, 1);
	for (tcphs_ref frame = 2; frame <= 20; frame++)
		take(ladders, 3, frame % 2 ? TCPHS_PHASE_DATA : TCPHS_PHASE_PURE_ACK, frame);
	assert_lines(ladders, 3, "1 2 3 4 5 (14) 20");
	take(ladders, 3, TCPHS_PHASE_RST, 21);
	assert_lines(ladders, 3, "1 2 3 4 5 (14) 20 21");
	take(ladders, 3, TCPHS_PHASE_KEEP_ALIVE, 22);
	take(ladders, 3, TCPHS_PHASE_KEEP_ALIVE, 23);
	assert_lines(ladders, 3, "1 2 3 4 5 (14) 20 21 (1) 23");
	ladders_del(ladders);
}

/* Data that moves a state, or is a step, is part of the story, however much data was before. */
static void test_data_that_matters_stays(void)
{
	struct ladders *ladders = ladders_new(LIMIT, SIZE_MAX);
	const struct tcphs_segment segment = { .ref = 11 };
	struct tcphs_mark mark = mark_of(0, TCPHS_PHASE_DATA);

	for (tcphs_ref frame = 1; frame <= 10; frame++)
		take(ladders, 0, TCPHS_PHASE_DATA, frame);
	mark.step = 3;
	mark.state[1] = TCPHS_ESTABLISHED;
	g_assert_cmpint(ladder_take(ladders, &segment, &mark), ==, TCPHS_OK);
	take(ladders, 0, TCPHS_PHASE_DATA, 12);
	take(ladders, 0, TCPHS_PHASE_DATA, 13);
	assert_lines(ladders, 0, "1 2 3 4 (5) 10 11 (1) 13");
	ladders_del(ladders);
}

/* How it began stays, and so does how it ended. */
static void test_the_limit(void)
{
	struct ladders *ladders = ladders_new(LIMIT, SIZE_MAX);

	for (tcphs_ref frame = 1; frame <= LIMIT; frame++)
		take(ladders, 0, TCPHS_PHASE_SYN_AGAIN, frame);
	assert_lines(ladders, 0, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16");
	take(ladders, 0, TCPHS_PHASE_SYN_AGAIN, 17);
	assert_lines(ladders, 0, "1 2 3 4 5 6 7 8 9 10 11 12 (1) 14 15 16 17");
	for (tcphs_ref frame = 18; frame <= 1000; frame++)
		take(ladders, 0, TCPHS_PHASE_SYN_AGAIN, frame);
	assert_lines(ladders, 0, "1 2 3 4 5 6 7 8 9 10 11 12 (984) 997 998 999 1000");
	take(ladders, 0, TCPHS_PHASE_DATA, 1001);
	take(ladders, 0, TCPHS_PHASE_DATA, 1002);
	assert_lines(ladders, 0, "1 2 3 4 5 6 7 8 9 10 11 12 (986) 999 1000 1001 1002");
	ladders_del(ladders);
}

/* Whatever is left out is counted: lines and gaps together are all segments. */
static void test_nothing_is_lost(void)
{
	static const enum tcphs_phase phases[] = { TCPHS_PHASE_SYN, TCPHS_PHASE_DATA, TCPHS_PHASE_DATA,
		                                   TCPHS_PHASE_PURE_ACK, TCPHS_PHASE_FIN, TCPHS_PHASE_DATA };
	struct ladders *ladders = ladders_new(LIMIT, SIZE_MAX);
	GRand *rand = g_rand_new_with_seed(4);

	for (tcphs_ref frame = 1; frame <= 3000; frame++) {
		uint64_t total = 0;
		tcphs_ref before = 0;
		const struct ladder *ladder;

		take(ladders, 0, phases[g_rand_int_range(rand, 0, G_N_ELEMENTS(phases))], frame);
		ladder = ladder_of(ladders, 0);
		g_assert_cmpuint(ladder_count(ladder), <=, LIMIT + 1);
		for (size_t i = 0; i < ladder_count(ladder); i++) {
			const struct ladder_line *line = ladder_line(ladder, i);

			total += line->skipped + 1;
			g_assert_cmpuint(line->frame, ==, before + line->skipped + 1);
			before = line->frame;
		}
		g_assert_cmpuint(total, ==, frame);
	}
	g_rand_free(rand);
	ladders_del(ladders);
}

static void test_numbers_are_used_again(void)
{
	struct ladders *ladders = ladders_new(LIMIT, SIZE_MAX);

	take(ladders, 100000, TCPHS_PHASE_SYN, 1);
	take(ladders, 2, TCPHS_PHASE_SYN, 2);
	ladder_drop(ladders, 2);
	g_assert_null(ladder_of(ladders, 2));
	take(ladders, 2, TCPHS_PHASE_SYN, 3);
	assert_lines(ladders, 2, "3");
	assert_lines(ladders, 100000, "1");
	ladders_del(ladders);
}

/* Each new connection takes some of the budget, and gives it back. */
static void test_the_budget(void)
{
	struct ladders *ladders = ladders_new(LIMIT, 4000);
	uint32_t with = 0;

	for (uint32_t connection = 0; connection < 100; connection++) {
		take(ladders, connection, TCPHS_PHASE_SYN, connection + 1);
		with += ladder_of(ladders, connection) != NULL;
	}
	g_assert_cmpuint(with, >, 5);
	g_assert_cmpuint(with, <, 20);
	for (uint32_t connection = 0; connection < 100; connection++)
		ladder_drop(ladders, connection);
	take(ladders, 99, TCPHS_PHASE_SYN, 101);
	assert_lines(ladders, 99, "101");
	ladders_del(ladders);
}

/* A ladder that may not grow shows how it began and what came last. */
static void test_no_budget_to_grow(void)
{
	struct ladders *ladders = ladders_new(LIMIT, 700);

	for (tcphs_ref frame = 1; frame <= 50; frame++)
		take(ladders, 0, TCPHS_PHASE_SYN_AGAIN, frame);
	assert_lines(ladders, 0, "1 (48) 50");
	ladders_del(ladders);
}

static struct tcphs_summary textbook(void)
{
	return (struct tcphs_summary){
		.judgement = { .client = TCPHS_SIDE_SECOND, .steps = { 1, 2, 3 } },
		.key = { .sport = 49152, .dport = 80 },
		.has_isn = { true, true },
		.isn = { 4321, 7000 },
	};
}

static void test_who_and_which_step(void)
{
	const struct tcphs_summary summary = textbook();
	struct ladder_line line = { .frame = 2, .mark.side = TCPHS_SIDE_FIRST };

	g_assert_false(ladder_from_client(&line, &summary));
	g_assert_cmpint(ladder_step(&line, &summary), ==, 2);
	line.frame = 4;
	line.mark.side = TCPHS_SIDE_SECOND;
	g_assert_true(ladder_from_client(&line, &summary));
	g_assert_cmpint(ladder_step(&line, &summary), ==, 0);
}

/* An ICMP error has no side: the ports that it quotes tell, or the ISN where both ports are the same. */
static void test_whose_segment_icmp_quotes(void)
{
	struct tcphs_summary summary = textbook();
	struct ladder_line line = { .icmp = true, .frame = 1, .sport = 49152, .seq = 4321 };

	g_assert_true(ladder_from_client(&line, &summary));
	g_assert_cmpint(ladder_step(&line, &summary), ==, 0);
	line.sport = 80;
	g_assert_false(ladder_from_client(&line, &summary));
	summary.key.sport = 80;
	g_assert_true(ladder_from_client(&line, &summary));
	line.seq = 7000;
	g_assert_false(ladder_from_client(&line, &summary));
}

/** assert_unseen(): the lines of a ladder by flags, the second side's in lower case, and what is missing between. */
static void assert_unseen(const char *segments, enum tcphs_reason reason, unsigned completeness, tcphs_ref ack,
                          const char *expected)
{
	struct ladders *ladders = ladders_new(LIMIT, SIZE_MAX);
	struct tcphs_summary summary = {
		.judgement = { .verdict = (uint8_t)tcphs_reason_verdict(reason), .reason = (uint8_t)reason,
		               .completeness = (uint8_t)completeness, .steps = { 0, 0, ack } },
	};
	GString *told = g_string_new(NULL);

	for (tcphs_ref frame = 1; segments[frame - 1]; frame++) {
		char letter = segments[frame - 1];
		uint16_t flags = letter == 'S'   ? TCPHS_SYN
		                 : letter == 's' ? TCPHS_SYN | TCPHS_ACK
		                                 : TCPHS_ACK;
		const struct tcphs_segment segment = { .ref = frame, .flags = flags };
		struct tcphs_mark mark = mark_of(0, TCPHS_PHASE_SYN);

		mark.side = g_ascii_islower(letter);
		ladder_take(ladders, &segment, &mark);
	}
	for (size_t i = 0; i <= strlen(segments); i++) {
		struct ladder_unseen unseen[3];
		size_t count = ladder_unseen(ladder_of(ladders, 0), &summary, i, unseen);

		for (size_t j = 0; j < count; j++)
			g_string_append_printf(told, "(%s %s) ", ladder_step_label(unseen[j].step),
			                       ladder_absence_words(unseen[j].absence));
		if (segments[i])
			g_string_append_printf(told, "%c ", segments[i]);
	}
	g_assert_cmpstr(g_strchomp(told->str), ==, expected);
	g_string_free(told, TRUE);
	ladders_del(ladders);
}

static void test_steps_that_are_missing(void)
{
	const unsigned syn = TCPHS_SAW_SYN, both = TCPHS_SAW_SYN | TCPHS_SAW_SYNACK;

	assert_unseen("SsA", TCPHS_REASON_THREE_WAY, both, 3, "S s A");
	assert_unseen("SS", TCPHS_REASON_UNANSWERED, syn, 0, "S S (SYN-ACK never came)");
	assert_unseen("S", TCPHS_REASON_CAPTURE_ENDED, syn, 0, "S (SYN-ACK not before the capture ended)");
	assert_unseen("Ss", TCPHS_REASON_CAPTURE_ENDED, both, 0, "S s (ACK not before the capture ended)");
	assert_unseen("Sss", TCPHS_REASON_NO_FINAL_ACK, both, 0, "S s s (ACK never came)");
	assert_unseen("SAa", TCPHS_REASON_THREE_WAY, syn, 2, "S (SYN-ACK not captured) A a");
	assert_unseen("Ssa", TCPHS_REASON_THREE_WAY, both, 0, "S s (ACK not captured) a");
	assert_unseen("sA", TCPHS_REASON_THREE_WAY, TCPHS_SAW_SYNACK, 2, "(SYN not captured) s A");
	assert_unseen("SA", TCPHS_REASON_ONE_SIDED, syn, 2, "S (SYN-ACK not captured) A");
	assert_unseen("sa", TCPHS_REASON_ONE_SIDED, TCPHS_SAW_SYNACK, 0, "(SYN not captured) s (ACK not captured) a");
	assert_unseen("Aa", TCPHS_REASON_MIDSTREAM, 0, 0,
	              "(SYN not captured) (SYN-ACK not captured) (ACK not captured) A a");
	assert_unseen("Sa", TCPHS_REASON_REFUSED, syn, 0, "S a");
	assert_unseen("Ss", TCPHS_REASON_BAD_ARITHMETIC, both, 0, "S s");
	assert_unseen("SS", TCPHS_REASON_SIMULTANEOUS_OPEN, syn, 0, "S S");
}

static void test_findings_of_a_line(void)
{
	static const struct tcphs_finding findings[] = { { .at = 1 }, { .at = 2, .rule = 5 }, { .at = 2, .rule = 6 },
		                                         { .at = 9 } };
	struct tcphs_summary summary = textbook();
	const struct ladder_line line = { .frame = 2 }, other = { .frame = 3 };

	summary.findings = findings;
	summary.finding_count = G_N_ELEMENTS(findings);
	g_assert_cmpuint(ladder_finding(&line, &summary, 0), ==, 1);
	g_assert_cmpuint(ladder_finding(&line, &summary, 2), ==, 2);
	g_assert_cmpuint(ladder_finding(&line, &summary, 3), ==, G_N_ELEMENTS(findings));
	g_assert_cmpuint(ladder_finding(&other, &summary, 0), ==, G_N_ELEMENTS(findings));
}

static void assert_label(uint16_t flags, const char *expected)
{
	const struct ladder_line line = { .flags = flags };
	char label[LADDER_LABEL];

	ladder_label(label, &line);
	g_assert_cmpstr(label, ==, expected);
}

static void test_labels(void)
{
	const struct ladder_line icmp = { .icmp = true, .icmp_type = 3, .icmp_code = 13 };
	char label[LADDER_LABEL];

	assert_label(TCPHS_SYN, "SYN");
	assert_label(TCPHS_SYN | TCPHS_ACK, "SYN-ACK");
	assert_label(TCPHS_PSH | TCPHS_ACK, "PSH-ACK");
	assert_label(TCPHS_FIN | TCPHS_PSH | TCPHS_URG, "FIN-PSH-URG");
	assert_label(TCPHS_SYN | TCPHS_ECE | TCPHS_CWR, "SYN ECE CWR");
	assert_label(TCPHS_FLAGS, "SYN-FIN-RST-PSH-URG-ACK ECE CWR AE");
	assert_label(TCPHS_ECE, "ECE");
	assert_label(0, "no flags");
	ladder_label(label, &icmp);
	g_assert_cmpstr(label, ==, "ICMP: administratively prohibited");
}

static void test_numbers(void)
{
	struct ladder_line line = {
		.seq = 7000, .ack = 4322, .flags = TCPHS_SYN | TCPHS_ACK,
		.mark = { .ack_expected = 4322, .ack_base = 4321, .phase = TCPHS_PHASE_SYNACK,
		          .terms = TCPHS_TERM_ISN | TCPHS_TERM_ACK | TCPHS_TERM_ACK_SYN },
	};
	char text[LADDER_NUMBERS];

	ladder_numbers(text, &line);
	g_assert_cmpstr(text, ==, "seq 7000 = ISN, ack 4322 = 4321 + 1 (SYN)");
	line.mark.terms = 0;
	line.length = 5;
	ladder_numbers(text, &line);
	g_assert_cmpstr(text, ==, "seq 7000, ack 4322, 5 octets");
	line.mark.terms = TCPHS_TERM_ISN;
	line.flags = TCPHS_SYN;
	line.length = 1;
	ladder_numbers(text, &line);
	g_assert_cmpstr(text, ==, "seq 7000 = ISN, 1 octet");
	line.icmp = true;
	ladder_numbers(text, &line);
	g_assert_cmpstr(text, ==, "quotes seq 7000");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/ladder/all_of_a_short_one", test_all_of_a_short_one);
	g_test_add_func("/ladder/nothing_of_others", test_nothing_of_others);
	g_test_add_func("/ladder/data_is_left_out", test_data_is_left_out);
	g_test_add_func("/ladder/data_that_matters_stays", test_data_that_matters_stays);
	g_test_add_func("/ladder/the_limit", test_the_limit);
	g_test_add_func("/ladder/nothing_is_lost", test_nothing_is_lost);
	g_test_add_func("/ladder/the_budget", test_the_budget);
	g_test_add_func("/ladder/no_budget_to_grow", test_no_budget_to_grow);
	g_test_add_func("/ladder/steps_that_are_missing", test_steps_that_are_missing);
	g_test_add_func("/ladder/numbers_are_used_again", test_numbers_are_used_again);
	g_test_add_func("/ladder/who_and_which_step", test_who_and_which_step);
	g_test_add_func("/ladder/whose_segment_icmp_quotes", test_whose_segment_icmp_quotes);
	g_test_add_func("/ladder/findings_of_a_line", test_findings_of_a_line);
	g_test_add_func("/ladder/labels", test_labels);
	g_test_add_func("/ladder/numbers", test_numbers);
	return g_test_run();
}
