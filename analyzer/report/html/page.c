/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page.c - writes the page: page.html, and at each {{name}} in it what slots[] below says.
 *
 * Theory of escaping. There are three places that strings go to, and each has one function: elements and attributes
 * (html_text()), the JSON (json.c, then put_json(): in JSON a '<' stands only in strings, where \u003c is the same, so
 * that no string can end the script element), and the drawn text (html_text() again). Paths have been made visible
 * before, so that nothing in them is a control or a direction. The policy of the page forbids the network and every
 * script and style whose hash it does not name: what slipped through could still do nothing.
 *
 * The page says nothing of when, where and by how many threads it was made.
 */
#include "html.h"

#include <stdlib.h>
#include <string.h>

#include "expected.h"
#include "json.h"
#include "text.h"

/* Connections in the list for those who read without JavaScript; above that it is no reading. */
#define LISTED 300

struct page {
	const struct html *html;
	struct output *out;
	GPtrArray *rows;
	const struct tally *total;
	bool comma;
};

/* ---- words ------------------------------------------------------------------------------------------ */

void html_text(struct output *out, const char *text)
{
	while (*text) {
		size_t plain = strcspn(text, "&<>\"'");

		output_write(out, text, plain);
		text += plain;
		switch (*text) {
		case '&':
			output_text(out, "&amp;");
			break;
		case '<':
			output_text(out, "&lt;");
			break;
		case '>':
			output_text(out, "&gt;");
			break;
		case '"':
			output_text(out, "&quot;");
			break;
		case '\'':
			output_text(out, "&#39;");
			break;
		default:
			continue;
		}
		text++;
	}
}

void html_count(struct output *out, uint64_t number)
{
	char digits[24];
	int length = g_snprintf(digits, sizeof(digits), "%" G_GUINT64_FORMAT, number);

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			output_char(out, ',');
		output_char(out, digits[i]);
	}
}

/* "3 connections", "1 file". */
static void put_amount(struct output *out, uint64_t number, const char *word)
{
	html_count(out, number);
	output_format(out, " %s%s", word, number == 1 ? "" : "s");
}

static void put_verdict(struct output *out, int verdict)
{
	const char *word = tcphs_verdict_word((enum tcphs_verdict)verdict);

	output_format(out, "<span class=\"verdict %s\">%s</span>", word, word);
}

/* ---- head ------------------------------------------------------------------------------------------- */

/* The source of the only script, or style, that the page may run, as its policy names it. */
static void put_hash(struct output *out, const char *text, size_t size)
{
	GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
	guint8 digest[32];
	gsize length = sizeof(digest);
	char *base64;

	g_checksum_update(checksum, (const guchar *)text, (gssize)size);
	g_checksum_get_digest(checksum, digest, &length);
	base64 = g_base64_encode(digest, length);
	output_format(out, "sha256-%s", base64);
	g_free(base64);
	g_checksum_free(checksum);
}

static void put_style_hash(struct page *page)
{
	put_hash(page->out, html_page_css, html_page_css_size);
}

static void put_script_hash(struct page *page)
{
	put_hash(page->out, html_page_js, html_page_js_size);
}

static void put_style(struct page *page)
{
	output_write(page->out, html_page_css, html_page_css_size);
}

static void put_script(struct page *page)
{
	output_write(page->out, html_page_js, html_page_js_size);
}

static void put_version(struct page *page)
{
	output_text(page->out, TCPHS_VERSION);
}

/* The only input, or how many. */
static void put_source(struct page *page)
{
	if (page->html->files->len == 1)
		html_text(page->out, g_array_index(page->html->files, struct html_file, 0).path);
	else
		put_amount(page->out, page->html->files->len, "file");
}

static void put_title(struct page *page)
{
	output_text(page->out, "TCP handshakes: ");
	put_source(page);
}

/* Whether there is anything to fail on. */
static bool can_fail(const struct policy *policy)
{
	return memchr(policy->fail_on.verdict, true, sizeof(policy->fail_on.verdict)) ||
	       memchr(policy->fail_on.reason, true, sizeof(policy->fail_on.reason)) ||
	       memchr(policy->fail_on.rule, true, sizeof(policy->fail_on.rule));
}

static void put_headline(struct page *page)
{
	struct output *out = page->out;
	bool judged = can_fail(page->html->report.policy) && page->total->connections;

	if (judged && page->html->failing)
		html_count(out, page->html->failing);
	else if (judged)
		output_text(out, "None");
	if (judged)
		output_text(out, " of ");
	put_amount(out, page->total->connections, "connection");
	output_text(out, judged ? " failed, in " : " in ");
	put_amount(out, page->total->frames, "frame");
	output_char(out, '.');
	if (page->total->ignored) {
		output_char(out, ' ');
		html_count(out, page->total->ignored);
		output_text(out, " more are ignored by the policy.");
	}
	if (page->total->known) {
		output_char(out, ' ');
		html_count(out, page->total->known);
		output_text(out, " more are known by the baseline.");
	}
}

static void begin_note(struct output *out)
{
	output_text(out, "<p class=\"notice\">");
}

static void end_note(struct output *out)
{
	output_text(out, "</p>\n");
}

static gboolean put_not_decoded(gpointer word, gpointer frames, gpointer data)
{
	struct page *page = data;

	output_text(page->out, page->comma ? ", " : " ");
	html_count(page->out, *(const uint64_t *)frames);
	output_char(page->out, ' ');
	html_text(page->out, word);
	page->comma = true;
	return FALSE;
}

/* What this page does not tell. */
static void put_notes(struct page *page)
{
	const struct html *html = page->html;
	struct output *out = page->out;

	for (guint i = 0; html->files->len == 1 && i < 1; i++) {
		const struct html_file *file = &g_array_index(html->files, struct html_file, i);

		if (!file->damaged)
			continue;
		begin_note(out);
		output_text(out, "Not read to its end: ");
		html_text(out, file->damaged);
		end_note(out);
	}
	if (html->files->len > 1 && page->total->damaged) {
		begin_note(out);
		put_amount(out, page->total->damaged, "file");
		output_text(out, " could not be read to the end: see <a href=\"#files\">files</a>.");
		end_note(out);
	}
	if (page->total->evicted) {
		begin_note(out);
		put_amount(out, page->total->evicted, "connection");
		output_text(out, " had to make room for others, and stood then as shown here.");
		end_note(out);
	}
	if (page->rows->len < page->total->connections) {
		begin_note(out);
		output_text(out, "Too many connections for one page: ");
		html_count(out, page->rows->len);
		output_text(out, " are listed, ");
		html_count(out, page->total->connections - page->rows->len);
		output_text(out, " of the most frequent reasons are counted only. Round trips are of those listed.");
		end_note(out);
	}
	if (html->without_ladder) {
		begin_note(out);
		put_amount(out, html->without_ladder, "connection");
		output_text(out, " could not be drawn: too many were open at the same time.");
		end_note(out);
	}
	if (g_tree_nnodes(page->total->not_decoded)) {
		begin_note(out);
		output_text(out, "Frames that may hold TCP but were not decoded:");
		g_tree_foreach(page->total->not_decoded, put_not_decoded, page);
		output_char(out, '.');
		end_note(out);
	}
}

/* ---- summary ---------------------------------------------------------------------------------------- */

static void put_verdicts(struct page *page)
{
	html_verdicts(page->out, page->total);
}

static void put_round_trips(struct page *page)
{
	html_round_trips(page->out, page->rows);
}

static void put_rule(struct output *out, int rule, const char *severity, uint64_t count)
{
	const struct tcphs_rule_info *info = tcphs_rule_info((enum tcphs_rule)rule);

	output_format(out, "<tr data-rule=\"%s\"><td><span class=\"severity %s\">%s</span></td>"
	              "<th scope=\"row\"><span class=\"word\">%s</span></th><td class=\"number\">", info->id, severity,
	              severity, info->id);
	html_count(out, count);
	output_text(out, "</td><td><details><summary>");
	html_text(out, info->title);
	output_text(out, "</summary><p>");
	html_text(out, info->explanation);
	output_text(out, "</p>");
	if (*info->reference) {
		output_text(out, "<p class=\"reference\">");
		html_text(out, info->reference);
		output_text(out, "</p>");
	}
	output_text(out, "</details></td></tr>\n");
}

/* An expectation of the policy, what came of it, and below it the connections that were not as expected. */
static void put_expected(struct output *out, const struct expected *expected)
{
	bool held = expected_held(expected);
	char *name = text_escape_utf8(expected->expectation->name);
	char *sentence = expected_text(expected);
	GString *line = g_string_new(NULL);

	output_format(out, "<tr><td><span class=\"%s\">%s</span></td><th scope=\"row\">",
	              held ? "verdict complete" : "verdict malformed", held ? "as expected" : "not as expected");
	html_text(out, name);
	output_text(out, "</th><td>");
	html_text(out, sentence);
	for (guint i = 0; !held && i < expected->examples->len; i++) {
		const struct example *example = g_ptr_array_index(expected->examples, i);
		char *file = text_escape_utf8(example->file);

		g_string_truncate(line, 0);
		example_append(line, example, file);
		output_text(out, "<br><span class=\"path\">");
		html_text(out, line->str);
		output_text(out, "</span>");
		g_free(file);
	}
	if (!held && expected->others > expected->examples->len) {
		output_text(out, "<br>and ");
		html_count(out, expected->others - expected->examples->len);
		output_text(out, " more");
	}
	output_text(out, "</td></tr>\n");
	g_string_free(line, TRUE);
	g_free(sentence);
	g_free(name);
}

static void put_expectations(struct page *page)
{
	const GPtrArray *all = page->html->expected;
	struct output *out = page->out;

	if (!all->len)
		return;
	output_text(out, "<section aria-labelledby=\"expectations-title\"><h2 id=\"expectations-title\">Expectations "
	            "of the policy</h2>\n<table id=\"expectations\"><thead><tr><th scope=\"col\">Outcome</th>"
	            "<th scope=\"col\">Expectation</th><th scope=\"col\">What was met</th></tr></thead><tbody>\n");
	for (guint i = 0; i < all->len; i++)
		put_expected(out, g_ptr_array_index(all, i));
	output_text(out, "</tbody></table>\n</section>\n");
}

/* So many rules are shown at once; a longer list would push the connections away. */
#define RULES_OPEN 8

static void begin_findings(struct page *page)
{
	struct output *out = page->out;
	uint64_t findings = 0;
	unsigned rules = 0;

	for (int rule = TCPHS_RULE_NONE + 1; rule < TCPHS_RULES; rule++) {
		findings += page->total->rules[rule];
		rules += page->total->rules[rule] != 0;
	}
	output_format(out, "<section aria-labelledby=\"findings-title\"><h2 id=\"findings-title\">Findings</h2>\n"
	              "<details%s><summary>", rules <= RULES_OPEN ? " open" : "");
	put_amount(out, findings, "finding");
	output_text(out, " by ");
	put_amount(out, rules, "rule");
	output_text(out, "</summary>\n<table id=\"findings\"><thead><tr><th scope=\"col\">Severity</th>"
	            "<th scope=\"col\">Rule</th><th scope=\"col\" class=\"number\">Times</th>"
	            "<th scope=\"col\">What it means</th></tr></thead><tbody>\n");
}

static void put_findings(struct page *page)
{
	const struct policy *policy = page->html->report.policy;
	bool any = false;

	for (int severity = TCPHS_ERROR; severity >= TCPHS_CHAT; severity--) {
		for (int rule = TCPHS_RULE_NONE + 1; rule < TCPHS_RULES; rule++) {
			if (!page->total->rules[rule] || policy->severity[rule] != severity)
				continue;
			if (!any)
				begin_findings(page);
			any = true;
			put_rule(page->out, rule, tcphs_severity_word((enum tcphs_severity)severity),
			         page->total->rules[rule]);
		}
	}
	if (any)
		output_text(page->out, "</tbody></table></details>\n</section>\n");
}

static void put_host(struct output *out, const struct tcphs_host *host)
{
	char address[TEXT_ADDRESS];

	text_address(address, host->address);
	output_format(out, "<tr><th scope=\"row\">%s</th><td class=\"number\">", address);
	html_count(out, host->samples);
	output_text(out, "</td><td>");
	for (unsigned bit = 1; bit < 1u << TCPHS_ISN_BITS; bit <<= 1)
		if (host->quality & bit)
			output_format(out, "<span class=\"word\">%s</span> ", tcphs_isn_word(bit));
	output_text(out, "</td></tr>\n");
}

static void put_hosts(struct page *page)
{
	const GArray *hosts = page->html->hosts;
	struct output *out = page->out;

	if (!hosts->len)
		return;
	output_text(out, "<section aria-labelledby=\"hosts-title\"><h2 id=\"hosts-title\">Hosts whose initial sequence "
	            "numbers are weak</h2>\n<table><thead><tr><th scope=\"col\">Host</th>"
	            "<th scope=\"col\" class=\"number\">Samples</th><th scope=\"col\">What is wrong</th></tr></thead>"
	            "<tbody>\n");
	for (guint i = 0; i < hosts->len; i++)
		put_host(out, &g_array_index(hosts, struct tcphs_host, i));
	output_text(out, "</tbody></table>\n</section>\n");
}

static void put_file(struct output *out, const struct html_file *file)
{
	output_text(out, "<tr><th scope=\"row\" class=\"path\">");
	html_text(out, file->path);
	if (file->damaged) {
		output_text(out, "<p class=\"damaged\">Not read to its end: ");
		html_text(out, file->damaged);
		output_text(out, "</p>");
	}
	output_text(out, "</th><td class=\"number\">");
	html_count(out, file->frames);
	output_text(out, "</td><td class=\"number\">");
	html_count(out, file->connections);
	output_text(out, "</td><td>");
	for (int verdict = TCPHS_VERDICTS - 1; verdict >= 0; verdict--) {
		if (!file->verdicts[verdict])
			continue;
		put_verdict(out, verdict);
		output_text(out, "&nbsp;");
		html_count(out, file->verdicts[verdict]);
		output_char(out, ' ');
	}
	output_text(out, "</td></tr>\n");
}

static void put_files(struct page *page)
{
	const GArray *files = page->html->files;
	struct output *out = page->out;

	if (files->len < 2)
		return;
	output_format(out, "<section aria-labelledby=\"files-title\" id=\"files\"><h2 id=\"files-title\">Files</h2>\n"
	              "<details%s><summary>", page->total->damaged || files->len <= 3 ? " open" : "");
	put_amount(out, files->len, "file");
	output_text(out, "</summary>\n<table><thead><tr><th scope=\"col\">File</th>"
	            "<th scope=\"col\" class=\"number\">Frames</th><th scope=\"col\" class=\"number\">Connections</th>"
	            "<th scope=\"col\">Verdicts</th></tr></thead><tbody>\n");
	for (guint i = 0; i < files->len; i++)
		put_file(out, &g_array_index(files, struct html_file, i));
	output_text(out, "</tbody></table></details>\n</section>\n");
}

/* ---- the plain list --------------------------------------------------------------------------------- */

static void put_listed(struct page *page, const struct html_row *row)
{
	struct output *out = page->out;
	char client[TEXT_ENDPOINT], server[TEXT_ENDPOINT];

	text_endpoint(client, row->key.src, row->key.sport);
	text_endpoint(server, row->key.dst, row->key.dport);
	output_text(out, row->drawn ? "<details><summary>" : "<p>");
	put_verdict(out, (int)tcphs_reason_verdict((enum tcphs_reason)row->reason));
	output_format(out, " %s: %s to %s", tcphs_reason_word((enum tcphs_reason)row->reason), client, server);
	if (page->html->files->len > 1) {
		output_text(out, ", in ");
		html_text(out, g_array_index(page->html->files, struct html_file, row->file).path);
	}
	if (*row->finding) {
		output_text(out, ": ");
		html_text(out, row->finding);
	}
	output_text(out, row->drawn ? "</summary><pre>" : "</p>\n");
	if (row->drawn) {
		html_text(out, row->drawn);
		output_text(out, "</pre></details>\n");
	}
}

static void put_listing(struct page *page)
{
	for (guint i = 0; i < MIN(page->rows->len, LISTED); i++)
		put_listed(page, g_ptr_array_index(page->rows, i));
	if (page->rows->len > LISTED) {
		output_text(page->out, "<p>These are the ");
		html_count(page->out, LISTED);
		output_text(page->out, " worst of ");
		html_count(page->out, page->rows->len);
		output_text(page->out, ".</p>\n");
	}
}

/* ---- data ------------------------------------------------------------------------------------------- */

/* JSON inside of a script element: "<" would begin a tag or a comment. Line separators are for old readers of JSON. */
static void put_json(struct output *out, const char *json, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (json[i] == '<')
			output_text(out, "\\u003c");
		else if (i + 2 < size && memcmp(json + i, "\xe2\x80\xa8", 3) == 0)
			output_text(out, "\\u2028"), i += 2;
		else if (i + 2 < size && memcmp(json + i, "\xe2\x80\xa9", 3) == 0)
			output_text(out, "\\u2029"), i += 2;
		else
			output_char(out, json[i]);
	}
}

static void put_words(struct json *json, const char *key, const char *const *words, size_t count)
{
	json_array(json, key);
	for (size_t i = 0; i < count; i++)
		json_string(json, NULL, words[i]);
	json_array_end(json);
}

static void put_pair(struct json *json, const char *word, const char *title)
{
	json_string(json, NULL, word);
	json_string(json, NULL, title);
}

/* [word, title] of each verdict; [word, title, verdict, rule that says why] of each reason. */
static void put_verdict_words(struct json *json)
{
	json_array(json, "verdicts");
	for (int verdict = 0; verdict < TCPHS_VERDICTS; verdict++) {
		json_array(json, NULL);
		put_pair(json, tcphs_verdict_word((enum tcphs_verdict)verdict),
		         tcphs_verdict_title((enum tcphs_verdict)verdict));
		json_array_end(json);
	}
	json_array_end(json);
	json_array(json, "reasons");
	for (int reason = 0; reason < TCPHS_REASONS; reason++) {
		json_array(json, NULL);
		put_pair(json, tcphs_reason_word((enum tcphs_reason)reason),
		         tcphs_reason_title((enum tcphs_reason)reason));
		json_uint(json, NULL, tcphs_reason_verdict((enum tcphs_reason)reason));
		json_uint(json, NULL, tcphs_reason_rule((enum tcphs_reason)reason));
		json_array_end(json);
	}
	json_array_end(json);
}

/* [id, title, severity, explanation, reference] of each rule that was raised; 0 for the others. */
static void put_rule_words(struct json *json, const struct page *page)
{
	json_array(json, "rules");
	for (int rule = 0; rule < TCPHS_RULES; rule++) {
		const struct tcphs_rule_info *info = tcphs_rule_info((enum tcphs_rule)rule);

		if (!info || !page->total->rules[rule]) {
			json_uint(json, NULL, 0);
			continue;
		}
		json_array(json, NULL);
		put_pair(json, info->id, info->title);
		json_uint(json, NULL, page->html->report.policy->severity[rule]);
		put_pair(json, info->explanation, info->reference);
		json_array_end(json);
	}
	json_array_end(json);
}

static void put_state_words(struct json *json)
{
	const char *words[TCPHS_STATES];

	for (int state = 0; state < TCPHS_STATES; state++)
		words[state] = tcphs_state_word((enum tcphs_state)state);
	put_words(json, "states", words, TCPHS_STATES);
	for (int blame = 0; blame < TCPHS_BLAMES; blame++)
		words[blame] = tcphs_blame_word((enum tcphs_blame)blame);
	put_words(json, "blames", words, TCPHS_BLAMES);
	for (int closed = 0; closed <= TCPHS_CLOSED_RST; closed++)
		words[closed] = tcphs_closed_word((enum tcphs_closed)closed);
	put_words(json, "closed", words, TCPHS_CLOSED_RST + 1);
	for (int severity = 0; severity <= TCPHS_ERROR; severity++)
		words[severity] = tcphs_severity_word((enum tcphs_severity)severity);
	put_words(json, "severities", words, TCPHS_ERROR + 1);
	for (int absence = 0; absence <= LADDER_NOT_YET; absence++)
		words[absence] = ladder_absence_words((enum ladder_absence)absence);
	put_words(json, "absences", words, LADDER_NOT_YET + 1);
	for (int step = 0; step <= 3; step++)
		words[step] = ladder_step_label(step);
	put_words(json, "steps", words, 4);
}

/* Everything but the rows, without the closing brace. */
static void put_head(struct json *json, const struct page *page)
{
	json_object(json, NULL);
	put_verdict_words(json);
	put_rule_words(json, page);
	put_state_words(json);
	json_array(json, "files");
	for (guint i = 0; i < page->html->files->len; i++)
		json_string(json, NULL, g_array_index(page->html->files, struct html_file, i).path);
	json_array_end(json);
}

static void put_data(struct page *page)
{
	struct output *out = page->out;
	struct output head;
	struct json json;

	output_hold(&head);
	json_begin(&json, &head);
	put_head(&json, page);
	json_end(&json);
	put_json(out, head.buffer, head.used);
	output_clear(&head);
	output_text(out, ",\"rows\":[");
	for (guint i = 0; i < page->rows->len; i++) {
		const struct html_row *row = g_ptr_array_index(page->rows, i);

		output_text(out, i ? ",\n[" : "\n[");
		output_uint(out, row->file);
		output_char(out, ',');
		put_json(out, row->json, strlen(row->json));
		output_char(out, ']');
	}
	output_text(out, "]}");
}

/* ---- the whole -------------------------------------------------------------------------------------- */

static const struct slot {
	const char *name;
	void (*put)(struct page *page);
} slots[] = {
	{ "style-hash", put_style_hash },
	{ "script-hash", put_script_hash },
	{ "version", put_version },
	{ "title", put_title },
	{ "style", put_style },
	{ "source", put_source },
	{ "headline", put_headline },
	{ "notes", put_notes },
	{ "verdicts", put_verdicts },
	{ "round-trips", put_round_trips },
	{ "expectations", put_expectations },
	{ "findings", put_findings },
	{ "hosts", put_hosts },
	{ "files", put_files },
	{ "listing", put_listing },
	{ "data", put_data },
	{ "script", put_script },
};

static void fill_slot(struct page *page, const char *name, size_t length)
{
	for (size_t i = 0; i < G_N_ELEMENTS(slots); i++) {
		if (strlen(slots[i].name) == length && memcmp(slots[i].name, name, length) == 0) {
			slots[i].put(page);
			return;
		}
	}
	g_error("page.html: nothing is called {{%.*s}}", (int)length, name);
}

void html_page(const struct html *html, GPtrArray *rows, const struct tally *total)
{
	struct page page = { .html = html, .out = html->report.out, .rows = rows, .total = total };
	const char *text = strstr(html_page_html, "<!DOCTYPE");   /* the licence stands before it */
	const char *open;

	while ((open = strstr(text, "{{"))) {
		const char *close = strstr(open, "}}");

		output_write(page.out, text, (size_t)(open - text));
		fill_slot(&page, open + 2, (size_t)(close - open) - 2);
		text = close + 2;
	}
	output_text(page.out, text);
}
