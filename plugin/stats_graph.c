/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats_graph.c - Flow Graph > TCP handshakes, and -z flow,tcphs,network: the segments that open connections, each
 * with its arithmetic beside it.
 *
 * Theory of operation. A graph of all segments is what Wireshark has already. This one has those that try to open a
 * connection and what ended the attempt: SYN, SYN-ACK, the ACK, RST and misplaced segments while the connection was not
 * open on both sides, and ICMP errors about them.
 */
#include "stats.h"

#include "census.h"
#include "fields.h"

/** opened(): both endpoints were ESTABLISHED, or beyond, before the segment. */
static bool opened(const struct tcphs_mark *mark)
{
	for (unsigned int side = 0; side < 2; side++) {
		switch (mark->before[side]) {
		case TCPHS_STATE_NONE:
		case TCPHS_CLOSED:
		case TCPHS_LISTEN:
		case TCPHS_SYN_SENT:
		case TCPHS_SYN_RECEIVED:
			return false;
		default:
			break;
		}
	}
	return true;
}

/** of_opening(): the segment belongs into the graph. */
static bool of_opening(const struct tcphs_mark *mark)
{
	switch (mark->phase) {
	case TCPHS_PHASE_SYN:
	case TCPHS_PHASE_SYN_AGAIN:
	case TCPHS_PHASE_SYNACK:
	case TCPHS_PHASE_SYNACK_AGAIN:
	case TCPHS_PHASE_ACK:
		return true;
	case TCPHS_PHASE_RST:
	case TCPHS_PHASE_OUT_OF_PLACE:
		return !opened(mark);
	default:
		return false;
	}
}

/** label_of(): on the arrow; there is room for some twenty letters. */
static char *label_of(const struct tcphs_segment *segment)
{
	static const struct {
		uint16_t flag;
		const char *word;
	} flags[] = {
		{TCPHS_SYN, "SYN"}, {TCPHS_FIN, "FIN"}, {TCPHS_RST, "RST"}, {TCPHS_PSH, "PSH"}, {TCPHS_ACK, "ACK"},
	};
	GString *label = g_string_new("");

	for (unsigned int i = 0; i < array_length(flags); i++) {
		if (segment->flags & flags[i].flag)
			g_string_append_printf(label, "%s%s", label->len ? ", " : "", flags[i].word);
	}
	if (!label->len)
		g_string_append(label, "no flags");
	if (segment->have & TCPHS_HAVE_LENGTH && segment->length)
		g_string_append_printf(label, " %u B", segment->length);
	return g_string_free(label, FALSE);
}

/** told_by_label(): the flags on the arrow say what the segment is. */
static bool told_by_label(enum tcphs_phase phase)
{
	return phase == TCPHS_PHASE_SYN || phase == TCPHS_PHASE_SYNACK || phase == TCPHS_PHASE_ACK ||
	       phase == TCPHS_PHASE_RST;
}

/**
 * comment_of(): "ack 4322 = 4321 + 1 (SYN), seq 7000 = ISN". The window shows the first forty letters or so, so what
 * was acknowledged comes first, and nothing that the arrow says already.
 */
static char *comment_of(const struct tcphs_layer *layer, const struct tcphs_mark *mark)
{
	static const char comma[] = ", ";
	char arithmetic[ITEM_LABEL_LENGTH];
	const char *title = tcphs_phase_title((enum tcphs_phase)mark->phase);
	const char *colon = ": ";
	char *ack;

	if (tcphs_arithmetic_format(arithmetic, sizeof(arithmetic), mark, &layer->segment) == 0)
		return g_strdup(title);
	if (told_by_label((enum tcphs_phase)mark->phase))
		title = colon = "";
	ack = strstr(arithmetic, ", ack ");
	if (!ack)
		return g_strdup_printf("%s%s%s", title, colon, arithmetic);
	*ack = '\0';
	ack += strlen(comma);
	return g_strdup_printf("%s%s%s%s%s", title, colon, ack, comma, arithmetic);
}

/** new_item(): an arrow from |src| to |dst|, with the frame's time; NULL if the frame has no addresses. */
static struct compat_arrow *new_item(packet_info *pinfo, struct compat_graph *graph, const address *src,
                                         const address *dst)
{
	struct compat_arrow *item = sequence_analysis_create_sai_with_addresses(pinfo, graph);

	if (!item)
		return NULL;
	/* Those of this layer, not of the frame's innermost. */
	free_address(&item->src_addr);
	free_address(&item->dst_addr);
	copy_address(&item->src_addr, src);
	copy_address(&item->dst_addr, dst);
	item->frame_number = pinfo->num;
	item->line_style = 1;
	item->display = TRUE;
	return item;
}

/** add_segment(): an arrow with the segment's flags. */
static tap_packet_status add_segment(packet_info *pinfo, struct compat_graph *graph, const struct tcphs_layer *layer,
                                     const struct tcphs_mark *mark)
{
	struct compat_arrow *item = new_item(pinfo, graph, &layer->src, &layer->dst);

	if (!item)
		return TAP_PACKET_DONT_REDRAW;
	item->port_src = layer->segment.sport;
	item->port_dst = layer->segment.dport;
	item->conv_num = (guint16)mark->stream;
	item->frame_label = label_of(&layer->segment);
	item->comment = comment_of(layer, mark);
	g_queue_push_tail(graph->items, item);
	return TAP_PACKET_REDRAW;
}

/** about_handshake(): the error that quotes the segment was found to be about a handshake. */
static bool about_handshake(const struct tcphs_layer *layer, const struct tcphs_mark *mark)
{
	const tcphs_ref ref = tcphs_capture_ref(layer->index);
	struct tcphs_summary summary;

	tcphs_capture_summary(mark->connection, &summary);
	for (size_t i = 0; i < summary.finding_count; i++) {
		if (summary.findings[i].at == ref && summary.findings[i].rule == TCPHS_RULE_ICMP_UNREACHABLE)
			return true;
	}
	return false;
}

/** add_error(): an arrow from who sent the error to who sent the segment that it quotes. */
static tap_packet_status add_error(packet_info *pinfo, struct compat_graph *graph, const struct tcphs_layer *layer,
                                   const struct tcphs_mark *mark)
{
	struct compat_arrow *item;
	address sender;

	tcphs_census_address(&sender, layer->error.sender);
	item = new_item(pinfo, graph, &sender, &layer->src);
	if (!item)
		return TAP_PACKET_DONT_REDRAW;
	item->port_dst = layer->segment.sport;
	item->conv_num = (guint16)mark->stream;
	item->frame_label = g_strdup(layer->error.v6 ? "ICMPv6" : "ICMP");
	item->comment = g_strdup_printf("%s: %s", item->frame_label,
	                                tcphs_icmp_words(layer->error.v6, layer->error.type, layer->error.code));
	g_queue_push_tail(graph->items, item);
	return TAP_PACKET_REDRAW;
}

static tap_packet_status packet(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const void *layer_data,
                                tap_flags_t flags _U_)
{
	const struct tcphs_layer *layer = layer_data;
	const struct tcphs_mark *mark = tcphs_capture_mark(layer->index);

	if (mark->connection == TCPHS_NO_CONNECTION)
		return TAP_PACKET_DONT_REDRAW;
	if (layer->quote)
		return about_handshake(layer, mark) ? add_error(pinfo, data, layer, mark) : TAP_PACKET_DONT_REDRAW;
	return of_opening(mark) ? add_segment(pinfo, data, layer, mark) : TAP_PACKET_DONT_REDRAW;
}

void tcphs_stats_graph_register(void)
{
	register_seq_analysis("tcphs", "TCP handshakes", tcphs_proto, "tcphs", TL_REQUIRES_NOTHING, packet);
}
