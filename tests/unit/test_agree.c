/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_agree.c - what is offered and agreed on, and the words of ICMP errors.
 *
 * A handshake is told by two lists of words, those of the SYN and those of the SYN-ACK: "mss=1460", "wscale=7", "sack",
 * "ts", "tfo=8" (a cookie of 8 octets), "mptcp=0" (its subtype), "md5", "ao", "data=10", "cut" (options not captured),
 * and the flags "ece", "cwr", "ae". What comes out is told in the same way, so that a row reads as a sentence.
 */
#include "tcphs.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

static void read_option(struct tcphs_segment *segment, const char *word, unsigned value)
{
	static const struct {
		const char *word;
		uint16_t option, flag;
	} known[] = {
		{ "mss", TCPHS_OPT_MSS, 0 },
		{ "wscale", TCPHS_OPT_WSCALE, 0 },
		{ "sack", TCPHS_OPT_SACK_OK, 0 },
		{ "ts", TCPHS_OPT_TIMESTAMPS, 0 },
		{ "tfo", TCPHS_OPT_FAST_OPEN, 0 },
		{ "mptcp", TCPHS_OPT_MPTCP, 0 },
		{ "md5", TCPHS_OPT_MD5, 0 },
		{ "ao", TCPHS_OPT_AO, 0 },
		{ "ece", 0, TCPHS_ECE },
		{ "cwr", 0, TCPHS_CWR },
		{ "ae", 0, TCPHS_AE },
		{ "data", 0, 0 },
		{ "cut", 0, 0 },
	};
	size_t i = 0;

	while (i < G_N_ELEMENTS(known) && strcmp(known[i].word, word) != 0)
		i++;
	g_assert_cmpuint(i, <, G_N_ELEMENTS(known));
	segment->options.seen |= known[i].option;
	segment->flags |= known[i].flag;
	switch (known[i].option) {
	case TCPHS_OPT_MSS: segment->options.mss = (uint16_t)value; break;
	case TCPHS_OPT_WSCALE: segment->options.wscale = (uint8_t)value; break;
	case TCPHS_OPT_FAST_OPEN: segment->options.cookie_length = (uint8_t)value; break;
	case TCPHS_OPT_MPTCP: segment->options.mptcp_subtype = (uint8_t)value; break;
	default: break;
	}
	if (strcmp(word, "data") == 0)
		segment->length = value;
	if (strcmp(word, "cut") == 0)
		segment->have &= (uint8_t)~TCPHS_HAVE_OPTIONS;
}

static struct tcphs_segment read_segment(uint16_t flags, const char *words)
{
	struct tcphs_segment segment = {
		.have = TCPHS_HAVE_SEQ | TCPHS_HAVE_HEADER | TCPHS_HAVE_OPTIONS | TCPHS_HAVE_LENGTH,
		.flags = flags,
		.window = 1000,
		.options.mptcp_subtype = TCPHS_MP_NONE,
	};
	char **list = g_strsplit(words, " ", -1);

	for (char **word = list; *word; word++) {
		char *sign = strchr(*word, '=');

		if (sign)
			*sign = '\0';
		if (**word)
			read_option(&segment, *word, sign ? (unsigned)strtoul(sign + 1, NULL, 10) : 0);
	}
	g_strfreev(list);
	return segment;
}

/** offer_words(): an offer as a row tells it. */
static char *offer_words(const struct tcphs_offer *offer)
{
	GString *text = g_string_new(offer->present ? "" : "unknown");

	if (offer->has_mss)
		g_string_append_printf(text, " mss=%u", offer->mss);
	if (offer->has_wscale)
		g_string_append_printf(text, " wscale=%u", offer->wscale);
	if (offer->sack)
		g_string_append(text, " sack");
	if (offer->timestamps)
		g_string_append(text, " ts");
	if (offer->fast_open)
		g_string_append_printf(text, " tfo=%u", offer->cookie_length);
	if (offer->mptcp)
		g_string_append(text, " mptcp");
	if (offer->ecn)
		g_string_append_printf(text, " %s", tcphs_ecn_word((enum tcphs_ecn)offer->ecn));
	if (offer->auth)
		g_string_append_printf(text, " %s", tcphs_auth_word((enum tcphs_auth)offer->auth));
	return g_strstrip(g_string_free(text, FALSE));
}

/** agreed_words(): likewise; "MSS to client/MSS to server", "shift to client/shift to server". */
static char *agreed_words(const struct tcphs_agreement *agreed)
{
	GString *text = g_string_new("");

	if (!agreed->present)
		return g_string_free(g_string_assign(text, "unknown"), FALSE);
	g_string_append_printf(text, "mss=%u/%u", agreed->mss_to_client, agreed->mss_to_server);
	if (agreed->has_wscale)
		g_string_append_printf(text, " wscale=%u/%u", agreed->wscale_to_client, agreed->wscale_to_server);
	else
		g_assert_cmpuint(agreed->wscale_to_client + agreed->wscale_to_server, ==, 0);
	if (agreed->sack)
		g_string_append(text, " sack");
	if (agreed->timestamps)
		g_string_append(text, " ts");
	if (agreed->fast_open)
		g_string_append(text, " tfo");
	if (agreed->mptcp)
		g_string_append(text, " mptcp");
	if (agreed->ecn)
		g_string_append_printf(text, " %s", tcphs_ecn_word((enum tcphs_ecn)agreed->ecn));
	if (agreed->auth)
		g_string_append_printf(text, " %s", tcphs_auth_word((enum tcphs_auth)agreed->auth));
	return g_string_free(text, FALSE);
}

static struct tcphs_key key_between(bool ipv6, bool from_server)
{
	struct tcphs_key key = { .sport = from_server ? 80 : 49152, .dport = from_server ? 49152 : 80 };

	if (!ipv6) {
		memset(key.src + 10, 0xff, 2);
		memset(key.dst + 10, 0xff, 2);
	}
	key.src[15] = from_server ? 2 : 1;
	key.dst[15] = from_server ? 1 : 2;
	return key;
}

static struct tcphs_tracker *tracker_new(void)
{
	struct tcphs_tracker *tracker;
	struct tcphs_config config;

	tcphs_config_default(&config);
	config.keep = true;
	g_assert_cmpint(tcphs_tracker_new(&tracker, &config), ==, TCPHS_OK);
	return tracker;
}

static uint32_t feed(struct tcphs_tracker *tracker, bool ipv6, bool from_server, struct tcphs_segment segment)
{
	static tcphs_ref ref;
	struct tcphs_key key = key_between(ipv6, from_server);
	struct tcphs_mark mark;

	segment.ref = ++ref;
	segment.time = ref * TCPHS_MILLISECOND;
	tcphs_segment_sum_up(&segment);
	g_assert_cmpint(tcphs_tracker_segment(tracker, &key, &segment, &mark), ==, TCPHS_OK);
	return mark.connection;
}

/** handshake(): the summary after SYN and, unless |synack| is NULL, SYN-ACK. */
static void handshake(bool ipv6, const char *syn, const char *synack, struct tcphs_summary *summary)
{
	struct tcphs_tracker *tracker = tracker_new();
	struct tcphs_segment segment = read_segment(TCPHS_SYN, syn);
	uint32_t connection, data = segment.length;

	segment.seq = 4321;
	connection = feed(tracker, ipv6, false, segment);
	if (synack) {
		segment = read_segment(TCPHS_SYN | TCPHS_ACK, synack);
		segment.seq = 7000;
		segment.ack = 4322 + data;
		feed(tracker, ipv6, true, segment);
	}
	tcphs_tracker_summary(tracker, connection, TCPHS_TIME_NEVER, summary);
	tcphs_tracker_del(tracker);
}

static void test_offers(void)
{
	static const struct {
		const char *syn, *synack;    /* sent */
		const char *client, *server; /* offered */
		const char *agreed;
	} rows[] = {
		{ "mss=1460 sack ts wscale=7", "mss=1400 sack ts wscale=8", "mss=1460 wscale=7 sack ts",
		  "mss=1400 wscale=8 sack ts", "mss=1460/1400 wscale=7/8 sack ts" },
		/* One side alone agrees on nothing. */
		{ "mss=1460 sack ts wscale=7", "mss=1400", "mss=1460 wscale=7 sack ts", "mss=1400", "mss=1460/1400" },
		{ "mss=1460", "mss=1400 sack ts wscale=8", "mss=1460", "mss=1400 wscale=8 sack ts", "mss=1460/1400" },
		/* What is not said of the MSS. */
		{ "", "mss=1400", "", "mss=1400", "mss=536/1400" },
		{ "mss=1460", "", "mss=1460", "", "mss=1460/536" },
		/* RFC 7323 2.3: more than 14 counts as 14, and 0 is a shift. */
		{ "wscale=15", "wscale=14", "wscale=15", "wscale=14", "mss=536/536 wscale=14/14" },
		{ "wscale=13", "wscale=0", "wscale=13", "wscale=0", "mss=536/536 wscale=13/0" },
		/* Authentication: only the same on both sides. */
		{ "md5", "md5", "md5", "md5", "mss=536/536 md5" },
		{ "ao", "ao", "ao", "ao", "mss=536/536 ao" },
		{ "md5", "ao", "md5", "ao", "mss=536/536" },
		{ "md5 ao", "ao", "ao", "ao", "mss=536/536 ao" },
		/* Multipath: MP_CAPABLE (0) and MP_JOIN (1); another subtype is no offer. */
		{ "mptcp=0", "mptcp=0", "mptcp", "mptcp", "mss=536/536 mptcp" },
		{ "mptcp=1", "mptcp=1", "mptcp", "mptcp", "mss=536/536 mptcp" },
		{ "mptcp=2", "mptcp=0", "", "mptcp", "mss=536/536" },
		{ "mptcp=0", "", "mptcp", "", "mss=536/536" },
		{ "", "mptcp=0", "", "mptcp", "mss=536/536" },
		/* Fast Open is agreed on where data in the SYN was acknowledged. */
		{ "tfo=8 data=10", "", "tfo=8", "", "mss=536/536 tfo" },
		{ "tfo=0", "tfo=8", "tfo=0", "tfo=8", "mss=536/536" },
		/* What was not captured is not known. */
		{ "cut", "mss=1400", "unknown", "mss=1400", "unknown" },
		{ "mss=1460", "cut", "mss=1460", "unknown", "unknown" },
		{ "mss=1460", NULL, "mss=1460", "unknown", "unknown" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct tcphs_summary summary;
		char *client, *server, *agreed;

		handshake(false, rows[i].syn, rows[i].synack, &summary);
		client = offer_words(&summary.offer[TCPHS_CLIENT]);
		server = offer_words(&summary.offer[TCPHS_SERVER]);
		agreed = agreed_words(&summary.agreed);
		g_assert_cmpstr(client, ==, rows[i].client);
		g_assert_cmpstr(server, ==, rows[i].server);
		g_assert_cmpstr(agreed, ==, rows[i].agreed);
		g_free(client);
		g_free(server);
		g_free(agreed);
	}
}

static void test_default_mss_of_ipv6(void)
{
	struct tcphs_summary summary;

	handshake(true, "", "", &summary);
	g_assert_cmpuint(summary.agreed.mss_to_client, ==, 1220);
	g_assert_cmpuint(summary.agreed.mss_to_server, ==, 1220);
}

/* RFC 3168 6.1.1, RFC 9768 3.1.1 and table 2. */
static void test_ecn(void)
{
	static const struct {
		const char *syn, *synack, *client, *server, *agreed;
	} rows[] = {
		{ "", "", "none", "none", "none" },
		{ "ece cwr", "ece", "classic", "classic", "classic" },
		{ "ece cwr", "", "classic", "none", "none" },
		{ "ece cwr", "ece ae", "classic", "classic", "classic" },
		/* Nothing was asked for, or what is granted was not asked for. */
		{ "", "ece", "none", "none", "none" },
		{ "", "ece ae", "none", "none", "none" },
		{ "ece cwr", "cwr", "classic", "none", "none" },
		{ "ece cwr", "ae", "classic", "none", "none" },
		{ "ece cwr", "ae cwr", "classic", "none", "none" },
		/* The flags reflected grant nothing. */
		{ "ece cwr", "ece cwr", "classic", "none", "none" },
		{ "ae ece cwr", "ae ece cwr", "accurate", "none", "none" },
		/* Accurate ECN: four ways to grant it, one to fall back. */
		{ "ae ece cwr", "cwr", "accurate", "accurate", "accurate" },
		{ "ae ece cwr", "cwr ece", "accurate", "accurate", "accurate" },
		{ "ae ece cwr", "ae", "accurate", "accurate", "accurate" },
		{ "ae ece cwr", "ae cwr", "accurate", "accurate", "accurate" },
		{ "ae ece cwr", "ece", "accurate", "classic", "classic" },
		{ "ae ece cwr", "", "accurate", "none", "none" },
		/* Half a request is none. */
		{ "ece", "ece", "none", "none", "none" },
		{ "ae cwr", "cwr", "none", "none", "none" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct tcphs_summary summary;

		handshake(false, rows[i].syn, rows[i].synack, &summary);
		g_assert_cmpstr(tcphs_ecn_word((enum tcphs_ecn)summary.offer[TCPHS_CLIENT].ecn), ==, rows[i].client);
		g_assert_cmpstr(tcphs_ecn_word((enum tcphs_ecn)summary.offer[TCPHS_SERVER].ecn), ==, rows[i].server);
		g_assert_cmpstr(tcphs_ecn_word((enum tcphs_ecn)summary.agreed.ecn), ==, rows[i].agreed);
	}
}

/* In a simultaneous open both SYNs ask, and nobody grants. */
static void test_simultaneous_open_offers(void)
{
	struct tcphs_tracker *tracker = tracker_new();
	struct tcphs_segment one = read_segment(TCPHS_SYN, "mss=1460 ece cwr");
	struct tcphs_segment two = read_segment(TCPHS_SYN, "mss=1400 ae ece cwr");
	struct tcphs_summary summary;
	uint32_t connection;

	one.seq = 100;
	two.seq = 200;
	connection = feed(tracker, false, false, one);
	feed(tracker, false, true, two);
	tcphs_tracker_summary(tracker, connection, TCPHS_TIME_NEVER, &summary);
	g_assert_cmpuint(summary.offer[TCPHS_CLIENT].mss, ==, 1460);
	g_assert_cmpuint(summary.offer[TCPHS_CLIENT].ecn, ==, TCPHS_ECN_CLASSIC);
	g_assert_cmpuint(summary.offer[TCPHS_SERVER].mss, ==, 1400);
	g_assert_cmpuint(summary.offer[TCPHS_SERVER].ecn, ==, TCPHS_ECN_ACCURATE);
	g_assert_cmpuint(summary.agreed.ecn, ==, TCPHS_ECN_CLASSIC);
	tcphs_tracker_del(tracker);
}

/* A connection of which only the SYN-ACK was captured first: roles are not sides. */
static void test_the_server_is_captured_first(void)
{
	struct tcphs_tracker *tracker = tracker_new();
	struct tcphs_segment segment = read_segment(TCPHS_SYN | TCPHS_ACK, "mss=1400 sack");
	struct tcphs_summary summary;
	uint32_t connection;

	segment.seq = 7000;
	segment.ack = 4322;
	connection = feed(tracker, false, true, segment);
	segment = read_segment(TCPHS_SYN, "mss=1460 sack");
	segment.seq = 4321;
	feed(tracker, false, false, segment);
	tcphs_tracker_summary(tracker, connection, TCPHS_TIME_NEVER, &summary);
	g_assert_cmpuint(summary.offer[TCPHS_CLIENT].mss, ==, 1460);
	g_assert_cmpuint(summary.offer[TCPHS_SERVER].mss, ==, 1400);
	g_assert_cmpuint(summary.agreed.mss_to_server, ==, 1400);
	g_assert_true(summary.agreed.sack);
	tcphs_tracker_del(tracker);
}

static void test_offer_of_a_segment(void)
{
	struct tcphs_segment segment = read_segment(TCPHS_SYN, "mss=1460 ae ece cwr");
	struct tcphs_offer offer;

	tcphs_segment_offer(&segment, TCPHS_ECN_NONE, &offer);
	g_assert_true(offer.present);
	g_assert_cmpuint(offer.mss, ==, 1460);
	g_assert_cmpuint(offer.ecn, ==, TCPHS_ECN_ACCURATE);
	/* The same flags on a SYN-ACK answer what was asked for. */
	segment = read_segment(TCPHS_SYN | TCPHS_ACK, "mss=1460 ece");
	tcphs_segment_offer(&segment, TCPHS_ECN_CLASSIC, &offer);
	g_assert_cmpuint(offer.ecn, ==, TCPHS_ECN_CLASSIC);
	tcphs_segment_offer(&segment, TCPHS_ECN_NONE, &offer);
	g_assert_cmpuint(offer.ecn, ==, TCPHS_ECN_NONE);
	/* No SYN, or not all of it. */
	segment = read_segment(TCPHS_ACK, "ts");
	tcphs_segment_offer(&segment, TCPHS_ECN_NONE, &offer);
	g_assert_false(offer.present);
	segment = read_segment(TCPHS_SYN, "mss=1460 cut");
	tcphs_segment_offer(&segment, TCPHS_ECN_NONE, &offer);
	g_assert_false(offer.present);
}

static void test_words_of_icmp(void)
{
	g_assert_cmpstr(tcphs_icmp_words(false, 3, 0), ==, "network unreachable");
	g_assert_cmpstr(tcphs_icmp_words(false, 3, 15), ==, "precedence cutoff in effect");
	g_assert_cmpstr(tcphs_icmp_words(false, 3, 16), ==, "destination unreachable");
	g_assert_cmpstr(tcphs_icmp_words(false, 11, 0), ==, "TTL exceeded in transit");
	g_assert_cmpstr(tcphs_icmp_words(false, 11, 1), ==, "fragment reassembly time exceeded");
	g_assert_cmpstr(tcphs_icmp_words(true, 1, 0), ==, "no route to destination");
	g_assert_cmpstr(tcphs_icmp_words(true, 1, 8), ==, "headers too long");
	g_assert_cmpstr(tcphs_icmp_words(true, 1, 9), ==, "destination unreachable");
	g_assert_cmpstr(tcphs_icmp_words(true, 3, 0), ==, "hop limit exceeded in transit");
	g_assert_cmpstr(tcphs_icmp_words(true, 3, 1), ==, "fragment reassembly time exceeded");
}

/** quoted(): the mark of an ICMP error about |segment|, which the client sent. */
static void quoted(struct tcphs_tracker *tracker, struct tcphs_segment segment, struct tcphs_mark *mark)
{
	struct tcphs_quote quote = { .key = key_between(false, false), .segment = segment, .type = 3, .code = 1 };

	quote.segment.ref = 99;
	quote.segment.time = TCPHS_SECOND;
	g_assert_cmpint(tcphs_tracker_quote(tracker, &quote, mark), ==, TCPHS_OK);
}

/* A quote too short for the sequence number may be about any segment: it says nothing. */
static void test_a_quote_without_number(void)
{
	struct tcphs_tracker *tracker = tracker_new();
	struct tcphs_segment segment = read_segment(TCPHS_SYN, "");
	struct tcphs_summary summary;
	struct tcphs_mark mark;
	uint32_t connection;

	connection = feed(tracker, false, false, segment);
	segment.have = 0;
	quoted(tracker, segment, &mark);
	tcphs_tracker_summary(tracker, connection, TCPHS_TIME_NEVER, &summary);
	g_assert_false(summary.icmp.present);
	g_assert_cmpuint(summary.judgement.reason, ==, TCPHS_REASON_UNANSWERED);
	segment.have = TCPHS_HAVE_SEQ;
	quoted(tracker, segment, &mark);
	tcphs_tracker_summary(tracker, connection, TCPHS_TIME_NEVER, &summary);
	g_assert_true(summary.icmp.present);
	g_assert_cmpuint(summary.judgement.reason, ==, TCPHS_REASON_UNREACHABLE);
	tcphs_tracker_del(tracker);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/agree/offers", test_offers);
	g_test_add_func("/agree/default_mss_of_ipv6", test_default_mss_of_ipv6);
	g_test_add_func("/agree/ecn", test_ecn);
	g_test_add_func("/agree/simultaneous_open", test_simultaneous_open_offers);
	g_test_add_func("/agree/server_first", test_the_server_is_captured_first);
	g_test_add_func("/agree/segment", test_offer_of_a_segment);
	g_test_add_func("/icmp/words", test_words_of_icmp);
	g_test_add_func("/icmp/short_quote", test_a_quote_without_number);
	return g_test_run();
}
