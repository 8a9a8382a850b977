/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy.h - what the user wants to fail on, and how bad he finds each rule.
 *
 * A policy changes the exit status and the severities that are printed, never a verdict.
 */
#ifndef TCPHS_POLICY_H
#define TCPHS_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "tcphs.h"

struct policy {
	bool fail_verdict[TCPHS_VERDICTS];
	bool fail_reason[TCPHS_REASONS];
	bool fail_rule[TCPHS_RULES];
	uint8_t severity[TCPHS_RULES];   /* enum tcphs_severity */
};

/** policy_default(): fails on half_open, incomplete and malformed; severities are those of the rules. */
void policy_default(struct policy *policy);

/**
 * policy_fail_on(): |words| are verdicts, reasons and rule ids with commas between, or "never"; they replace what
 * was there. A word that is both a reason and a rule counts as both.
 *
 * @return false for a word that is none of these; then *message is a sentence, for g_free().
 */
bool policy_fail_on(struct policy *policy, const char *words, char **message);

/** policy_override(): |assignment| is RULE=LEVEL. Errors as above. */
bool policy_override(struct policy *policy, const char *assignment, char **message);

/** policy_fails(): whether this connection is something to fail on. */
bool policy_fails(const struct policy *policy, const struct tcphs_summary *summary);

#endif
