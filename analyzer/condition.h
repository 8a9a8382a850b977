/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * condition.h - which connections are meant: sets of outcomes, and filters in libpcap's words.
 */
#ifndef TCPHS_CONDITION_H
#define TCPHS_CONDITION_H

#include <stdbool.h>

#include <glib.h>
#include <pcap/pcap.h>

#include "tcphs.h"

/** struct outcomes: verdicts, reasons and rules. */
struct outcomes {
	bool verdict[TCPHS_VERDICTS];
	bool reason[TCPHS_REASONS];
	bool rule[TCPHS_RULES];
};

/**
 * outcomes_parse(): adds |words|, with commas between, of the |kinds| (VOCABULARY_*) that are asked for. A word that is
 * both a reason and a rule counts as both.
 *
 * @return false for a word that is none of these; then *message is a sentence, for g_free(), that begins with |where|.
 */
bool outcomes_parse(struct outcomes *outcomes, unsigned kinds, const char *where, const char *words, char **message);

/** outcomes_meet(): whether the connection has one of them: its verdict, its reason, or the rule of a finding. */
bool outcomes_meet(const struct outcomes *outcomes, const struct tcphs_summary *summary);

/** What a condition can ask of a connection; all that it asks has to be so. */
enum condition_key { CONDITION_VERDICT, CONDITION_REASON, CONDITION_FINDING, CONDITION_KEYS };

/** struct condition: connections with certain endpoints and a certain outcome. */
struct condition {
	bool filtered;                  /* |program| is set; else all endpoints will do */
	struct bpf_program program;
	struct outcomes *outcomes[CONDITION_KEYS];  /* NULL: not asked */
	char *words[CONDITION_KEYS];    /* as they were written */
};

/**
 * condition_filter(): |expression| is libpcap's (pcap-filter(7)). It is asked of a SYN from the client to the server,
 * an IPv4 or IPv6 packet without a link layer: src is the client, dst the server.
 *
 * @return false, and a sentence that begins with |where|, for an expression that libpcap does not take.
 */
bool condition_filter(struct condition *condition, const char *where, const char *expression, char **message);

/** condition_ask(): |words| of that key. Errors as above. */
bool condition_ask(struct condition *condition, enum condition_key key, const char *where, const char *words,
                   char **message);

/** condition_asks(): whether it asks for any outcome. */
bool condition_asks(const struct condition *condition);

/** condition_chooses(): whether the connection's endpoints are meant. */
bool condition_chooses(const struct condition *condition, const struct tcphs_key *key);
/** condition_fits(): whether the connection's outcome is the one that is asked for. */
bool condition_fits(const struct condition *condition, const struct tcphs_summary *summary);

void condition_clear(struct condition *condition);

#endif
