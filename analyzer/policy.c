/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy.c - reads --fail-on and --severity, and applies them.
 */
#include "policy.h"

#include <string.h>

#include <glib.h>

#include "report/text.h"
#include "vocabulary.h"

static void fail_on_default(struct policy *policy)
{
	policy->fail_verdict[TCPHS_HALF_OPEN] = true;
	policy->fail_verdict[TCPHS_INCOMPLETE] = true;
	policy->fail_verdict[TCPHS_MALFORMED] = true;
}

void policy_default(struct policy *policy)
{
	memset(policy, 0, sizeof(*policy));
	fail_on_default(policy);
	for (int rule = TCPHS_RULE_NONE + 1; rule < TCPHS_RULES; rule++)
		policy->severity[rule] = (uint8_t)tcphs_rule_info((enum tcphs_rule)rule)->severity;
}

static void fail_on_nothing(struct policy *policy)
{
	memset(policy->fail_verdict, 0, sizeof(policy->fail_verdict));
	memset(policy->fail_reason, 0, sizeof(policy->fail_reason));
	memset(policy->fail_rule, 0, sizeof(policy->fail_rule));
}

static bool fail_on_word(struct policy *policy, const char *word)
{
	int verdict = tcphs_verdict_find(word);
	int reason = tcphs_reason_find(word);
	int rule = tcphs_rule_find(word);

	if (verdict >= 0)
		policy->fail_verdict[verdict] = true;
	if (reason >= 0)
		policy->fail_reason[reason] = true;
	if (rule > TCPHS_RULE_NONE)
		policy->fail_rule[rule] = true;
	return verdict >= 0 || reason >= 0 || rule > TCPHS_RULE_NONE;
}

static char *unknown_word(const char *option, const char *word, const char *kinds, const char *closest)
{
	char *escaped = text_escape(word);
	char *message = g_strdup_printf("%s: \"%s\" is no %s; the closest is \"%s\"", option, escaped, kinds, closest);

	g_free(escaped);
	return message;
}

bool policy_fail_on(struct policy *policy, const char *words, char **message)
{
	char **list;
	bool good = true;

	fail_on_nothing(policy);
	if (strcmp(words, "never") == 0)
		return true;
	list = g_strsplit(words, ",", -1);
	if (!list[0]) {
		*message = g_strdup("--fail-on: needs verdicts, reasons or rule ids with commas between, or \"never\"");
		good = false;
	}
	for (char **word = list; *word && good; word++) {
		g_strstrip(*word);
		good = fail_on_word(policy, *word);
		if (!good && strcmp(*word, "never") == 0)
			*message = g_strdup("--fail-on: \"never\" has to stand alone");
		else if (!good)
			*message = unknown_word("--fail-on", *word, "verdict, reason or rule",
			                        vocabulary_closest_id(*word));
	}
	g_strfreev(list);
	return good;
}

bool policy_override(struct policy *policy, const char *assignment, char **message)
{
	const char *sign = strchr(assignment, '=');
	char *id = sign ? g_strndup(assignment, (size_t)(sign - assignment)) : NULL;
	int rule = id ? tcphs_rule_find(id) : -1;
	int severity = sign ? vocabulary_severity(sign + 1) : -1;
	bool good = rule > TCPHS_RULE_NONE && severity >= 0;

	if (good)
		policy->severity[rule] = (uint8_t)severity;
	else if (!sign)
		*message = g_strdup("--severity: needs RULE=LEVEL, for example syn_again=warn");
	else if (rule <= TCPHS_RULE_NONE)
		*message = unknown_word("--severity", id, "rule", vocabulary_closest_rule(id));
	else
		*message = g_strdup_printf("--severity: a level is chat, note, warn or error; say %s=warn, for example",
		                           id);
	g_free(id);
	return good;
}

bool policy_fails(const struct policy *policy, const struct tcphs_summary *summary)
{
	if (policy->fail_verdict[summary->judgement.verdict] || policy->fail_reason[summary->judgement.reason])
		return true;
	for (size_t i = 0; i < summary->finding_count; i++)
		if (policy->fail_rule[summary->findings[i].rule])
			return true;
	return false;
}
