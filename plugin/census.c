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
 * tshark can begin anew with the next file of a ring buffer, and with -M after every so many frames. Connections are
 * numbered anew then, and listeners are told nothing: their sums go on. So whoever still waits is counted before the
 * numbers become void.
 */
#include "census.h"

#include "plugin.h"

#include <epan/to_str.h>

/** What the table says of a connection; 0, which is how GLib says "not in the table": it is not known. */
enum standing { WAITING = 1, COUNTED };

struct tcphs_census {
	const struct tcphs_census_calls *calls;
	void *owner;
	GHashTable *connections;  /* number -> enum standing */
	guint waiting;            /* how many of them */
	bool listening;           /* the second listener is registered */
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
	census->waiting = 0;
}

void tcphs_census_reset(struct tcphs_census *census)
{
	empty(census);
	census->calls->forget(census->owner);
}

/** standing_of(), put(): how the connection stands, and how it stands from now on. */
static enum standing standing_of(const struct tcphs_census *census, uint32_t connection)
{
	return (enum standing)GPOINTER_TO_INT(g_hash_table_lookup(census->connections, GUINT_TO_POINTER(connection)));
}

static void put(struct tcphs_census *census, uint32_t connection, enum standing standing)
{
	census->waiting -= standing_of(census, connection) == WAITING;
	census->waiting += standing == WAITING;
	g_hash_table_insert(census->connections, GUINT_TO_POINTER(connection), GINT_TO_POINTER(standing));
}

/** by_number(): connections are numbered as they appear. */
static gint by_number(gconstpointer a, gconstpointer b)
{
	uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;

	return one < other ? -1 : one > other;
}

/** waiting(): numbers of the connections that wait, in their order; an array of uint32_t to be freed. */
static GArray *waiting(const struct tcphs_census *census)
{
	GArray *numbers = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	GHashTableIter iterator;
	gpointer key, value;

	g_hash_table_iter_init(&iterator, census->connections);
	while (g_hash_table_iter_next(&iterator, &key, &value)) {
		uint32_t number = GPOINTER_TO_UINT(key);

		if (GPOINTER_TO_INT(value) == WAITING)
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
	put(census, connection, COUNTED);
}

/** all_read(): Wireshark draws statistics, or the capture is about to be closed: nobody needs to wait any longer. */
static void all_read(void *data)
{
	struct tcphs_census *census = data;
	GArray *numbers = waiting(census);

	for (guint i = 0; i < numbers->len; i++)
		count(census, g_array_index(numbers, uint32_t, i));
	g_array_free(numbers, TRUE);
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
	error = register_tap_listener("tcphs", census, NULL, TL_REQUIRES_NOTHING, reset, NULL, all_read, unlisten);
	if (error)
		g_string_free(error, TRUE);
	else
		census->listening = true;
}

tap_packet_status tcphs_census_packet(struct tcphs_census *census, const struct tcphs_layer *layer)
{
	const uint32_t connection = tcphs_capture_mark(layer->index)->connection;

	if (layer->quote || connection == TCPHS_NO_CONNECTION || standing_of(census, connection) == COUNTED)
		return TAP_PACKET_DONT_REDRAW;
	if (layer->visited) {
		count(census, connection);
	} else {
		put(census, connection, WAITING);
		listen(census);
	}
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
	if (tcphs_is_ipv4(octets))
		set_address(address, AT_IPv4, 4, octets + sizeof(tcphs_ipv4_prefix));
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
