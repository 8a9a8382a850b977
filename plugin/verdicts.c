/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verdicts.c - the tap "tcphs", and tshark -q -z tcphs,verdicts[,FILTER]: final verdicts after a single pass.
 *
 * Theory of operation. While a file is read only once, a frame cannot show what comes of its connection. A tap's draw
 * callback runs when everything has been read, so there all verdicts are final, and nobody needs a second pass for
 * them. The listener notes which connections have a segment that passes the filter; drawing asks the engine for them.
 *
 * tshark -M begins anew after every so many frames and tells its taps nothing: their sums go on. What became of the
 * connections of the frames before is asked when those are forgotten, which is their end.
 */
#include "plugin.h"

#include <stdio.h>

#include <epan/stat_tap_ui.h>
#include <epan/to_str.h>

static int tap = -1;

/** struct row: what is printed of a connection. */
struct row {
	struct tcphs_summary summary;
	guint32 frame;  /* its first */
};

/** struct listener: one -z option. */
struct listener {
	char *filter;
	GHashTable *connections;  /* numbers of those with a segment that passed, as pointers */
	GArray *past;             /* struct row: those of frames that have been forgotten since */
};

static GList *listeners;

void tcphs_tap(packet_info *pinfo, const struct tcphs_layer *layer)
{
	if (have_tap_listener(tap))
		tap_queue_packet(tap, pinfo, layer);
}

static void reset(void *data)
{
	struct listener *listener = data;

	g_hash_table_remove_all(listener->connections);
	g_array_set_size(listener->past, 0);
}

static tap_packet_status packet(void *data, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *layer_data,
                                tap_flags_t flags _U_)
{
	struct listener *listener = data;
	const struct tcphs_layer *layer = layer_data;
	const struct tcphs_mark *mark = tcphs_capture_mark(layer->index);

	if (layer->quote || mark->connection == TCPHS_NO_CONNECTION)
		return TAP_PACKET_DONT_REDRAW;
	g_hash_table_add(listener->connections, GUINT_TO_POINTER(mark->connection));
	return TAP_PACKET_REDRAW;
}

/** compare(): by stream, then incarnation, which is the order of first appearance. */
static gint compare(gconstpointer a, gconstpointer b)
{
	const struct tcphs_summary *one = &((const struct row *)a)->summary, *other = &((const struct row *)b)->summary;

	if (one->stream != other->stream)
		return one->stream < other->stream ? -1 : 1;
	return one->incarnation < other->incarnation ? -1 : one->incarnation > other->incarnation;
}

/** rows(): the listener's connections of the frames that are open, in order, to be freed with g_array_unref(). */
static GArray *rows(const struct listener *listener)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(struct row));
	GHashTableIter i;
	gpointer connection;

	g_hash_table_iter_init(&i, listener->connections);
	while (g_hash_table_iter_next(&i, &connection, NULL)) {
		struct row row;

		tcphs_capture_summary(GPOINTER_TO_UINT(connection), &row.summary);
		row.frame = tcphs_capture_frame_of(row.summary.first);
		g_array_append_val(all, row);
	}
	g_array_sort(all, compare);
	return all;
}

void tcphs_tap_forget(void)
{
	for (const GList *i = listeners; i; i = i->next) {
		struct listener *listener = i->data;
		GArray *ended = rows(listener);

		g_array_append_vals(listener->past, ended->data, ended->len);
		g_array_unref(ended);
		g_hash_table_remove_all(listener->connections);
	}
}

/** endpoint(): "192.0.2.1:49152" or "[2001:db8::1]:49152", to be freed with g_free(). */
static char *endpoint(const uint8_t octets[16], uint16_t port)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	bool v4 = memcmp(octets, mapped, sizeof(mapped)) == 0;
	address address;
	char *text, *all;

	set_address(&address, v4 ? AT_IPv4 : AT_IPv6, v4 ? 4 : 16, v4 ? octets + sizeof(mapped) : octets);
	text = address_to_str(NULL, &address);
	all = g_strdup_printf(v4 ? "%s:%u" : "[%s]:%u", text, port);
	wmem_free(NULL, text);
	return all;
}

static void print_row(const struct row *row)
{
	const struct tcphs_summary *summary = &row->summary;
	const struct tcphs_judgement *judgement = &summary->judgement;
	char *client = endpoint(summary->key.src, summary->key.sport);
	char *server = endpoint(summary->key.dst, summary->key.dport);

	printf("%6u.%-4u %-10s %-18s %-8s %8u  %s -> %s\n", summary->stream, summary->incarnation,
	       tcphs_verdict_word((enum tcphs_verdict)judgement->verdict),
	       tcphs_reason_word((enum tcphs_reason)judgement->reason),
	       tcphs_blame_word((enum tcphs_blame)judgement->blame), row->frame, client, server);
	g_free(client);
	g_free(server);
}

/** print_rows(): prints them and adds to the counts by verdict. */
static void print_rows(const GArray *rows, size_t counts[TCPHS_VERDICTS])
{
	for (guint i = 0; i < rows->len; i++) {
		const struct row *row = &g_array_index(rows, struct row, i);

		print_row(row);
		counts[row->summary.judgement.verdict]++;
	}
}

static void draw(void *data)
{
	const struct listener *listener = data;
	GArray *present = rows(listener);
	size_t counts[TCPHS_VERDICTS] = {0};

	printf("\n===================================================================\n");
	printf("TCP handshakes: verdicts\nFilter: %s\n\n", listener->filter ? listener->filter : "<none>");
	printf("%6s.%-4s %-10s %-18s %-8s %8s  %s\n", "Stream", "inc", "Verdict", "Reason", "Blame", "Frame",
	       "Client -> server");
	print_rows(listener->past, counts);
	print_rows(present, counts);
	printf("\n%u connections", listener->past->len + present->len);
	for (int verdict = 0; verdict < TCPHS_VERDICTS; verdict++) {
		if (counts[verdict])
			printf(", %zu %s", counts[verdict], tcphs_verdict_word((enum tcphs_verdict)verdict));
	}
	printf("\n===================================================================\n");
	g_array_unref(present);
}

static void finish(void *data)
{
	struct listener *listener = data;

	listeners = g_list_remove(listeners, listener);
	g_hash_table_destroy(listener->connections);
	g_array_unref(listener->past);
	g_free(listener->filter);
	g_free(listener);
}

/** listen(): "tcphs,verdicts" or "tcphs,verdicts,FILTER" was asked for. */
static COMPAT_TAP_INIT_RETURN listen(const char *option, void *data _U_)
{
	static const char prefix[] = "tcphs,verdicts,";
	struct listener *listener = g_new0(struct listener, 1);
	GString *error;

	if (g_str_has_prefix(option, prefix) && option[sizeof(prefix) - 1])
		listener->filter = g_strdup(option + sizeof(prefix) - 1);
	listener->connections = g_hash_table_new(NULL, NULL);
	listener->past = g_array_new(FALSE, FALSE, sizeof(struct row));
	listeners = g_list_prepend(listeners, listener);
	error = register_tap_listener("tcphs", listener, listener->filter, TL_REQUIRES_NOTHING, reset, packet, draw,
	                              finish);
	if (!error)
		return COMPAT_TAP_INIT_OK;
	fprintf(stderr, "tshark: -z tcphs,verdicts: %s\n", error->str);
	g_string_free(error, TRUE);
	finish(listener);
	return COMPAT_TAP_INIT_FAILED;
}

void tcphs_tap_register(void)
{
	tap = register_tap("tcphs");
}

void tcphs_tap_register_listener(void)
{
	static stat_tap_ui ui = {
		.group = REGISTER_STAT_GROUP_GENERIC,
		.title = NULL,  /* no entry in the GUI's menu, where the fields say the same */
		.cli_string = "tcphs,verdicts",
		.tap_init_cb = listen,
	};

	register_stat_tap_ui(&ui, NULL);
}
