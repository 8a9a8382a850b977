/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy.h - what the user wants to fail on, how bad he finds each rule, and what he expects.
 *
 * A policy changes what is reported, the severities that are printed and the exit status, never a verdict.
 */
#ifndef TCPHS_POLICY_H
#define TCPHS_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "condition.h"
#include "tcphs.h"

/** In policy.severity, after enum tcphs_severity: findings of this rule are not reported at all. */
#define POLICY_OFF (TCPHS_ERROR + 1)

struct policy {
	struct outcomes fail_on;
	struct outcomes select;          /* connections whose frames are written */
	uint8_t severity[TCPHS_RULES];   /* enum tcphs_severity, or POLICY_OFF */
	bool silent;                     /* some rule is off */
	GPtrArray *ignored;              /* of struct condition *: connections that are left out */
	GPtrArray *expectations;         /* of struct expectation * */
};

/** policy_default(): fails on half_open, incomplete and malformed, selects them; severities are those of the rules. */
void policy_default(struct policy *policy);
void policy_clear(struct policy *policy);

/**
 * policy_fail_on(): |words| are verdicts, reasons and rule ids with commas between, or "never"; they replace what
 * was there. A word that is both a reason and a rule counts as both.
 *
 * @return false for a word that is none of these; then *message is a sentence, for g_free(), that begins with |where|.
 */
bool policy_fail_on(struct policy *policy, const char *where, const char *words, char **message);

/** policy_select(): likewise, or "all". */
bool policy_select(struct policy *policy, const char *where, const char *words, char **message);

/** policy_override(): findings of the rule with that |id| are of severity |level|, a word or "off". Errors as above. */
bool policy_override(struct policy *policy, const char *where, const char *id, const char *level, char **message);

/** policy_severity_word(): "chat", "note", "warn", "error" or "off". */
const char *policy_severity_word(const struct policy *policy, enum tcphs_rule rule);

/** policy_ignores(): whether this connection is to be left out. */
bool policy_ignores(const struct policy *policy, const struct tcphs_summary *summary);

/**
 * policy_silence(): takes the findings that are off from *summary*; what is left is in |findings|, an array of struct
 * tcphs_finding.
 */
void policy_silence(const struct policy *policy, struct tcphs_summary *summary, GArray *findings);

/**
 * policy_fails(): whether this connection is something to fail on by itself. What an expectation speaks of is judged
 * by that alone.
 */
bool policy_fails(const struct policy *policy, const struct tcphs_summary *summary);

/** policy_selects(): whether the frames of this connection are to be written. */
bool policy_selects(const struct policy *policy, const struct tcphs_summary *summary);

#endif
