/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * catalogue.c - prints rules.def and verdicts.def for people.
 */
#include "catalogue.h"

#include <string.h>

#include "report/text.h"
#include "rulebook.h"
#include "vocabulary.h"

/* Longer lines are hard to read, however wide the terminal is. */
#define COLUMNS_MAX 100

static size_t columns_of(const struct output *out)
{
	return out->columns && out->columns < COLUMNS_MAX ? out->columns : COLUMNS_MAX;
}

static void bold(struct output *out, const char *text)
{
	output_format(out, out->colour ? "\033[1m%s\033[0m" : "%s", text);
}

static void explain_rule(struct output *out, const struct policy *policy, enum tcphs_rule rule)
{
	const struct tcphs_rule_info *info = tcphs_rule_info(rule);

	bold(out, info->id);
	output_format(out, " - %s\n  rule, severity %s", info->title,
	              policy_severity_word(policy, rule));
	if (*info->reference)
		output_format(out, "; see %s", info->reference);
	output_text(out, "\n\n");
	text_paragraph(out, info->explanation, columns_of(out), 2);
}

static void explain_reason(struct output *out, enum tcphs_reason reason)
{
	enum tcphs_verdict verdict = tcphs_reason_verdict(reason);

	bold(out, tcphs_reason_word(reason));
	output_format(out, " - %s\n  reason of the verdict %s: %s\n  severity %s; usually to blame: %s\n",
	              tcphs_reason_title(reason), tcphs_verdict_word(verdict), tcphs_verdict_title(verdict),
	              tcphs_severity_word(tcphs_verdict_severity(verdict)),
	              tcphs_blame_word(tcphs_reason_blame(reason)));
}

static void explain_verdict(struct output *out, enum tcphs_verdict verdict)
{
	bold(out, tcphs_verdict_word(verdict));
	output_format(out, " - %s\n  verdict, severity %s; its reasons:\n\n", tcphs_verdict_title(verdict),
	              tcphs_severity_word(tcphs_verdict_severity(verdict)));
	for (int reason = 0; reason < TCPHS_REASONS; reason++)
		if (tcphs_reason_verdict((enum tcphs_reason)reason) == verdict)
			output_format(out, "  %-18s %s\n", tcphs_reason_word((enum tcphs_reason)reason),
			              tcphs_reason_title((enum tcphs_reason)reason));
}

bool catalogue_explain(struct output *out, const struct policy *policy, const char *word)
{
	int verdict = tcphs_verdict_find(word);
	int reason = tcphs_reason_find(word);
	int rule = tcphs_rule_find(word);

	if (verdict >= 0)
		explain_verdict(out, (enum tcphs_verdict)verdict);
	if (reason >= 0)
		explain_reason(out, (enum tcphs_reason)reason);
	if (reason >= 0 && rule > TCPHS_RULE_NONE)
		output_char(out, '\n');
	if (rule > TCPHS_RULE_NONE)
		explain_rule(out, policy, (enum tcphs_rule)rule);
	return verdict >= 0 || reason >= 0 || rule > TCPHS_RULE_NONE;
}

void catalogue_list(struct output *out, const struct policy *policy)
{
	for (int rule = TCPHS_RULE_NONE + 1; rule < TCPHS_RULES; rule++) {
		const struct tcphs_rule_info *info = tcphs_rule_info((enum tcphs_rule)rule);

		output_format(out, "%-24s %-5s  %s\n", info->id,
		              policy_severity_word(policy, (enum tcphs_rule)rule), info->title);
	}
}

void catalogue_list_markdown(struct output *out)
{
	GString *page = g_string_new(NULL);

	rulebook(page);
	output_write(out, page->str, page->len);
	g_string_free(page, TRUE);
}
