/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compat.h - every difference between Wireshark 4.0, 4.4 and 4.6 that the plugin meets, and Wireshark's headers.
 *
 * Include it before anything of Wireshark. The other files of the plugin name no version.
 */
#ifndef TCPHS_PLUGIN_COMPAT_H
#define TCPHS_PLUGIN_COMPAT_H

/* A plugin's public symbols are declared as those of the library that it is. */
#define WS_BUILD_DLL
#include <wireshark.h>
#include <ws_version.h>

#include <stdlib.h>

#include <epan/column-info.h>
#include <epan/conversation.h>
#include <epan/dissectors/packet-ip.h>
#include <epan/exceptions.h>
#include <epan/expert.h>
#include <epan/follow.h>
#include <epan/packet.h>
#include <epan/prefs.h>
#include <epan/proto_data.h>
#include <epan/tap.h>
#include <epan/tfs.h>

#define TCPHS_WS_AT_LEAST(major, minor)                                                \
	(WIRESHARK_VERSION_MAJOR > (major) ||                                          \
	 (WIRESHARK_VERSION_MAJOR == (major) && WIRESHARK_VERSION_MINOR >= (minor)))

/* WS_PLUGIN_DESC_DISSECTOR, where there is such a thing. */
#if TCPHS_WS_AT_LEAST(4, 4)
#include <wsutil/plugins.h>
#endif

/* Wireshark's truth values: GLib's until 4.2, C's since 4.4. */
#if TCPHS_WS_AT_LEAST(4, 4)
typedef bool tcphs_ws_bool;
#else
typedef gboolean tcphs_ws_bool;
#endif

/* How this Wireshark counts tcp.stream: 4.4 also splits on a SYN-ACK with another sequence number and after RST. */
#if TCPHS_WS_AT_LEAST(4, 4)
#define TCPHS_WS_STREAM_RULE TCPHS_STREAM_WS44
#else
#define TCPHS_WS_STREAM_RULE TCPHS_STREAM_WS40
#endif

/* What the function behind a -z option returns: nothing, or since 4.6 whether the option was good. */
#if TCPHS_WS_AT_LEAST(4, 6)
#define COMPAT_TAP_INIT_RETURN bool
#define COMPAT_TAP_INIT_OK true
#define COMPAT_TAP_INIT_FAILED false
#else
#define COMPAT_TAP_INIT_RETURN void
#define COMPAT_TAP_INIT_OK
#define COMPAT_TAP_INIT_FAILED exit(1)
#endif

/** compat_depend_on(): who saves this frame by a display filter wants |frame| too. |frame| must be an earlier one. */
static inline void compat_depend_on(packet_info *pinfo, guint32 frame)
{
#if TCPHS_WS_AT_LEAST(4, 4)
	mark_frame_as_depended_upon(pinfo->fd, frame);
#else
	mark_frame_as_depended_upon(pinfo, frame);
#endif
}

/**
 * compat_tcp_stream(): tcp.stream of the segment from |src| and |sport| to |dst| and |dport| in this frame, if TCP has
 * dissected it.
 *
 * TCP itself is asked, by the function that Follow TCP Stream asks: its own structures look different in each version,
 * and within one version nobody promises that they stay. That function looks at the frame's addresses and ports, which
 * in a tunnel are those of another layer, and at what dissectors of the payload say about conversations. It is slow,
 * because it makes a filter, too.
 */
static inline guint32 compat_tcp_stream(packet_info *pinfo, const address *src, const address *dst, guint32 sport,
                                        guint32 dport, guint32 otherwise)
{
	register_follow_t *follower = get_follow_by_name("TCP");
	const packet_info kept = *pinfo;
	guint stream = otherwise, unused;

	if (!follower)
		return otherwise;
	pinfo->net_src = pinfo->src = *src;
	pinfo->net_dst = pinfo->dst = *dst;
	pinfo->ptype = PT_TCP;
	pinfo->srcport = sport;
	pinfo->destport = dport;
	pinfo->use_conv_addr_port_endpoints = false;
	pinfo->conv_elements = NULL;
	g_free(get_follow_conv_func(follower)(NULL, pinfo, &stream, &unused));
	*pinfo = kept;
	return stream;
}

/** compat_uint_of(): the value of an item of an unsigned type. */
static inline guint32 compat_uint_of(const field_info *item)
{
#if TCPHS_WS_AT_LEAST(4, 4)
	return fvalue_get_uinteger(item->value);
#else
	return fvalue_get_uinteger((fvalue_t *)&item->value);
#endif
}

/** compat_has_column(): columns are being written, and there is one of format |format| (COL_...). */
static inline bool compat_has_column(const packet_info *pinfo, int format)
{
	return pinfo->cinfo && pinfo->cinfo->col_first && pinfo->cinfo->col_first[format] >= 0;
}

/**
 * compat_prepend_info(): col_prepend_fstr(pinfo->cinfo, COL_INFO, "%s", text), |length| octets, which are fewer than
 * COL_MAX_INFO_LEN. With a tenth of its instructions: that one copies what the column holds twice, octet by octet.
 */
static inline void compat_prepend_info(const packet_info *pinfo, const char *text, size_t length)
{
	column_info *columns = pinfo->cinfo;

	if (!col_get_writable(columns, COL_INFO))
		return;
	for (int i = columns->col_first[COL_INFO]; i <= columns->col_last[COL_INFO]; i++) {
		col_item_t *column = &columns->columns[i];
		size_t kept;

		if (!column->fmt_matx[COL_INFO])
			continue;
		kept = MIN(strlen(column->col_data), COL_MAX_INFO_LEN - 1 - length);
		/* Not within a character of UTF-8. */
		while (kept > 0 && ((unsigned char)column->col_data[kept] & 0xc0) == 0x80)
			kept--;
		memmove(column->col_buf + length, column->col_data, kept);
		memcpy(column->col_buf, text, length);
		column->col_buf[length + kept] = '\0';
		column->col_data = column->col_buf;
		if (column->col_fence > 0)
			column->col_fence += (int)length;
	}
}

/* ---- statistics ---------------------------------------------------------------------------------- */

#include <epan/conversation_filter.h>
#include <epan/srt_table.h>
#include <epan/stat_tap_ui.h>
#include <epan/stats_tree.h>

/* What a conversation filter's two functions get: since 4.4 also a pointer of their own. */
#if TCPHS_WS_AT_LEAST(4, 4)
#define COMPAT_FILTER_ARGUMENTS packet_info *pinfo, void *unused _U_
#define COMPAT_REGISTER_FILTER(protocol, name, valid, build) \
	register_conversation_filter(protocol, name, valid, build, NULL)
#else
#define COMPAT_FILTER_ARGUMENTS packet_info *pinfo
#define COMPAT_REGISTER_FILTER register_conversation_filter
#endif

/**
 * Flow graphs. libwireshark exports the functions and no version installs the header, so what we need of it is declared
 * here: the beginning of both structures, which has not changed from 4.0 to 4.6 but for the truth values. The library
 * allocates and frees them.
 */
struct compat_arrow {
	guint32 frame_number;
	address src_addr;
	guint16 port_src;
	address dst_addr;
	guint16 port_dst;
	gchar *frame_label;   /* on the arrow; freed with g_free(), as the next two */
	gchar *time_str;
	gchar *comment;       /* at the right */
	guint16 conv_num;     /* conversations are told apart by it */
	unsigned fg_color, bg_color;
	tcphs_ws_bool has_color_filter;
	tcphs_ws_bool display;
	guint src_node, dst_node;
	guint16 line_style;   /* width of the arrow */
};

struct compat_graph {
	const char *name;
	tcphs_ws_bool any_addr;
	int nconv;
	GQueue *items;
};

WS_DLL_PUBLIC void register_seq_analysis(const char *name, const char *ui_name, const int proto_id,
                                         const char *tap_listener, guint tap_flags, tap_packet_cb tap_func);
WS_DLL_PUBLIC struct compat_arrow *sequence_analysis_create_sai_with_addresses(packet_info *pinfo,
                                                                                   struct compat_graph *graph);

#endif
