/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chart.c - the charts of the page: how often which verdict, and how long handshakes took.
 *
 * They are tables whose last column is drawn: what a chart says can be read without seeing it, copied, and printed.
 * Every bar and every axis is an SVG of its own that is as wide as its column, because its places are per cent; so text
 * keeps its size whatever the width of the window.
 */
#include "html.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "servers.h"
#include "text.h"

/* So many servers are compared; so many single handshakes of each are drawn. */
#define SERVERS 12
#define DOTS 150

/* Of fewer handshakes a box says no more than their dots do. */
#define FEW 4

/* Steps between labels of an axis. */
#define LABELS 4

/* Round trips below 100 ns are not measured but made up: clocks that went backwards. */
#define LEAST 100.0

/* ---- verdicts --------------------------------------------------------------------------------------- */

static void put_verdict_row(struct output *out, int reason, const struct tally *total, uint64_t most)
{
	const char *verdict = tcphs_verdict_word(tcphs_reason_verdict((enum tcphs_reason)reason));
	const char *word = tcphs_reason_word((enum tcphs_reason)reason);
	double share = 100.0 * (double)total->reasons[reason] / (double)most;

	output_format(out, "<tr data-reason=\"%s\"><th scope=\"row\"><span class=\"verdict %s\">%s</span></th>"
	              "<td><span class=\"word\">%s</span></td><td class=\"number\">", word, verdict, verdict, word);
	html_count(out, total->reasons[reason]);
	output_format(out, "</td><td class=\"drawn\"><svg class=\"bar\" aria-hidden=\"true\"><rect class=\"%s\" "
	              "width=\"%.2f%%\" height=\"100%%\" rx=\"2\"/></svg></td></tr>\n", verdict, MAX(share, 0.5));
}

void html_verdicts(struct output *out, const struct tally *total)
{
	uint64_t most = 1;

	if (!total->connections) {
		output_text(out, "<p>There is no TCP connection in what was read.</p>\n");
		return;
	}
	for (int reason = 0; reason < TCPHS_REASONS; reason++)
		most = MAX(most, total->reasons[reason]);
	output_text(out, "<table class=\"chart\" id=\"verdict-chart\"><thead><tr><th scope=\"col\">Verdict</th>"
	            "<th scope=\"col\">Reason</th><th scope=\"col\" class=\"number\">Connections</th>"
	            "<td class=\"drawn\"></td></tr></thead><tbody>\n");
	for (int verdict = TCPHS_VERDICTS - 1; verdict >= 0; verdict--)
		for (int reason = 0; reason < TCPHS_REASONS; reason++)
			if (total->reasons[reason] && (int)tcphs_reason_verdict((enum tcphs_reason)reason) == verdict)
				put_verdict_row(out, reason, total, most);
	output_text(out, "</tbody></table>\n");
}

/* ---- round trips ------------------------------------------------------------------------------------ */

/** struct times: the handshakes of a server, sorted. */
struct times {
	struct server server;
	GArray *list;   /* of double, nanoseconds; NULL without any */
};

static void times_free(gpointer data)
{
	struct times *times = data;

	g_clear_pointer(&times->list, g_array_unref);
	g_free(times);
}

static gint by_size(gconstpointer a, gconstpointer b)
{
	const double one = *(const double *)a, two = *(const double *)b;

	return (one > two) - (one < two);
}

/* Most handshakes first; then by address, so that the order is one. */
static gint busiest_first(gconstpointer a, gconstpointer b)
{
	const struct times *one = *(const struct times *const *)a;
	const struct times *two = *(const struct times *const *)b;

	if (one->list->len != two->list->len)
		return one->list->len > two->list->len ? -1 : 1;
	return servers_compare(&one->server, &two->server);
}

/* Those drawn, of all that *servers* gets. */
static GPtrArray *busiest(struct servers *servers, GPtrArray *rows)
{
	GPtrArray *list;

	servers_init(servers, sizeof(struct times), times_free);
	for (guint i = 0; i < rows->len; i++) {
		const struct html_row *row = g_ptr_array_index(rows, i);
		double time = MAX((double)row->rtt, LEAST);
		struct times *times;

		if (row->rtt == TCPHS_TIME_NONE)
			continue;
		times = servers_of(servers, row->key.dst, row->key.dport);
		if (!times->list)
			times->list = g_array_new(FALSE, FALSE, sizeof(double));
		g_array_append_val(times->list, time);
	}
	list = servers_list(servers);
	for (guint i = 0; i < list->len; i++)
		g_array_sort(((struct times *)g_ptr_array_index(list, i))->list, by_size);
	g_ptr_array_sort(list, busiest_first);
	if (list->len > SERVERS)
		g_ptr_array_set_size(list, SERVERS);
	return list;
}

/* The smallest value that is not below |share| of them: the nearest rank. */
static double quantile(const struct times *times, double share)
{
	double rank = ceil(share * times->list->len);

	return g_array_index(times->list, double, rank < 1 ? 0 : (guint)rank - 1);
}

/** struct axis: powers of ten. */
struct axis {
	int least, most;
};

static struct axis axis_of(GPtrArray *list)
{
	struct axis axis = { 99, -99 };

	for (guint i = 0; i < list->len; i++) {
		const struct times *times = g_ptr_array_index(list, i);

		axis.least = MIN(axis.least, (int)floor(log10(quantile(times, 0))));
		axis.most = MAX(axis.most, (int)ceil(log10(quantile(times, 1))));
	}
	axis.most = MAX(axis.most, axis.least + 1);
	return axis;
}

/* Per cent from the left; the ends leave room for half a label. */
static double place(const struct axis *axis, double time)
{
	return 6 + 88 * (log10(time) - axis->least) / (axis->most - axis->least);
}

static void put_axis(struct output *out, const struct axis *axis)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	static const int scales[] = { 1, 10, 100 };
	/* More labels than that do not fit beside each other. */
	int step = (axis->most - axis->least + LABELS - 1) / LABELS;

	output_text(out, "<svg class=\"axis\" aria-hidden=\"true\">");
	for (int power = axis->least; power <= axis->most; power += step) {
		int unit = MIN(power / 3, 3);
		double x = place(axis, pow(10, power));

		output_format(out, "<text x=\"%.2f%%\" y=\"11\">%.0f&#8239;%s</text>"
		              "<line x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"14\" y2=\"18\"/>", x,
		              scales[power % 3] * (unit == 3 ? pow(10, power - 9 - power % 3) : 1), units[unit], x, x);
	}
	output_text(out, "</svg>");
}

static void put_strip(struct output *out, const struct times *times, const struct axis *axis)
{
	guint count = times->list->len;
	guint dots = MIN(count, DOTS);
	double low = place(axis, quantile(times, 0.25)), high = place(axis, quantile(times, 0.75));
	double median = place(axis, quantile(times, 0.5)), late = place(axis, quantile(times, 0.95));

	output_text(out, "<svg class=\"strip\" aria-hidden=\"true\">");
	for (int power = axis->least; power <= axis->most; power++)
		output_format(out, "<line class=\"grid\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"0\" y2=\"100%%\"/>",
		              place(axis, pow(10, power)), place(axis, pow(10, power)));
	if (count >= FEW)
		output_format(out, "<rect class=\"box\" x=\"%.2f%%\" width=\"%.2f%%\" y=\"5\" height=\"14\"/>", low,
		              MAX(high - low, 0.2));
	for (guint i = 0; i < dots; i++) {
		guint index = dots == count ? i : (guint)((guint64)i * (count - 1) / (dots - 1));

		output_format(out, "<circle cx=\"%.2f%%\" cy=\"12\" r=\"2.5\"/>",
		              place(axis, g_array_index(times->list, double, index)));
	}
	output_format(out, "<line class=\"median\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"2\" y2=\"22\"/>", median, median);
	if (count >= FEW)
		output_format(out, "<line class=\"late\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"2\" y2=\"22\"/>", late, late);
	output_text(out, "</svg>");
}

static void put_interval(struct output *out, double time)
{
	char text[TEXT_INTERVAL];

	text_interval(text, (tcphs_time)time);
	output_format(out, "<td class=\"number\">%s</td>", text);
}

static void put_server(struct output *out, const struct times *times, const struct axis *axis)
{
	char name[TEXT_ENDPOINT];

	server_name(name, &times->server);
	output_format(out, "<tr data-server=\"%s\"><th scope=\"row\"><span class=\"word\">%s</span></th>"
	              "<td class=\"number\">", name, name);
	html_count(out, times->list->len);
	output_text(out, "</td>");
	put_interval(out, quantile(times, 0.5));
	put_interval(out, quantile(times, 0.95));
	output_text(out, "<td class=\"drawn\">");
	put_strip(out, times, axis);
	output_text(out, "</td></tr>\n");
}

void html_round_trips(struct output *out, GPtrArray *rows)
{
	struct servers servers;
	GPtrArray *list = busiest(&servers, rows);
	struct axis axis = axis_of(list);

	if (list->len) {
		output_text(out, "<p class=\"caption\">From SYN to ACK, by server; each dot is a handshake, the box "
		            "holds the middle half.</p>\n<table class=\"chart\" id=\"rtt-chart\"><thead><tr>"
		            "<th scope=\"col\">Server</th><th scope=\"col\" class=\"number\">Count</th>"
		            "<th scope=\"col\" class=\"number\"><span class=\"key median\">Median</span></th>"
		            "<th scope=\"col\" class=\"number\"><span class=\"key late\">95&#8239;%</span></th><td "
		            "class=\"drawn\">");
		put_axis(out, &axis);
		output_text(out, "</td></tr></thead><tbody>\n");
		for (guint i = 0; i < list->len; i++)
			put_server(out, g_ptr_array_index(list, i), &axis);
		output_text(out, "</tbody></table>\n");
	} else {
		output_text(out, "<p>No handshake was captured from its SYN to its ACK.</p>\n");
	}
	g_ptr_array_unref(list);
	servers_clear(&servers);
}
