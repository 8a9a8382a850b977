/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * census.c - the tap "tcphs", and which connections a statistic is about.
 *
 * Theory of operation. A listener hears of segments, one after the other, and a filter decides of which; a statistic is
 * about connections. A connection counts if any of its segments passed, and it counts once.
 *
 * When it counts depends on who reads the capture. In Wireshark's window, in sharkd and under tshark -2, frames are
 * visited: the whole capture is known, so a connection is counted at its first segment. In a single pass its verdict
 * can depend on what is still to come, so it waits. Wireshark draws statistics when all has been read, and that is the
 * moment to count whoever waits; but a stats tree, a table and an SRT table are drawn by Wireshark's own functions,
 * which ask nobody. So a second listener of ours is registered, without a filter and without a function for packets,
 * only to be drawn. Listeners are drawn the newest first, so it is drawn before the statistic itself.
 *
 * A capture can go on after it was drawn: a live one in the window. Then what was counted as it stood is forgotten,
 * what is certain is counted again, and the rest is pending until it is certain too, or the capture is read again.
 * Wireshark draws a listener without a function for packets only when all has been read (and once when it is new, which
 * the next segment puts right).
 *
 * tshark can begin anew with the next file of a ring buffer, and with -M after every so many frames. Connections are
 * numbered anew then, and listeners are told nothing: their sums go on. So whoever still waits is counted before the
 * numbers become void.
 */
#include "census.h"

#include "plugin.h"

#include <epan/to_str.h>

/** How a connection is counted; 0, which is how GLib says "not in the table": it is not known. */
enum standing {
	WAITING = 1,  /* not counted */
	STANDING,     /* counted as it stood when everything that there was had been read */
	CERTAIN       /* counted, and nothing can change it */
};

struct tcphs_census {
	const struct tcphs_census_calls *calls;
	void *owner;
	GHashTable *connections;  /* number -> enum standing */
	guint waiting, standing;  /* how many of them */
	bool listening;           /* the second listener is registered */
	bool live;                /* the capture went on after everything was counted */
};

static GSList *censuses;
static guint captures;
static int tap = -1;

void tcphs_tap_register(void)
{
	tap = register_tap("tcphs");
}

void tcphs_tap(packet_info *pinfo, const struct tcphs_layer *layer)
{
	if (have_tap_listener(tap))
		tap_queue_packet(tap, pinfo, layer);
}

struct tcphs_census *tcphs_census_new(const struct tcphs_census_calls *calls, void *owner)
{
	struct tcphs_census *census = g_new0(struct tcphs_census, 1);

	census->calls = calls;
	census->owner = owner;
	census->connections = g_hash_table_new(NULL, NULL);
	censuses = g_slist_prepend(censuses, census);
	return census;
}

void tcphs_census_del(struct tcphs_census *census)
{
	if (!census)
		return;
	if (census->listening)
		remove_tap_listener(census);
	censuses = g_slist_remove(censuses, census);
	g_hash_table_destroy(census->connections);
	g_free(census);
}

/** empty(): no connection is known. */
static void empty(struct tcphs_census *census)
{
	g_hash_table_remove_all(census->connections);
	census->waiting = census->standing = 0;
}

void tcphs_census_reset(struct tcphs_census *census)
{
	empty(census);
	census->live = false;
	census->calls->forget(census->owner);
}

/** put(): the connection is in the table, as |standing| from now on. */
static void put(struct tcphs_census *census, uint32_t connection, enum standing standing)
{
	gpointer key = GUINT_TO_POINTER(connection);
	enum standing before = (enum standing)GPOINTER_TO_INT(g_hash_table_lookup(census->connections, key));

	census->waiting -= before == WAITING;
	census->standing -= before == STANDING;
	census->waiting += standing == WAITING;
	census->standing += standing == STANDING;
	g_hash_table_insert(census->connections, key, GINT_TO_POINTER(standing));
}

/** by_number(): connections are numbered as they appear. */
static gint by_number(gconstpointer a, gconstpointer b)
{
	uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;

	return one < other ? -1 : one > other;
}

/** those(): numbers of the connections that are |standing|, in their order; an array of uint32_t to be freed. */
static GArray *those(const struct tcphs_census *census, enum standing standing)
{
	GArray *numbers = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	GHashTableIter iterator;
	gpointer key, value;

	g_hash_table_iter_init(&iterator, census->connections);
	while (g_hash_table_iter_next(&iterator, &key, &value)) {
		uint32_t number = GPOINTER_TO_UINT(key);

		if ((enum standing)GPOINTER_TO_INT(value) == standing)
			g_array_append_val(numbers, number);
	}
	g_array_sort(numbers, by_number);
	return numbers;
}

/** count(): tells the owner of a connection, as it is known now. */
static void count(struct tcphs_census *census, uint32_t connection)
{
	struct tcphs_summary summary;

	tcphs_capture_summary(connection, &summary);
	census->calls->count(census->owner, &summary);
	put(census, connection, summary.judgement.certain ? CERTAIN : STANDING);
}

/** count_those(): tells the owner of all connections that are |standing|. */
static void count_those(struct tcphs_census *census, enum standing standing)
{
	GArray *numbers = those(census, standing);

	for (guint i = 0; i < numbers->len; i++)
		count(census, g_array_index(numbers, uint32_t, i));
	g_array_free(numbers, TRUE);
}

/** all_read(): Wireshark draws statistics: nobody needs to wait any longer. */
static void all_read(void *data)
{
	struct tcphs_census *census = data;

	count_those(census, WAITING);
	if (census->live && census->calls->pending)
		census->calls->pending(census->owner, 0);
}

/** go_on(): more is being read: what was counted as it stood waits again. */
static void go_on(struct tcphs_census *census)
{
	GArray *numbers = those(census, STANDING);

	for (guint i = 0; i < numbers->len; i++)
		put(census, g_array_index(numbers, uint32_t, i), WAITING);
	g_array_free(numbers, TRUE);
	census->live = true;
	census->calls->forget(census->owner);
	count_those(census, CERTAIN);
}

static void reset(void *data)
{
	tcphs_census_reset(data);
}

/** unlisten(): the second listener is gone; at the end of Wireshark before the first one, because it is newer. */
static void unlisten(void *data)
{
	struct tcphs_census *census = data;

	census->listening = false;
}

/** listen(): registers the second listener. It has no filter, so it cannot fail. */
static void listen(struct tcphs_census *census)
{
	GString *error;

	if (census->listening)
		return;
	error = register_tap_listener("tcphs", census, NULL, TL_REQUIRES_NOTHING, reset, NULL, all_read,
	                              unlisten);
	if (error)
		g_string_free(error, TRUE);
	else
		census->listening = true;
}

/** is_certain(): nothing that comes can change what is known of the connection. */
static bool is_certain(uint32_t connection)
{
	struct tcphs_summary summary;

	tcphs_capture_summary(connection, &summary);
	return summary.judgement.certain;
}

tap_packet_status tcphs_census_packet(struct tcphs_census *census, const struct tcphs_layer *layer)
{
	const uint32_t connection = tcphs_capture_mark(layer->index)->connection;
	enum standing standing;

	if (layer->quote || connection == TCPHS_NO_CONNECTION)
		return TAP_PACKET_DONT_REDRAW;
	if (!layer->visited && census->standing)
		go_on(census);
	standing = (enum standing)GPOINTER_TO_INT(g_hash_table_lookup(census->connections,
	                                                              GUINT_TO_POINTER(connection)));
	if (standing == STANDING || standing == CERTAIN)
		return TAP_PACKET_DONT_REDRAW;
	if (layer->visited || (census->live && is_certain(connection))) {
		count(census, connection);
	} else {
		put(census, connection, WAITING);
		listen(census);
	}
	if (census->live && census->calls->pending)
		census->calls->pending(census->owner, census->waiting);
	return TAP_PACKET_REDRAW;
}

bool tcphs_census_idle(const struct tcphs_census *census)
{
	return !census->listening && g_hash_table_size(census->connections) > 0;
}

void tcphs_census_close_capture(void)
{
	for (GSList *i = censuses; i; i = i->next) {
		struct tcphs_census *census = i->data;

		if (census->waiting)
			all_read(census);
		empty(census);
	}
	captures++;
}

guint tcphs_census_captures(void)
{
	return captures;
}

void tcphs_census_address(address *address, const uint8_t octets[16])
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	if (memcmp(octets, mapped, sizeof(mapped)) == 0)
		set_address(address, AT_IPv4, 4, octets + sizeof(mapped));
	else
		set_address(address, AT_IPv6, 16, octets);
}

char *tcphs_census_endpoint(const uint8_t octets[16], uint16_t port)
{
	address address;
	char *text, *all;

	tcphs_census_address(&address, octets);
	text = address_to_str(NULL, &address);
	all = g_strdup_printf(address.type == AT_IPv4 ? "%s:%u" : "[%s]:%u", text, port);
	wmem_free(NULL, text);
	return all;
}
