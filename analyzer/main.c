/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - tcphs: checks the handshakes in capture files, in a terminal or in continuous integration.
 *
 * The engine in a shell's clothes: options.c reads the command line, sources.c finds the files, run.c takes each
 * through input/, decode/ and the engine, and report/ prints what came of it. catalogue.c explains the words.
 */
#include <locale.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include <glib.h>

#include "catalogue.h"
#include "complain.h"
#include "interrupt.h"
#include "options.h"
#include "report/report.h"
#include "report/text.h"
#include "run.h"
#include "sources.h"
#include "vocabulary.h"

/* Captures are hostile input: without a secret in the hash, one could be made whose connections all collide. */
static bool draw_hash_key(struct options *options)
{
	size_t size = sizeof(options->engine.hash_key);

	return getrandom(options->engine.hash_key, size, 0) == (ssize_t)size;
}

static int analyze(struct options *options, struct output *out)
{
	static struct report *(*const make[FORMATS])(void) = {
		[FORMAT_TABLE] = report_table_new,
		[FORMAT_NDJSON] = report_ndjson_new,
		[FORMAT_SUMMARY] = report_summary_new,
	};
	struct report *report;
	GPtrArray *sources;
	int status;

	if (!draw_hash_key(options)) {
		complain("the system gives no random numbers (getrandom failed), and without them a hostile capture "
		         "could stall the analysis");
		return EXIT_UNREAD;
	}
	interrupt_catch();
	sources = sources_expand(options->inputs);
	report = make[options->format]();
	report->out = out;
	report->policy = &options->policy;
	report->several = sources->len > 1;
	status = run(options, sources, report);
	report->del(report);
	g_ptr_array_unref(sources);
	return status;
}

static int explain(const struct options *options, struct output *out)
{
	char *escaped;

	if (catalogue_explain(out, &options->policy, options->explain))
		return EXIT_NOTHING;
	escaped = text_escape(options->explain);
	complain("--explain: \"%s\" is no rule, verdict or reason; the closest is \"%s\"", escaped,
	         vocabulary_closest_id(options->explain));
	g_free(escaped);
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
	output_close(&out);
	options_clear(&options);
	return status;
}
