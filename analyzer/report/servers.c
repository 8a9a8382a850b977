/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * servers.c - a balanced tree: who chose the addresses cannot make it slow, and it is in order.
 */
#include "servers.h"

#include <string.h>

int servers_compare(const struct server *one, const struct server *two)
{
	int order = memcmp(one->address, two->address, sizeof(one->address));

	if (one->others != two->others)
		return one->others ? 1 : -1;
	return order ? order : (one->port > two->port) - (one->port < two->port);
}

static gint compare(gconstpointer one, gconstpointer two, gpointer unused)
{
	(void)unused;
	return servers_compare(one, two);
}

void servers_init(struct servers *servers, size_t size, GDestroyNotify clear)
{
	servers->size = size;
	servers->tree = g_tree_new_full(compare, NULL, NULL, clear);
}

void servers_clear(struct servers *servers)
{
	g_tree_destroy(servers->tree);
	servers->tree = NULL;
}

void *servers_same(struct servers *servers, const struct server *other)
{
	struct server *found = g_tree_lookup(servers->tree, other);

	if (found)
		return found;
	if (!other->others && g_tree_nnodes(servers->tree) >= SERVERS_MAX)
		return servers_same(servers, &(struct server){ .others = true });
	found = g_malloc0(servers->size);
	*found = *other;
	g_tree_insert(servers->tree, found, found);
	return found;
}

void *servers_of(struct servers *servers, const uint8_t address[16], uint16_t port)
{
	struct server wanted = { .port = port };

	memcpy(wanted.address, address, sizeof(wanted.address));
	return servers_same(servers, &wanted);
}

static gboolean add(gpointer key, gpointer value, gpointer list)
{
	(void)key;
	g_ptr_array_add(list, value);
	return FALSE;
}

GPtrArray *servers_list(const struct servers *servers)
{
	GPtrArray *list = g_ptr_array_new();

	g_tree_foreach(servers->tree, add, list);
	return list;
}

void server_name(char buffer[TEXT_ENDPOINT], const struct server *server)
{
	if (server->others)
		g_strlcpy(buffer, "other servers", TEXT_ENDPOINT);
	else
		text_endpoint(buffer, server->address, server->port);
}
