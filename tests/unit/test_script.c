/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_script.c - the capture scripts' language, packets and variants.
 *
 * A mistake here would make every script's verdict doubtful, so the octets are checked against numbers worked out by
 * hand, and checksums by adding up what a receiver would.
 */
#include "packets.h"
#include "script.h"

#include <string.h>

#define INTENT "# what it shows\n"
#define SYN "0.000 A > B S 100:100(0) win 1000 <mss 1460>\n"
#define SYNACK "0.010 B > A S. 300:300(0) ack 101\n"
#define ACK "0.020 A > B . 101:101(0) ack 301\n"

static struct script *parsed(const char *text)
{
	GError *error = NULL;
	struct script *script = script_parse("x.tcphs", text, &error);
	g_assert_no_error(error);
	return script;
}

static struct script *applied(const char *text, enum script_variant variant)
{
	GError *error = NULL;
	struct script *script = parsed(text);
	g_assert_true(script_apply(script, variant, &error));
	g_assert_no_error(error);
	return script;
}

static const struct script_item *item_of(const struct script *script, guint index)
{
	g_assert_cmpuint(index, <, script->items->len);
	return g_ptr_array_index(script->items, index);
}

static const struct packet *packet_of(const GPtrArray *packets, guint index)
{
	g_assert_cmpuint(index, <, packets->len);
	return g_ptr_array_index(packets, index);
}

/* ---- the language ---------------------------------------------------------------------------------- */

static void test_segment(void)
{
	struct script *script = parsed(INTENT "1.000000001 A > B SEWe 4294967295:9(10) ack 7 win 8 <mss 1460,nop> "
	                                      "id 5 ttl 6 snap 20 offset 4 badsum via 3 "
	                                      "! syn_again syn_new_isn [SYN-SENT -] @ syn 1 # a remark\n");
	const struct script_item *item = item_of(script, 0);
	g_assert_cmpstr(script->intent, ==, "what it shows");
	g_assert_true(script->nanoseconds);
	g_assert_cmpint(item->time, ==, SCRIPT_EPOCH + SCRIPT_SECOND + 1);
	g_assert_cmpuint(item->flags, ==, SCRIPT_SYN | SCRIPT_ECE | SCRIPT_CWR | SCRIPT_AE);
	g_assert_cmpuint(item->seq, ==, 4294967295u);
	g_assert_cmpuint(item->length, ==, 10);
	g_assert_cmpuint(item->ack, ==, 7);
	g_assert_cmpuint(item->window, ==, 8);
	g_assert_cmpint(item->id, ==, 5);
	g_assert_cmpint(item->ttl, ==, 6);
	g_assert_cmpint(item->snap, ==, 20);
	g_assert_cmpint(item->offset, ==, 4);
	g_assert_cmpuint(item->via, ==, 3);
	g_assert_true(item->badsum);
	g_assert_cmpuint(item->findings->len, ==, 2);
	g_assert_cmpstr(g_ptr_array_index(item->findings, 1), ==, "syn_new_isn");
	g_assert_cmpstr(item->states[0], ==, "SYN-SENT");
	g_assert_cmpstr(item->states[1], ==, "-");
	g_assert_cmpstr(item->phase, ==, "syn");
	g_assert_cmpint(item->step, ==, 1);
	script_free(script);
}

static void test_connections(void)
{
	struct script *script = parsed(INTENT SYN SYNACK "= complete three_way closed fin steps 1,2,- blame none\n"
	                                                 "= unknown midstream\n");
	const struct script_connection *one = g_ptr_array_index(script->connections, 0);
	const struct script_connection *two = g_ptr_array_index(script->connections, 1);
	g_assert_cmpstr(one->verdict, ==, "complete");
	g_assert_cmpstr(one->reason, ==, "three_way");
	g_assert_cmpstr(one->closed, ==, "fin");
	g_assert_cmpstr(one->blame, ==, "none");
	g_assert_true(one->steps[1] == item_of(script, 1));
	g_assert_null(one->steps[2]);
	g_assert_null(two->blame);
	g_assert_false(two->has_steps);
	script_free(script);
}

static void test_errors(void)
{
	static const struct { const char *text, *message; } wrong[] = {
		{ INTENT, "x.tcphs:1: the script has no segment" },
		{ "0.0 end\n", "x.tcphs:1: the script does not begin with a comment that says what it shows" },
		{ INTENT "hello\n",
		  "x.tcphs:2: 'hello' begins no statement: a time, '=', says, endpoint, variants or config does" },
		{ INTENT "0.0000000001 end\n",
		  "x.tcphs:2: '0.0000000001' is no time: write seconds with at most nine decimals" },
		{ INTENT "0.0 A > C S 1:1(0)\n",
		  "x.tcphs:2: endpoint C is not declared: write 'endpoint C ADDRESS PORT' above" },
		{ INTENT "0.0 A > B X 1:1(0)\n", "x.tcphs:2: 'X' are no flags: write letters of FSRP.UEWe, or none" },
		{ INTENT "0.0 A > B S 1:3(1)\n", "x.tcphs:2: '1:3(1)' does not add up: SEQEND is 2" },
		{ INTENT "0.0 A > B . 1:1(0)\n", "x.tcphs:2: the ACK flag is set: write 'ack N'" },
		{ INTENT "0.0 A > B S 1:1(0) win 65536\n",
		  "x.tcphs:2: '65536' is no window: write a number from 0 to 65535" },
		{ INTENT "0.0 A > B S 1:1(0) <mss>\n", "x.tcphs:2: option 'mss': '' is no number from 0 to 65535" },
		{ INTENT "0.0 A > B S 1:1(0) <mss 1\n", "x.tcphs:2: the options are not closed by '>'" },
		{ INTENT "0.0 A > B S 1:1(0) <md5,md5,md5>\n",
		  "x.tcphs:2: the options are 54 octets long, 40 at most fit" },
		{ INTENT SYN "endpoint A 192.0.2.3 1\n",
		  "x.tcphs:3: endpoint A is declared after its first segment: move the line up" },
		{ INTENT SYN "0.1 B > A icmp 3 1 quoting 2\n",
		  "x.tcphs:3: there is no segment 2 above this line to quote" },
		{ INTENT SYN "= complete three_way steps 1,2,3\n", "x.tcphs:3: step 2 is frame 2 of 1" },
		{ INTENT SYN "variants none\n", "x.tcphs:3: write ': why' after the variants" },
		{ INTENT "endpoint C 2001:db8::1 9\n0.0 A > C S 1:1(0)\n",
		  "x.tcphs:3: A and C have addresses of different families" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		GError *error = NULL;
		g_assert_null(script_parse("x.tcphs", wrong[i].text, &error));
		g_assert_error(error, SCRIPT_ERROR, SCRIPT_ERROR_SYNTAX);
		g_assert_cmpstr(error->message, ==, wrong[i].message);
		g_error_free(error);
	}
}

/* Whatever the text, a parser says what is wrong with it and does nothing else. */
static void test_damaged(void)
{
	static const char whole[] = INTENT SYN "0.1 B > A icmp 3 1 quoting 1 bytes 8 ! a [b c] @ d 1\n"
	                                   "variants ipv6 : why\nconfig horizon 3\n= a b steps 1,-,2\n";
	for (size_t cut = 0; cut < sizeof(whole) - 1; cut++) {
		for (int put = 0; put < 8; put++) {
			char *text = g_strdup(whole);
			text[cut] = "\0<>[!@=\n"[put];
			script_free(script_parse("x.tcphs", text, NULL));
			g_free(text);
		}
	}
}

/* ---- octets ---------------------------------------------------------------------------------------- */

static void test_options(void)
{
	static const struct { const char *text, *hex; } options[] = {
		{ "mss 1460,sackOK,TS val 1 ecr 2,nop,wscale 7", "020405b40402080a000000010000000201030307" },
		{ "tfo", "2202" }, { "tfo 0123456789abcdef", "220a0123456789abcdef" },
		{ "exp-tfo 0102", "fe06f9890102" },
		{ "mptcp capable", "1e040101" }, { "mptcp capable key 0011223344556677", "1e0c01010011223344556677" },
		{ "sack 1:2 3:4", "051200000001000000020000000300000004" }, { "accecn 1", "ac05000001" },
		{ "kind 254 acce", "fe04acce" }, { "raw 0200", "0200" }, { "eol", "00" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
		GByteArray *octets = g_byte_array_new();
		GString *hex = g_string_new(NULL);
		g_assert_null(script_options(options[i].text, octets));
		for (guint at = 0; at < octets->len; at++)
			g_string_append_printf(hex, "%02x", octets->data[at]);
		g_assert_cmpstr(hex->str, ==, options[i].hex);
		g_string_free(hex, TRUE);
		g_byte_array_unref(octets);
	}
}

/* RFC 1071: the sum over what the checksum covers, itself included, is all ones. */
static bool sums_up(uint32_t total, const uint8_t *octets, size_t length)
{
	for (size_t i = 0; i < length; i++)
		total += i % 2 ? octets[i] : (uint32_t)octets[i] << 8;
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return total == 0xffff;
}

static bool right_checksum(const struct packet *packet, bool ipv6)
{
	const uint8_t *octets = packet->octets->data;
	size_t addresses = packet->ip + (ipv6 ? 8 : 12), length = packet->octets->len - packet->tcp;
	uint8_t *all = g_malloc(32 + length);
	memcpy(all, octets + addresses, ipv6 ? 32 : 8);
	memcpy(all + (ipv6 ? 32 : 8), octets + packet->tcp, length);
	bool right = sums_up(6 + (uint32_t)length, all, (ipv6 ? 32 : 8) + length);
	g_free(all);
	return right && (ipv6 || sums_up(0, octets + packet->ip, 20));
}

static void test_packet(void)
{
	struct script *script = parsed(INTENT SYN SYNACK "0.1 A > B P. 101:104(3) ack 301\n"
	                                                 "0.2 A > B . 104:104(0) ack 301 badsum\n");
	GPtrArray *packets = packets_build(script);
	static const uint8_t ip[] = { 0x45, 0, 0, 44, 0, 1, 0x40, 0, 64, 6 };
	static const uint8_t tcp[] = { 0xc0, 0, 0, 80, 0, 0, 0, 100, 0, 0, 0, 0, 0x60, 2, 1000 >> 8, 1000 & 255 };
	const struct packet *syn = packet_of(packets, 0), *data = packet_of(packets, 2);
	g_assert_cmpmem(syn->octets->data + 14, sizeof(ip), ip, sizeof(ip));
	g_assert_cmpmem(syn->octets->data + 34, sizeof(tcp), tcp, sizeof(tcp));
	g_assert_cmpuint(syn->octets->len, ==, 14 + 20 + 24);
	g_assert_cmpuint(syn->ip_id, ==, 1);
	g_assert_cmpuint(packet_of(packets, 1)->ip_id, ==, 1);  /* an endpoint's own counter */
	g_assert_cmpuint(data->ip_id, ==, 2);
	g_assert_cmpuint(data->tcp_length, ==, 23);
	for (guint i = 0; i < 4; i++)
		g_assert_cmpint(right_checksum(packet_of(packets, i), false), ==, i != 3);
	g_ptr_array_unref(packets);
	script_free(script);
}

static void test_snap(void)
{
	struct script *script = applied(INTENT "0.0 A > B S 1:1(0) <mss 1460> snap 16\n", SCRIPT_VLAN);
	GPtrArray *packets = packets_build(script);
	const struct packet *packet = packet_of(packets, 0);
	g_assert_cmpuint(packet->captured, ==, 18 + 20 + 16);
	g_assert_cmpuint(packet->octets->len, ==, 18 + 20 + 24);
	g_assert_cmpuint(packet->octets->data[12] << 8 | packet->octets->data[13], ==, 0x8100);
	g_ptr_array_unref(packets);
	script_free(script);
}

static void test_quote(void)
{
	struct script *script = parsed(INTENT "endpoint R 198.51.100.1\n" SYN "0.1 R > A icmp 3 13 quoting 1\n");
	GPtrArray *packets = packets_build(script);
	const struct packet *syn = packet_of(packets, 0), *error = packet_of(packets, 1);
	const uint8_t *icmp = error->octets->data + 34;
	g_assert_cmpuint(error->octets->len, ==, 14 + 20 + 8 + 28);
	g_assert_cmpuint(icmp[0], ==, 3);
	g_assert_cmpuint(icmp[1], ==, 13);
	g_assert_cmpmem(icmp + 8, 28, syn->octets->data + 14, 28);
	g_assert_cmpuint(error->tcp, ==, 34 + 8 + 20);
	g_assert_true(sums_up(0, icmp, 36));
	g_ptr_array_unref(packets);
	script_free(script);
}

/* ---- variants -------------------------------------------------------------------------------------- */

static void test_shifted(void)
{
	struct script *script = applied(INTENT SYN SYNACK ACK "0.1 A > B S 77:77(0) ack 9\n"
	                                                      "0.2 B > A R. 0:0(0) ack 78\n"
	                                                      "0.3 A > B . 101:101(0) ack 301 <nop,nop,sack 301:302>\n",
	                                SCRIPT_SHIFTED);
	g_assert_cmpuint(item_of(script, 0)->seq, ==, 4294967295u);
	g_assert_cmpuint(item_of(script, 1)->seq, ==, 4294967295u);
	g_assert_cmpuint(item_of(script, 1)->ack, ==, 0);
	g_assert_cmpuint(item_of(script, 2)->seq, ==, 0);
	g_assert_cmpuint(item_of(script, 2)->ack, ==, 0);
	g_assert_cmpuint(item_of(script, 3)->seq, ==, 4294967295u - 23);  /* still 23 below the first ISN */
	g_assert_cmpuint(item_of(script, 3)->ack, ==, 9);                 /* no ACK flag: not in B's space */
	g_assert_cmpuint(item_of(script, 4)->seq, ==, 0);
	g_assert_cmpuint(item_of(script, 4)->ack, ==, 4294967295u - 22);
	g_assert_cmpuint(item_of(script, 5)->options->data[7], ==, 0);    /* 301 has become 0 */
	g_assert_cmpuint(item_of(script, 5)->options->data[11], ==, 1);
	script_free(script);
}

static void test_ipv6(void)
{
	struct script *script = applied(INTENT SYN SYNACK "0.1 B > A icmp 3 4 quoting 1\n1.0 end\n", SCRIPT_IPV6);
	GPtrArray *packets = packets_build(script);
	char *address = script_address(item_of(script, 0)->from);
	g_assert_cmpstr(address, ==, "2001:db8::c000:201");
	g_assert_true(right_checksum(packet_of(packets, 0), true));
	g_assert_cmpuint(item_of(script, 2)->type, ==, 2);
	g_assert_cmpuint(item_of(script, 2)->code, ==, 0);
	g_free(address);
	g_ptr_array_unref(packets);
	script_free(script);
}

static void test_interleaved(void)
{
	struct script *script = applied(INTENT SYN SYNACK ACK "9.0 end\n"
	                                                      "= complete three_way steps 1,2,3\n",
	                                SCRIPT_INTERLEAVED);
	const struct script_connection *connection = g_ptr_array_index(script->connections, 0);
	guint count = script->items->len;
	unsigned before = 0;
	g_assert_cmpuint(count, >, 4 + 6);
	g_assert_false(item_of(script, 0)->extra);
	g_assert_false(item_of(script, count - 1)->extra);
	for (guint i = 1; i < count; i++)
		g_assert_cmpint(item_of(script, i)->time, >=, item_of(script, i - 1)->time);
	for (int i = 0; i < 3; i++) {
		unsigned frame = script_frame(script, connection->steps[i]);
		g_assert_cmpuint(frame, >, before);
		g_assert_cmpuint(item_of(script, frame - 1)->line, ==, 2 + i);
		before = frame;
	}
	g_assert_cmpuint(before, >, 3);
	script_free(script);
}

static void test_not_allowed(void)
{
	GError *error = NULL;
	struct script *script = parsed(INTENT "variants vlan : it counts octets\n" SYN);
	g_assert_false(script_apply(script, SCRIPT_SHIFTED, &error));
	g_assert_cmpstr(error->message, ==, "x.tcphs:1: variant shifted cannot be made: it counts octets");
	g_assert_true(script->allowed[SCRIPT_VLAN]);
	g_error_free(error);
	script_free(script);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/script/segment", test_segment);
	g_test_add_func("/script/connections", test_connections);
	g_test_add_func("/script/errors", test_errors);
	g_test_add_func("/script/damaged", test_damaged);
	g_test_add_func("/script/options", test_options);
	g_test_add_func("/script/packet", test_packet);
	g_test_add_func("/script/snap", test_snap);
	g_test_add_func("/script/quote", test_quote);
	g_test_add_func("/script/shifted", test_shifted);
	g_test_add_func("/script/ipv6", test_ipv6);
	g_test_add_func("/script/interleaved", test_interleaved);
	g_test_add_func("/script/not-allowed", test_not_allowed);
	return g_test_run();
}
