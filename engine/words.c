/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * words.c - names of everything that is shown: rules, verdicts, reasons, states, phases.
 *
 * Theory of operation. rules.def and verdicts.def are the only lists; the tables here are made from them, so a row
 * added there has its word at once. Words are identifiers (filters, JSON, command line) and never change meaning;
 * titles are for people. Look-ups by word are linear: they serve options and policies, not packets.
 */
#include "tcphs.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct tcphs_rule_info rules[TCPHS_RULES] = {
#define TCPHS_RULE(id, ID, severity, scope, breaks, title, reference, explanation) \
	[TCPHS_RULE_##ID] = { \
		#id, TCPHS_##severity, TCPHS_SCOPE_##scope, TCPHS_BREAKS_##breaks, title, reference, explanation, \
	},
#include "rules.def"
#undef TCPHS_RULE
};

static const char *const verdict_words[TCPHS_VERDICTS] = {
#define TCPHS_VERDICT(id, ID, severity, title) [TCPHS_##ID] = #id,
#define TCPHS_REASON(id, ID, verdict, blame, title)
#include "verdicts.def"
#undef TCPHS_VERDICT
#undef TCPHS_REASON
};

static const char *const verdict_titles[TCPHS_VERDICTS] = {
#define TCPHS_VERDICT(id, ID, severity, title) [TCPHS_##ID] = title,
#define TCPHS_REASON(id, ID, verdict, blame, title)
#include "verdicts.def"
#undef TCPHS_VERDICT
#undef TCPHS_REASON
};

static const char *const reason_words[TCPHS_REASONS] = {
#define TCPHS_VERDICT(id, ID, severity, title)
#define TCPHS_REASON(id, ID, verdict, blame, title) [TCPHS_REASON_##ID] = #id,
#include "verdicts.def"
#undef TCPHS_VERDICT
#undef TCPHS_REASON
};

static const char *const reason_titles[TCPHS_REASONS] = {
#define TCPHS_VERDICT(id, ID, severity, title)
#define TCPHS_REASON(id, ID, verdict, blame, title) [TCPHS_REASON_##ID] = title,
#include "verdicts.def"
#undef TCPHS_VERDICT
#undef TCPHS_REASON
};

static const uint8_t reason_verdicts[TCPHS_REASONS] = {
#define TCPHS_VERDICT(id, ID, severity, title)
#define TCPHS_REASON(id, ID, verdict, blame, title) [TCPHS_REASON_##ID] = TCPHS_##verdict,
#include "verdicts.def"
#undef TCPHS_VERDICT
#undef TCPHS_REASON
};

static const char *const blame_words[] = {
	[TCPHS_BLAME_NONE] = "none",
	[TCPHS_BLAME_CLIENT] = "client",
	[TCPHS_BLAME_SERVER] = "server",
	[TCPHS_BLAME_PATH] = "path",
	[TCPHS_BLAME_CAPTURE] = "capture",
};

static const char *const blame_titles[] = {
	[TCPHS_BLAME_NONE] = "nobody",
	[TCPHS_BLAME_CLIENT] = "the client's host or program",
	[TCPHS_BLAME_SERVER] = "the server's host or program",
	[TCPHS_BLAME_PATH] = "the network between them, or a host that is not there",
	[TCPHS_BLAME_CAPTURE] = "the capture, which lacks a part",
};

static const char *const closed_words[] = {
	[TCPHS_CLOSED_OPEN] = "open",
	[TCPHS_CLOSED_HALF] = "half",
	[TCPHS_CLOSED_FIN] = "fin",
	[TCPHS_CLOSED_RST] = "rst",
};

static const char *const closed_titles[] = {
	[TCPHS_CLOSED_OPEN] = "not before the capture ended",
	[TCPHS_CLOSED_HALF] = "only one endpoint sent FIN",
	[TCPHS_CLOSED_FIN] = "both endpoints sent FIN",
	[TCPHS_CLOSED_RST] = "by RST",
};

static const char *const severity_words[] = {
	[TCPHS_CHAT] = "chat",
	[TCPHS_NOTE] = "note",
	[TCPHS_WARN] = "warn",
	[TCPHS_ERROR] = "error",
};

static const char *const ecn_words[] = {
	[TCPHS_ECN_NONE] = "none",
	[TCPHS_ECN_CLASSIC] = "classic",
	[TCPHS_ECN_ACCURATE] = "accurate",
};

static const char *const auth_words[] = {
	[TCPHS_AUTH_NONE] = "none",
	[TCPHS_AUTH_MD5] = "md5",
	[TCPHS_AUTH_AO] = "ao",
};

/* The names of RFC 9293 3.3.2. */
static const char *const state_words[TCPHS_STATES] = {
	[TCPHS_STATE_NONE] = "",
	[TCPHS_LISTEN] = "LISTEN",
	[TCPHS_SYN_SENT] = "SYN-SENT",
	[TCPHS_SYN_RECEIVED] = "SYN-RECEIVED",
	[TCPHS_ESTABLISHED] = "ESTABLISHED",
	[TCPHS_FIN_WAIT_1] = "FIN-WAIT-1",
	[TCPHS_FIN_WAIT_2] = "FIN-WAIT-2",
	[TCPHS_CLOSE_WAIT] = "CLOSE-WAIT",
	[TCPHS_CLOSING] = "CLOSING",
	[TCPHS_LAST_ACK] = "LAST-ACK",
	[TCPHS_TIME_WAIT] = "TIME-WAIT",
	[TCPHS_CLOSED] = "CLOSED",
};

static const char *const phase_words[TCPHS_PHASES] = {
	[TCPHS_PHASE_NONE] = "",
	[TCPHS_PHASE_SYN] = "syn",
	[TCPHS_PHASE_SYN_AGAIN] = "syn_again",
	[TCPHS_PHASE_SYNACK] = "synack",
	[TCPHS_PHASE_SYNACK_AGAIN] = "synack_again",
	[TCPHS_PHASE_ACK] = "ack",
	[TCPHS_PHASE_DATA] = "data",
	[TCPHS_PHASE_PURE_ACK] = "pure_ack",
	[TCPHS_PHASE_KEEP_ALIVE] = "keep_alive",
	[TCPHS_PHASE_FIN] = "fin",
	[TCPHS_PHASE_ACK_OF_FIN] = "ack_of_fin",
	[TCPHS_PHASE_RST] = "rst",
	[TCPHS_PHASE_OUT_OF_PLACE] = "out_of_place",
};

static const char *const phase_titles[TCPHS_PHASES] = {
	[TCPHS_PHASE_NONE] = "",
	[TCPHS_PHASE_SYN] = "SYN",
	[TCPHS_PHASE_SYN_AGAIN] = "SYN again",
	[TCPHS_PHASE_SYNACK] = "SYN-ACK",
	[TCPHS_PHASE_SYNACK_AGAIN] = "SYN-ACK again",
	[TCPHS_PHASE_ACK] = "ACK",
	[TCPHS_PHASE_DATA] = "data",
	[TCPHS_PHASE_PURE_ACK] = "pure ACK",
	[TCPHS_PHASE_KEEP_ALIVE] = "keep-alive",
	[TCPHS_PHASE_FIN] = "FIN",
	[TCPHS_PHASE_ACK_OF_FIN] = "ACK of FIN",
	[TCPHS_PHASE_RST] = "RST",
	[TCPHS_PHASE_OUT_OF_PLACE] = "out of place",
};

/** word_at(): a word of a table; "" past its end, so that a number from a damaged store prints as nothing. */
static const char *word_at(const char *const *words, size_t count, unsigned int index)
{
	return index < count ? words[index] : "";
}

/** word_index(): where a word stands in a table, or -1. */
static int word_index(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i], word) == 0)
			return (int)i;
	}
	return -1;
}

const struct tcphs_rule_info *tcphs_rule_info(enum tcphs_rule rule)
{
	unsigned int index = (unsigned int)rule;

	return index > TCPHS_RULE_NONE && index < TCPHS_RULES ? &rules[index] : NULL;
}

const char *tcphs_rule_group(enum tcphs_rule rule)
{
	/* A title where a group begins, NULL for each of its rules. */
	static const char *const rows[] = {
#define TCPHS_GROUP(title) title,
#define TCPHS_RULE(id, ID, severity, scope, breaks, title, reference, explanation) NULL,
#include "rules.def"
#undef TCPHS_RULE
	};
	const char *group = "";
	int before = TCPHS_RULE_NONE;

	for (size_t i = 0; i < COUNT(rows) && before < (int)rule; i++) {
		if (rows[i])
			group = rows[i];
		else
			before++;
	}
	return group;
}

int tcphs_rule_find(const char *word)
{
	for (int rule = TCPHS_RULE_NONE + 1; rule < TCPHS_RULES; rule++) {
		if (strcmp(rules[rule].id, word) == 0)
			return rule;
	}
	return -1;
}

const char *tcphs_severity_word(enum tcphs_severity severity)
{
	return word_at(severity_words, COUNT(severity_words), (unsigned int)severity);
}

const char *tcphs_state_word(enum tcphs_state state)
{
	return word_at(state_words, COUNT(state_words), (unsigned int)state);
}

const char *tcphs_phase_word(enum tcphs_phase phase)
{
	return word_at(phase_words, COUNT(phase_words), (unsigned int)phase);
}

const char *tcphs_phase_title(enum tcphs_phase phase)
{
	return word_at(phase_titles, COUNT(phase_titles), (unsigned int)phase);
}

const char *tcphs_ecn_word(enum tcphs_ecn ecn)
{
	return word_at(ecn_words, COUNT(ecn_words), (unsigned int)ecn);
}

const char *tcphs_auth_word(enum tcphs_auth auth)
{
	return word_at(auth_words, COUNT(auth_words), (unsigned int)auth);
}

const char *tcphs_verdict_word(enum tcphs_verdict verdict)
{
	return word_at(verdict_words, COUNT(verdict_words), (unsigned int)verdict);
}

const char *tcphs_verdict_title(enum tcphs_verdict verdict)
{
	return word_at(verdict_titles, COUNT(verdict_titles), (unsigned int)verdict);
}

const char *tcphs_reason_word(enum tcphs_reason reason)
{
	return word_at(reason_words, COUNT(reason_words), (unsigned int)reason);
}

const char *tcphs_reason_title(enum tcphs_reason reason)
{
	return word_at(reason_titles, COUNT(reason_titles), (unsigned int)reason);
}

enum tcphs_blame tcphs_reason_blame(enum tcphs_reason reason)
{
	static const uint8_t blames[] = {
#define TCPHS_VERDICT(id, ID, severity, title)
#define TCPHS_REASON(id, ID, verdict, blame, title) [TCPHS_REASON_##ID] = TCPHS_BLAME_##blame,
#include "verdicts.def"
#undef TCPHS_VERDICT
#undef TCPHS_REASON
	};

	return (unsigned int)reason < COUNT(blames) ? (enum tcphs_blame)blames[reason] : TCPHS_BLAME_NONE;
}

enum tcphs_rule tcphs_reason_rule(enum tcphs_reason reason)
{
	static const uint8_t telling[TCPHS_REASONS] = {
		[TCPHS_REASON_SIMULTANEOUS_OPEN] = TCPHS_RULE_SIMULTANEOUS_OPEN,
		[TCPHS_REASON_SPLIT] = TCPHS_RULE_SPLIT_HANDSHAKE,
		[TCPHS_REASON_FAST_OPEN] = TCPHS_RULE_FAST_OPEN,
		[TCPHS_REASON_MIDSTREAM] = TCPHS_RULE_CAPTURE_MIDSTREAM,
		[TCPHS_REASON_ONE_SIDED] = TCPHS_RULE_CAPTURE_ONE_SIDED,
		[TCPHS_REASON_CAPTURE_ENDED] = TCPHS_RULE_CAPTURE_ENDED,
		[TCPHS_REASON_TRUNCATED] = TCPHS_RULE_CAPTURE_TRUNCATED,
		[TCPHS_REASON_SUPERSEDED] = TCPHS_RULE_SUPERSEDED,
		[TCPHS_REASON_UNANSWERED] = TCPHS_RULE_SYN_UNANSWERED,
		[TCPHS_REASON_REFUSED] = TCPHS_RULE_RST_REFUSED,
		[TCPHS_REASON_UNREACHABLE] = TCPHS_RULE_ICMP_UNREACHABLE,
		[TCPHS_REASON_ABORTED_BY_CLIENT] = TCPHS_RULE_ABORTED_AFTER_SYNACK,
		[TCPHS_REASON_NO_FINAL_ACK] = TCPHS_RULE_FINAL_ACK_MISSING,
		[TCPHS_REASON_PEER_LOST_STATE] = TCPHS_RULE_PEER_LOST_STATE,
	};

	return (unsigned int)reason < TCPHS_REASONS ? (enum tcphs_rule)telling[reason] : TCPHS_RULE_NONE;
}

enum tcphs_severity tcphs_verdict_severity(enum tcphs_verdict verdict)
{
	static const uint8_t severities[] = {
#define TCPHS_VERDICT(id, ID, severity, title) [TCPHS_##ID] = TCPHS_##severity,
#define TCPHS_REASON(id, ID, verdict, blame, title)
#include "verdicts.def"
#undef TCPHS_VERDICT
#undef TCPHS_REASON
	};

	return (unsigned int)verdict < COUNT(severities) ? (enum tcphs_severity)severities[verdict] : TCPHS_CHAT;
}

const char *tcphs_blame_word(enum tcphs_blame blame)
{
	return word_at(blame_words, COUNT(blame_words), (unsigned int)blame);
}

const char *tcphs_blame_title(enum tcphs_blame blame)
{
	return word_at(blame_titles, COUNT(blame_titles), (unsigned int)blame);
}

const char *tcphs_closed_word(enum tcphs_closed closed)
{
	return word_at(closed_words, COUNT(closed_words), (unsigned int)closed);
}

const char *tcphs_closed_title(enum tcphs_closed closed)
{
	return word_at(closed_titles, COUNT(closed_titles), (unsigned int)closed);
}

enum tcphs_verdict tcphs_reason_verdict(enum tcphs_reason reason)
{
	unsigned int index = (unsigned int)reason;

	return index < TCPHS_REASONS ? (enum tcphs_verdict)reason_verdicts[index] : TCPHS_UNKNOWN;
}

int tcphs_verdict_find(const char *word)
{
	return word_index(verdict_words, COUNT(verdict_words), word);
}

int tcphs_reason_find(const char *word)
{
	return word_index(reason_words, COUNT(reason_words), word);
}
