/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats_times.c - -z tcphs,srt[,FILTER]: how long handshakes took, by leg; in the window's menu Service Response Time.
 */
#include "stats.h"

#include "census.h"
#include "fields.h"

static const char *const legs[] = {"SYN to SYN-ACK, server", "SYN-ACK to ACK, client", "both legs, SYN to ACK"};

static GSList *tables;  /* the censuses of tables that are or were */

/** add(): one more of leg |leg|; |frame| is where its handshake began. Out of order, nothing was measured. */
static void add(srt_stat_table *table, unsigned int leg, tcphs_time interval, guint32 frame)
{
	packet_info where = {.num = frame};
	nstime_t time;

	if (interval < 0)  /* TCPHS_TIME_NONE is, too */
		return;
	time.secs = (time_t)(interval / TCPHS_SECOND);
	time.nsecs = (int)(interval % TCPHS_SECOND);
	time_stat_update(&table->procedures[leg].stats, &time, &where);
}

static void count(void *owner, const struct tcphs_summary *summary)
{
	const tcphs_time times[] = {summary->rtt_server, summary->rtt_client, summary->rtt_total};

	for (unsigned int leg = 0; leg < array_length(legs); leg++)
		add(owner, leg, times[leg], tcphs_capture_frame_of(summary->first));
}

static void forget(void *owner)
{
	srt_stat_table *table = owner;

	for (unsigned int leg = 0; leg < array_length(legs); leg++)
		time_stat_init(&table->procedures[leg].stats);
}

static tap_packet_status packet(void *data, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *layer,
                                tap_flags_t flags _U_)
{
	const srt_data_t *srt = data;
	const srt_stat_table *table = g_array_index(srt->srt_array, srt_stat_table *, 0);

	return tcphs_census_packet(table->table_specific_data, layer);
}

/** sweep(): nobody says when a table is freed, but one whose census is idle will not be asked for again. */
static void sweep(void)
{
	GSList *kept = NULL;

	for (GSList *i = tables; i; i = i->next) {
		if (tcphs_census_idle(i->data))
			tcphs_census_del(i->data);
		else
			kept = g_slist_prepend(kept, i->data);
	}
	g_slist_free(tables);
	tables = kept;
}

static void init(struct register_srt *srt _U_, GArray *array)
{
	static const struct tcphs_census_calls calls = {.count = count, .forget = forget};
	srt_stat_table *table = init_srt_table("TCP handshakes", "Handshakes", array, (int)array_length(legs), "Leg",
	                                       NULL, NULL);

	for (unsigned int leg = 0; leg < array_length(legs); leg++)
		init_srt_table_row(table, (int)leg, legs[leg]);
	sweep();
	table->table_specific_data = tcphs_census_new(&calls, table);
	tables = g_slist_prepend(tables, table->table_specific_data);
}

void tcphs_stats_times_register(void)
{
	register_srt_table(tcphs_proto, "tcphs", 1, packet, init, NULL);
}
