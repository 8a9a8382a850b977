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

#include "text.h"

/* So many servers are compared; so many single handshakes of each are drawn. */
#define SERVERS 12
#define DOTS 150

/* Round trips below 100 ns are not measured but made up: clocks that went backwards. */
#define LEAST 100.0

/* ---- verdicts --------------------------------------------------------------------------------------- */

static void put_verdict_row(struct output *out, int reason, const struct tally *total, uint64_t most)
{
	const char *verdict = tcphs_verdict_word(tcphs_reason_verdict((enum tcphs_reason)reason));
	const char *word = tcphs_reason_word((enum tcphs_reason)reason);
	double share = 100.0 * (double)total->reasons[reason] / (double)most;

	output_format(out, "<tr data-reason=\"%s\"><th scope=\"row\"><span class=\"verdict %s\">%s</span></th>"
	              "<td><span class=\"word\">%s</span> <span class=\"why\">", word, verdict, verdict, word);
	html_text(out, tcphs_reason_title((enum tcphs_reason)reason));
	output_text(out, "</span></td><td class=\"number\">");
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
	            "<td></td></tr></thead><tbody>\n");
	for (int verdict = TCPHS_VERDICTS - 1; verdict >= 0; verdict--)
		for (int reason = 0; reason < TCPHS_REASONS; reason++)
			if (total->reasons[reason] && (int)tcphs_reason_verdict((enum tcphs_reason)reason) == verdict)
				put_verdict_row(out, reason, total, most);
	output_text(out, "</tbody></table>\n");
}

/* ---- round trips ------------------------------------------------------------------------------------ */

/** struct server: the handshakes of one, sorted. */
struct server {
	char name[TEXT_ENDPOINT];
	const struct tcphs_key *key;
	GArray *times;   /* of double, nanoseconds */
};

static guint hash_server(gconstpointer data)
{
	const struct tcphs_key *key = data;
	guint hash = key->dport;

	for (size_t i = 0; i < sizeof(key->dst); i++)
		hash = hash * 31 + key->dst[i];
	return hash;
}

static gboolean same_server(gconstpointer a, gconstpointer b)
{
	const struct tcphs_key *one = a, *two = b;

	return one->dport == two->dport && memcmp(one->dst, two->dst, sizeof(one->dst)) == 0;
}

static void server_free(gpointer data)
{
	struct server *server = data;

	g_array_unref(server->times);
	g_free(server);
}

static gint by_size(gconstpointer a, gconstpointer b)
{
	const double one = *(const double *)a, two = *(const double *)b;

	return (one > two) - (one < two);
}

/* Most handshakes first; then by address, so that the order is one. */
static gint busiest_first(gconstpointer a, gconstpointer b)
{
	const struct server *one = *(const struct server *const *)a;
	const struct server *two = *(const struct server *const *)b;
	int order;

	if (one->times->len != two->times->len)
		return one->times->len > two->times->len ? -1 : 1;
	order = memcmp(one->key->dst, two->key->dst, sizeof(one->key->dst));
	return order ? order : one->key->dport - two->key->dport;
}

static GPtrArray *servers_of(GPtrArray *rows)
{
	GHashTable *table = g_hash_table_new(hash_server, same_server);
	GPtrArray *servers = g_ptr_array_new_with_free_func(server_free);

	for (guint i = 0; i < rows->len; i++) {
		const struct html_row *row = g_ptr_array_index(rows, i);
		struct server *server = g_hash_table_lookup(table, &row->key);
		double time = (double)row->rtt;

		if (row->rtt == TCPHS_TIME_NONE)
			continue;
		if (!server) {
			server = g_new0(struct server, 1);
			server->key = &row->key;
			server->times = g_array_new(FALSE, FALSE, sizeof(double));
			text_endpoint(server->name, row->key.dst, row->key.dport);
			g_hash_table_insert(table, (gpointer)&row->key, server);
			g_ptr_array_add(servers, server);
		}
		time = MAX(time, LEAST);
		g_array_append_val(server->times, time);
	}
	g_hash_table_unref(table);
	for (guint i = 0; i < servers->len; i++)
		g_array_sort(((struct server *)g_ptr_array_index(servers, i))->times, by_size);
	g_ptr_array_sort(servers, busiest_first);
	if (servers->len > SERVERS)
		g_ptr_array_set_size(servers, SERVERS);
	return servers;
}

/* The smallest value that is not below |share| of them: the nearest rank. */
static double quantile(const struct server *server, double share)
{
	double rank = ceil(share * server->times->len);

	return g_array_index(server->times, double, rank < 1 ? 0 : (guint)rank - 1);
}

/** struct axis: powers of ten. */
struct axis {
	int least, most;
};

static struct axis axis_of(GPtrArray *servers)
{
	struct axis axis = { 99, -99 };

	for (guint i = 0; i < servers->len; i++) {
		const struct server *server = g_ptr_array_index(servers, i);

		axis.least = MIN(axis.least, (int)floor(log10(quantile(server, 0))));
		axis.most = MAX(axis.most, (int)ceil(log10(quantile(server, 1))));
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

	output_text(out, "<svg class=\"axis\" aria-hidden=\"true\">");
	for (int power = axis->least; power <= axis->most; power++) {
		int unit = MIN(power / 3, 3);
		double x = place(axis, pow(10, power));

		output_format(out, "<text x=\"%.2f%%\" y=\"11\">%.0f&#8239;%s</text>"
		              "<line x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"14\" y2=\"18\"/>", x,
		              scales[power % 3] * (unit == 3 ? pow(10, power - 9 - power % 3) : 1), units[unit], x, x);
	}
	output_text(out, "</svg>");
}

static void put_strip(struct output *out, const struct server *server, const struct axis *axis)
{
	guint count = server->times->len;
	guint dots = MIN(count, DOTS);
	double low = place(axis, quantile(server, 0.25)), high = place(axis, quantile(server, 0.75));
	double median = place(axis, quantile(server, 0.5)), late = place(axis, quantile(server, 0.95));

	output_text(out, "<svg class=\"strip\" aria-hidden=\"true\">");
	for (int power = axis->least; power <= axis->most; power++)
		output_format(out, "<line class=\"grid\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"0\" y2=\"100%%\"/>",
		              place(axis, pow(10, power)), place(axis, pow(10, power)));
	if (count >= 4)
		output_format(out, "<rect class=\"box\" x=\"%.2f%%\" width=\"%.2f%%\" y=\"5\" height=\"14\"/>", low,
		              MAX(high - low, 0.2));
	for (guint i = 0; i < dots; i++) {
		guint index = dots == count ? i : (guint)((guint64)i * (count - 1) / (dots - 1));

		output_format(out, "<circle cx=\"%.2f%%\" cy=\"12\" r=\"2.5\"/>",
		              place(axis, g_array_index(server->times, double, index)));
	}
	output_format(out, "<line class=\"median\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"2\" y2=\"22\"/>", median, median);
	output_format(out, "<line class=\"late\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"2\" y2=\"22\"/></svg>", late, late);
}

static void put_interval(struct output *out, double time)
{
	char text[TEXT_INTERVAL];

	text_interval(text, (tcphs_time)time);
	output_format(out, "<td class=\"number\">%s</td>", text);
}

void html_round_trips(struct output *out, GPtrArray *rows)
{
	GPtrArray *servers = servers_of(rows);
	struct axis axis = axis_of(servers);

	if (!servers->len)
		output_text(out, "<p>No handshake was captured from its SYN to its ACK.</p>\n");
	if (servers->len) {
		output_text(out, "<table class=\"chart\" id=\"rtt-chart\"><thead><tr><th scope=\"col\">Server</th>"
		            "<th scope=\"col\" class=\"number\">Handshakes</th>"
		            "<th scope=\"col\" class=\"number\"><span class=\"key median\">Median</span></th>"
		            "<th scope=\"col\" class=\"number\"><span class=\"key late\">95&#8239;%</span></th><td "
		            "class=\"drawn\">");
		put_axis(out, &axis);
		output_text(out, "</td></tr></thead><tbody>\n");
	}
	for (guint i = 0; i < servers->len; i++) {
		const struct server *server = g_ptr_array_index(servers, i);

		output_format(out, "<tr data-server=\"%s\"><th scope=\"row\"><span class=\"word\">%s</span></th>"
		              "<td class=\"number\">", server->name, server->name);
		html_count(out, server->times->len);
		output_text(out, "</td>");
		put_interval(out, quantile(server, 0.5));
		put_interval(out, quantile(server, 0.95));
		output_text(out, "<td class=\"drawn\">");
		put_strip(out, server, &axis);
		output_text(out, "</td></tr>\n");
	}
	if (servers->len)
		output_text(out, "</tbody></table>\n");
	g_ptr_array_unref(servers);
}
