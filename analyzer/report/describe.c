/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * describe.c - picks the worst finding of a connection and words it.
 */
#include "describe.h"

#include <stdarg.h>
#include <stdio.h>

#include <glib.h>

const struct tcphs_finding *describe_worst(const struct policy *policy, const struct tcphs_summary *summary)
{
	enum tcphs_rule why = tcphs_reason_rule((enum tcphs_reason)summary->judgement.reason);
	const struct tcphs_finding *found = NULL;

	for (size_t i = 0; i < summary->finding_count; i++) {
		const struct tcphs_finding *finding = &summary->findings[i];
		int worse = found ? policy->severity[finding->rule] - policy->severity[found->rule] : 1;

		if (worse > 0 || (worse == 0 && finding->rule == why && found->rule != why))
			found = finding;
	}
	return found;
}

/* Appends at |used|, as far as there is room; returns what is used then. */
static size_t append(char *text, size_t used, const char *format, ...) G_GNUC_PRINTF(3, 4);

static size_t append(char *text, size_t used, const char *format, ...)
{
	va_list arguments;
	int wanted;

	va_start(arguments, format);
	wanted = vsnprintf(text + used, DESCRIPTION - used, format, arguments);
	va_end(arguments);
	return MIN(used + (size_t)MAX(wanted, 0), DESCRIPTION - 1);
}

/* Sentences are plain ASCII; what is not becomes a question mark. */
size_t describe(char text[DESCRIPTION], const struct tcphs_finding *finding, const struct tcphs_summary *summary)
{
	size_t used = append(text, 0, "%s", tcphs_rule_info((enum tcphs_rule)finding->rule)->id);

	if (finding->at)
		used = append(text, used, ", frame %u", finding->at);
	used = append(text, used, ": ");
	used += tcphs_finding_format(text + used, DESCRIPTION - used, finding, summary);
	used = MIN(used, DESCRIPTION - 1);
	if (summary->finding_count > 1)
		used = append(text, used, " (%zu more)", summary->finding_count - 1);
	for (size_t i = 0; i < used; i++)
		if (!g_ascii_isprint(text[i]))
			text[i] = '?';
	return used;
}
