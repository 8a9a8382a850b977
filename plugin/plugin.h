/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plugin.h - preferences, and what hooks.c and show.c have to do with each other.
 */
#ifndef TCPHS_PLUGIN_H
#define TCPHS_PLUGIN_H

#include "compat.h"

#include "capture.h"

/** The user's settings. Wireshark dissects everything anew when one of them changes. */
struct tcphs_preferences {
	guint horizon;             /* seconds */
	guint linger;              /* seconds */
	guint slow;                /* milliseconds */
	guint time_wait;           /* seconds */
	guint copy, copy_no_id;    /* milliseconds */
	guint least_mss;           /* octets */
	guint ttl_slack;           /* hops */
	tcphs_ws_bool info_marks;  /* write [2/3] and the like to the Info column */
};
extern struct tcphs_preferences tcphs_preferences;

/**
 * tcphs_preferences_apply(): puts the settings of now into *config*.
 *
 * The tracker keeps them as they were when the capture began, so a change while a file is being read makes no frame
 * contradict another; it counts from the next dissection of the whole on.
 */
void tcphs_preferences_apply(struct tcphs_config *config);

/** tcphs_hooks_init(): a capture is dissected from its beginning, with the protocols that are switched on now. */
void tcphs_hooks_init(void);

/** tcphs_hooks_handoff(): puts our handles before those of TCP, ICMP and ICMPv6, and one behind everything. */
void tcphs_hooks_handoff(void);

/**
 * tcphs_show(): adds what is known of a frame's TCP layers to tree, Info column and expert infos.
 *
 * |tree| may be NULL: then expert infos and columns only. Nothing happens if nobody would see it.
 * @return whether a layer has its section in the tree.
 */
bool tcphs_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const struct tcphs_layer *layers);

/** tcphs_tap_register(): the tap "tcphs". */
void tcphs_tap_register(void);

/**
 * tcphs_tap(): tells listeners of one TCP header, segment or quote, whether or not a tree is made.
 *
 * The tap's data is |layer|. Its mark, and by that its connection, are asked for with tcphs_capture_mark() while a
 * listener hears of it.
 */
void tcphs_tap(packet_info *pinfo, const struct tcphs_layer *layer);

#endif
