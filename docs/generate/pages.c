/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pages.c - fields.md.
 */
#include "generate.h"

#include <string.h>

#include "rulebook.h"
#include "tcphs.h"

#define GENERATED "<!-- Written by tcphs-docs; do not edit. -->\n\n"

/* ---- fields.md --------------------------------------------------------------------------------------- */

struct field {
	const char *name, *suffix, *type, *description;
};

static const struct field fields[] = {
#define TCPHS_FIELD(ID, name, suffix, type, display, strings, description) { name, suffix, #type, description },
#include "fields.def"
#undef TCPHS_FIELD
};

static const char *type_words(const char *type)
{
	static const char *const words[][2] = {
		{ "FT_STRING", "word or text" }, { "FT_UINT8", "number" },          { "FT_UINT16", "number" },
		{ "FT_UINT32", "number" },       { "FT_INT32", "signed number" },   { "FT_FRAMENUM", "frame number" },
		{ "FT_BOOLEAN", "yes or no" },   { "FT_RELATIVE_TIME", "seconds" }, { "FT_NONE", "present or not" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		if (strcmp(words[i][0], type) == 0)
			return words[i][1];
	}
	g_error("fields.def has the type %s; give it words in %s", type, __FILE__);
}

static void put_rule_field(GString *out, const struct tcphs_rule_info *info)
{
	g_string_append_printf(out, "| `tcphs.%s` | %s | [%s](rules.md#%s) |\n", info->id,
			       tcphs_severity_word(info->severity), info->title, info->id);
}

void page_fields(GString *out)
{
	g_string_append(out, "# Display filter fields\n\n" GENERATED);
	rulebook_paragraph(out,
		      "What the plugin adds to each TCP segment, for display filters, columns, `tshark -T fields` and "
		      "JSON. A field "
		      "that does not apply is absent, never zero. Fields that speak of a whole connection are final in "
		      "Wireshark's window and in `tshark -2`; in a single pass they are absent until nothing that "
		      "follows can "
		      "change them.",
		      0);
	g_string_append(out, "\n| filter | type | |\n|---|---|---|\n");
	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
		g_string_append_printf(out, "| `tcphs.%s` | %s | %s |\n", fields[i].suffix, type_words(fields[i].type),
				       fields[i].description);
	g_string_append(out, "\n## One field for each rule\n\n");
	rulebook_paragraph(out,
		      "Present on the segment that raised the rule. The same words are the values of `tcphs.finding`.",
		      0);
	g_string_append(out, "\n| filter | severity | |\n|---|---|---|\n");
	for (int rule = TCPHS_RULE_NONE + 1; rule < TCPHS_RULES; rule++)
		put_rule_field(out, tcphs_rule_info((enum tcphs_rule)rule));
}
