/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rulebook.c - rules.def and verdicts.def as a page of Markdown: what --list-rules=md prints and docs/rules.md holds.
 */
#include "rulebook.h"

#include <stdio.h>
#include <string.h>

#include "tcphs.h"

/** Columns of a line of text. */
#define COLUMNS 118

/* ---- text -------------------------------------------------------------------------------------------- */

/* Words of |text|, with what Markdown would take for its own escaped, in lines that begin with |indent| blanks. */
void rulebook_paragraph(GString *out, const char *text, unsigned indent)
{
	char **words = g_strsplit(text, " ", -1);
	size_t column = COLUMNS + 1;

	for (char **word = words; *word; word++) {
		size_t length = strlen(*word);

		if (column + 1 + length > COLUMNS) {
			if (word != words)
				g_string_append_c(out, '\n');
			for (unsigned i = 0; i < indent; i++)
				g_string_append_c(out, ' ');
			column = indent;
		} else {
			g_string_append_c(out, ' ');
			column++;
		}
		for (const char *c = *word; *c; c++) {
			if (strchr("<|*", *c))
				g_string_append_c(out, '\\');
			g_string_append_c(out, *c);
		}
		column += length;
	}
	g_string_append_c(out, '\n');
	g_strfreev(words);
}

/* "RFC 9293 3.5, figure 7" with a link to the first section that it names. */
static void put_reference(GString *out, const char *reference)
{
	char **parts = g_strsplit(reference, "; ", -1);

	for (char **part = parts; *part; part++) {
		unsigned rfc = 0;
		int after = 0;
		size_t section;

		if (part != parts)
			g_string_append(out, "; ");
		if (sscanf(*part, "RFC %u%n", &rfc, &after) != 1) {
			g_string_append(out, *part);
			continue;
		}
		g_string_append_printf(out, "[%s](https://www.rfc-editor.org/rfc/rfc%u", *part, rfc);
		section = strspn(*part + after, " ");
		if (g_ascii_isdigit((*part)[after + (int)section]))
			g_string_append_printf(out, "#section-%.*s",
					       (int)strspn(*part + after + section, "0123456789."),
					       *part + after + section);
		g_string_append_c(out, ')');
	}
	g_strfreev(parts);
}

/* ---- rules.md ---------------------------------------------------------------------------------------- */

static const char *scope_words(enum tcphs_scope scope)
{
	return scope == TCPHS_SCOPE_SEGMENT
		       ? "at once, with the segment"
		       : "when the connection or the capture is over, since a later frame could take it back";
}

static const char *breaks_words(enum tcphs_breaks breaks)
{
	switch (breaks) {
	case TCPHS_BREAKS_ARITHMETIC:
		return "`malformed`, reason `bad_arithmetic`";
	case TCPHS_BREAKS_FLAGS:
		return "`malformed`, reason `bad_flags`";
	case TCPHS_BREAKS_SEGMENT:
		return "`malformed`, reason `bad_segment`";
	case TCPHS_BREAKS_NOTHING:
		break;
	}
	return NULL;
}

static void put_verdicts(GString *out)
{
	g_string_append(out, "## Verdicts\n\n");
	rulebook_paragraph(
		out,
		"Each connection gets exactly one verdict, with one reason. Findings explain it; a finding alone is no "
		"failure.",
		0);
	g_string_append(out, "\n| verdict | reason | why | usually to blame |\n|---|---|---|---|\n");
	for (int reason = 0; reason < TCPHS_REASONS; reason++) {
		enum tcphs_verdict verdict = tcphs_reason_verdict((enum tcphs_reason)reason);

		g_string_append_printf(out, "| `%s` | `%s` | %s | %s |\n", tcphs_verdict_word(verdict),
				       tcphs_reason_word((enum tcphs_reason)reason),
				       tcphs_reason_title((enum tcphs_reason)reason),
				       tcphs_blame_word(tcphs_reason_blame((enum tcphs_reason)reason)));
	}
}

static void put_index_row(GString *out, const struct tcphs_rule_info *info)
{
	g_string_append_printf(out, "| [`%s`](#%s) | %s | %s |\n", info->id, info->id,
			       tcphs_severity_word(info->severity), info->title);
}

static void put_rule(GString *out, const struct tcphs_rule_info *info)
{
	const char *breaks = breaks_words(info->breaks);

	g_string_append_printf(out, "\n### %s\n\n*%c%s.* Severity **%s**.\n\n", info->id,
			       g_ascii_toupper(info->title[0]), info->title + 1, tcphs_severity_word(info->severity));
	rulebook_paragraph(out, info->explanation, 0);
	g_string_append(out, "\n");
	if (*info->reference) {
		g_string_append(out, "- Reference: ");
		put_reference(out, info->reference);
		g_string_append_c(out, '\n');
	}
	g_string_append_printf(out, "- Known: %s.\n", scope_words(info->scope));
	if (breaks)
		g_string_append_printf(out, "- If the attempt fails because of it, the verdict is %s.\n", breaks);
}

/* Calls |put| for each rule, with a heading wherever the group changes. */
static void put_groups(GString *out, const char *before, const char *after,
		       void (*put)(GString *, const struct tcphs_rule_info *))
{
	const char *group = "";

	for (int rule = TCPHS_RULE_NONE + 1; rule < TCPHS_RULES; rule++) {
		const struct tcphs_rule_info *info = tcphs_rule_info((enum tcphs_rule)rule);
		const char *heading = tcphs_rule_group((enum tcphs_rule)rule);

		if (strcmp(group, heading) != 0)
			g_string_append_printf(out, "%s%s%s", before, heading, after);
		put(out, info);
		group = heading;
	}
}

void rulebook(GString *out)
{
	g_string_append(out, "# Rules\n\n");
	rulebook_paragraph(out,
		      "What tcphs can find about a handshake. For each rule: how serious it is unless you say "
		      "otherwise, what was "
		      "seen, what it usually means and what to do next, and the document that says how it should be.",
		      0);
	g_string_append_c(out, '\n');
	rulebook_paragraph(
		out,
		"The word of a rule is the same everywhere: the display filter `tcphs.WORD` in Wireshark, the value of "
		"`tcphs.finding`, `\"id\"` in JSON, `--fail-on WORD` and `--explain WORD` on the command line.",
		0);
	g_string_append(
		out,
		"\nSeverities are Wireshark's: **error**, the protocol was broken; **warn**, a handshake failed or "
		"something\nneeds a look; **note**, worth knowing; **chat**, ordinary, told for completeness.\n\n");
	put_verdicts(out);
	g_string_append(out, "\n## All rules\n\n| rule | severity | |\n|---|---|---|\n");
	put_groups(out, "| **", "** | | |\n", put_index_row);
	put_groups(out, "\n## ", "\n", put_rule);
}
