/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy_file.c - reads a policy: GLib's key file, whose mistakes are told by their lines.
 *
 * GKeyFile knows how values are written, but not where they stand, and takes a group or a key that is there twice for
 * one. So the text is first gone through line by line: scan() makes a list of groups and keys with their lines, and
 * finds what is no line of a key file. Each key is then looked up and taken over in the order of the file, so that the
 * first mistake is the one that is told.
 */
#include "policy_file.h"

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "expectation.h"
#include "report/text.h"
#include "value.h"
#include "vocabulary.h"

/* Longer than this is no policy, but something that was named by mistake. */
#define SIZE_MAX_POLICY ((gsize)1 << 20)

/** struct entry: a group (|key| is NULL), or a key of the group before it. */
struct entry {
	guint line;
	char *group, *key;
};

struct policy_file {
	char *name;          /* escaped */
	GKeyFile *keys;
	GArray *entries;     /* of struct entry */
	GHashTable *lines;   /* "group" or "group]key" -> line, to find what is there twice */
	struct policy *policy;
	struct tcphs_config *config;
	struct expectation *expectation;  /* of the group that is being read, if it is one, */
	struct condition *ignored;        /* or the other one */
	char *message;       /* set: something is wrong */
};

/* ---- mistakes ------------------------------------------------------------------------------------ */

/* The first one stays. */
static void wrong(struct policy_file *file, guint line, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void wrong(struct policy_file *file, guint line, const char *format, ...)
{
	va_list arguments;
	char *sentence;

	va_start(arguments, format);
	sentence = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	if (!file->message)
		file->message = g_strdup_printf("%s:%u: %s", file->name, line, sentence);
	g_free(sentence);
}

/* A word that is none of |words|. */
static void wrong_word(struct policy_file *file, guint line, const char *what, const char *word,
                       const char *const *words)
{
	char *escaped = text_escape(word);
	GString *list = g_string_new(words[0]);

	for (int i = 1; words[i]; i++)
		g_string_append_printf(list, ", %s", words[i]);
	wrong(file, line, "\"%s\" is no %s (%s); the closest is \"%s\"", escaped, what, list->str,
	      vocabulary_closest(word, words));
	g_string_free(list, TRUE);
	g_free(escaped);
}

/* ---- groups and keys with their lines ------------------------------------------------------------ */

static void entry_clear(gpointer data)
{
	struct entry *entry = data;

	g_free(entry->group);
	g_free(entry->key);
}

static const struct entry *entry_at(const struct policy_file *file, guint index)
{
	return &g_array_index(file->entries, struct entry, index);
}

/* Takes the two strings over. */
static void add_entry(struct policy_file *file, guint line, char *group, char *key)
{
	struct entry entry = { .line = line, .group = group, .key = key };
	char *place = key ? g_strconcat(group, "]", key, NULL) : g_strdup(group);
	guint before = GPOINTER_TO_UINT(g_hash_table_lookup(file->lines, place));
	char *escaped = text_escape(key ? key : group);

	if (before)
		wrong(file, line, "%s%s%s is there already, in line %u; say it once", key ? "" : "[", escaped,
		      key ? "" : "]", before);
	g_hash_table_replace(file->lines, place, GUINT_TO_POINTER(line));
	g_array_append_val(file->entries, entry);
	g_free(escaped);
}

/* Whether |text| is [group], as GKeyFile wants it. */
static bool is_group(const char *text)
{
	size_t length = strlen(text);

	for (const char *at = text; *at; at++)
		if (g_ascii_iscntrl(*at))
			return false;
	return length > 2 && strcspn(text + 1, "[]") == length - 2 && text[length - 1] == ']';
}

/* Whether what stands before the |sign| is a key as any of ours. */
static bool is_key(const char *text, const char *sign)
{
	const char *end = text;

	while (g_ascii_isalnum(*end) || *end == '_' || *end == '-')
		end++;
	return end > text && end + strspn(end, " \t") == sign;
}

/* |text| has no blanks around it and is no comment. */
static void scan_line(struct policy_file *file, guint line, const char *text)
{
	const struct entry *last = file->entries->len ? entry_at(file, file->entries->len - 1) : NULL;
	const char *sign = strchr(text, '=');

	if (*text == '[' && is_group(text)) {
		add_entry(file, line, g_strndup(text + 1, strlen(text) - 2), NULL);
	} else if (!sign || !is_key(text, sign)) {
		wrong(file, line, "is no line of a policy; write [group], key = value, or # and a comment");
	} else if (!last) {
		wrong(file, line, "stands before the first group; begin with [policy], for example");
	} else {
		char *key = g_strndup(text, (gsize)(sign - text));

		add_entry(file, line, g_strdup(last->group), g_strchomp(key));
	}
}

static void scan(struct policy_file *file, const char *text)
{
	char **lines = g_strsplit(text, "\n", -1);

	for (guint i = 0; lines[i] && !file->message; i++) {
		char *line = g_strstrip(lines[i]);

		if (*line && *line != '#')
			scan_line(file, i + 1, line);
	}
	g_strfreev(lines);
}

/* ---- [policy], [severity], [thresholds] ---------------------------------------------------------- */

static void read_policy(struct policy_file *file, const struct entry *entry, const char *where, const char *value)
{
	static const char *const keys[] = { "fail_on", NULL };

	if (strcmp(entry->key, keys[0]) == 0)
		policy_fail_on(file->policy, where, value, &file->message);
	else
		wrong_word(file, entry->line, "key of [policy]", entry->key, keys);
}

static void read_severity(struct policy_file *file, const struct entry *entry, const char *where, const char *value)
{
	/* Not |where|: the key is the rule, which is not named twice in the sentence. */
	char *place = g_strdup_printf("%s:%u", file->name, entry->line);

	(void)where;
	policy_override(file->policy, place, entry->key, value, &file->message);
	g_free(place);
}

/** struct threshold: a member of struct tcphs_config; |most| is 0 for times. */
struct threshold {
	const char *key, *what;
	size_t offset, size;
	guint64 least, most;
};

#define TIME(member) { #member, NULL, offsetof(struct tcphs_config, member), sizeof(tcphs_time), 0, 0 }
#define NUMBER(member, what, least, most) \
	{ #member, what, offsetof(struct tcphs_config, member), \
	  sizeof(((struct tcphs_config *)0)->member), least, most }

static const struct threshold thresholds[] = {
	TIME(horizon),
	TIME(linger),
	TIME(forget),
	TIME(slow),
	TIME(copy_with_id),
	TIME(copy_without_id),
	TIME(silence),
	TIME(time_wait),
	TIME(flood),
	NUMBER(many_isns, "initial sequence numbers", 1, UINT32_MAX),
	NUMBER(resent, "times", 1, UINT32_MAX),
	NUMBER(least_mss, "octets", 0, UINT16_MAX),
	NUMBER(ttl_slack, "hops", 0, UINT8_MAX),
	NUMBER(isn_tuples, "connections", 2, 4),
	NUMBER(isn_samples, "connections", 4, 32),
};

static void wrong_threshold(struct policy_file *file, const struct entry *entry)
{
	const char *keys[G_N_ELEMENTS(thresholds) + 1] = { NULL };

	for (size_t i = 0; i < G_N_ELEMENTS(thresholds); i++)
		keys[i] = thresholds[i].key;
	wrong_word(file, entry->line, "key of [thresholds]", entry->key, keys);
}

static void set_number(struct tcphs_config *config, const struct threshold *threshold, guint64 number)
{
	char *member = (char *)config + threshold->offset;
	uint8_t byte = (uint8_t)number;
	uint16_t half = (uint16_t)number;
	uint32_t word = (uint32_t)number;

	memcpy(member, threshold->size == 1 ? (void *)&byte : threshold->size == 2 ? (void *)&half : (void *)&word,
	       threshold->size);
}

static void read_threshold(struct policy_file *file, const struct entry *entry, const char *where, const char *value)
{
	guint64 number;
	tcphs_time time;

	for (size_t i = 0; i < G_N_ELEMENTS(thresholds); i++) {
		const struct threshold *threshold = &thresholds[i];

		if (strcmp(entry->key, threshold->key) != 0)
			continue;
		if (threshold->most && value_number(where, value, threshold->what, threshold->least, threshold->most,
		                                    &number, &file->message))
			set_number(file->config, threshold, number);
		else if (!threshold->most && value_seconds(where, value, &time, &file->message))
			memcpy((char *)file->config + threshold->offset, &time, sizeof(time));
		return;
	}
	wrong_threshold(file, entry);
}

/* ---- [expect "..."], [ignore "..."] -------------------------------------------------------------- */

enum condition_word { VERDICT, REASON, FINDING, FILTER, AT_MOST, AT_LEAST };

static void read_condition(struct policy_file *file, const struct entry *entry, const char *where, const char *value)
{
	static const char *const keys[] = { "verdict", "reason", "finding", "filter", "at_most", "at_least", NULL };
	static const char *const keys_of_ignore[] = { "verdict", "reason", "finding", "filter", NULL };
	const char *const *known = file->expectation ? keys : keys_of_ignore;
	struct condition *condition = file->expectation ? &file->expectation->condition : file->ignored;
	int word = 0;

	while (known[word] && strcmp(known[word], entry->key) != 0)
		word++;
	if (!known[word])
		wrong_word(file, entry->line, file->expectation ? "key of [expect]" : "key of [ignore]", entry->key,
		           known);
	else if (word == FILTER)
		condition_filter(condition, where, value, &file->message);
	else if (word == AT_MOST)
		bound_parse(&file->expectation->at_most, where, value, &file->message);
	else if (word == AT_LEAST)
		bound_parse(&file->expectation->at_least, where, value, &file->message);
	else
		condition_ask(condition, (enum condition_key)word, where, value, &file->message);
}

/* What |line|, the group's, has to have been followed by. */
static void end_group(struct policy_file *file, guint line)
{
	if (file->expectation && !condition_asks(&file->expectation->condition))
		wrong(file, line, "does not say what is expected; add verdict, reason or finding");
	if (file->ignored && !file->ignored->filtered && !condition_asks(file->ignored))
		wrong(file, line, "would ignore all connections; add filter, verdict, reason or finding");
	file->expectation = NULL;
	file->ignored = NULL;
}

/* ---- groups -------------------------------------------------------------------------------------- */

typedef void (*reader)(struct policy_file *file, const struct entry *entry, const char *where, const char *value);

enum { POLICY, SEVERITY, THRESHOLDS, EXPECT, IGNORE };

static const char *const group_words[] = { "policy", "severity", "thresholds", "expect", "ignore", NULL };
static const reader readers[] = { read_policy, read_severity, read_threshold, read_condition, read_condition };

/* expect "NAME": the name, for g_free(); NULL if there is none. */
static char *name_of(const char *group, const char *word)
{
	const char *name = group + strlen(word);
	size_t length = strlen(name += strspn(name, " "));

	if (length < 3 || name[0] != '"' || name[length - 1] != '"')
		return NULL;
	return g_strndup(name + 1, length - 2);
}

static void begin_named(struct policy_file *file, const struct entry *entry, int kind)
{
	char *name = name_of(entry->group, group_words[kind]);

	if (!name) {
		wrong(file, entry->line, "needs a name in quotes, such as [%s \"%s\"]", group_words[kind],
		      kind == EXPECT ? "the database is closed" : "health checks");
	} else if (kind == EXPECT) {
		file->expectation = g_new0(struct expectation, 1);
		file->expectation->name = g_steal_pointer(&name);
		g_ptr_array_add(file->policy->expectations, file->expectation);
	} else {
		file->ignored = g_new0(struct condition, 1);
		g_ptr_array_add(file->policy->ignored, file->ignored);
	}
	g_free(name);
}

/* Which reader the group's keys are for; -1, and a mistake, if there is none. */
static int begin_group(struct policy_file *file, const struct entry *entry)
{
	char *word = g_strndup(entry->group, strcspn(entry->group, " \""));
	int kind = 0;

	while (group_words[kind] && strcmp(group_words[kind], word) != 0)
		kind++;
	if (!group_words[kind])
		wrong_word(file, entry->line, "group", word, group_words);
	else if (kind >= EXPECT)
		begin_named(file, entry, kind);
	else if (strcmp(entry->group, word) != 0)
		wrong(file, entry->line, "[%s] has no name; write it alone", word);
	g_free(word);
	return kind;
}

static void read_key(struct policy_file *file, const struct entry *entry, reader read)
{
	GError *error = NULL;
	char *value = g_key_file_get_string(file->keys, entry->group, entry->key, &error);
	char *key = text_escape(entry->key);
	char *where = g_strdup_printf("%s:%u: %s", file->name, entry->line, key);

	if (value) {
		read(file, entry, where, g_strchomp(value));
	} else {
		char *escaped = text_escape(error->message);

		wrong(file, entry->line, "%s: the value is not written as key files want it (%s)", key, escaped);
		g_free(escaped);
	}
	g_clear_error(&error);
	g_free(value);
	g_free(where);
	g_free(key);
}

static void read_entries(struct policy_file *file)
{
	guint group_line = 0;
	int kind = 0;

	for (guint i = 0; i < file->entries->len && !file->message; i++) {
		const struct entry *entry = entry_at(file, i);

		if (entry->key) {
			read_key(file, entry, readers[kind]);
			continue;
		}
		end_group(file, group_line);
		group_line = entry->line;
		if (!file->message)
			kind = begin_group(file, entry);
	}
	if (!file->message)
		end_group(file, group_line);
}

/* ---- the file ------------------------------------------------------------------------------------ */

static guint lines_before(const char *text, const char *end)
{
	guint lines = 1;

	for (; text < end; text++)
		lines += *text == '\n';
	return lines;
}

static void read_text(struct policy_file *file, const char *text, gsize size)
{
	const char *end;
	GError *error = NULL;

	if (!g_utf8_validate(text, (gssize)size, &end)) {
		wrong(file, lines_before(text, end), "holds octets that are no UTF-8; write the policy as UTF-8 text");
		return;
	}
	scan(file, text);
	if (file->message)
		return;
	file->keys = g_key_file_new();
	if (g_key_file_load_from_data(file->keys, text, size, G_KEY_FILE_NONE, &error)) {
		read_entries(file);
	} else {
		char *escaped = text_escape(error->message);

		file->message = g_strdup_printf("%s: %s", file->name, escaped);
		g_free(escaped);
		g_clear_error(&error);
	}
	g_key_file_free(file->keys);
}

/* Returns the text, for g_free(), or NULL and a message. */
static char *load(struct policy_file *file, const char *path, gsize *size)
{
	GError *error = NULL;
	char *text = NULL;

	if (!g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_get_contents(path, &text, size, &error)) {
		char *escaped = text_escape(error->message);

		file->message = g_strdup_printf("--policy: %s; name a file that can be read", escaped);
		g_free(escaped);
		g_clear_error(&error);
	} else if (!text || *size > SIZE_MAX_POLICY) {
		file->message = g_strdup_printf("--policy: %s is no policy; name a text file", file->name);
		g_clear_pointer(&text, g_free);
	}
	return text;
}

bool policy_file_read(const char *path, struct policy *policy, struct tcphs_config *config, char **message)
{
	struct policy_file file = { .name = text_escape(path), .policy = policy, .config = config };
	gsize size = 0;
	char *text = load(&file, path, &size);

	file.entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
	g_array_set_clear_func(file.entries, entry_clear);
	file.lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (text)
		read_text(&file, text, size);
	g_array_unref(file.entries);
	g_hash_table_unref(file.lines);
	g_free(text);
	g_free(file.name);
	*message = file.message;
	return !file.message;
}
