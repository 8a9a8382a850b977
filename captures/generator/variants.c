/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * variants.c - the same story in other circumstances, in which no verdict may change.
 *
 * shifted: each address has one distance by which all its sequence numbers move, and all acknowledgments of them. It
 * is chosen so that the address's first ISN becomes 4294967295: the SYN takes the last number and the data begins at
 * 0. One distance an address, not a connection, keeps every relation between ISNs as it was written.
 *
 * interleaved: a complete connection between two other addresses is spread over the gaps between the script's frames
 * and ends before the last of them, so that capture end, order and distances in time stay the script's.
 */
#include "script.h"

#include <arpa/inet.h>
#include <string.h>

static const char *const words[] = { "base", "shifted", "ipv6", "vlan", "interleaved" };
G_STATIC_ASSERT(G_N_ELEMENTS(words) == SCRIPT_VARIANTS);

const char *script_variant_word(enum script_variant variant)
{
	return words[variant];
}

int script_variant_find(const char *word)
{
	for (int i = 0; i < SCRIPT_VARIANTS; i++)
		if (!strcmp(words[i], word))
			return i;
	return -1;
}

static bool refuse(const struct script *script, unsigned line, GError **error, const char *what)
{
	const char *variant = script_variant_word(script->variant);
	g_set_error(error, SCRIPT_ERROR, SCRIPT_ERROR_VARIANT, "%s:%u: variant %s cannot be made: %s", script->path,
	            line, variant, what);
	return false;
}

/* ---- shifted -------------------------------------------------------------------------------------- */

/* A RST that answers a segment for no connection has sequence number 0 (RFC 9293 3.10.7.1): in nobody's space. */
static bool seq_of_no_space(const struct script_item *item)
{
	return (item->flags & SCRIPT_RST) && item->seq == 0;
}

/* The first ISN of an address: of a SYN, else what its first segment or the first acknowledgment of it tells. */
static bool first_isn(const struct script *script, const struct script_endpoint *endpoint, uint32_t *isn)
{
	int best = 0;
	for (guint i = 0; i < script->items->len; i++) {
		const struct script_item *item = g_ptr_array_index(script->items, i);
		if (item->kind != SCRIPT_SEGMENT)
			continue;
		bool sent = !memcmp(item->from->address, endpoint->address, 16) && !seq_of_no_space(item);
		bool received = !memcmp(item->to->address, endpoint->address, 16) && (item->flags & SCRIPT_ACK);
		int rank = sent && (item->flags & SCRIPT_SYN) ? 3 : sent ? 2 : received ? 1 : 0;
		if (rank <= best)
			continue;
		best = rank;
		*isn = rank == 3 ? item->seq : rank == 2 ? item->seq - 1 : item->ack - 1;
	}
	return best;
}

static uint32_t distance(const struct script *script, const struct script_endpoint *endpoint)
{
	uint32_t isn;
	return first_isn(script, endpoint, &isn) ? UINT32_MAX - isn : 0;
}

/* SACK blocks speak of the other side's numbers. Walks the list as long as it makes sense. */
static void shift_sack(GByteArray *options, uint32_t by)
{
	for (guint at = 0; at + 2 <= options->len && options->data[at];) {
		uint8_t *option = options->data + at;
		unsigned length = option[0] == 1 ? 1 : option[1];
		if (!length || at + length > options->len)
			return;
		for (unsigned edge = 2; option[0] == 5 && edge + 4 <= length; edge += 4) {
			uint32_t value;
			memcpy(&value, option + edge, 4);
			value = htonl(ntohl(value) + by);
			memcpy(option + edge, &value, 4);
		}
		at += length;
	}
}

static bool shift(struct script *script, GError **error)
{
	(void)error;
	GArray *distances = g_array_new(FALSE, FALSE, sizeof(uint32_t[2]));
	for (guint i = 0; i < script->items->len; i++) {
		const struct script_item *item = g_ptr_array_index(script->items, i);
		uint32_t pair[2] = { 0, 0 };
		if (item->kind == SCRIPT_SEGMENT) {
			pair[0] = distance(script, item->from);
			pair[1] = distance(script, item->to);
		}
		g_array_append_val(distances, pair);
	}
	for (guint i = 0; i < script->items->len; i++) {
		struct script_item *item = g_ptr_array_index(script->items, i);
		const uint32_t *pair = (const uint32_t *)(const void *)distances->data + (size_t)2 * i;
		item->seq += seq_of_no_space(item) ? 0 : pair[0];
		item->ack += item->flags & SCRIPT_ACK ? pair[1] : 0;
		shift_sack(item->options, pair[1]);
	}
	g_array_unref(distances);
	return true;
}

/* ---- ipv6 ----------------------------------------------------------------------------------------- */

/* 192.0.2.1 becomes 2001:db8::c000:201; addresses with a meaning become those with the same meaning. */
static void widen_address(struct script_endpoint *endpoint)
{
	static const uint8_t documentation[] = { 0x20, 0x01, 0x0d, 0xb8 }, group[] = { 0xff, 0x0e };
	const uint8_t *ipv4 = endpoint->address + 12;
	bool any = !ipv4[0], loopback = ipv4[0] == 127, multicast = ipv4[0] >= 224;
	if (endpoint->ipv6)
		return;
	endpoint->ipv6 = true;
	memset(endpoint->address, 0, 12);
	if (any || loopback) {
		memset(endpoint->address + 12, 0, 4);
		endpoint->address[15] = loopback;
	} else if (multicast) {
		memcpy(endpoint->address, group, sizeof(group));
	} else {
		memcpy(endpoint->address, documentation, sizeof(documentation));
	}
}

/* The ICMPv6 error that says the same (RFC 7915 4.2 translates so). */
static bool widen_icmp(struct script_item *item)
{
	static const struct { uint8_t from_type, from_code, to_type, to_code; } table[] = {
		{ 3, 0, 1, 0 }, { 3, 1, 1, 0 }, { 3, 2, 4, 1 }, { 3, 3, 1, 4 }, { 3, 4, 2, 0 },
		{ 3, 5, 1, 0 }, { 3, 6, 1, 0 }, { 3, 7, 1, 0 }, { 3, 9, 1, 1 }, { 3, 10, 1, 1 },
		{ 3, 13, 1, 1 }, { 3, 15, 1, 1 }, { 11, 0, 3, 0 }, { 11, 1, 3, 1 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		if (item->type != table[i].from_type || item->code != table[i].from_code)
			continue;
		item->type = table[i].to_type;
		item->code = table[i].to_code;
		return true;
	}
	return false;
}

static bool widen(struct script *script, GError **error)
{
	for (guint i = 0; i < script->items->len; i++) {
		struct script_item *item = g_ptr_array_index(script->items, i);
		if (item->kind == SCRIPT_ICMP && !widen_icmp(item))
			return refuse(script, item->line, error, "no ICMPv6 error says this; leave out ipv6");
	}
	for (guint i = 0; i < script->endpoints->len; i++)
		widen_address(g_ptr_array_index(script->endpoints, i));
	return true;
}

/* ---- interleaved ---------------------------------------------------------------------------------- */

/* A connection with nothing to remark: handshake, a request and its answer, both FINs. */
static const struct { bool answer; uint16_t flags; uint32_t seq, ack, length; const char *options; } clean[] = {
	{ false, SCRIPT_SYN, 2000000, 0, 0, "mss 1460,sackOK,TS val 700 ecr 0,nop,wscale 7" },
	{ true, SCRIPT_SYN | SCRIPT_ACK, 5000000, 2000001, 0, "mss 1460,sackOK,TS val 900 ecr 700,nop,wscale 7" },
	{ false, SCRIPT_ACK, 2000001, 5000001, 0, "nop,nop,TS val 701 ecr 900" },
	{ false, SCRIPT_PSH | SCRIPT_ACK, 2000001, 5000001, 40, "nop,nop,TS val 701 ecr 900" },
	{ true, SCRIPT_PSH | SCRIPT_ACK, 5000001, 2000041, 90, "nop,nop,TS val 901 ecr 701" },
	{ false, SCRIPT_FIN | SCRIPT_ACK, 2000041, 5000091, 0, "nop,nop,TS val 702 ecr 901" },
	{ true, SCRIPT_FIN | SCRIPT_ACK, 5000091, 2000042, 0, "nop,nop,TS val 902 ecr 702" },
	{ false, SCRIPT_ACK, 2000042, 5000092, 0, "nop,nop,TS val 703 ecr 902" },
};
enum { CLEAN = G_N_ELEMENTS(clean), HANDSHAKE = 3 };

static struct script_item *clean_item(unsigned i, struct script_endpoint *client, struct script_endpoint *server)
{
	struct script_item *item = script_item_new(SCRIPT_SEGMENT);
	item->extra = true;
	item->from = clean[i].answer ? server : client;
	item->to = clean[i].answer ? client : server;
	item->flags = clean[i].flags;
	item->seq = clean[i].seq;
	item->ack = clean[i].ack;
	item->length = clean[i].length;
	g_free(script_options(clean[i].options, item->options));
	return item;
}

static int64_t time_at(const struct script *script, guint index)
{
	return ((const struct script_item *)g_ptr_array_index(script->items, index))->time;
}

/* Where the clean segments go: gap[i] is the item that follows it. A handshake spread over seconds would be slow. */
static void choose_gaps(const struct script *script, guint gap[CLEAN])
{
	guint gaps = script->items->len - 1;
	for (unsigned i = 0; i < CLEAN; i++)
		gap[i] = 1 + i * gaps / CLEAN;
	if (time_at(script, gap[HANDSHAKE - 1]) - time_at(script, gap[0] - 1) > SCRIPT_SECOND / 2)
		gap[1] = gap[2] = gap[0];
}

/* Those in one gap divide it evenly, but never take more than ten milliseconds each. */
static void set_times(const struct script *script, const guint gap[CLEAN], struct script_item *items[CLEAN])
{
	int64_t unit = script->nanoseconds ? 1 : 1000;
	for (unsigned i = 0, first = 0; i < CLEAN; i++) {
		if (gap[i] != gap[first])
			first = i;
		unsigned together = 0;
		while (first + together < CLEAN && gap[first + together] == gap[first])
			together++;
		int64_t start = time_at(script, gap[i] - 1), room = MAX(time_at(script, gap[i]) - start, 0);
		int64_t pace = MIN(room / (together + 1), SCRIPT_SECOND / 100);
		items[i]->time = start + pace * (i - first + 1) / unit * unit;
	}
}

static bool interleave(struct script *script, GError **error)
{
	(void)error;
	struct script_endpoint *client = script_endpoint_new("clean client", "203.0.113.1", 50000);
	struct script_endpoint *server = script_endpoint_new("clean server", "203.0.113.2", 5000);
	struct script_item *items[CLEAN];
	guint gap[CLEAN];
	g_ptr_array_add(script->endpoints, client);
	g_ptr_array_add(script->endpoints, server);
	for (unsigned i = 0; i < CLEAN; i++)
		items[i] = clean_item(i, client, server);
	choose_gaps(script, gap);
	set_times(script, gap, items);
	for (unsigned i = CLEAN; i-- > 0;)
		g_ptr_array_insert(script->items, (gint)gap[i], items[i]);
	return true;
}

/* ---- which ---------------------------------------------------------------------------------------- */

static bool leave(struct script *script, GError **error)
{
	(void)script;
	(void)error;
	return true;
}

bool script_apply(struct script *script, enum script_variant variant, GError **error)
{
	static bool (*const apply[SCRIPT_VARIANTS])(struct script *, GError **) = {
		[SCRIPT_BASE] = leave, [SCRIPT_SHIFTED] = shift, [SCRIPT_IPV6] = widen, [SCRIPT_VLAN] = leave,
		[SCRIPT_INTERLEAVED] = interleave,
	};
	script->variant = variant;
	if (!script->allowed[variant])
		return refuse(script, 1, error, script->why ? script->why : "it speaks IPv6, or has but one frame");
	return apply[variant](script, error);
}
