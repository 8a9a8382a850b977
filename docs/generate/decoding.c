/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decoding.c - decoding.md: which encapsulations the analyzer decodes, from the decoder's own tables.
 */
#include "generate.h"

#include <pcap/pcap.h>

#include "fragments.h"
#include "layers.h"

static const struct {
	const char *word;
	const char *title;
} layers[LAYERS] = {
#define LAYER_TEXT(name, word, title) [name] = { word, title },
	LAYER_LIST(LAYER_TEXT)
#undef LAYER_TEXT
};

/** Rows without a layer's word of their own, by their function. */
static const struct {
	layer_function *function;
	const char *title;
} functions[] = {
	{ layer_ip, "IPv4 or IPv6, as its first octet says" },
	{ layer_tcp, "TCP" },
	{ layer_icmp, "ICMP: the header that an error quotes" },
	{ layer_icmp6, "ICMPv6: the header that an error quotes" },
	{ layer_ext, "IPv6 extension header" },
	{ layer_routing, "IPv6 routing header" },
	{ layer_fragment, "IPv6 fragment" },
	{ layer_ah, "IPsec authentication header" },
	{ layer_esp_in_udp, "counted as `tunnel_esp`, unless it is a key exchange" },
	{ layer_wccp, "IPv4, perhaps behind a redirect header of WCCP" },
	{ layer_bcp, "PPP bridging: Ethernet" },
};

/** What is counted elsewhere than in a table. */
static const struct {
	const char *word;
	const char *meaning;
} counted[] = {
	{ "fragment", "a fragment whose datagram was never complete" },
	{ "truncated", "the capture holds too little of the frame" },
	{ "ip_malformed", "an IP header, or what it announces, is not as it must be" },
	{ "udp_malformed", "a datagram to a tunnel's port whose length is less than its header's" },
	{ "too_deep", "more headers within headers than are followed" },
	{ "too_many", "more TCP headers in a frame than are looked at" },
	{ "linktype_N", "the link type with this number" },
	{ "wlan_encrypted", "a frame of IEEE 802.11 that is encrypted" },
	{ "wlan_fragment", "a frame of IEEE 802.11 in fragments" },
	{ "capwap_fragment", "CAPWAP in fragments" },
	{ "tunnel_dtls", "CAPWAP that is encrypted" },
	{ "tunnel_macsec", "MACsec that is encrypted" },
	{ "tunnel_erspan", "ERSPAN type III with another kind of frame than Ethernet" },
	{ "tunnel_gtp", "a user's packet in GTP-U that is neither IP nor Ethernet" },
	{ "other", "more kinds than are told apart" },
};

static const struct layer_table *const tables[] = {
	&linktypes, &ethertypes, &ip_protocols, &udp_ports, &gre_types, &ppp_protocols, &next_protocols,
	&juniper_protocols,
};

static void put_target(GString *out, const struct layer_row *row)
{
	size_t i;

	if (!row->function) {
		g_string_append_printf(out, "counted as `%s`", row->hides);
		return;
	}
	if (row->layer != LAYER_NONE) {
		g_string_append_printf(out, "%s, `%s`", layers[row->layer].title, layers[row->layer].word);
		return;
	}
	for (i = 0; i < G_N_ELEMENTS(functions); i++)
		if (functions[i].function == row->function)
			g_string_append(out, functions[i].title);
}

static gint by_number(gconstpointer a, gconstpointer b)
{
	const struct layer_row *const *left = a, *const *right = b;

	return ((*left)->number > (*right)->number) - ((*left)->number < (*right)->number);
}

static void put_number(GString *out, const struct layer_table *table, uint32_t number)
{
	const char *name = pcap_datalink_val_to_name((int)number);

	if (table == &linktypes)
		g_string_append_printf(out, "| %u%s%s | ", number, name ? " " : "", name ? name : "");
	else if (table == &ethertypes || table == &gre_types || table == &ppp_protocols)
		g_string_append_printf(out, "| 0x%04x | ", number);
	else
		g_string_append_printf(out, "| %u | ", number);
}

static void put_table(GString *out, const struct layer_table *table)
{
	GPtrArray *rows = g_ptr_array_new();
	size_t i;

	for (i = 0; i < table->count; i++)
		g_ptr_array_add(rows, (gpointer)&table->rows[i]);
	g_ptr_array_sort(rows, by_number);
	g_string_append_printf(out, "\n## %s\n\n| %s | leads to |\n|---|---|\n", table->title, table->title);
	for (i = 0; i < rows->len; i++) {
		const struct layer_row *row = rows->pdata[i];

		put_number(out, table, row->number);
		put_target(out, row);
		g_string_append(out, " |\n");
	}
	g_ptr_array_free(rows, TRUE);
}

static void put_words(GString *out)
{
	size_t i;

	g_string_append(out, "\n## Words\n\n| in `encap` | |\n|---|---|\n");
	for (i = LAYER_NONE + 1; i < LAYERS; i++)
		g_string_append_printf(out, "| `%s` | %s |\n", layers[i].word, layers[i].title);
	g_string_append(out, "\n| in `not_decoded`, beside those of the tables below | |\n|---|---|\n");
	for (i = 0; i < G_N_ELEMENTS(counted); i++)
		g_string_append_printf(out, "| `%s` | %s |\n", counted[i].word, counted[i].meaning);
}

static const char introduction[] =
	"# What the analyzer decodes\n"
	"\n"
	"Made from the decoder's tables; do not edit. `encap` of a connection says through which layers its\n"
	"first segment was found, outermost first: `eth:ip:udp:vxlan:eth:ip`. TCP itself is left out, and so\n"
	"are IPv6 extension headers; `udp` stands there only where a tunnel is in it, `pw` for an MPLS\n"
	"pseudowire, which carries Ethernet.\n"
	"\n"
	"All of it follows Wireshark's defaults. Of two UDP ports the lower is asked first; if it is that of\n"
	"another protocol, the datagram is of no tunnel. Whether an MPLS pseudowire has a control word, and\n"
	"what a GTP-U tunnel carries, nothing in a frame says: it is guessed from the octets. `not_decoded`\n"
	"of an input counts, by name, what may hold TCP and was not looked into.\n"
	"\n"
	"IP fragments are put together, and the segment is that of the frame of the fragment that came last.\n"
	"They belong together by addresses, protocol and identification; where an IPv4 address is private,\n"
	"also by the first VLAN tag. Of octets that came twice, those count that are in the fragment that\n"
	"begins first, and of two that begin together, in the older one.\n";

void page_decoding(GString *out)
{
	size_t i;

	g_string_append(out, introduction);
	g_string_append_printf(out,
	                       "\nAt most %u datagrams and %u MiB wait for the rest of their fragments, each in at\n"
	                       "most %u pieces; the oldest gives way. Headers within headers are followed %u deep,\n"
	                       "and up to %u TCP headers in one frame are looked at.\n",
	                       FRAGMENTS_DATAGRAMS_MAX, FRAGMENTS_OCTETS_MAX >> 20, FRAGMENTS_PIECES_MAX, DEPTH_MAX,
	                       TCPHS_DECODE_ITEMS);
	put_words(out);
	g_string_append(out, "\nFrom here on: which number leads to what. In GRE, types 0x8200 to 0x8390 in steps\n"
	                     "of 0x10 are IEEE 802.11; Cisco ISL and FabricPath are known by a frame's addresses\n"
	                     "and its type.\n");
	for (i = 0; i < G_N_ELEMENTS(tables); i++)
		put_table(out, tables[i]);
}
