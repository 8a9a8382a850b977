/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats.c - registers what listens to the tap "tcphs".
 */
#include "stats.h"

void tcphs_stats_register(void)
{
	tcphs_stats_verdicts_register();
	tcphs_stats_tree_register();
	tcphs_stats_table_register();
	tcphs_stats_times_register();
	tcphs_stats_graph_register();
	tcphs_stats_filter_register();
}
