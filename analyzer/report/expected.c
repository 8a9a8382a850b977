/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * expected.c - the section about expectations that all reports for people have.
 */
#include "expected.h"

#include "text.h"

#define BELOW 4

void example_append(GString *text, const struct example *example, const char *file)
{
	g_string_append_printf(text, "%s, stream %u", file, example->stream);
	if (example->incarnation)
		g_string_append_printf(text, ".%u", example->incarnation);
	g_string_append_printf(text, ": %s", example->text);
}

static void put_examples(struct output *out, const struct expected *expected)
{
	GString *line = g_string_new(NULL);

	for (guint i = 0; i < expected->examples->len; i++) {
		const struct example *example = g_ptr_array_index(expected->examples, i);
		char *file = text_escape(example->file);

		g_string_truncate(line, 0);
		example_append(line, example, file);
		text_paragraph(out, line->str, out->columns, BELOW);
		g_free(file);
	}
	if (expected->others > expected->examples->len)
		output_format(out, "%*sand %" G_GUINT64_FORMAT " more\n", BELOW, "",
		              expected->others - expected->examples->len);
	g_string_free(line, TRUE);
}

void expected_put(struct output *out, const struct expected *expected)
{
	bool held = expected_held(expected);
	char *name = text_escape(expected->expectation->name);
	char *text = expected_text(expected);
	char *line = g_strdup_printf("%s: %s", name, text);

	output_text(out, out->colour ? (held ? "\033[32m" : "\033[31m") : "");
	text_paragraph(out, held ? "as expected" : "not as expected", 0, 0);
	output_text(out, out->colour ? "\033[0m" : "");
	text_paragraph(out, line, out->columns, BELOW / 2);
	if (!held)
		put_examples(out, expected);
	g_free(line);
	g_free(text);
	g_free(name);
}
