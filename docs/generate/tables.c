/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tables.c - what fields.py wants to know of the engine's tables, a line each, with tabs between the columns.
 *
 *     rule  ID  SEVERITY  SCOPE  GROUP  TITLE
 *     word  LIST  WORD
 */
#include "generate.h"

#include "tcphs.h"

static const char *state_word(int state)
{
	return tcphs_state_word((enum tcphs_state)state);
}

static const char *phase_word(int phase)
{
	return tcphs_phase_word((enum tcphs_phase)phase);
}

static const char *verdict_word(int verdict)
{
	return tcphs_verdict_word((enum tcphs_verdict)verdict);
}

static const char *reason_word(int reason)
{
	return tcphs_reason_word((enum tcphs_reason)reason);
}

static const char *blame_word(int blame)
{
	return tcphs_blame_word((enum tcphs_blame)blame);
}

static const char *closed_word(int closed)
{
	return tcphs_closed_word((enum tcphs_closed)closed);
}

static const char *ecn_word(int ecn)
{
	return tcphs_ecn_word((enum tcphs_ecn)ecn);
}

static const char *auth_word(int auth)
{
	return tcphs_auth_word((enum tcphs_auth)auth);
}

/** Lists of words: a NONE that has no word is not listed. */
static const struct {
	const char *name;
	int count;
	const char *(*word)(int);
} lists[] = {
	{ "state", TCPHS_STATES, state_word },     { "phase", TCPHS_PHASES, phase_word },
	{ "verdict", TCPHS_VERDICTS, verdict_word }, { "reason", TCPHS_REASONS, reason_word },
	{ "blame", TCPHS_BLAMES, blame_word },     { "closed", TCPHS_CLOSED_RST + 1, closed_word },
	{ "ecn", TCPHS_ECN_ACCURATE + 1, ecn_word }, { "auth", TCPHS_AUTH_AO + 1, auth_word },
};

static void put_rule(GString *out, enum tcphs_rule rule)
{
	static const char *const scopes[] = {
		[TCPHS_SCOPE_SEGMENT] = "segment",
		[TCPHS_SCOPE_CONNECTION] = "connection",
	};
	const struct tcphs_rule_info *info = tcphs_rule_info(rule);

	g_string_append_printf(out, "rule\t%s\t%s\t%s\t%s\t%s\n", info->id, tcphs_severity_word(info->severity),
			       scopes[info->scope], tcphs_rule_group(rule), info->title);
}

void page_tables(GString *out)
{
	for (int rule = TCPHS_RULE_NONE + 1; rule < TCPHS_RULES; rule++)
		put_rule(out, (enum tcphs_rule)rule);
	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
		for (int value = 0; value < lists[i].count; value++) {
			if (lists[i].word(value)[0])
				g_string_append_printf(out, "word\t%s\t%s\n", lists[i].name, lists[i].word(value));
		}
	}
}
