/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hooks.c - where the plugin stands in Wireshark's way of a frame.
 *
 * Theory of operation. Two hooks:
 *
 * 1. A handle of our own in the table ip.proto, under TCP's number, which looks at the raw header and then calls the
 *    handle that was there. It sees every TCP header of a frame, in tunnels too, whether or not a tree is made. It
 *    belongs to a protocol in name only, so it adds no layer to the frame. Such a protocol follows TCP when protocols
 *    are switched off; whether ours is on is asked whenever dissection begins, as it does anew if the user switches
 *    one. Handles of the same kind before ICMP and ICMPv6 remember type, code and sender of an error, because inside
 *    the quoted packet the addresses are already the quoted ones.
 *
 * 2. A post-dissector, which runs on every frame, TCP or not, without wanting a tree: it keeps the capture's end, and
 *    shows what hook 1 left for it. Its handle belongs to a protocol in name only, too, but to one that follows ours:
 *    adding a layer to every frame, to take it away from most, would be a tenth of what the plugin costs.
 *
 * TCP may throw an exception (the capture is cut short, a payload is damaged). Hook 1 is done before it calls TCP; only
 * the ICMP handles have something to put back.
 */
#include "plugin.h"

#include "fields.h"

#define LONGEST_HEADER 60

static bool enabled;   /* our protocol is switched on */
static dissector_handle_t tcp_handle, icmp_handle, icmpv6_handle;
static struct tcphs_icmp_error *icmp_error;  /* the one that is being dissected, NULL outside of ICMP */

void tcphs_hooks_init(void)
{
	enabled = proto_is_protocol_enabled(find_protocol_by_id(tcphs_proto));
}

/** copy_key_address(): IPv4 mapped, IPv6 as it is, anything else as far as it goes. */
static inline void copy_key_address(uint8_t out[16], const address *from)
{
	if (from->type == AT_IPv4 && from->len == 4) {
		tcphs_map_ipv4(out, from->data);
	} else if (from->len == 16) {
		memcpy(out, from->data, 16);
	} else {
		memset(out, 0, 16);
		if (from->len > 0)
			memcpy(out, from->data, (size_t)MIN(from->len, 16));
	}
}

/** read_header(): what the TCP header at the start of |tvb| says, and what IP said before it. */
static void read_header(struct tcphs_segment *segment, tvbuff_t *tvb, const packet_info *pinfo, void *ip)
{
	const guint all = tvb_captured_length(tvb), captured = MIN(all, LONGEST_HEADER);
	const uint8_t *octets = captured ? tvb_get_ptr(tvb, 0, (gint)captured) : (const uint8_t *)"";
	const ws_ip4 *ip4 = WS_IP4_PTR(ip);
	const ws_ip6 *ip6 = WS_IP6_PTR(ip);

	/* Of a fragment nobody knows how long the segment is. */
	tcphs_segment_parse(segment, octets, captured, pinfo->fragmented ? 0 : tvb_reported_length(tvb));
	if (ip4) {
		segment->ip_id = ip4->ip_id;
		segment->ttl = ip4->ip_ttl;
	} else if (ip6) {
		segment->ttl = ip6->ip6_hop;
	}
}

/** take_quote(): a header that an ICMP error quotes. */
static bool take_quote(packet_info *pinfo, struct tcphs_dissection *dissection, struct tcphs_layer *layer,
                       const struct tcphs_key *key)
{
	struct tcphs_quote quote = {.key = *key};

	if (icmp_error) {
		quote.type = icmp_error->type;
		quote.code = icmp_error->code;
		quote.icmpv6 = icmp_error->v6;
		memcpy(quote.sender, icmp_error->sender, sizeof(quote.sender));
		layer->error = *icmp_error;
	}
	layer->quote = true;
	return tcphs_capture_quote(pinfo, dissection, layer, &quote);
}

/** take(): hands one TCP header to the engine, or finds its mark again, and leaves it to the second hook. */
static void take(tvbuff_t *tvb, packet_info *pinfo, void *ip)
{
	struct tcphs_dissection *dissection = tcphs_capture_enter(pinfo);
	struct tcphs_layer *layer;
	struct tcphs_key key;
	bool taken;

	if (!dissection)
		return;
	layer = dissection->layers ? wmem_new(pinfo->pool, struct tcphs_layer) : &dissection->first;
	read_header(&layer->segment, tvb, pinfo, ip);
	copy_key_address(key.src, &pinfo->src);
	copy_key_address(key.dst, &pinfo->dst);
	key.sport = layer->segment.sport;
	key.dport = layer->segment.dport;
	layer->quote = false;
	layer->visited = pinfo->fd->visited;
	if (pinfo->flags.in_error_pkt)
		taken = take_quote(pinfo, dissection, layer, &key);
	else
		taken = tcphs_capture_segment(pinfo, dissection, layer, &key);
	if (!taken)
		return;
	layer->src = pinfo->src;
	layer->dst = pinfo->dst;
	layer->next = NULL;
	*dissection->end = layer;
	dissection->end = &layer->next;
}

static int hook_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
	if (enabled)
		take(tvb, pinfo, data);
	return call_dissector_only(tcp_handle, tvb, pinfo, tree, data);
}

/** remember_icmp(): calls |handle| with icmp_error set, and puts it back whatever happens in there. */
static int remember_icmp(dissector_handle_t handle, bool v6, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                         void *data)
{
	struct tcphs_icmp_error error = {.v6 = v6};
	struct tcphs_icmp_error *const outer = icmp_error;
	volatile int length = 0;

	if (!enabled || tvb_captured_length(tvb) < 2)
		return call_dissector_only(handle, tvb, pinfo, tree, data);
	tvb_memcpy(tvb, &error.type, 0, 1);
	tvb_memcpy(tvb, &error.code, 1, 1);
	copy_key_address(error.sender, &pinfo->src);
	TRY {
		icmp_error = &error;
		length = call_dissector_only(handle, tvb, pinfo, tree, data);
	}
	FINALLY {
		icmp_error = outer;
	}
	ENDTRY;
	return length;
}

static int hook_icmp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
	return remember_icmp(icmp_handle, false, tvb, pinfo, tree, data);
}

static int hook_icmpv6(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
	return remember_icmp(icmpv6_handle, true, tvb, pinfo, tree, data);
}

/** dissect(): the post-dissector. A frame lists a layer of ours if something of ours is in its tree. */
static int dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
	const struct tcphs_layer *layers = tcphs_capture_leave(pinfo);

	if (!layers)
		return 0;
	if (tcphs_show(tvb, pinfo, tree, layers))
		wmem_list_append(pinfo->layers, GINT_TO_POINTER(tcphs_proto));
	for (const struct tcphs_layer *layer = layers; layer; layer = layer->next)
		tcphs_tap(pinfo, layer);
	return 1;   /* not refused; nobody asks how much of the frame it was */
}

/** follower(): a protocol in name only, which adds no layer to a frame and is on when |parent| is. */
static int follower(int parent, const char *name, const char *suffix)
{
	/* Wireshark keeps the string. */
	return proto_register_protocol_in_name_only(name, name, g_strdup_printf("tcphs_%s", suffix), parent,
	                                            FT_PROTOCOL);
}

/** chain(): puts |hook| before the handle for |number| in ip.proto. @return that handle. */
static dissector_handle_t chain(guint32 number, const char *parent_name, const char *name, dissector_t hook)
{
	dissector_handle_t old = dissector_get_uint_handle(find_dissector_table("ip.proto"), number);
	int parent = proto_get_id_by_filter_name(parent_name);

	if (!old || parent < 0)
		return NULL;
	dissector_add_uint("ip.proto", number, create_dissector_handle(hook, follower(parent, name, parent_name)));
	return old;
}

void tcphs_hooks_handoff(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	tcp_handle = chain(6, "tcp", "TCP Handshake (TCP)", hook_tcp);
	icmp_handle = chain(1, "icmp", "TCP Handshake (ICMP)", hook_icmp);
	icmpv6_handle = chain(58, "icmpv6", "TCP Handshake (ICMPv6)", hook_icmpv6);
	register_postdissector(create_dissector_handle(dissect,
	                                               follower(tcphs_proto, "TCP Handshake (frame)", "frame")));
}
