/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * expectations.c - what a script expects, as a line of JSON for the test harness: the language is parsed here and
 * nowhere else. Frame numbers are those of the variant applied; frames put in by it are listed apart.
 */
#include "script.h"

#include <string.h>

void script_json_string(GString *line, const char *text)
{
	if (!text) {
		g_string_append(line, "null");
		return;
	}
	g_string_append_c(line, '"');
	for (const char *c = text; *c; c++) {
		if (*c == '"' || *c == '\\')
			g_string_append_c(line, '\\');
		if ((unsigned char)*c < ' ')
			g_string_append_printf(line, "\\u%04x", (unsigned)*c);
		else
			g_string_append_c(line, *c);
	}
	g_string_append_c(line, '"');
}

static void member(GString *line, const char *key, const char *text)
{
	g_string_append_printf(line, ",\"%s\":", key);
	script_json_string(line, text);
}

static const char *kind_word(enum script_kind kind)
{
	return kind == SCRIPT_SEGMENT ? "segment" : kind == SCRIPT_ICMP ? "icmp" : "end";
}

static void print_item(GString *line, const struct script_item *item, unsigned frame)
{
	g_string_append_printf(line, "{\"frame\":%u,\"line\":%u", frame, item->line);
	member(line, "kind", kind_word(item->kind));
	g_string_append(line, ",\"findings\":[");
	for (guint i = 0; i < item->findings->len; i++) {
		g_string_append(line, i ? "," : "");
		script_json_string(line, g_ptr_array_index(item->findings, i));
	}
	g_string_append(line, "]");
	member(line, "client_state", item->states[0]);
	member(line, "server_state", item->states[1]);
	member(line, "phase", item->phase);
	if (item->step)
		g_string_append_printf(line, ",\"step\":%d", item->step == SCRIPT_NO_STEP ? 0 : item->step);
	g_string_append(line, "}");
}

static void print_connection(GString *line, const struct script *script, const struct script_connection *connection)
{
	g_string_append_printf(line, "{\"line\":%u", connection->line);
	member(line, "verdict", connection->verdict);
	member(line, "reason", connection->reason);
	member(line, "blame", connection->blame);
	member(line, "closed", connection->closed);
	if (connection->has_steps) {
		g_string_append(line, ",\"steps\":[");
		for (int i = 0; i < 3; i++) {
			unsigned frame = script_frame(script, connection->steps[i]);
			g_string_append(line, i ? "," : "");
			if (frame)
				g_string_append_printf(line, "%u", frame);
			else
				g_string_append(line, "null");
		}
		g_string_append(line, "]");
	}
	g_string_append(line, "}");
}

static void print_frames(const struct script *script, GString *line)
{
	bool more = false;
	g_string_append(line, ",\"frames\":[");
	for (guint i = 0; i < script->items->len; i++) {
		const struct script_item *item = g_ptr_array_index(script->items, i);
		if (item->extra)
			continue;
		g_string_append(line, more ? "," : "");
		print_item(line, item, i + 1);
		more = true;
	}
	g_string_append(line, "],\"extra\":[");
	more = false;
	for (guint i = 0; i < script->items->len; i++) {
		const struct script_item *item = g_ptr_array_index(script->items, i);
		if (item->extra)
			g_string_append_printf(line, "%s%u", more ? "," : "", i + 1);
		more |= item->extra;
	}
	g_string_append(line, "]");
}

static void print_says(const struct script *script, GString *line)
{
	g_string_append(line, ",\"says\":[");
	for (guint i = 0; i < script->says->len; i++) {
		const struct script_says *says = g_ptr_array_index(script->says, i);
		g_string_append_printf(line, "%s{\"line\":%u", i ? "," : "", says->line);
		member(line, "rule", says->rule);
		member(line, "text", says->text);
		g_string_append(line, "}");
	}
	g_string_append(line, "]");
}

void script_expectations(const struct script *script, const char *name, GString *line)
{
	g_string_append(line, "{\"type\":\"script\"");
	member(line, "script", name);
	member(line, "path", script->path);
	member(line, "variant", script_variant_word(script->variant));
	member(line, "intent", script->intent);
	g_string_append(line, ",\"config\":{");
	for (guint i = 0; i < script->config->len; i++) {
		const struct script_config *config = g_ptr_array_index(script->config, i);
		g_string_append(line, i ? "," : "");
		script_json_string(line, config->key);
		g_string_append(line, ":");
		script_json_string(line, config->value);
	}
	g_string_append(line, "}");
	print_frames(script, line);
	print_says(script, line);
	g_string_append(line, ",\"connections\":[");
	for (guint i = 0; i < script->connections->len; i++) {
		g_string_append(line, i ? "," : "");
		print_connection(line, script, g_ptr_array_index(script->connections, i));
	}
	g_string_append(line, "]}\n");
}
