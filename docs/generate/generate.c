/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * generate.c - writes the generated pages of docs/, or says which of them are out of date.
 *
 *     tcphs-docs PROJECT            writes rules.md, fields.md and states.svg in PROJECT/docs
 *     tcphs-docs --check PROJECT    compares them with what would be written
 *
 * Theory of operation: everything comes from the tables that the programs themselves are made of (rules.def,
 * verdicts.def, fields.def, transition.c), by including or linking them. rules.md is what tcphs --list-rules=md
 * prints. No time, no version and no path goes into a page, so the same tables give the same octets.
 *
 * Exit status 0; 1 if --check found a difference; 2 with a sentence on stderr.
 */
#include "generate.h"
#include "rulebook.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

G_NORETURN static void die(const char *what)
{
	fprintf(stderr, "tcphs-docs: %s\n", what);
	exit(2);
}

static void write_page(const char *path, const GString *page)
{
	GError *error = NULL;

	if (!g_file_set_contents(path, page->str, (gssize)page->len, &error))
		die(error->message);
}

static bool is_fresh(const char *path, const GString *page)
{
	char *text = NULL;
	bool same = g_file_get_contents(path, &text, NULL, NULL) && strcmp(text, page->str) == 0;

	if (!same)
		fprintf(stderr,
			"tcphs-docs: %s is not what the tables say; write it anew: cmake --build build/release "
			"--target docs\n",
			path);
	g_free(text);
	return same;
}

/* Frees |page|. */
static bool finish_page(const char *project, const char *name, GString *page, bool check)
{
	char *path = g_build_filename(project, "docs", name, NULL);
	bool fresh = true;

	if (check)
		fresh = is_fresh(path, page);
	else
		write_page(path, page);
	g_free(path);
	g_string_free(page, TRUE);
	return fresh;
}

int main(int argc, char **argv)
{
	bool check = argc == 3 && strcmp(argv[1], "--check") == 0;
	const char *project = argc > 1 ? argv[argc - 1] : NULL;
	GString *rules = g_string_new(NULL), *fields = g_string_new(NULL), *states = g_string_new(NULL);
	bool fresh;

	if (argc != 2 && !check)
		die("usage: tcphs-docs [--check] PROJECT");
	rulebook(rules);
	page_fields(fields);
	page_states(states);
	fresh = finish_page(project, "rules.md", rules, check);
	fresh &= finish_page(project, "fields.md", fields, check);
	fresh &= finish_page(project, "states.svg", states, check);
	return fresh ? 0 : 1;
}
