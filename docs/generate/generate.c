/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * generate.c - writes the pages of docs/ that come from the engine's tables, or says which of them are out of date.
 *
 *     tcphs-docs PROJECT            writes rules.md, decoding.md and states.svg in PROJECT/docs
 *     tcphs-docs --check PROJECT    compares them with what would be written
 *     tcphs-docs --tables           prints what fields.py wants to know of the tables
 *
 * Theory of operation: everything comes from the tables that the programs themselves are made of (rules.def,
 * verdicts.def, transition.c), by including or linking them. rules.md is what tcphs --list-rules=md prints. What
 * Wireshark makes of the plugin, only Wireshark can tell: fields.md is written by fields.py. No time, no version and no
 * path goes into a page, so the same tables give the same octets.
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

static int print_tables(void)
{
	GString *tables = g_string_new(NULL);

	page_tables(tables);
	if (fputs(tables->str, stdout) < 0 || fflush(stdout) != 0)
		die("standard output cannot be written");
	g_string_free(tables, TRUE);
	return 0;
}

int main(int argc, char **argv)
{
	bool check = argc == 3 && strcmp(argv[1], "--check") == 0;
	const char *project = argc > 1 ? argv[argc - 1] : NULL;
	GString *rules, *states, *decoding;
	bool fresh;

	if (argc == 2 && strcmp(argv[1], "--tables") == 0)
		return print_tables();
	if (argc != 2 && !check)
		die("usage: tcphs-docs [--check] PROJECT, or tcphs-docs --tables");
	rules = g_string_new(NULL);
	states = g_string_new(NULL);
	decoding = g_string_new(NULL);
	rulebook(rules);
	page_states(states);
	page_decoding(decoding);
	fresh = finish_page(project, "rules.md", rules, check);
	fresh &= finish_page(project, "states.svg", states, check);
	fresh &= finish_page(project, "decoding.md", decoding, check);
	return fresh ? 0 : 1;
}
