/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats_verdicts.c - tshark -q -z tcphs,verdicts[,FILTER]: final verdicts after a single pass, a line per connection.
 *
 * Theory of operation. While a file is read only once, a frame cannot show what comes of its connection. Statistics are
 * drawn when everything has been read, so there all verdicts are final (see census.c), and nobody needs a second pass
 * for them.
 */
#include "stats.h"

#include "census.h"

#include <stdio.h>

#define RULER "==================================================================="

/** struct line: a connection as it will be printed; in the order of its first three members. */
struct line {
	guint capture;
	uint32_t stream, incarnation;
	char *text;
};

/** struct listener: one -z option. */
struct listener {
	char *filter;
	struct tcphs_census *census;
	GArray *lines;
	guint verdicts[TCPHS_VERDICTS];
};

static void clear_line(gpointer line)
{
	g_free(((struct line *)line)->text);
}

/** line_of(): what is printed of a connection. */
static char *line_of(const struct tcphs_summary *summary)
{
	const struct tcphs_judgement *judgement = &summary->judgement;
	char *client = tcphs_census_endpoint(summary->key.src, summary->key.sport);
	char *server = tcphs_census_endpoint(summary->key.dst, summary->key.dport);
	char *text = g_strdup_printf("%6u.%-4u %-10s %-18s %-8s %8u  %s -> %s", summary->stream, summary->incarnation,
	                             tcphs_verdict_word((enum tcphs_verdict)judgement->verdict),
	                             tcphs_reason_word((enum tcphs_reason)judgement->reason),
	                             tcphs_blame_word((enum tcphs_blame)judgement->blame),
	                             tcphs_capture_frame_of(summary->first), client, server);

	g_free(client);
	g_free(server);
	return text;
}

static void count(void *owner, const struct tcphs_summary *summary)
{
	struct listener *listener = owner;
	struct line line = {tcphs_census_captures(), summary->stream, summary->incarnation, line_of(summary)};

	g_array_append_val(listener->lines, line);
	listener->verdicts[summary->judgement.verdict]++;
}

static void forget(void *owner)
{
	struct listener *listener = owner;

	g_array_set_size(listener->lines, 0);
	memset(listener->verdicts, 0, sizeof(listener->verdicts));
}

static void reset(void *data)
{
	tcphs_census_reset(((struct listener *)data)->census);
}

static tap_packet_status packet(void *data, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *layer,
                                tap_flags_t flags _U_)
{
	return tcphs_census_packet(((struct listener *)data)->census, layer);
}

static gint compare(gconstpointer a, gconstpointer b)
{
	const struct line *one = a, *other = b;

	if (one->capture != other->capture)
		return one->capture < other->capture ? -1 : 1;
	if (one->stream != other->stream)
		return one->stream < other->stream ? -1 : 1;
	return one->incarnation < other->incarnation ? -1 : one->incarnation > other->incarnation;
}

static void draw(void *data)
{
	const struct listener *listener = data;
	guint connections = listener->lines->len;

	printf("\n" RULER "\nTCP handshakes: verdicts\nFilter: %s\n\n", listener->filter ? listener->filter : "<none>");
	printf("%6s.%-4s %-10s %-18s %-8s %8s  %s\n", "Stream", "inc", "Verdict", "Reason", "Blame", "Frame",
	       "Client -> server");
	g_array_sort(listener->lines, compare);
	for (guint i = 0; i < connections; i++)
		printf("%s\n", g_array_index(listener->lines, struct line, i).text);
	printf("\n%u connection%s", connections, connections == 1 ? "" : "s");
	for (int verdict = 0; verdict < TCPHS_VERDICTS; verdict++) {
		if (listener->verdicts[verdict])
			printf(", %u %s", listener->verdicts[verdict], tcphs_verdict_word((enum tcphs_verdict)verdict));
	}
	printf("\n" RULER "\n");
}

static void finish(void *data)
{
	struct listener *listener = data;

	tcphs_census_del(listener->census);
	g_array_free(listener->lines, TRUE);
	g_free(listener->filter);
	g_free(listener);
}

/** listen(): "tcphs,verdicts" or "tcphs,verdicts,FILTER" was asked for. */
static COMPAT_TAP_INIT_RETURN listen(const char *option, void *data _U_)
{
	static const struct tcphs_census_calls calls = {.count = count, .forget = forget};
	static const char prefix[] = "tcphs,verdicts,";
	struct listener *listener = g_new0(struct listener, 1);
	GString *error;

	if (g_str_has_prefix(option, prefix) && option[sizeof(prefix) - 1])
		listener->filter = g_strdup(option + sizeof(prefix) - 1);
	listener->lines = g_array_new(FALSE, FALSE, sizeof(struct line));
	g_array_set_clear_func(listener->lines, clear_line);
	listener->census = tcphs_census_new(&calls, listener);
	error = register_tap_listener("tcphs", listener, listener->filter, TL_REQUIRES_NOTHING, reset, packet, draw,
	                              finish);
	if (!error)
		return COMPAT_TAP_INIT_OK;
	fprintf(stderr, "tshark: -z tcphs,verdicts: %s\n", error->str);
	g_string_free(error, TRUE);
	finish(listener);
	return COMPAT_TAP_INIT_FAILED;
}

void tcphs_stats_verdicts_register(void)
{
	static stat_tap_ui ui = {
		.group = REGISTER_STAT_GROUP_GENERIC,
		.title = NULL,  /* no entry in the window's menu, which has the table of connections */
		.cli_string = "tcphs,verdicts",
		.tap_init_cb = listen,
	};

	register_stat_tap_ui(&ui, NULL);
}
