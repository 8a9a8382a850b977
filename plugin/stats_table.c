/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats_table.c - -z tcphs,connections[,FILTER]: a table of connections with their verdict, also in the window's menu.
 *
 * Theory of operation. Wireshark's API knows one table for each statistic, whoever looks at it: the same table asked
 * for twice (two -z options with different filters, two windows) has the connections of both. It has no call for taking
 * rows away either, so it is done here.
 *
 * tshark prints what it is given, column by column. So the names of the columns are as wide as what stands below them,
 * and the two columns of endpoints grow with what they hold.
 */
#include "stats.h"

#include "census.h"

#include <stdio.h>

enum column { STREAM, INCARNATION, CLIENT, SERVER, VERDICT, REASON, BLAME, STEPS, RTT, FRAME, COLUMNS };

#define ENDPOINT 21  /* "255.255.255.255:65535" */
#define WIDEST 64

/** The two columns that grow: the name, padded, and the format of what stands below. */
static struct {
	size_t width;
	char name[WIDEST + 1], format[16];
} endpoints[2];

static stat_tap_table_item fields[COLUMNS] = {
	[STREAM] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Stream", "%6u"},
	[INCARNATION] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Inc", "%3u"},
	[CLIENT] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, endpoints[0].name, endpoints[0].format},
	[SERVER] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, endpoints[1].name, endpoints[1].format},
	[VERDICT] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Verdict   ", "%-10s"},
	[REASON] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Reason           ", "%-17s"},
	[BLAME] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Blame  ", "%-7s"},
	[STEPS] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Steps in frames  ", "%-17s"},
	[RTT] = {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "   RTT (s)", "%10s"},
	[FRAME] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "   Frame", "%8u"},
};

static stat_tap_table_ui ui;
static struct tcphs_census *census;
static guint rows;

/** widen(): the column of endpoints has room for |length| letters. */
static void widen(unsigned int column, size_t length)
{
	static const char *const names[] = {"Client", "Server"};

	length = MIN(length, WIDEST);
	if (length <= endpoints[column].width)
		return;
	endpoints[column].width = length;
	snprintf(endpoints[column].name, sizeof(endpoints[column].name), "%-*s", (int)length, names[column]);
	snprintf(endpoints[column].format, sizeof(endpoints[column].format), "%%-%us", (guint)length);
}

/** steps_of(): "1 2 3", the frames, with a dash for a missing step. */
static char *steps_of(const struct tcphs_judgement *judgement)
{
	GString *text = g_string_new("");

	for (unsigned int i = 0; i < 3; i++) {
		guint32 frame = tcphs_capture_frame_of(judgement->steps[i]);

		if (frame)
			g_string_append_printf(text, i ? " %u" : "%u", frame);
		else
			g_string_append(text, i ? " -" : "-");
	}
	return g_string_free(text, FALSE);
}

/** seconds_of(): "  0.030620", of one width so that the window's sorting by letters sorts by size; or "". */
static char *seconds_of(tcphs_time interval)
{
	if (interval == TCPHS_TIME_NONE)
		return g_strdup("");
	return g_strdup_printf("%10.6f", (double)interval / TCPHS_SECOND);
}

static stat_tap_table_item_type number(guint value)
{
	stat_tap_table_item_type item = {.type = TABLE_ITEM_UINT, .value.uint_value = value};

	return item;
}

/** letters(): takes |value| over. */
static stat_tap_table_item_type letters(char *value)
{
	stat_tap_table_item_type item = {.type = TABLE_ITEM_STRING, .value.string_value = value};

	item.user_data.ptr_value = value;
	return item;
}

static void count(void *owner, const struct tcphs_summary *summary)
{
	const struct tcphs_judgement *judgement = &summary->judgement;
	char *client = tcphs_census_endpoint(summary->key.src, summary->key.sport);
	char *server = tcphs_census_endpoint(summary->key.dst, summary->key.dport);
	stat_tap_table_item_type row[COLUMNS] = {
		[STREAM] = number(summary->stream),
		[INCARNATION] = number(summary->incarnation),
		[CLIENT] = letters(client),
		[SERVER] = letters(server),
		[VERDICT] = letters(g_strdup(tcphs_verdict_word((enum tcphs_verdict)judgement->verdict))),
		[REASON] = letters(g_strdup(tcphs_reason_word((enum tcphs_reason)judgement->reason))),
		[BLAME] = letters(g_strdup(tcphs_blame_word((enum tcphs_blame)judgement->blame))),
		[STEPS] = letters(steps_of(judgement)),
		[RTT] = letters(seconds_of(summary->rtt_total)),
		[FRAME] = number(tcphs_capture_frame_of(summary->first)),
	};

	widen(0, strlen(client));
	widen(1, strlen(server));
	stat_tap_init_table_row(owner, rows++, COLUMNS, row);
}

/** free_item(): Wireshark gives a table up. */
static void free_item(stat_tap_table *table _U_, guint row _U_, guint column _U_, stat_tap_table_item_type *item)
{
	if (item->type == TABLE_ITEM_STRING)
		g_free(item->user_data.ptr_value);
	item->type = TABLE_ITEM_NONE;
}

/** forget(): an empty table. Rows that another window may still point to are not freed, only their text. */
static void forget(void *owner)
{
	stat_tap_table *table = owner;

	for (guint row = 0; row < table->num_elements; row++) {
		for (guint column = 0; column < table->num_fields; column++)
			free_item(table, row, column, stat_tap_get_field_data(table, row, column));
		if (ui.refcount < 2)
			g_free(table->elements[row]);
	}
	table->num_elements = 0;
	rows = 0;
}

static void reset(stat_tap_table *table _U_)
{
	tcphs_census_reset(census);
}

static tap_packet_status packet(void *data _U_, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *layer,
                                tap_flags_t flags _U_)
{
	return tcphs_census_packet(census, layer);
}

/** init(): somebody wants to see the table; Wireshark may have freed the one before. */
static void init(stat_tap_table_ui *asked)
{
	static const struct tcphs_census_calls calls = {.count = count, .forget = forget};
	stat_tap_table *table = asked->tables ? stat_tap_find_table(asked, TCPHS_STATS_TITLE) : NULL;

	if (table) {
		reset(table);
		return;
	}
	tcphs_census_del(census);
	rows = 0;
	table = stat_tap_init_table(TCPHS_STATS_TITLE, COLUMNS, 0, NULL);
	stat_tap_add_table(asked, table);
	census = tcphs_census_new(&calls, table);
}

void tcphs_stats_table_register(void)
{
	static tap_param filter = {PARAM_FILTER, "filter", "Filter", NULL, TRUE};
	static stat_tap_table_ui table = {
		.group = REGISTER_PACKET_STAT_GROUP_UNSORTED,
		.title = TCPHS_STATS_TITLE ": Connections",
		.tap_name = "tcphs",
		.cli_string = "tcphs,connections",
		.stat_tap_init_cb = init,
		.packet_func = packet,
		.stat_tap_reset_table_cb = reset,
		.stat_tap_free_table_item_cb = free_item,
		.nfields = COLUMNS,
		.fields = fields,
		.nparams = 1,
		.params = &filter,
	};

	ui = table;
	widen(0, ENDPOINT);
	widen(1, ENDPOINT);
	register_stat_tap_table_ui(&ui);
}
