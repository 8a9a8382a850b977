/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * baseline.c - counts what an earlier ndjson report says, by what stays the same from run to run.
 *
 * Of each input there is a table: the text of what makes connections alike -> how many there were. An input of this run
 * counts in a table of its own how many of them it has met, so that inputs which are read at the same time do not
 * meet, and the outcome is the same however many those are. Jansson reads the lines.
 */
#include "baseline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>
#include <jansson.h>

#include "report/text.h"

/** struct known: an input of the earlier run. */
struct known {
	char *path;            /* as its lines have it: UTF-8 */
	GHashTable *counts;    /* text -> how many, GSIZE_TO_POINTER */
};

struct baseline {
	GPtrArray *inputs;     /* of struct known *, in the order of the report */
	GHashTable *by_path;   /* the same by path */
};

struct baseline_input {
	GHashTable *counts;    /* the earlier input's; NULL: there is none like this one */
	GHashTable *met;       /* text -> how many of them this run has met */
	GString *text;
};

/* ---- what makes connections alike ---------------------------------------------------------------- */

static gint by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Appends the ids of rules, each once, in order. */
static void append_rules(GString *text, GPtrArray *ids)
{
	const char *last = "";

	g_ptr_array_sort(ids, by_text);
	for (guint i = 0; i < ids->len; i++) {
		const char *id = g_ptr_array_index(ids, i);

		if (strcmp(id, last) != 0)
			g_string_append_printf(text, " %s", id);
		last = id;
	}
}

static void make_text(GString *text, const char *client, const char *server, unsigned port, const char *verdict,
                      const char *reason, GPtrArray *ids)
{
	g_string_printf(text, "%s %s %u %s %s", client, server, port, verdict, reason);
	append_rules(text, ids);
}

static void make_text_of(GString *text, const struct tcphs_summary *summary)
{
	GPtrArray *ids = g_ptr_array_new();
	char client[TEXT_ADDRESS], server[TEXT_ADDRESS];

	text_address(client, summary->key.src);
	text_address(server, summary->key.dst);
	for (size_t i = 0; i < summary->finding_count; i++)
		g_ptr_array_add(ids, (gpointer)tcphs_rule_info((enum tcphs_rule)summary->findings[i].rule)->id);
	make_text(text, client, server, summary->key.dport,
	          tcphs_verdict_word((enum tcphs_verdict)summary->judgement.verdict),
	          tcphs_reason_word((enum tcphs_reason)summary->judgement.reason), ids);
	g_ptr_array_unref(ids);
}

/* ---- the earlier report -------------------------------------------------------------------------- */

static void known_free(gpointer data)
{
	struct known *known = data;

	g_free(known->path);
	g_hash_table_unref(known->counts);
	g_free(known);
}

static struct known *known_of(struct baseline *baseline, const char *path)
{
	struct known *known = g_hash_table_lookup(baseline->by_path, path);

	if (known)
		return known;
	known = g_new(struct known, 1);
	known->path = g_strdup(path);
	known->counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_ptr_array_add(baseline->inputs, known);
	g_hash_table_insert(baseline->by_path, known->path, known);
	return known;
}

static gsize count_of(GHashTable *counts, const char *text)
{
	return GPOINTER_TO_SIZE(g_hash_table_lookup(counts, text));
}

static void add_one(GHashTable *counts, const char *text)
{
	g_hash_table_replace(counts, g_strdup(text), GSIZE_TO_POINTER(count_of(counts, text) + 1));
}

/* The ids of a line's findings: an array of strings that the line owns; NULL if they are not what they should be. */
static GPtrArray *ids_of(json_t *findings)
{
	GPtrArray *ids = g_ptr_array_new();
	json_t *finding;
	size_t index;

	json_array_foreach(findings, index, finding) {
		const char *id = json_string_value(json_object_get(finding, "id"));

		if (!id) {
			g_ptr_array_unref(ids);
			return NULL;
		}
		g_ptr_array_add(ids, (gpointer)id);
	}
	return ids;
}

/* A line about a connection. Returns what is wrong with it, or NULL. */
static const char *add_connection(struct baseline *baseline, json_t *line)
{
	const char *file, *client, *server, *verdict, *reason;
	json_t *findings;
	json_int_t port;
	GString *text;
	GPtrArray *ids;

	if (json_unpack(line, "{s:s, s:{s:s}, s:{s:s, s:I}, s:s, s:s, s:o}", "file", &file, "client", "addr", &client,
	                "server", "addr", &server, "port", &port, "verdict", &verdict, "reason", &reason, "findings",
	                &findings) != 0)
		return "lacks some of file, client, server, verdict, reason and findings";
	ids = json_is_array(findings) && port >= 0 && port <= UINT16_MAX ? ids_of(findings) : NULL;
	if (!ids)
		return "has findings without id, or a port that is none";
	text = g_string_new(NULL);
	make_text(text, client, server, (unsigned)port, verdict, reason, ids);
	add_one(known_of(baseline, file)->counts, text->str);
	g_string_free(text, TRUE);
	g_ptr_array_unref(ids);
	return NULL;
}

/* A line of another type says at most that there was such an input. */
static const char *add_line(struct baseline *baseline, json_t *line)
{
	const char *type = json_string_value(json_object_get(line, "type"));
	const char *file = json_string_value(json_object_get(line, "file"));

	if (!type)
		return "has no type";
	if (strcmp(type, "connection") == 0)
		return add_connection(baseline, line);
	if (strcmp(type, "file") == 0 && file)
		known_of(baseline, file);
	return NULL;
}

/* Returns what is wrong with the line, for g_free(), or NULL. */
static char *read_line(struct baseline *baseline, const char *text, size_t length)
{
	const char *problem;
	json_error_t error;
	json_t *line;
	char *sentence;

	if (length == 1 && *text == '\n')
		return NULL;
	line = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	if (!line)
		return g_strdup_printf("is no JSON (%s)", error.text);
	problem = json_is_object(line) ? add_line(baseline, line) : "is no JSON object";
	sentence = g_strdup(problem);
	json_decref(line);
	return sentence;
}

/* Returns what is wrong, for g_free(), or NULL. */
static char *read_lines(struct baseline *baseline, FILE *stream, const char *name)
{
	char *line = NULL, *problem = NULL, *message = NULL;
	unsigned long number = 0;
	size_t room = 0;
	ssize_t length;

	while (!problem && (length = getline(&line, &room, stream)) >= 0) {
		number++;
		problem = read_line(baseline, line, (size_t)length);
	}
	if (problem) {
		char *escaped = text_escape(problem);

		message = g_strdup_printf("%s:%lu: the line %s; a baseline is made by tcphs --format ndjson", name,
		                          number, escaped);
		g_free(escaped);
	} else if (ferror(stream)) {
		message = g_strdup_printf("--baseline: %s cannot be read (%s); name the report of an earlier tcphs "
		                          "--format ndjson", name, g_strerror(errno));
	}
	free(line);
	g_free(problem);
	return message;
}

struct baseline *baseline_read(const char *path, char **message)
{
	struct baseline *baseline = g_new(struct baseline, 1);
	char *name = text_escape(path);
	FILE *stream = fopen(path, "re");

	baseline->inputs = g_ptr_array_new_with_free_func(known_free);
	baseline->by_path = g_hash_table_new(g_str_hash, g_str_equal);
	if (stream) {
		*message = read_lines(baseline, stream, name);
		fclose(stream);
	} else {
		*message = g_strdup_printf("--baseline: %s cannot be opened (%s); name the report of an earlier tcphs "
		                           "--format ndjson", name, g_strerror(errno));
	}
	g_free(name);
	if (!*message)
		return baseline;
	baseline_free(baseline);
	return NULL;
}

void baseline_free(struct baseline *baseline)
{
	if (!baseline)
		return;
	g_hash_table_unref(baseline->by_path);
	g_ptr_array_unref(baseline->inputs);
	g_free(baseline);
}

/* ---- one input of this run ----------------------------------------------------------------------- */

static size_t last_name(const char *path, size_t end)
{
	while (end && path[end - 1] != '/')
		end--;
	return end;
}

/* How many names at the end of two paths are the same. */
static unsigned names_alike(const char *one, const char *two)
{
	size_t end = strlen(one), other_end = strlen(two);
	unsigned alike = 0;

	for (;;) {
		size_t start = last_name(one, end), other = last_name(two, other_end);

		if (end - start != other_end - other || memcmp(one + start, two + other, end - start) != 0)
			return alike;
		alike++;
		if (!start || !other)
			return alike;
		end = start - 1;
		other_end = other - 1;
	}
}

static const struct known *most_alike(const struct baseline *baseline, const char *path)
{
	const struct known *found = g_hash_table_lookup(baseline->by_path, path);
	unsigned best = 0;

	if (found)
		return found;
	for (guint i = 0; i < baseline->inputs->len; i++) {
		const struct known *known = g_ptr_array_index(baseline->inputs, i);
		unsigned alike = names_alike(path, known->path);

		if (alike > best) {
			best = alike;
			found = known;
		}
	}
	return found;
}

struct baseline_input *baseline_input_new(const struct baseline *baseline, const char *path, bool alone)
{
	struct baseline_input *input = g_new(struct baseline_input, 1);
	char *valid = g_utf8_make_valid(path, -1);
	const struct known *known = most_alike(baseline, valid);

	if (!known && alone && baseline->inputs->len == 1)
		known = g_ptr_array_index(baseline->inputs, 0);
	input->counts = known ? known->counts : NULL;
	input->met = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	input->text = g_string_new(NULL);
	g_free(valid);
	return input;
}

bool baseline_knows(struct baseline_input *input, const struct tcphs_summary *summary)
{
	if (!input->counts)
		return false;
	make_text_of(input->text, summary);
	if (count_of(input->met, input->text->str) >= count_of(input->counts, input->text->str))
		return false;
	add_one(input->met, input->text->str);
	return true;
}

void baseline_input_free(struct baseline_input *input)
{
	if (!input)
		return;
	g_hash_table_unref(input->met);
	g_string_free(input->text, TRUE);
	g_free(input);
}
