/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * servers.h - something for each server (address and port) that was met, by address.
 *
 * A scan meets as many servers as it likes, so there is a limit; all that are met beyond it share one place.
 */
#ifndef TCPHS_SERVERS_H
#define TCPHS_SERVERS_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "text.h"

/** How many servers have a place of their own. */
#define SERVERS_MAX 65536

/** struct server: begins what its owner keeps for it. */
struct server {
	uint8_t address[16];  /* IPv4 mapped */
	uint16_t port;
	bool others;          /* all those that had no place left; address and port are 0 */
};

/** struct servers: where they are. Each owner's structures are |size| octets, zero at first, freed by |clear|. */
struct servers {
	GTree *tree;
	size_t size;
};

void servers_init(struct servers *servers, size_t size, GDestroyNotify clear);
void servers_clear(struct servers *servers);

/** servers_of(): the owner's structure for that server, made if it has to be. Never NULL. */
void *servers_of(struct servers *servers, const uint8_t address[16], uint16_t port);

/** servers_same(): the one for the server that |other|, of another table, is about. */
void *servers_same(struct servers *servers, const struct server *other);

/** servers_list(): pointers to all of them, by address and port, "the others" last; for g_ptr_array_unref(). */
GPtrArray *servers_list(const struct servers *servers);

/** servers_compare(): the order of that list. */
int servers_compare(const struct server *one, const struct server *two);

/** server_name(): "192.0.2.9:80", "[2001:db8::1]:80", "other servers". */
void server_name(char buffer[TEXT_ENDPOINT], const struct server *server);

#endif
