/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats.h - what listens to the tap "tcphs"; one file for each.
 */
#ifndef TCPHS_PLUGIN_STATS_H
#define TCPHS_PLUGIN_STATS_H

#include "compat.h"

/** What the menu Statistics of Wireshark's window calls them. */
#define TCPHS_STATS_TITLE "TCP Handshakes"

/**
 * tcphs_stats_register(): all of them; to be called with the protocol, once it is registered, and not when Wireshark
 * registers the listeners of plugins: sharkd never does.
 */
void tcphs_stats_register(void);

/* Each of them. */
void tcphs_stats_verdicts_register(void);  /* -z tcphs,verdicts */
void tcphs_stats_tree_register(void);      /* -z tcphs,tree */
void tcphs_stats_table_register(void);     /* -z tcphs,connections */
void tcphs_stats_times_register(void);     /* -z tcphs,srt */
void tcphs_stats_graph_register(void);      /* -z flow,tcphs,... */
void tcphs_stats_filter_register(void);    /* Conversation Filter > TCP Handshake */

#endif
