/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * script.c - reads a capture script.
 *
 * One line is one statement. A reader walks over a line word by word: "<...>" and "[...]" are one word each, the
 * marks "!", "@" and "=" are words of their own even where no space follows. Each statement has one function; a
 * function that fails has set the error, with file and line, and everything above it returns at once.
 */
#include "script.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <string.h>

/* The longest payload: what an IPv4 packet holds beside the largest headers. */
#define LENGTH_MAX (65535 - 20 - 60)

struct reader {
	struct script *script;
	const char *path;
	unsigned line;
	char *at;       /* rest of the line */
	char *word;     /* the word just read, NULL at the end of the line */
	GError **error;
};

GQuark script_error_quark(void)
{
	return g_quark_from_static_string("tcphs-script");
}

static bool fail(struct reader *r, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool fail(struct reader *r, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *what = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(r->error, SCRIPT_ERROR, SCRIPT_ERROR_SYNTAX, "%s:%u: %s", r->path, r->line, what);
	g_free(what);
	return false;
}

/* ---- words ------------------------------------------------------------------------------------- */

/* Reads the next word of the line into r->word; false if there is none. */
static bool next(struct reader *r)
{
	r->at += strspn(r->at, " \t\r");
	r->word = NULL;
	if (!*r->at)
		return false;
	char *start = r->at;
	size_t length;
	if (*start == '<' || *start == '[') {
		char *close = strchr(start, *start == '<' ? '>' : ']');
		length = close ? (size_t)(close - start) + 1 : strlen(start);
	} else if (strchr("!@=", *start)) {
		length = 1;
	} else {
		length = strcspn(start, " \t\r");
	}
	/* The words live as long as the reader does: the caller frees none of them. */
	r->word = g_string_chunk_insert_len(r->script->words, start, (gssize)length);
	r->at = start + length;
	return true;
}

static bool need(struct reader *r, const char *what)
{
	return next(r) || fail(r, "the line ends where %s should follow", what);
}

static bool number(struct reader *r, const char *what, uint64_t max, uint64_t *value)
{
	GError *why = NULL;
	if (!need(r, what))
		return false;
	if (g_ascii_string_to_unsigned(r->word, 10, 0, max, value, &why))
		return true;
	g_clear_error(&why);
	return fail(r, "'%s' is no %s: write a number from 0 to %" G_GUINT64_FORMAT, r->word, what, max);
}

/* "1.25" to nanoseconds; no floating point, so that every decimal counts. */
static bool time_of(struct reader *r, const char *text, int64_t *time)
{
	const char *dot = strchr(text, '.');
	size_t decimals = dot ? strlen(dot + 1) : 0;
	size_t whole = dot ? (size_t)(dot - text) : strlen(text);
	if (!whole || whole > 6 || decimals > 9 || strspn(text, "0123456789") != whole ||
	    (dot && strspn(dot + 1, "0123456789") != decimals))
		return fail(r, "'%s' is no time: write seconds with at most nine decimals", text);
	int64_t seconds = (int64_t)g_ascii_strtoull(text, NULL, 10);
	int64_t fraction = dot ? (int64_t)g_ascii_strtoull(dot + 1, NULL, 10) : 0;
	for (size_t i = decimals; i < 9; i++)
		fraction *= 10;
	r->script->nanoseconds |= fraction % 1000 != 0;
	*time = SCRIPT_EPOCH + seconds * SCRIPT_SECOND + fraction;
	return true;
}

/* ---- endpoints --------------------------------------------------------------------------------- */

struct script_endpoint *script_endpoint_new(const char *name, const char *address, uint16_t port)
{
	struct script_endpoint *endpoint = g_new0(struct script_endpoint, 1);
	endpoint->name = g_strdup(name);
	endpoint->port = port;
	endpoint->next_id = 1;
	if (inet_pton(AF_INET6, address, endpoint->address) == 1) {
		endpoint->ipv6 = true;
		return endpoint;
	}
	memset(endpoint->address + 10, 0xff, 2);
	if (inet_pton(AF_INET, address, endpoint->address + 12) == 1)
		return endpoint;
	script_endpoint_del(endpoint);
	return NULL;
}

void script_endpoint_del(struct script_endpoint *endpoint)
{
	g_free(endpoint->name);
	g_free(endpoint);
}

static void endpoint_free(gpointer data)
{
	script_endpoint_del(data);
}

char *script_address(const struct script_endpoint *endpoint)
{
	char text[INET6_ADDRSTRLEN];
	if (endpoint->ipv6)
		inet_ntop(AF_INET6, endpoint->address, text, sizeof(text));
	else
		inet_ntop(AF_INET, endpoint->address + 12, text, sizeof(text));
	return g_strdup(text);
}

static struct script_endpoint *endpoint_find(const struct script *script, const char *name)
{
	for (guint i = 0; i < script->endpoints->len; i++) {
		struct script_endpoint *endpoint = g_ptr_array_index(script->endpoints, i);
		if (!strcmp(endpoint->name, name))
			return endpoint;
	}
	return NULL;
}

/* endpoint NAME ADDRESS [PORT] */
static bool read_endpoint(struct reader *r)
{
	if (!need(r, "an endpoint's name"))
		return false;
	const char *name = r->word;
	struct script_endpoint *old = endpoint_find(r->script, name);
	if (old && old->used)
		return fail(r, "endpoint %s is declared after its first segment: move the line up", name);
	if (!need(r, "an address"))
		return false;
	const char *address = r->word;
	uint64_t port = 0;
	if (*r->at && !number(r, "port", UINT16_MAX, &port))
		return false;
	struct script_endpoint *endpoint = script_endpoint_new(name, address, (uint16_t)port);
	if (!endpoint)
		return fail(r, "'%s' is no IPv4 or IPv6 address", address);
	if (old)
		g_ptr_array_remove(r->script->endpoints, old);
	g_ptr_array_add(r->script->endpoints, endpoint);
	return true;
}

/* The endpoint whose name was just read. */
static struct script_endpoint *named(struct reader *r)
{
	struct script_endpoint *endpoint = endpoint_find(r->script, r->word);
	if (!endpoint)
		fail(r, "endpoint %s is not declared: write 'endpoint %s ADDRESS PORT' above", r->word, r->word);
	else
		endpoint->used = true;
	return endpoint;
}

/* ---- what a segment is -------------------------------------------------------------------------- */

static bool read_flags(struct reader *r, struct script_item *item)
{
	static const char letters[] = "FSRP.UEWe";  /* tcpdump's, from bit 0 up */
	if (!strcmp(r->word, "none"))
		return true;
	for (const char *letter = r->word; *letter; letter++) {
		const char *found = strchr(letters, *letter);
		if (!found)
			return fail(r, "'%s' are no flags: write letters of %s, or none", r->word, letters);
		item->flags |= (uint16_t)(1u << (found - letters));
	}
	return true;
}

/* SEQ:SEQEND(LEN) */
static bool read_range(struct reader *r, struct script_item *item)
{
	if (!need(r, "SEQ:SEQEND(LEN)"))
		return false;
	const char *text = r->word;
	uint64_t value[3] = { 0 };
	static const char after[] = ":()";
	for (int i = 0; i < 3; i++) {
		char *end;
		value[i] = g_ascii_isdigit(*text) ? g_ascii_strtoull(text, &end, 10) : UINT64_MAX;
		if (value[i] > UINT32_MAX || *end != after[i])
			return fail(r, "'%s' is no range of sequence numbers: write SEQ:SEQEND(LEN)", r->word);
		text = end + 1;
	}
	if (*text || value[2] > LENGTH_MAX)
		return fail(r, "'%s': nothing may follow the length, which is at most %d", r->word, LENGTH_MAX);
	item->seq = (uint32_t)value[0];
	item->length = (uint32_t)value[2];
	if (item->seq + item->length != (uint32_t)value[1])
		return fail(r, "'%s' does not add up: SEQEND is %u", r->word, item->seq + item->length);
	return true;
}

static bool read_options(struct reader *r, struct script_item *item)
{
	size_t length = strlen(r->word);
	unsigned most = SCRIPT_OPTIONS_MAX;
	if (r->word[length - 1] != '>')
		return fail(r, "the options are not closed by '>'");
	char *text = g_strndup(r->word + 1, length - 2);
	char *wrong = script_options(text, item->options);
	g_free(text);
	if (!wrong && item->options->len > most)
		wrong = g_strdup_printf("the options are %u octets long, %u at most fit", item->options->len, most);
	if (wrong)
		fail(r, "%s", wrong);
	bool good = !wrong;
	g_free(wrong);
	return good;
}

/* The words after the options (and "ack", "win" before them, which read just the same). */
static bool read_word(struct reader *r, struct script_item *item, bool *has_ack)
{
	uint64_t value;
	if (!strcmp(r->word, "badsum"))
		return item->badsum = true;
	if (!strcmp(r->word, "ack")) {
		*has_ack = number(r, "acknowledgment number", UINT32_MAX, &value);
		item->ack = (uint32_t)value;
		return *has_ack;
	}
	if (!strcmp(r->word, "win")) {
		bool good = number(r, "window", UINT16_MAX, &value);
		item->window = (uint16_t)value;
		return good;
	}
	static const struct { const char *word; size_t at; unsigned max; } words[] = {
		{ "id", offsetof(struct script_item, id), UINT16_MAX },
		{ "ttl", offsetof(struct script_item, ttl), UINT8_MAX },
		{ "snap", offsetof(struct script_item, snap), UINT16_MAX },
		{ "offset", offsetof(struct script_item, offset), 15 },
		{ "via", offsetof(struct script_item, via), UINT8_MAX },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		if (strcmp(r->word, words[i].word))
			continue;
		if (!number(r, words[i].word, words[i].max, &value))
			return false;
		*(int *)((char *)item + words[i].at) = (int)value;
		return true;
	}
	return fail(r, "'%s' is not known here", r->word);
}

/* ---- what is expected of it --------------------------------------------------------------------- */

static bool is_expectation(const char *word)
{
	return *word == '!' || *word == '[' || *word == '@';
}

static bool read_states(struct reader *r, struct script_item *item)
{
	size_t length = strlen(r->word);
	if (item->states[0])
		return fail(r, "the states are written twice");
	if (r->word[length - 1] != ']')
		return fail(r, "the states are not closed by ']'");
	char *text = g_strstrip(g_strndup(r->word + 1, length - 2));
	char **words = g_strsplit_set(text, " \t", 2);
	bool good = g_strv_length(words) == 2;
	for (int i = 0; good && i < 2; i++)
		item->states[i] = g_strdup(g_strstrip(words[i]));
	g_strfreev(words);
	g_free(text);
	return good || fail(r, "'%s': write two states, the client's first, - for none", r->word);
}

/* ! RULE...  [STATE STATE]  @ PHASE [STEP], in any order; r->word is the first of them. */
static bool read_expectations(struct reader *r, struct script_item *item)
{
	bool more = true;
	while (more) {
		if (!strcmp(r->word, "!")) {
			while ((more = next(r)) && !is_expectation(r->word))
				g_ptr_array_add(item->findings, g_strdup(r->word));
			if (!item->findings->len)
				return fail(r, "no rule follows '!'");
		} else if (*r->word == '[') {
			if (!read_states(r, item))
				return false;
			more = next(r);
		} else if (!strcmp(r->word, "@")) {
			if (item->phase || !need(r, "a phase"))
				return item->phase ? fail(r, "the phase is written twice") : false;
			item->phase = g_strdup(r->word);
			if ((more = next(r)) && !is_expectation(r->word)) {
				item->step = !strcmp(r->word, "-") ? SCRIPT_NO_STEP : *r->word - '0';
				if (r->word[1] || (item->step != SCRIPT_NO_STEP && (item->step < 1 || item->step > 3)))
					return fail(r, "'%s' is no step: 1, 2, 3, or - for none", r->word);
				more = next(r);
			}
		} else {
			return fail(r, "'%s' is not known here", r->word);
		}
	}
	return true;
}

/* ---- items -------------------------------------------------------------------------------------- */

struct script_item *script_item_new(enum script_kind kind)
{
	struct script_item *item = g_new0(struct script_item, 1);
	item->kind = kind;
	item->ttl = 64;
	item->id = item->snap = item->offset = -1;
	item->window = 64240;
	item->options = g_byte_array_new();
	item->findings = g_ptr_array_new_with_free_func(g_free);
	return item;
}

static void item_free(gpointer data)
{
	struct script_item *item = data;
	g_byte_array_unref(item->options);
	g_ptr_array_unref(item->findings);
	g_free(item->states[0]);
	g_free(item->states[1]);
	g_free(item->phase);
	g_free(item);
}

/* FLAGS SEQ:SEQEND(LEN) [ack N] [win N] [<OPTIONS>] [WORD...] [EXPECTATION...]; r->word is the flags. */
static bool read_segment(struct reader *r, struct script_item *item)
{
	bool has_ack = false;
	if (!read_flags(r, item) || !read_range(r, item))
		return false;
	while (next(r) && !is_expectation(r->word))
		if (!(*r->word == '<' ? read_options(r, item) : read_word(r, item, &has_ack)))
			return false;
	if ((item->flags & SCRIPT_ACK) && !has_ack)
		return fail(r, "the ACK flag is set: write 'ack N'");
	return !r->word || read_expectations(r, item);
}

/* icmp TYPE CODE quoting N [bytes N] [EXPECTATION...] */
static bool read_icmp(struct reader *r, struct script_item *item)
{
	uint64_t type, code, nth, octets = 8;
	if (!number(r, "ICMP type", UINT8_MAX, &type) || !number(r, "ICMP code", UINT8_MAX, &code))
		return false;
	if (!need(r, "'quoting N'") || strcmp(r->word, "quoting"))
		return fail(r, "'quoting N' should follow the ICMP code");
	if (!number(r, "segment of the script", UINT16_MAX, &nth))
		return false;
	item->type = (uint8_t)type;
	item->code = (uint8_t)code;
	for (guint i = 0, count = 0; i < r->script->items->len; i++) {
		struct script_item *candidate = g_ptr_array_index(r->script->items, i);
		if (candidate->kind == SCRIPT_SEGMENT && ++count == nth)
			item->quoted = candidate;
	}
	if (!item->quoted)
		return fail(r, "there is no segment %" G_GUINT64_FORMAT " above this line to quote", nth);
	while (next(r) && !is_expectation(r->word)) {
		if (strcmp(r->word, "bytes"))
			return fail(r, "'%s' is not known here", r->word);
		if (!number(r, "number of octets", 1024, &octets))
			return false;
	}
	item->quoted_octets = (unsigned)octets;
	return !r->word || read_expectations(r, item);
}

/* X > Y ...; r->word is X */
static bool read_packet(struct reader *r, struct script_item *item)
{
	if (!(item->from = named(r)))
		return false;
	if (!next(r) || strcmp(r->word, ">"))
		return fail(r, "'>' should follow the sender's name");
	if (!need(r, "the receiver's name") || !(item->to = named(r)))
		return false;
	if (item->from->ipv6 != item->to->ipv6)
		return fail(r, "%s and %s have addresses of different families", item->from->name, item->to->name);
	if (!need(r, "the flags"))
		return false;
	if (strcmp(r->word, "icmp"))
		return read_segment(r, item);
	item->kind = SCRIPT_ICMP;
	return read_icmp(r, item);
}

/* TIME end | TIME X > Y ...; r->word is the time. */
static bool read_item(struct reader *r)
{
	struct script_item *item = script_item_new(SCRIPT_SEGMENT);
	item->line = r->line;
	bool good = time_of(r, r->word, &item->time) && need(r, "'end' or a segment");
	if (good && !strcmp(r->word, "end")) {
		item->kind = SCRIPT_END;
		good = !next(r) || read_expectations(r, item);
	} else if (good) {
		good = read_packet(r, item);
	}
	if (good)
		g_ptr_array_add(r->script->items, item);
	else
		item_free(item);
	return good;
}

/* ---- connections, variants, configuration -------------------------------------------------------- */

static void connection_free(gpointer data)
{
	struct script_connection *connection = data;
	g_free(connection->verdict);
	g_free(connection->reason);
	g_free(connection->blame);
	g_free(connection->closed);
	g_free(connection);
}

/* 1,2,- */
static bool read_steps(struct reader *r, struct script_connection *connection)
{
	if (!need(r, "three frame numbers"))
		return false;
	char **words = g_strsplit(r->word, ",", 4);
	bool good = g_strv_length(words) == 3;
	for (int i = 0; good && i < 3; i++) {
		guint64 value = 0;
		good = !strcmp(words[i], "-") || g_ascii_string_to_unsigned(words[i], 10, 1, UINT16_MAX, &value, NULL);
		connection->step_frames[i] = (unsigned)value;
	}
	g_strfreev(words);
	connection->has_steps = true;
	return good || fail(r, "'%s' are no steps: write three frame numbers with commas, - where missing", r->word);
}

/* = VERDICT REASON [blame WORD] [closed WORD] [steps A,B,C] */
static bool read_connection(struct reader *r)
{
	struct script_connection *connection = g_new0(struct script_connection, 1);
	connection->line = r->line;
	g_ptr_array_add(r->script->connections, connection);
	if (!need(r, "a verdict"))
		return false;
	connection->verdict = g_strdup(r->word);
	if (!need(r, "a reason"))
		return false;
	connection->reason = g_strdup(r->word);
	while (next(r)) {
		bool blame = !strcmp(r->word, "blame"), closed = !strcmp(r->word, "closed");
		if (blame || closed) {
			if (!need(r, blame ? "who is to blame" : "how it was closed"))
				return false;
			g_free(blame ? connection->blame : connection->closed);
			*(blame ? &connection->blame : &connection->closed) = g_strdup(r->word);
		} else if (strcmp(r->word, "steps")) {
			return fail(r, "'%s' is not known here: blame, closed or steps", r->word);
		} else if (!read_steps(r, connection)) {
			return false;
		}
	}
	return true;
}

/* variants none|WORD... : why */
static bool read_variants(struct reader *r)
{
	for (int i = SCRIPT_BASE + 1; i < SCRIPT_VARIANTS; i++)
		r->script->allowed[i] = false;
	while (next(r) && strcmp(r->word, ":")) {
		char *word = r->word;
		size_t length = strlen(word);
		bool last = word[length - 1] == ':';
		if (last)
			word[length - 1] = '\0';
		int variant = script_variant_find(word);
		if (variant > SCRIPT_BASE)
			r->script->allowed[variant] = true;
		else if (strcmp(word, "none"))
			return fail(r, "'%s' is no variant: none, shifted, ipv6, vlan, interleaved", word);
		if (last)
			break;
	}
	r->script->why = g_strstrip(g_strdup(r->word ? r->at : ""));
	return *r->script->why || fail(r, "write ': why' after the variants");
}

static void config_free(gpointer data)
{
	struct script_config *config = data;
	g_free(config->key);
	g_free(config->value);
	g_free(config);
}

/* config KEY VALUE */
static bool read_config(struct reader *r)
{
	struct script_config *config = g_new0(struct script_config, 1);
	g_ptr_array_add(r->script->config, config);
	if (!need(r, "a configuration key"))
		return false;
	config->key = g_strdup(r->word);
	if (!need(r, "a value"))
		return false;
	config->value = g_strdup(r->word);
	return !next(r) || fail(r, "nothing may follow the value of '%s'", config->key);
}

static void says_free(gpointer data)
{
	struct script_says *says = data;
	g_free(says->rule);
	g_free(says->text);
	g_free(says);
}

/* says RULE TEXT... */
static bool read_says(struct reader *r)
{
	struct script_says *says = g_new0(struct script_says, 1);
	g_ptr_array_add(r->script->says, says);
	says->line = r->line;
	if (!need(r, "a rule"))
		return false;
	says->rule = g_strdup(r->word);
	says->text = g_strstrip(g_strdup(r->at));
	r->at += strlen(r->at);
	return *says->text || fail(r, "what the finding of '%s' says is missing", says->rule);
}

/* ---- files --------------------------------------------------------------------------------------- */

static bool read_line(struct reader *r, char *line)
{
	for (char *comment = strchr(line, '#'); comment; comment = strchr(comment + 1, '#')) {
		if (comment != line && !g_ascii_isspace(comment[-1]))
			continue;
		*comment = '\0';
		if (!r->script->intent)
			r->script->intent = g_strstrip(g_strdup(comment + 1));
		break;
	}
	r->at = line;
	if (!next(r))
		return true;
	if (g_ascii_isdigit(*r->word))
		return read_item(r);
	if (!strcmp(r->word, "="))
		return read_connection(r);
	if (!strcmp(r->word, "endpoint"))
		return read_endpoint(r);
	if (!strcmp(r->word, "variants"))
		return read_variants(r);
	if (!strcmp(r->word, "config"))
		return read_config(r);
	if (!strcmp(r->word, "says"))
		return read_says(r);
	return fail(r, "'%s' begins no statement: a time, '=', says, endpoint, variants or config does", r->word);
}

/* What only the whole script tells: frames that steps speak of, and which variants make no sense. */
static bool resolve(struct reader *r)
{
	struct script *script = r->script;
	for (guint i = 0; i < script->connections->len; i++) {
		struct script_connection *connection = g_ptr_array_index(script->connections, i);
		for (int step = 0; step < 3; step++) {
			unsigned frame = connection->step_frames[step];
			r->line = connection->line;
			if (frame > script->items->len)
				return fail(r, "step %d is frame %u of %u", step + 1, frame, script->items->len);
			connection->steps[step] = frame ? g_ptr_array_index(script->items, frame - 1) : NULL;
		}
	}
	r->line = 1;
	for (guint i = 0; i < script->endpoints->len; i++) {
		const struct script_endpoint *endpoint = g_ptr_array_index(script->endpoints, i);
		if (endpoint->used && endpoint->ipv6)
			script->allowed[SCRIPT_IPV6] = false;
	}
	if (script->items->len < 2)
		script->allowed[SCRIPT_INTERLEAVED] = false;
	if (!script->items->len)
		return fail(r, "the script has no segment");
	if (!script->intent)
		return fail(r, "the script does not begin with a comment that says what it shows");
	return true;
}

static struct script *script_new(const char *path)
{
	struct script *script = g_new0(struct script, 1);
	script->path = g_strdup(path);
	script->words = g_string_chunk_new(1024);
	script->endpoints = g_ptr_array_new_with_free_func(endpoint_free);
	script->items = g_ptr_array_new_with_free_func(item_free);
	script->connections = g_ptr_array_new_with_free_func(connection_free);
	script->config = g_ptr_array_new_with_free_func(config_free);
	script->says = g_ptr_array_new_with_free_func(says_free);
	g_ptr_array_add(script->endpoints, script_endpoint_new("A", "192.0.2.1", 49152));
	g_ptr_array_add(script->endpoints, script_endpoint_new("B", "192.0.2.9", 80));
	for (int i = 0; i < SCRIPT_VARIANTS; i++)
		script->allowed[i] = true;
	return script;
}

void script_free(struct script *script)
{
	if (!script)
		return;
	g_ptr_array_unref(script->endpoints);
	g_ptr_array_unref(script->items);
	g_ptr_array_unref(script->connections);
	g_ptr_array_unref(script->config);
	g_ptr_array_unref(script->says);
	g_string_chunk_free(script->words);
	g_free(script->path);
	g_free(script->intent);
	g_free(script->why);
	g_free(script);
}

struct script *script_parse(const char *path, const char *text, GError **error)
{
	struct reader reader = { .script = script_new(path), .path = path, .error = error };
	char **lines = g_strsplit(text, "\n", -1);
	bool good = true;
	for (char **line = lines; good && *line; line++) {
		reader.line++;
		good = read_line(&reader, *line);
	}
	g_strfreev(lines);
	if (good && resolve(&reader))
		return reader.script;
	script_free(reader.script);
	return NULL;
}

struct script *script_read(const char *path, GError **error)
{
	char *text = NULL;
	GError *why = NULL;
	if (!g_file_get_contents(path, &text, NULL, &why)) {
		g_set_error(error, SCRIPT_ERROR, SCRIPT_ERROR_FILE, "%s:0: cannot be read: %s", path, why->message);
		g_error_free(why);
		return NULL;
	}
	struct script *script = script_parse(path, text, error);
	g_free(text);
	return script;
}

unsigned script_frame(const struct script *script, const struct script_item *item)
{
	guint index;
	if (!item || !g_ptr_array_find(script->items, item, &index))
		return 0;
	return index + 1;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool find_below(const char *root, const char *below, GPtrArray *found, GError **error)
{
	char *folder = g_build_filename(root, below, NULL);
	GDir *dir = g_dir_open(folder, 0, error);
	g_free(folder);
	if (!dir)
		return false;
	bool good = true;
	for (const char *name; good && (name = g_dir_read_name(dir));) {
		char *relative = *below ? g_build_filename(below, name, NULL) : g_strdup(name);
		char *path = g_build_filename(root, relative, NULL);
		if (g_file_test(path, G_FILE_TEST_IS_DIR))
			good = find_below(root, relative, found, error);
		else if (g_str_has_suffix(name, ".tcphs"))
			g_ptr_array_add(found, g_strdup(relative));
		g_free(path);
		g_free(relative);
	}
	g_dir_close(dir);
	return good;
}

GPtrArray *script_find(const char *folder, GError **error)
{
	GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
	if (!find_below(folder, "", found, error)) {
		g_ptr_array_unref(found);
		return NULL;
	}
	g_ptr_array_sort(found, by_name);
	return found;
}
