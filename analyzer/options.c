/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.c - the command line, by GOption, which also writes --help.
 *
 * GOption fills |raw|, whose members are strings as typed; resolve() then checks and converts each, so that every
 * mistake ends in one sentence that names the option.
 */
#include "options.h"

#include <string.h>

#include <glib.h>

#include "policy_file.h"
#include "report/text.h"
#include "value.h"
#include "vocabulary.h"

/* More threads than this help nobody, and each costs its stack. */
#define JOBS_MAX 1024

struct raw {
	char *policy, *baseline, *format, *ladder, *output, *colour, *stream_rule, *fail_on, *explain;
	char *horizon, *linger, *forget, *slow, *jobs, *max_connections, *max_expansion;
	char *filter, *write, *select;
	char **reports, **severities, **inputs;
	gboolean stats, join, checksums, no_sandbox, version;
};

/* --list-rules may stand alone, so GOption wants a callback, which has no place of its own to store into. */
static const char *list_rules;

static gboolean on_list_rules(const char *name, const char *value, gpointer data, GError **error)
{
	(void)name;
	(void)data;
	if (value && strcmp(value, "md") != 0) {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
		            "--list-rules: knows only \"md\" as a format; leave it away for a plain list");
		return FALSE;
	}
	list_rules = value ? "md" : "plain";
	return TRUE;
}

static const char summary[] =
	"Checks how TCP connections in captures were opened: which step of the handshake\n"
	"failed, whose fault it is, and whether the numbers add up. Reads pcap and\n"
	"pcapng, compressed or in archives, too; of a directory all; - is standard input.";

static const char description[] =
	"WORDS have commas between (half_open,incomplete,malformed); --list-rules and\n"
	"--explain know them. Exit status: 0 nothing failed, 1 something did, 2 wrong\n"
	"usage, policy or baseline, 3 an input or a report was not read or written to its\n"
	"end; 130, 143, 141 by SIGINT, SIGTERM, SIGPIPE. See also man tcphs.\n"
	"\n"
	"  tcphs --format ndjson captures/ | jq 'select(.verdict == \"half_open\")'\n"
	"  tcpdump -i eth0 -w - tcp | tcphs --forget 60 -\n";

/* "FORMAT is table, ndjson, summary or none.", from the kinds that there are. */
static char *describe(void)
{
	GString *text = g_string_new("FORMAT is ");

	for (const struct report_kind *kind = report_kinds; kind->word; kind++)
		g_string_append_printf(text, "%s%s", kind == report_kinds ? "" : kind[1].word ? ", " : " or ",
		                       kind->word);
	g_string_append_printf(text, ".\n%s", description);
	return g_string_free(text, FALSE);
}

static GOptionContext *context_for(struct raw *raw)
{
	const GOptionEntry entries[] = {
		{ "format", 'f', 0, G_OPTION_ARG_STRING, &raw->format, "Kind of report (table)", "FORMAT" },
		{ "stats", 0, 0, G_OPTION_ARG_NONE, &raw->stats, "The same as --format stats", NULL },
		{ "ladder", 0, 0, G_OPTION_ARG_STRING, &raw->ladder,
		  "Draw that connection, in place of a report", "STREAM[.INC]" },
		{ "output", 'o', 0, G_OPTION_ARG_FILENAME, &raw->output,
		  "Write it to FILE, not to standard output", "FILE" },
		{ "report", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw->reports,
		  "Another report, to a file; may be repeated", "FORMAT=FILE" },
		{ "policy", 0, 0, G_OPTION_ARG_FILENAME, &raw->policy,
		  "Severities, thresholds and expectations, in a file", "FILE" },
		{ "baseline", 0, 0, G_OPTION_ARG_FILENAME, &raw->baseline,
		  "Leave out what an earlier ndjson report has", "FILE" },
		{ "join", 0, 0, G_OPTION_ARG_NONE, &raw->join,
		  "Take all inputs as one capture, in order of time", NULL },
		{ "filter", 0, 0, G_OPTION_ARG_STRING, &raw->filter,
		  "Only frames that match a pcap-filter(7)", "EXPR" },
		{ "write", 0, 0, G_OPTION_ARG_FILENAME, &raw->write,
		  "Write frames of failed connections to a pcapng", "FILE" },
		{ "select", 0, 0, G_OPTION_ARG_STRING, &raw->select,
		  "... of these instead; or all", "WORDS" },
		{ "max-expansion", 0, 0, G_OPTION_ARG_STRING, &raw->max_expansion,
		  "Unpacking may make a file N times as large (250)", "N" },
		{ "fail-on", 0, 0, G_OPTION_ARG_STRING, &raw->fail_on,
		  "Verdicts, reasons, rules that make it fail, or never", "WORDS" },
		{ "severity", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->severities,
		  "Show a rule as chat, note, warn, error; or off", "RULE=LEVEL" },
		{ "horizon", 0, 0, G_OPTION_ARG_STRING, &raw->horizon,
		  "Time for an answer before the capture ends (3)", "SECONDS" },
		{ "linger", 0, 0, G_OPTION_ARG_STRING, &raw->linger,
		  "Time for late segments after a close (60)", "SECONDS" },
		{ "forget", 0, 0, G_OPTION_ARG_STRING, &raw->forget,
		  "Drop connections idle for this long (0: never)", "SECONDS" },
		{ "max-connections", 0, 0, G_OPTION_ARG_STRING, &raw->max_connections,
		  "Keep no more; drop decided, old ones first (0: all)", "N" },
		{ "slow", 0, 0, G_OPTION_ARG_STRING, &raw->slow,
		  "A handshake that takes longer is slow (1)", "SECONDS" },
		{ "stream-rule", 0, 0, G_OPTION_ARG_STRING, &raw->stream_rule,
		  "Stream numbers of Wireshark 4.0 (ws40) or 4.4 (ws44)", "RULE" },
		{ "jobs", 'j', 0, G_OPTION_ARG_STRING, &raw->jobs,
		  "Read so many inputs at a time (one per processor)", "N" },
		{ "checksums", 0, 0, G_OPTION_ARG_NONE, &raw->checksums, "Verify TCP checksums", NULL },
		{ "no-sandbox", 0, 0, G_OPTION_ARG_NONE, &raw->no_sandbox,
		  "Keep privileges that reading captures does not need", NULL },
		{ "color", 0, 0, G_OPTION_ARG_STRING, &raw->colour,
		  "auto, always or never; NO_COLOR is honoured", "WHEN" },
		{ "explain", 0, 0, G_OPTION_ARG_STRING, &raw->explain,
		  "Explain a rule, a verdict or a reason, and end", "ID" },
		{ "list-rules", 0, G_OPTION_FLAG_OPTIONAL_ARG, G_OPTION_ARG_CALLBACK, (gpointer)on_list_rules,
		  "List all rules, and end; =md for Markdown", "[md]" },
		{ "version", 0, 0, G_OPTION_ARG_NONE, &raw->version, "Print the version, and end", NULL },
		{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw->inputs, NULL, "FILE|DIR|-..." },
		{ NULL },
	};
	GOptionContext *context = g_option_context_new(NULL);
	char *text = describe();

	g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_set_summary(context, summary);
	g_option_context_set_description(context, text);
	g_free(text);
	return context;
}

static void clear_raw(struct raw *raw)
{
	g_free(raw->policy);
	g_free(raw->baseline);
	g_free(raw->format);
	g_free(raw->ladder);
	g_free(raw->output);
	g_free(raw->colour);
	g_free(raw->stream_rule);
	g_free(raw->fail_on);
	g_free(raw->explain);
	g_free(raw->horizon);
	g_free(raw->linger);
	g_free(raw->forget);
	g_free(raw->slow);
	g_free(raw->jobs);
	g_free(raw->max_connections);
	g_free(raw->max_expansion);
	g_free(raw->filter);
	g_free(raw->write);
	g_free(raw->select);
	g_strfreev(raw->reports);
	g_strfreev(raw->severities);
	g_strfreev(raw->inputs);
}

/* |time| stays as it is where the option was not given. */
static bool seconds(const char *option, const char *text, tcphs_time *time, char **message)
{
	return !text || value_seconds(option, text, time, message);
}

static bool choose(const char *option, const char *word, const char *const *words, unsigned *choice, char **message)
{
	return !word || value_choice(option, word, words, choice, message);
}

static bool resolve_choices(struct options *options, const struct raw *raw, char **message)
{
	static const char *const colours[COLOURS + 1] = { "auto", "always", "never" };
	static const char *const rules[] = { "ws40", "ws44", NULL };
	unsigned colour = COLOUR_AUTO, rule = TCPHS_STREAM_WS40;

	if (!choose("--color", raw->colour, colours, &colour, message) ||
	    !choose("--stream-rule", raw->stream_rule, rules, &rule, message))
		return false;
	options->colour = (enum options_colour)colour;
	options->engine.stream_rule = (enum tcphs_stream_rule)rule;
	return true;
}

/* A word for a kind of report, of |option|. */
static bool find_kind(const char *option, const char *word, const struct report_kind **kind, char **message)
{
	const char *words[REPORT_KINDS + 1] = { NULL };
	unsigned choice = 0;

	for (unsigned i = 0; i < REPORT_KINDS; i++)
		words[i] = report_kinds[i].word;
	if (!choose(option, word, words, &choice, message))
		return false;
	*kind = &report_kinds[choice];
	return true;
}

/* Two reports in one file would be neither. */
static bool add_report(struct options *options, const struct report_kind *kind, const char *path, char **message)
{
	struct options_report report = { .kind = kind, .path = g_strdup(path) };
	char *escaped;

	for (guint i = 0; path && i < options->reports->len; i++) {
		if (g_strcmp0(options_report(options, i)->path, path) != 0)
			continue;
		escaped = text_escape(path);
		*message = g_strdup_printf("--report: \"%s\" is named for two reports; give each a file of its own",
		                           escaped);
		g_free(escaped);
		g_free(report.path);
		return false;
	}
	g_array_append_val(options->reports, report);
	options->engine.zeek = options->engine.zeek || kind->zeek;
	return true;
}

/* FORMAT=FILE. */
static bool resolve_report(struct options *options, const char *assignment, char **message)
{
	const char *sign = strchr(assignment, '=');
	const struct report_kind *kind = NULL;
	char *word;
	bool good;

	if (!sign || sign[1] == '\0' || strcmp(sign + 1, "-") == 0) {
		*message = g_strdup("--report: needs FORMAT=FILE, for example ndjson=all.ndjson; what goes to standard "
		                    "output is --format");
		return false;
	}
	word = g_strndup(assignment, (size_t)(sign - assignment));
	good = find_kind("--report", word, &kind, message) && add_report(options, kind, sign + 1, message);
	g_free(word);
	return good;
}

/* STREAM or STREAM.INCARNATION, in place of --format. */
static bool resolve_ladder(struct options *options, const struct raw *raw, const struct report_kind **kind,
                           char **message)
{
	char **parts;
	guint64 stream = 0, incarnation = 0;
	bool good;

	if (!raw->ladder)
		return true;
	if (raw->format || raw->stats) {
		*message = g_strdup("--ladder: takes the place of --format; write the other report to a file by "
		                    "--report FORMAT=FILE");
		return false;
	}
	parts = g_strsplit(raw->ladder, ".", 2);
	options->ladder.all = parts[0] && !parts[1];
	good = parts[0] && g_ascii_string_to_unsigned(parts[0], 10, 0, UINT32_MAX, &stream, NULL) &&
	       (!parts[1] || g_ascii_string_to_unsigned(parts[1], 10, 0, UINT32_MAX, &incarnation, NULL));
	g_strfreev(parts);
	if (!good) {
		char *escaped = text_escape(raw->ladder);

		*message = g_strdup_printf("--ladder: \"%s\" is no connection; give the number of its stream, as "
		                           "tcp.stream in Wireshark has it, such as 7, or 7.1 for the second "
		                           "connection of that stream", escaped);
		g_free(escaped);
	}
	options->ladder.stream = (uint32_t)stream;
	options->ladder.incarnation = (uint32_t)incarnation;
	*kind = &report_ladder_kind;
	return good;
}

static bool resolve_reports(struct options *options, const struct raw *raw, char **message)
{
	const struct report_kind *kind = NULL;
	const char *format = raw->stats ? "stats" : raw->format;
	const char *output = raw->output && strcmp(raw->output, "-") != 0 ? raw->output : NULL;

	if (raw->stats && raw->format && strcmp(raw->format, format) != 0) {
		*message = g_strdup("--stats: is the format stats, and --format names another one; add it with "
		                    "--report FORMAT=FILE");
		return false;
	}
	if (!find_kind("--format", format, &kind, message) || !resolve_ladder(options, raw, &kind, message) ||
	    !add_report(options, kind, output, message))
		return false;
	for (char **report = raw->reports; report && *report; report++)
		if (!resolve_report(options, *report, message))
			return false;
	if (raw->write && strcmp(raw->write, "-") == 0) {
		*message = g_strdup("--write: needs a file; standard output has the report (with --format none "
		                    "/dev/stdout is free)");
		return false;
	}
	options->input.again = raw->write != NULL;
	return !raw->write || add_report(options, &report_frames, raw->write, message);
}

static bool resolve_jobs(struct options *options, const char *text, char **message)
{
	guint64 number = MAX(g_get_num_processors(), 1);
	bool good = !text || value_number("--jobs", text, "inputs to read at a time", 1, JOBS_MAX, &number, message);

	options->jobs = (guint)number;
	return good;
}

static bool resolve_input_config(struct options *options, const struct raw *raw, char **message)
{
	guint64 ratio = options->input.expansion_ratio;
	char *reason, *escaped;

	options->join = raw->join;
	if (raw->max_expansion && !value_number("--max-expansion", raw->max_expansion, "times that a file may grow", 1,
	                                        UINT64_MAX, &ratio, message))
		return false;
	options->input.expansion_ratio = ratio;
	if (!raw->filter || (options->input.filter = tcphs_filter_new(raw->filter, &reason)))
		return true;
	escaped = text_escape(reason);
	*message = g_strdup_printf("--filter: %s; see pcap-filter(7)", escaped);
	g_free(escaped);
	g_free(reason);
	return false;
}

static bool resolve_limits(struct options *options, const struct raw *raw, char **message)
{
	guint64 connections = options->engine.max_connections;

	if (raw->max_connections && !value_number("--max-connections", raw->max_connections, "connections to keep", 0,
	                                          UINT32_MAX, &connections, message))
		return false;
	options->engine.max_connections = (uint32_t)connections;
	return true;
}

/* RULE=LEVEL. */
static bool override_severity(struct options *options, const char *assignment, char **message)
{
	const char *sign = strchr(assignment, '=');
	char *id;
	bool good;

	if (!sign) {
		*message = g_strdup("--severity: needs RULE=LEVEL, for example syn_again=warn");
		return false;
	}
	id = g_strndup(assignment, (size_t)(sign - assignment));
	good = policy_override(&options->policy, "--severity", id, sign + 1, message);
	g_free(id);
	return good;
}

/* The command line wins over the file, and the file over what is usual. */
static bool resolve_policy(struct options *options, const struct raw *raw, char **message)
{
	if (raw->policy && !policy_file_read(raw->policy, &options->policy, &options->engine, message))
		return false;
	if (raw->fail_on && !policy_fail_on(&options->policy, "--fail-on", raw->fail_on, message))
		return false;
	if (raw->select && !raw->write) {
		*message = g_strdup("--select: says what --write writes; give that, too");
		return false;
	}
	if (raw->select && !policy_select(&options->policy, "--select", raw->select, message))
		return false;
	for (char **severity = raw->severities; severity && *severity; severity++)
		if (!override_severity(options, *severity, message))
			return false;
	return seconds("--horizon", raw->horizon, &options->engine.horizon, message) &&
	       seconds("--linger", raw->linger, &options->engine.linger, message) &&
	       seconds("--forget", raw->forget, &options->engine.forget, message) &&
	       seconds("--slow", raw->slow, &options->engine.slow, message);
}

static bool resolve_inputs(struct options *options, struct raw *raw, char **message)
{
	unsigned standard_inputs = 0;

	options->inputs = raw->inputs;
	raw->inputs = NULL;
	if (options->action != ACTION_ANALYZE)
		return true;
	if (!options->inputs) {
		*message = g_strdup("no input; name a capture file, a directory, or - for standard input "
		                    "(tcphs --help)");
		return false;
	}
	for (char **input = options->inputs; *input; input++)
		standard_inputs += strcmp(*input, "-") == 0;
	if (standard_inputs > 1) {
		*message = g_strdup("-: standard input can be read only once; name it once");
		return false;
	}
	return true;
}

static bool resolve_baseline(struct options *options, const struct raw *raw, char **message)
{
	if (!raw->baseline || options->action != ACTION_ANALYZE)
		return true;
	options->baseline = baseline_read(raw->baseline, message);
	return options->baseline != NULL;
}

static bool resolve(struct options *options, struct raw *raw, char **message)
{
	options->decode.checksums = raw->checksums;
	options->sandbox = !raw->no_sandbox;
	if (raw->version)
		options->action = ACTION_VERSION;
	else if (list_rules)
		options->action = strcmp(list_rules, "md") == 0 ? ACTION_LIST_RULES_MD : ACTION_LIST_RULES;
	else if (raw->explain)
		options->action = ACTION_EXPLAIN;
	options->explain = raw->explain;
	raw->explain = NULL;
	return resolve_choices(options, raw, message) && resolve_reports(options, raw, message) &&
	       resolve_jobs(options, raw->jobs, message) && resolve_limits(options, raw, message) &&
	       resolve_input_config(options, raw, message) && resolve_policy(options, raw, message) &&
	       resolve_inputs(options, raw, message) && resolve_baseline(options, raw, message);
}

/* GOption knows -j 2 only; people also write -j2. The letters are those of the options that take a value. */
static char **split_short_options(char **arguments)
{
	GPtrArray *split = g_ptr_array_new();
	bool options = true;

	for (; *arguments; arguments++) {
		const char *argument = *arguments;
		bool letter = argument[0] == '-' && argument[1] && strchr("fjo", argument[1]);
		bool attached = options && letter && argument[2];

		options = options && strcmp(argument, "--") != 0;
		g_ptr_array_add(split, attached ? g_strndup(argument, 2) : g_strdup(argument));
		if (attached)
			g_ptr_array_add(split, g_strdup(argument + 2));
	}
	g_ptr_array_add(split, NULL);
	return (char **)g_ptr_array_free(split, FALSE);
}

/* Of the options that --help names, the one least different from |typed|, for g_free(); NULL if none is near. */
static char *closest_option(GOptionContext *context, const char *typed)
{
	char *word = g_strndup(typed, strcspn(typed, "="));
	char *help = g_option_context_get_help(context, TRUE, NULL);
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	const char *closest;
	char *found;

	for (char *at = strstr(help, "--"); at; at = strstr(at, "--")) {
		size_t length = strspn(at += 2, "abcdefghijklmnopqrstuvwxyz-");

		if (length)
			g_ptr_array_add(names, g_strndup(at, length));
	}
	g_ptr_array_add(names, NULL);
	closest = vocabulary_closest(word, (const char *const *)names->pdata);
	found = vocabulary_near(word, closest) ? g_strdup(closest) : NULL;
	g_ptr_array_unref(names);
	g_free(help);
	g_free(word);
	return found;
}

/* What GOption has to say, and what was probably meant. */
static char *explain_error(GOptionContext *context, const GError *error)
{
	char *escaped = text_escape(error->message);
	const char *word = strstr(error->message, "--");
	char *closest = NULL, *sentence;

	if (word && g_error_matches(error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION))
		closest = closest_option(context, word + 2);
	if (closest)
		sentence = g_strdup_printf("%s: did you mean --%s? (see tcphs --help)", escaped, closest);
	else
		sentence = g_strdup_printf("%s (see tcphs --help)", escaped);
	g_free(closest);
	g_free(escaped);
	return sentence;
}

static void clear_report(gpointer report)
{
	g_free(((struct options_report *)report)->path);
}

bool options_parse(struct options *options, char **arguments, char **message)
{
	struct raw raw = { 0 };
	GOptionContext *context = context_for(&raw);
	char **copy = split_short_options(arguments);
	GError *error = NULL;
	bool good;

	memset(options, 0, sizeof(*options));
	options->reports = g_array_new(FALSE, FALSE, sizeof(struct options_report));
	g_array_set_clear_func(options->reports, clear_report);
	tcphs_config_default(&options->engine);
	options->engine.zeek = false;   /* unless a report tells of it: it is a good part of the work */
	policy_default(&options->policy);
	tcphs_input_config_default(&options->input);
	list_rules = NULL;
	good = g_option_context_parse_strv(context, &copy, &error);
	if (good) {
		good = resolve(options, &raw, message);
	} else {
		*message = explain_error(context, error);
		g_clear_error(&error);
	}
	g_strfreev(copy);
	clear_raw(&raw);
	g_option_context_free(context);
	if (!good)
		options_clear(options);
	return good;
}

void options_clear(struct options *options)
{
	g_free(options->explain);
	g_strfreev(options->inputs);
	policy_clear(&options->policy);
	baseline_free(options->baseline);
	options->baseline = NULL;
	g_array_unref(options->reports);
	tcphs_filter_free(options->input.filter);
	options->input.filter = NULL;
	options->reports = NULL;
	options->explain = NULL;
	options->inputs = NULL;
}
