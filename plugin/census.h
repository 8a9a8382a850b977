/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * census.h - the connections that a statistic is about, each of which it hears of once, when its verdict is final.
 */
#ifndef TCPHS_PLUGIN_CENSUS_H
#define TCPHS_PLUGIN_CENSUS_H

#include "capture.h"

/** struct tcphs_census_calls: what a statistic does with connections. */
struct tcphs_census_calls {
	/** A connection more. What |summary| points to is valid until this returns. */
	void (*count)(void *owner, const struct tcphs_summary *summary);
	/** All that was counted is void: the capture is read anew. */
	void (*forget)(void *owner);
};

struct tcphs_census;

/** tcphs_census_new(): nothing counted yet. |calls| is not copied. */
struct tcphs_census *tcphs_census_new(const struct tcphs_census_calls *calls, void *owner);
void tcphs_census_del(struct tcphs_census *census);

/** tcphs_census_reset(): the capture is read anew: all is forgotten. */
void tcphs_census_reset(struct tcphs_census *census);

/** tcphs_census_packet(): what a statistic's own listener does with a segment: its connection is to be counted. */
tap_packet_status tcphs_census_packet(struct tcphs_census *census, const struct tcphs_layer *layer);

/** tcphs_census_idle(): it had its connections while everything was visited, so nobody will draw it again. */
bool tcphs_census_idle(const struct tcphs_census *census);

/** tcphs_census_close_capture(): the numbers of connections will be void: whoever still waits is counted now. */
void tcphs_census_close_capture(void);

/** tcphs_census_captures(): how many captures were closed so far; tells connections with one number apart. */
guint tcphs_census_captures(void);

/** tcphs_census_address(): an IPv4-mapped or IPv6 address as Wireshark has it, pointing at |octets|. */
void tcphs_census_address(address *address, const uint8_t octets[16]);

/** tcphs_census_endpoint(): "192.0.2.1:49152" or "[2001:db8::1]:49152", to be freed with g_free(). */
char *tcphs_census_endpoint(const uint8_t octets[16], uint16_t port);

#endif
