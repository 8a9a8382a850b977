/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy.c - applies what --fail-on, --select, --severity and a policy file say.
 */
#include "policy.h"

#include <string.h>

#include "expectation.h"
#include "report/text.h"
#include "vocabulary.h"

static void ignored_free(gpointer data)
{
	condition_clear(data);
	g_free(data);
}

void policy_default(struct policy *policy)
{
	memset(policy, 0, sizeof(*policy));
	policy->fail_on.verdict[TCPHS_HALF_OPEN] = true;
	policy->fail_on.verdict[TCPHS_INCOMPLETE] = true;
	policy->fail_on.verdict[TCPHS_MALFORMED] = true;
	policy->select = policy->fail_on;
	for (int rule = TCPHS_RULE_NONE + 1; rule < TCPHS_RULES; rule++)
		policy->severity[rule] = (uint8_t)tcphs_rule_info((enum tcphs_rule)rule)->severity;
	policy->ignored = g_ptr_array_new_with_free_func(ignored_free);
	policy->expectations = g_ptr_array_new_with_free_func(expectation_free);
}

void policy_clear(struct policy *policy)
{
	if (policy->ignored)
		g_ptr_array_unref(policy->ignored);
	if (policy->expectations)
		g_ptr_array_unref(policy->expectations);
	policy->ignored = policy->expectations = NULL;
}

/* Whether |wanted| is one of |words|, which have commas between. */
static bool has_word(const char *words, const char *wanted)
{
	char **list = g_strsplit(words, ",", -1);
	bool found = false;

	for (char **word = list; *word; word++)
		found = found || strcmp(g_strstrip(*word), wanted) == 0;
	g_strfreev(list);
	return found;
}

/* |alone| is the word that takes no others beside it. */
static bool parse_words(struct outcomes *outcomes, const char *where, const char *words, const char *alone,
                        char **message)
{
	if (!*words) {
		*message = g_strdup_printf("%s: needs verdicts, reasons or rule ids with commas between, or \"%s\"",
		                           where, alone);
		return false;
	}
	if (has_word(words, alone)) {
		*message = g_strdup_printf("%s: \"%s\" has to stand alone", where, alone);
		return false;
	}
	return outcomes_parse(outcomes, VOCABULARY_ALL, where, words, message);
}

bool policy_fail_on(struct policy *policy, const char *where, const char *words, char **message)
{
	memset(&policy->fail_on, 0, sizeof(policy->fail_on));
	return strcmp(words, "never") == 0 || parse_words(&policy->fail_on, where, words, "never", message);
}

bool policy_select(struct policy *policy, const char *where, const char *words, char **message)
{
	bool all = strcmp(words, "all") == 0;

	memset(&policy->select, 0, sizeof(policy->select));
	memset(policy->select.verdict, all, sizeof(policy->select.verdict));
	return all || parse_words(&policy->select, where, words, "all", message);
}

static int severity_of(const char *level)
{
	return strcmp(level, "off") == 0 ? POLICY_OFF : vocabulary_severity(level);
}

bool policy_override(struct policy *policy, const char *where, const char *id, const char *level, char **message)
{
	int rule = tcphs_rule_find(id);
	int severity = severity_of(level);

	if (rule <= TCPHS_RULE_NONE) {
		*message = vocabulary_unknown(where, id, VOCABULARY_RULES);
		return false;
	}
	if (severity < 0) {
		*message = g_strdup_printf("%s: a level is chat, note, warn, error or off; say %s=warn, for example",
		                           where, id);
		return false;
	}
	policy->severity[rule] = (uint8_t)severity;
	policy->silent = false;
	for (int i = TCPHS_RULE_NONE + 1; i < TCPHS_RULES; i++)
		policy->silent = policy->silent || policy->severity[i] == POLICY_OFF;
	return true;
}

const char *policy_severity_word(const struct policy *policy, enum tcphs_rule rule)
{
	uint8_t severity = policy->severity[rule];

	return severity == POLICY_OFF ? "off" : tcphs_severity_word((enum tcphs_severity)severity);
}

bool policy_ignores(const struct policy *policy, const struct tcphs_summary *summary)
{
	for (guint i = 0; i < policy->ignored->len; i++) {
		const struct condition *condition = g_ptr_array_index(policy->ignored, i);

		if (condition_chooses(condition, &summary->key) && condition_fits(condition, summary))
			return true;
	}
	return false;
}

void policy_silence(const struct policy *policy, struct tcphs_summary *summary, GArray *findings)
{
	if (!policy->silent)
		return;
	g_array_set_size(findings, 0);
	for (size_t i = 0; i < summary->finding_count; i++)
		if (policy->severity[summary->findings[i].rule] != POLICY_OFF)
			g_array_append_val(findings, summary->findings[i]);
	summary->findings = (const struct tcphs_finding *)(const void *)findings->data;
	summary->finding_count = findings->len;
}

bool policy_fails(const struct policy *policy, const struct tcphs_summary *summary)
{
	if (!outcomes_meet(&policy->fail_on, summary))
		return false;
	for (guint i = 0; i < policy->expectations->len; i++)
		if (expectation_governs(g_ptr_array_index(policy->expectations, i), summary))
			return false;
	return true;
}

bool policy_selects(const struct policy *policy, const struct tcphs_summary *summary)
{
	return outcomes_meet(&policy->select, summary);
}
