/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_words.c - the words that filters, policies and JSON are written in, and the texts of the rules.
 *
 * Theory of operation. Words are an interface: those that stand in people's filters are asserted literally. What holds
 * for every row of a table (a word leads back to its row, a text is there and is clean) is asserted over all rows, so
 * that a new row is tested by being there.
 */
#include "tcphs.h"

#include <glib.h>
#include <string.h>

/** assert_word(): lower case, digits and underscores, beginning with a letter: safe as filter, JSON and anchor. */
static void assert_word(const char *word)
{
	g_assert_true(g_ascii_islower(word[0]));
	g_assert_cmpuint(strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_"), ==, strlen(word));
}

/** assert_prose(): plain printable ASCII, one blank between words, none at the ends. */
static void assert_prose(const char *text)
{
	size_t length = strlen(text);

	g_assert_cmpuint(length, >, 0);
	g_assert_true(text[0] != ' ' && text[length - 1] != ' ');
	g_assert_null(strstr(text, "  "));
	for (size_t i = 0; i < length; i++)
		g_assert_true(g_ascii_isprint(text[i]));
}

static void test_rules(void)
{
	for (int rule = TCPHS_RULE_NONE + 1; rule < TCPHS_RULES; rule++) {
		const struct tcphs_rule_info *info = tcphs_rule_info((enum tcphs_rule)rule);

		g_assert_nonnull(info);
		assert_word(info->id);
		g_assert_cmpint(tcphs_rule_find(info->id), ==, rule);
		assert_prose(info->title);
		g_assert_cmpuint(strlen(info->title), <=, 50);
		assert_prose(info->explanation);
		g_assert_true(g_str_has_suffix(info->explanation, "."));
		/* What was seen, what it means, what to do: shorter texts cannot say all three. */
		g_assert_cmpuint(strlen(info->explanation), >=, 150);
		g_assert_true(info->reference[0] == '\0' || g_str_has_prefix(info->reference, "RFC "));
	}
	g_assert_null(tcphs_rule_info(TCPHS_RULE_NONE));
	g_assert_null(tcphs_rule_info(TCPHS_RULES));
	g_assert_cmpint(tcphs_rule_find("no_such_rule"), ==, -1);
	g_assert_cmpint(tcphs_rule_find(""), ==, -1);
	g_assert_cmpint(tcphs_rule_find("SYNACK_BAD_ACK"), ==, -1);
}

static void test_rule_row(void)
{
	const struct tcphs_rule_info *info = tcphs_rule_info(TCPHS_RULE_SYNACK_BAD_ACK);

	g_assert_cmpstr(info->id, ==, "synack_bad_ack");
	g_assert_cmpint(info->severity, ==, TCPHS_ERROR);
	g_assert_cmpint(info->scope, ==, TCPHS_SCOPE_SEGMENT);
	g_assert_cmpint(info->breaks, ==, TCPHS_BREAKS_ARITHMETIC);
	g_assert_cmpstr(info->reference, ==, "RFC 9293 3.10.7.3");
	info = tcphs_rule_info(TCPHS_RULE_SYN_UNANSWERED);
	g_assert_cmpint(info->severity, ==, TCPHS_WARN);
	g_assert_cmpint(info->scope, ==, TCPHS_SCOPE_CONNECTION);
	g_assert_cmpint(info->breaks, ==, TCPHS_BREAKS_NOTHING);
}

static void test_verdicts(void)
{
	GHashTable *met = g_hash_table_new(g_str_hash, g_str_equal);

	for (int verdict = 0; verdict < TCPHS_VERDICTS; verdict++) {
		const char *word = tcphs_verdict_word((enum tcphs_verdict)verdict);

		assert_word(word);
		assert_prose(tcphs_verdict_title((enum tcphs_verdict)verdict));
		g_assert_cmpint(tcphs_verdict_find(word), ==, verdict);
		g_assert_true(g_hash_table_add(met, (void *)(uintptr_t)word));
	}
	/* One option takes verdicts, reasons and rules: no verdict may also be a reason. */
	for (int reason = 0; reason < TCPHS_REASONS; reason++) {
		const char *word = tcphs_reason_word((enum tcphs_reason)reason);

		assert_word(word);
		assert_prose(tcphs_reason_title((enum tcphs_reason)reason));
		g_assert_cmpint(tcphs_reason_find(word), ==, reason);
		g_assert_true(g_hash_table_add(met, (void *)(uintptr_t)word));
	}
	g_hash_table_destroy(met);
	g_assert_cmpint(tcphs_verdict_find("refused"), ==, -1);
	g_assert_cmpint(tcphs_reason_find("incomplete"), ==, -1);
	g_assert_cmpstr(tcphs_verdict_word(TCPHS_VERDICTS), ==, "");
	g_assert_cmpstr(tcphs_reason_title(TCPHS_REASONS), ==, "");
	g_assert_cmpint(tcphs_reason_blame(TCPHS_REASONS), ==, TCPHS_BLAME_NONE);
	g_assert_cmpint(tcphs_reason_rule(TCPHS_REASONS), ==, TCPHS_RULE_NONE);
	g_assert_cmpint(tcphs_reason_verdict(TCPHS_REASONS), ==, TCPHS_UNKNOWN);
	g_assert_cmpint(tcphs_verdict_severity(TCPHS_VERDICTS), ==, TCPHS_CHAT);
}

static void test_reasons_belong(void)
{
	static const struct {
		const char *verdict, *reasons;
	} groups[] = {
		{"complete", "three_way simultaneous_open split fast_open"},
		{"half_open", "no_final_ack peer_lost_state"},
		{"incomplete", "unanswered refused unreachable aborted_by_client aborted_by_server"},
		{"malformed", "bad_arithmetic bad_flags bad_segment"},
		{"unknown", "midstream one_sided capture_ended truncated superseded"},
	};
	int reasons = 0;

	g_assert_cmpint(TCPHS_VERDICTS, ==, G_N_ELEMENTS(groups));
	for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
		char **words = g_strsplit(groups[i].reasons, " ", 0);

		for (char **word = words; *word != NULL; word++, reasons++) {
			int reason = tcphs_reason_find(*word);

			g_assert_cmpint(reason, >=, 0);
			g_assert_cmpint(tcphs_reason_verdict((enum tcphs_reason)reason), ==,
			                tcphs_verdict_find(groups[i].verdict));
		}
		g_strfreev(words);
	}
	g_assert_cmpint(reasons, ==, TCPHS_REASONS);
}

/* Where a reason is also a rule, both carry the same word, so that a filter on either finds the same connections. */
static void test_reasons_that_are_rules(void)
{
	static const char *const both[] = {
		"superseded", "peer_lost_state", "simultaneous_open", "fast_open", "capture_ended",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(both); i++) {
		int rule = tcphs_rule_find(both[i]);

		g_assert_cmpint(tcphs_reason_find(both[i]), >=, 0);
		g_assert_cmpint(rule, >, TCPHS_RULE_NONE);
		/* A verdict can change until the capture ends, and so can the finding that says the same. */
		g_assert_cmpint(tcphs_rule_info((enum tcphs_rule)rule)->scope, ==, TCPHS_SCOPE_CONNECTION);
	}
}

static void test_small_words(void)
{
	g_assert_cmpstr(tcphs_blame_word(TCPHS_BLAME_NONE), ==, "none");
	g_assert_cmpstr(tcphs_blame_word(TCPHS_BLAME_CLIENT), ==, "client");
	g_assert_cmpstr(tcphs_blame_word(TCPHS_BLAME_SERVER), ==, "server");
	g_assert_cmpstr(tcphs_blame_word(TCPHS_BLAME_PATH), ==, "path");
	g_assert_cmpstr(tcphs_blame_word(TCPHS_BLAME_CAPTURE), ==, "capture");
	g_assert_cmpstr(tcphs_closed_word(TCPHS_CLOSED_OPEN), ==, "open");
	g_assert_cmpstr(tcphs_closed_word(TCPHS_CLOSED_HALF), ==, "half");
	g_assert_cmpstr(tcphs_closed_word(TCPHS_CLOSED_FIN), ==, "fin");
	g_assert_cmpstr(tcphs_closed_word(TCPHS_CLOSED_RST), ==, "rst");
	g_assert_cmpstr(tcphs_closed_title(TCPHS_CLOSED_RST), ==, "by RST");
	g_assert_cmpstr(tcphs_severity_word(TCPHS_CHAT), ==, "chat");
	g_assert_cmpstr(tcphs_severity_word(TCPHS_ERROR), ==, "error");
	g_assert_cmpstr(tcphs_state_word(TCPHS_STATE_NONE), ==, "");
	g_assert_cmpstr(tcphs_state_word(TCPHS_SYN_RECEIVED), ==, "SYN-RECEIVED");
	g_assert_cmpstr(tcphs_state_word(TCPHS_FIN_WAIT_1), ==, "FIN-WAIT-1");
	g_assert_cmpstr(tcphs_state_word(TCPHS_CLOSED), ==, "CLOSED");
	g_assert_cmpstr(tcphs_state_word(TCPHS_STATES), ==, "");
	g_assert_cmpstr(tcphs_phase_word(TCPHS_PHASE_NONE), ==, "");
	g_assert_cmpstr(tcphs_phase_word(TCPHS_PHASE_SYNACK_AGAIN), ==, "synack_again");
	g_assert_cmpstr(tcphs_phase_word(TCPHS_PHASE_OUT_OF_PLACE), ==, "out_of_place");
	g_assert_cmpstr(tcphs_phase_word(TCPHS_PHASES), ==, "");
	for (int state = TCPHS_LISTEN; state < TCPHS_STATES; state++)
		g_assert_cmpuint(strlen(tcphs_state_word((enum tcphs_state)state)), >, 0);
	for (int phase = TCPHS_PHASE_SYN; phase < TCPHS_PHASES; phase++)
		assert_word(tcphs_phase_word((enum tcphs_phase)phase));
}

/* What only a capture's order was behind can still be taken back when more of it was read. */
static void test_rules_that_last(void)
{
	for (int rule = TCPHS_RULE_NONE + 1; rule < TCPHS_RULES; rule++) {
		bool lasts = rule != TCPHS_RULE_ACK_OF_UNSEEN && rule != TCPHS_RULE_HANDSHAKE_REORDERED &&
		             rule != TCPHS_RULE_FINAL_ACK_IGNORED;

		g_assert_cmpint(tcphs_rule_lasts((enum tcphs_rule)rule), ==, lasts);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/words/rules", test_rules);
	g_test_add_func("/words/rule-row", test_rule_row);
	g_test_add_func("/words/verdicts", test_verdicts);
	g_test_add_func("/words/reasons-belong", test_reasons_belong);
	g_test_add_func("/words/reasons-that-are-rules", test_reasons_that_are_rules);
	g_test_add_func("/words/small", test_small_words);
	g_test_add_func("/words/rules-that-last", test_rules_that_last);
	return g_test_run();
}
