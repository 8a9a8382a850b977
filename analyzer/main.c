/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - tcphs: checks the handshakes in capture files, in a terminal or in continuous integration.
 *
 * The engine in a shell's clothes: options.c reads the command line, sources.c finds the files, run.c takes each
 * through input/, decode/ and the engine, and report/ prints what came of it. catalogue.c explains the words.
 */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>

#include "catalogue.h"
#include "complain.h"
#include "interrupt.h"
#include "options.h"
#include "report/report.h"
#include "report/text.h"
#include "run.h"
#include "sandbox.h"
#include "sources.h"
#include "vocabulary.h"

/* Captures are hostile input: without a secret in the hash, one could be made whose connections all collide. */
static bool draw_hash_key(struct options *options)
{
	size_t size = sizeof(options->engine.hash_key);

	return getrandom(options->engine.hash_key, size, 0) == (ssize_t)size;
}

/* Whether the file that |report| describes is one of the inputs. */
static bool is_input(const struct stat *report, const GPtrArray *sources)
{
	for (guint i = 0; i < sources->len; i++) {
		const struct source *source = g_ptr_array_index(sources, i);
		struct stat input;

		if (source->joined ? is_input(report, source->joined)
		                   : stat(source->path, &input) == 0 && input.st_dev == report->st_dev &&
		                             input.st_ino == report->st_ino)
			return true;
	}
	return false;
}

/* A report takes the place of the file that is there: never of what it is about. */
static bool spares_inputs(const struct options *options, const GPtrArray *sources)
{
	for (guint i = 0; i < options->reports->len; i++) {
		const char *path = options_report(options, i)->path;
		struct stat status;
		char *escaped;

		if (!path || stat(path, &status) != 0 || !S_ISREG(status.st_mode) || !is_input(&status, sources))
			continue;
		escaped = text_escape(path);
		complain("%s: the report would take the place of this input: name another file", escaped);
		g_free(escaped);
		return false;
	}
	return true;
}

/* One of the reports, main and not yet begun; NULL, and a complaint, if its file cannot be made. */
static struct report *open_report(const struct options *options, guint index, struct output *standard, bool several)
{
	const struct options_report *wanted = options_report(options, index);
	struct output *out = wanted->path ? g_new0(struct output, 1) : standard;
	int error = wanted->path ? output_create(out, wanted->path) : 0;
	struct report *report;

	if (error) {
		char *escaped = text_escape(wanted->path);

		complain("%s: the report cannot be written there (%s): name another file", escaped, g_strerror(error));
		g_free(escaped);
		g_free(out);
		return NULL;
	}
	report = wanted->kind->make();
	report->out = out;
	report->policy = &options->policy;
	report->several = several;
	if (wanted->kind == &report_ladder_kind)
		report->choice = &options->ladder;
	return report;
}

/* Returns the status, which is another one if the report did not get where it should. */
static int close_report(struct report *report, const struct output *standard, int status)
{
	struct output *out = report->out;

	report->del(report);
	if (out == standard)
		return status;
	if (output_close(out) != 0 && out->error != ECANCELED) {
		char *escaped = text_escape(out->path);

		complain("%s: the report could not be written: %s", escaped, g_strerror(out->error));
		g_free(escaped);
		status = status < EXIT_SIGNAL ? EXIT_UNREAD : status;
	}
	output_clear(out);
	g_free(out);
	return status;
}

/* All of them, or none: then what was begun is cancelled, and leaves no file. */
static int open_reports(const struct options *options, struct output *standard, GPtrArray *reports, bool several)
{
	for (guint i = 0; i < options->reports->len; i++) {
		struct report *report = open_report(options, i, standard, several);

		if (report) {
			g_ptr_array_add(reports, report);
			continue;
		}
		for (guint j = 0; j < reports->len; j++)
			((struct report *)g_ptr_array_index(reports, j))->out->error = ECANCELED;
		return EXIT_UNREAD;
	}
	return EXIT_NOTHING;
}

static bool is_link(const char *path)
{
	return g_file_test(path, G_FILE_TEST_IS_SYMLINK);
}

/* A link below a folder may lead out of it. */
static void allow_links(struct sandbox *sandbox, const GPtrArray *sources)
{
	for (guint i = 0; i < sources->len; i++) {
		const struct source *source = g_ptr_array_index(sources, i);

		if (source->joined)
			allow_links(sandbox, source->joined);
		else if (is_link(source->path))
			g_ptr_array_add(sandbox->readable, g_strdup(source->path));
	}
}

/* Captures are hostile input: from here on little could be done with a mistake in what reads them. */
static void give_up_privileges(const struct options *options, const GPtrArray *sources, const GPtrArray *reports)
{
	struct sandbox sandbox;
	char *problem;

	sandbox_init(&sandbox);
	for (char **input = options->inputs; *input; input++)
		g_ptr_array_add(sandbox.readable, g_strdup(*input));
	allow_links(&sandbox, sources);
	/* Where what can be read only once is kept. */
	if (options->join || options->input.again)
		g_ptr_array_add(sandbox.scratch, g_strdup(g_get_tmp_dir()));
	for (guint i = 0; i < reports->len; i++) {
		const struct report *report = g_ptr_array_index(reports, i);

		if (report->out->beside)
			g_ptr_array_add(sandbox.replaced, g_strdup(report->out->path));
	}
	problem = sandbox_enter(&sandbox);
	sandbox_clear(&sandbox);
	if (problem)
		complain("captures are read without a sandbox, since %s; --no-sandbox says that this is meant",
		         problem);
	g_free(problem);
}

static int analyze(struct options *options, struct output *out)
{
	GPtrArray *sources, *reports;
	int status;

	if (!draw_hash_key(options)) {
		complain("the system gives no random numbers (getrandom failed), and without them a hostile capture "
		         "could stall the analysis");
		return EXIT_UNREAD;
	}
	interrupt_catch();
	if (options->join)
		tcphs_join_prepare();
	sources = sources_expand(options->inputs, options->join);
	if (!spares_inputs(options, sources)) {
		g_ptr_array_unref(sources);
		return EXIT_USAGE;
	}
	reports = g_ptr_array_new();
	status = open_reports(options, out, reports, sources->len > 1);
	if (status == EXIT_NOTHING && options->sandbox)
		give_up_privileges(options, sources, reports);
	if (status == EXIT_NOTHING)
		status = run(options, sources, reports);
	for (guint i = 0; i < reports->len; i++)
		status = close_report(g_ptr_array_index(reports, i), out, status);
	g_ptr_array_unref(reports);
	g_ptr_array_unref(sources);
	return status;
}

static int explain(const struct options *options, struct output *out)
{
	char *message;

	if (catalogue_explain(out, &options->policy, options->explain))
		return EXIT_NOTHING;
	message = vocabulary_unknown("--explain", options->explain, VOCABULARY_ALL);
	complain("%s", message);
	g_free(message);
	return EXIT_USAGE;
}

static int act(struct options *options, struct output *out)
{
	switch (options->action) {
	case ACTION_VERSION:
		output_text(out, "tcphs " TCPHS_VERSION "\n");
		return EXIT_NOTHING;
	case ACTION_LIST_RULES:
		catalogue_list(out, &options->policy);
		return EXIT_NOTHING;
	case ACTION_LIST_RULES_MD:
		catalogue_list_markdown(out);
		return EXIT_NOTHING;
	case ACTION_EXPLAIN:
		return explain(options, out);
	default:
		return analyze(options, out);
	}
}

int main(int argc, char **argv)
{
	struct options options;
	struct output out;
	char *message = NULL;
	int status;

	(void)argc;
	setlocale(LC_CTYPE, "");
	complain_when_out_of_memory();
	if (!options_parse(&options, argv, &message)) {
		complain("%s", message);
		g_free(message);
		return EXIT_USAGE;
	}
	output_open(&out, STDOUT_FILENO);
	if (options.colour != COLOUR_AUTO)
		out.colour = options.colour == COLOUR_ALWAYS;
	status = act(&options, &out);
	if (output_close(&out) != 0 && out.error != EPIPE && out.error != ECANCELED) {
		complain("standard output could not be written: %s", g_strerror(out.error));
		status = status < EXIT_SIGNAL ? EXIT_UNREAD : status;
	}
	output_clear(&out);
	options_clear(&options);
	return status;
}
