/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * condition.c - a filter is run over a packet that stands for the connection.
 *
 * Endpoints could be matched by words of our own, but people who look at captures know libpcap's. Of a whole connection
 * there is no packet any more when it is judged, so one is made: the SYN that its client sent, or should have sent.
 */
#include "condition.h"

#include <string.h>

#include "report/text.h"
#include "vocabulary.h"

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define TCP_HEADER 20
#define PROTOCOL_TCP 6

/* ---- outcomes ------------------------------------------------------------------------------------ */

static bool add_word(struct outcomes *outcomes, unsigned kinds, const char *word)
{
	int verdict = kinds & VOCABULARY_VERDICTS ? tcphs_verdict_find(word) : -1;
	int reason = kinds & VOCABULARY_REASONS ? tcphs_reason_find(word) : -1;
	int rule = kinds & VOCABULARY_RULES ? tcphs_rule_find(word) : -1;

	if (verdict >= 0)
		outcomes->verdict[verdict] = true;
	if (reason >= 0)
		outcomes->reason[reason] = true;
	if (rule > TCPHS_RULE_NONE)
		outcomes->rule[rule] = true;
	return verdict >= 0 || reason >= 0 || rule > TCPHS_RULE_NONE;
}

bool outcomes_parse(struct outcomes *outcomes, unsigned kinds, const char *where, const char *words, char **message)
{
	char **list = g_strsplit(words, ",", -1);
	bool good = list[0] != NULL;

	if (!good)
		*message = g_strdup_printf("%s: needs a %s, or several with commas between", where,
		                           vocabulary_name(kinds));
	for (char **word = list; *word && good; word++) {
		good = add_word(outcomes, kinds, g_strstrip(*word));
		if (!good)
			*message = vocabulary_unknown(where, *word, kinds);
	}
	g_strfreev(list);
	return good;
}

bool outcomes_meet(const struct outcomes *outcomes, const struct tcphs_summary *summary)
{
	if (outcomes->verdict[summary->judgement.verdict] || outcomes->reason[summary->judgement.reason])
		return true;
	for (size_t i = 0; i < summary->finding_count; i++)
		if (outcomes->rule[summary->findings[i].rule])
			return true;
	return false;
}

/* ---- conditions ---------------------------------------------------------------------------------- */

bool condition_filter(struct condition *condition, const char *where, const char *expression, char **message)
{
	pcap_t *dead = pcap_open_dead(DLT_RAW, 65535);
	char *escaped;

	condition->filtered = dead && pcap_compile(dead, &condition->program, expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
	if (!condition->filtered) {
		escaped = text_escape(dead ? pcap_geterr(dead) : "memory is out");
		*message = g_strdup_printf("%s: libpcap does not take this filter (%s); see pcap-filter(7), for "
		                           "example: dst net 10.0.0.0/8 and dst port 443", where, escaped);
		g_free(escaped);
	}
	if (dead)
		pcap_close(dead);
	return condition->filtered;
}

bool condition_ask(struct condition *condition, enum condition_key key, const char *where, const char *words,
                   char **message)
{
	static const unsigned kinds[CONDITION_KEYS] = {
		/* "verdict = refused" is what people write; the reason implies its verdict. */
		[CONDITION_VERDICT] = VOCABULARY_VERDICTS | VOCABULARY_REASONS,
		[CONDITION_REASON] = VOCABULARY_REASONS,
		[CONDITION_FINDING] = VOCABULARY_RULES,
	};

	condition->outcomes[key] = g_new0(struct outcomes, 1);
	condition->words[key] = g_strdup(words);
	return outcomes_parse(condition->outcomes[key], kinds[key], where, words, message);
}

bool condition_asks(const struct condition *condition)
{
	for (int key = 0; key < CONDITION_KEYS; key++)
		if (condition->outcomes[key])
			return true;
	return false;
}

static void put16(uint8_t *at, size_t number)
{
	at[0] = (uint8_t)(number >> 8);
	at[1] = (uint8_t)number;
}

/* The headers of a SYN from src to dst. Returns their length. */
static size_t make_syn(uint8_t packet[IPV6_HEADER + TCP_HEADER], const struct tcphs_key *key)
{
	bool ipv4 = tcphs_is_ipv4(key->src) && tcphs_is_ipv4(key->dst);
	size_t header = ipv4 ? IPV4_HEADER : IPV6_HEADER;
	uint8_t *tcp = packet + header;

	memset(packet, 0, IPV6_HEADER + TCP_HEADER);
	if (ipv4) {
		packet[0] = 0x45;
		put16(packet + 2, header + TCP_HEADER);
		packet[8] = 64;
		packet[9] = PROTOCOL_TCP;
		memcpy(packet + 12, key->src + sizeof(tcphs_ipv4_prefix), 4);
		memcpy(packet + 16, key->dst + sizeof(tcphs_ipv4_prefix), 4);
	} else {
		packet[0] = 0x60;
		put16(packet + 4, TCP_HEADER);
		packet[6] = PROTOCOL_TCP;
		packet[7] = 64;
		memcpy(packet + 8, key->src, 16);
		memcpy(packet + 24, key->dst, 16);
	}
	put16(tcp, key->sport);
	put16(tcp + 2, key->dport);
	tcp[12] = TCP_HEADER / 4 << 4;
	tcp[13] = TCPHS_SYN;
	return header + TCP_HEADER;
}

bool condition_chooses(const struct condition *condition, const struct tcphs_key *key)
{
	uint8_t packet[IPV6_HEADER + TCP_HEADER];
	struct pcap_pkthdr header = { 0 };

	if (!condition->filtered)
		return true;
	header.len = header.caplen = (bpf_u_int32)make_syn(packet, key);
	return pcap_offline_filter(&condition->program, &header, packet) != 0;
}

bool condition_fits(const struct condition *condition, const struct tcphs_summary *summary)
{
	for (int key = 0; key < CONDITION_KEYS; key++)
		if (condition->outcomes[key] && !outcomes_meet(condition->outcomes[key], summary))
			return false;
	return true;
}

void condition_clear(struct condition *condition)
{
	if (condition->filtered)
		pcap_freecode(&condition->program);
	for (int key = 0; key < CONDITION_KEYS; key++) {
		g_free(condition->outcomes[key]);
		g_free(condition->words[key]);
	}
	memset(condition, 0, sizeof(*condition));
}
