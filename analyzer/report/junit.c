/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * junit.c - JUnit's XML for continuous integration: a suite per input, a case per server (address and port).
 *
 * Thousands of connections that opened well are nobody's test cases, but a server that did not answer some of them is:
 * such a case fails, and its text lists the connections that failed. A server of which the capture tells nothing is
 * skipped. An input that could not be read to its end has a case with an error. A case's time is that of its slowest
 * handshake, a suite's their sum; the suite's timestamp is its first connection's, in UTC. The last suite has a case
 * per expectation of the policy.
 *
 * There is no standard. What is written is valid by the schema of Ant's JUnit task, which wants the most, and by that
 * of Jenkins: hence elements and attributes that seem to be of no use here.
 */
#include "report.h"

#include <string.h>

#include "describe.h"
#include "expected.h"
#include "seconds.h"
#include "servers.h"
#include "text.h"

/* Connections that a failed case lists; it says how many more there are. */
#define LISTED 20

struct port_case {
	struct server server;
	uint64_t connections, failed, undecided;
	tcphs_time slowest;      /* 0 if none was measured */
	uint8_t reason;          /* of the first that failed */
	GString *first, *list;   /* what is said of it, and of the first LISTED; NULL if none failed */
};

struct junit {
	struct report report;
	struct servers servers;  /* of a part */
	tcphs_time start;
	char *file, *damaged;    /* of a part: ready to be escaped for XML */
	struct tally tally;      /* of a part; its tree is not ours */
	unsigned suites;         /* of the main report */
	GPtrArray *expected;     /* of the main report: const struct expected * */
};

static void case_clear(gpointer data)
{
	struct port_case *one = data;

	if (one->list) {
		g_string_free(one->first, TRUE);
		g_string_free(one->list, TRUE);
	}
	g_free(one);
}

/* ---- XML ----------------------------------------------------------------------------------------- */

/* Whether XML 1.0 (section 2.2) has all of these characters. It has no way to write the others. */
static bool is_allowed(const char *text)
{
	if (!g_utf8_validate(text, -1, NULL))
		return false;
	for (; *text; text = g_utf8_next_char(text)) {
		gunichar c = g_utf8_get_char(text);

		if ((c < 0x20 && c != '\t' && c != '\n') || (c & 0xfffe) == 0xfffe)
			return false;
	}
	return true;
}

static void put_escaped(struct output *out, const char *text)
{
	char *visible = is_allowed(text) ? g_strdup(text) : text_escape_utf8(text);
	char *escaped = g_markup_escape_text(visible, -1);

	output_text(out, escaped);
	g_free(escaped);
	g_free(visible);
}

static void put_attribute(struct output *out, const char *name, const char *value)
{
	output_format(out, " %s=\"", name);
	put_escaped(out, value);
	output_char(out, '"');
}

static void put_count(struct output *out, const char *name, uint64_t count)
{
	output_format(out, " %s=\"%" G_GUINT64_FORMAT "\"", name, count);
}

static void put_time(struct output *out, tcphs_time time)
{
	output_text(out, " time=\"");
	seconds_put(out, time, 6);
	output_char(out, '"');
}

static void put_property(struct output *out, const char *name, uint64_t count)
{
	output_text(out, "\t\t\t<property");
	put_attribute(out, "name", name);
	put_count(out, "value", count);
	output_text(out, "/>\n");
}

/* ---- a part -------------------------------------------------------------------------------------- */

/* "stream 5, 192.0.2.1:49200 > 192.0.2.9:80: incomplete (refused): rst_refused, frame 2: ..." */
static void append_failure(GString *text, const struct policy *policy, const struct tcphs_summary *summary)
{
	const struct tcphs_finding *finding = describe_worst(policy, summary);
	enum tcphs_reason reason = (enum tcphs_reason)summary->judgement.reason;
	char client[TEXT_ENDPOINT], server[TEXT_ENDPOINT], sentence[DESCRIPTION];

	text_endpoint(client, summary->key.src, summary->key.sport);
	text_endpoint(server, summary->key.dst, summary->key.dport);
	if (finding)
		describe(sentence, finding, summary);
	g_string_append_printf(text, "stream %u", summary->stream);
	if (summary->incarnation)
		g_string_append_printf(text, ".%u", summary->incarnation);
	g_string_append_printf(text, ", %s > %s: %s (%s): %s", client, server,
	                       tcphs_verdict_word((enum tcphs_verdict)summary->judgement.verdict),
	                       tcphs_reason_word(reason), finding ? sentence : tcphs_reason_title(reason));
}

static void add_failure(struct port_case *one, const struct policy *policy, const struct tcphs_summary *summary)
{
	if (!one->failed++) {
		one->reason = summary->judgement.reason;
		one->first = g_string_new(NULL);
		append_failure(one->first, policy, summary);
		one->list = g_string_new(NULL);
	}
	if (one->failed > LISTED)
		return;
	append_failure(one->list, policy, summary);
	g_string_append_c(one->list, '\n');
}

static bool junit_connection(struct report *report, const struct report_input *input,
                             const struct tcphs_summary *summary, const char *encap)
{
	struct junit *junit = (struct junit *)report;
	struct port_case *one = servers_of(&junit->servers, summary->key.dst, summary->key.dport);

	(void)input;
	(void)encap;
	if (!one->connections++ && g_tree_nnodes(junit->servers.tree) == 1)
		junit->start = summary->start;
	junit->start = MIN(junit->start, summary->start);
	one->undecided += summary->judgement.verdict == TCPHS_UNKNOWN;
	if (summary->rtt_total != TCPHS_TIME_NONE)
		one->slowest = MAX(one->slowest, summary->rtt_total);
	if (policy_fails(report->policy, summary))
		add_failure(one, report->policy, summary);
	return true;
}

static void junit_input_end(struct report *report, const struct report_input *input)
{
	struct junit *junit = (struct junit *)report;

	junit->file = text_escape_utf8(input->path);
	junit->damaged = g_strdup(input->damaged);
	junit->tally = input->tally;
	junit->tally.not_decoded = NULL;
}

/* ---- suites and cases ---------------------------------------------------------------------------- */

/** struct suite: what the tag of one says. */
struct suite {
	unsigned id;
	const char *name;
	tcphs_time start, time;
	uint64_t tests, failures, errors, skipped;
};

static bool is_skipped(const struct port_case *one)
{
	return !one->failed && one->undecided == one->connections;
}

static void put_suite_start(struct output *out, const struct suite *suite, const struct tally *tally)
{
	GDateTime *start = g_date_time_new_from_unix_utc(suite->start / TCPHS_SECOND);
	char *timestamp = g_date_time_format(start, "%Y-%m-%dT%H:%M:%S");

	output_text(out, "\t<testsuite");
	put_count(out, "id", suite->id);
	put_attribute(out, "package", "tcphs");
	put_attribute(out, "name", suite->name);
	put_attribute(out, "timestamp", timestamp);
	put_attribute(out, "hostname", "localhost");
	put_count(out, "tests", suite->tests);
	put_count(out, "failures", suite->failures);
	put_count(out, "errors", suite->errors);
	put_count(out, "skipped", suite->skipped);
	put_time(out, suite->time);
	output_text(out, ">\n\t\t<properties>\n");
	put_property(out, "frames", tally->frames);
	put_property(out, "connections", tally->connections);
	put_property(out, "ignored", tally->ignored);
	put_property(out, "known", tally->known);
	put_property(out, "evicted", tally->evicted);
	for (int verdict = 0; verdict < TCPHS_VERDICTS; verdict++)
		put_property(out, tcphs_verdict_word((enum tcphs_verdict)verdict), tally->verdicts[verdict]);
	output_text(out, "\t\t</properties>\n");
	g_free(timestamp);
	g_date_time_unref(start);
}

static void put_suite_end(struct output *out)
{
	output_text(out, "\t\t<system-out/>\n\t\t<system-err/>\n\t</testsuite>\n");
}

/* Without the end of its tag. */
static void put_case_start(struct output *out, const char *class, const char *name, tcphs_time time)
{
	output_text(out, "\t\t<testcase");
	put_attribute(out, "classname", class);
	put_attribute(out, "name", name);
	put_time(out, time);
}

static void put_problem(struct output *out, const char *element, const char *type, const char *message,
                        const char *text)
{
	output_format(out, ">\n\t\t\t<%s", element);
	put_attribute(out, "type", type);
	put_attribute(out, "message", message);
	output_char(out, '>');
	put_escaped(out, text);
	output_format(out, "</%s>\n\t\t</testcase>\n", element);
}

static void put_failure(struct output *out, const struct port_case *one)
{
	GString *message = g_string_new(NULL);

	if (one->connections > 1)
		g_string_append_printf(message, "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " connections failed; "
		                       "the first: ", one->failed, one->connections);
	g_string_append(message, one->first->str);
	if (one->failed > LISTED)
		g_string_append_printf(one->list, "and %" G_GUINT64_FORMAT " more\n", one->failed - LISTED);
	put_problem(out, "failure", tcphs_reason_word((enum tcphs_reason)one->reason), message->str, one->list->str);
	g_string_free(message, TRUE);
}

static void put_case(struct output *out, const char *file, const struct port_case *one)
{
	char name[TEXT_ENDPOINT];

	server_name(name, &one->server);
	put_case_start(out, file, name, one->slowest);
	if (one->failed)
		put_failure(out, one);
	else
		output_text(out, is_skipped(one) ? ">\n\t\t\t<skipped/>\n\t\t</testcase>\n" : "/>\n");
}

/* ---- the policy's expectations ------------------------------------------------------------------ */

static void put_expected(struct output *out, const struct expected *expected)
{
	GString *list = g_string_new(NULL);
	char *name = text_escape_utf8(expected->expectation->name);
	char *text = expected_text(expected);

	for (guint i = 0; i < expected->examples->len; i++) {
		const struct example *example = g_ptr_array_index(expected->examples, i);
		char *file = text_escape_utf8(example->file);

		example_append(list, example, file);
		g_string_append_c(list, '\n');
		g_free(file);
	}
	if (expected->others > expected->examples->len)
		g_string_append_printf(list, "and %" G_GUINT64_FORMAT " more\n",
		                       expected->others - expected->examples->len);
	put_case_start(out, "expectations", name, 0);
	if (expected_held(expected))
		output_text(out, "/>\n");
	else
		put_problem(out, "failure", "expectation", text, list->str);
	g_free(text);
	g_free(name);
	g_string_free(list, TRUE);
}

static void put_expectations(struct output *out, unsigned id, const GPtrArray *all, const struct tally *total)
{
	struct suite suite = { .id = id, .name = "expectations", .tests = all->len };

	for (guint i = 0; i < all->len; i++)
		suite.failures += !expected_held(g_ptr_array_index(all, i));
	put_suite_start(out, &suite, total);
	for (guint i = 0; i < all->len; i++)
		put_expected(out, g_ptr_array_index(all, i));
	put_suite_end(out);
}

/* ---- the whole ----------------------------------------------------------------------------------- */

static void junit_adopt(struct report *report, struct report *adopted)
{
	struct junit *junit = (struct junit *)report;
	const struct junit *part = (const struct junit *)adopted;
	GPtrArray *cases = servers_list(&part->servers);
	struct suite suite = {
		.id = junit->suites++,
		.name = part->file,
		.start = part->start,
		.tests = cases->len + (part->damaged != NULL),
		.errors = part->damaged != NULL,
	};

	for (guint i = 0; i < cases->len; i++) {
		const struct port_case *one = g_ptr_array_index(cases, i);

		suite.failures += one->failed > 0;
		suite.skipped += is_skipped(one);
		suite.time += one->slowest;
	}
	put_suite_start(report->out, &suite, &part->tally);
	if (part->damaged) {
		put_case_start(report->out, part->file, "reading the capture", 0);
		put_problem(report->out, "error", "damaged", part->damaged, "");
	}
	for (guint i = 0; i < cases->len; i++)
		put_case(report->out, part->file, g_ptr_array_index(cases, i));
	put_suite_end(report->out);
	g_ptr_array_unref(cases);
}

static void junit_begin(struct report *report)
{
	output_text(report->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
}

static void junit_expected(struct report *report, const struct expected *expected)
{
	g_ptr_array_add(((struct junit *)report)->expected, (gpointer)expected);
}

static void junit_finish(struct report *report, const struct tally *total)
{
	struct junit *junit = (struct junit *)report;

	if (junit->expected->len)
		put_expectations(report->out, junit->suites, junit->expected, total);
	output_text(report->out, "</testsuites>\n");
}

static void junit_del(struct report *report)
{
	struct junit *junit = (struct junit *)report;

	servers_clear(&junit->servers);
	g_ptr_array_unref(junit->expected);
	g_free(junit->file);
	g_free(junit->damaged);
	g_free(junit);
}

struct report *report_junit_new(void)
{
	struct junit *junit = g_new0(struct junit, 1);

	servers_init(&junit->servers, sizeof(struct port_case), case_clear);
	junit->expected = g_ptr_array_new();
	junit->report.begin = junit_begin;
	junit->report.connection = junit_connection;
	junit->report.input_end = junit_input_end;
	junit->report.adopt = junit_adopt;
	junit->report.expected = junit_expected;
	junit->report.finish = junit_finish;
	junit->report.del = junit_del;
	return &junit->report;
}
