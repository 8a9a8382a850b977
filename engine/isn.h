/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * isn.h - ISN quality per host: how its initial sequence numbers are collected. Not for front ends; what they may
 * ask is in tcphs.h.
 */
#ifndef TCPHS_ISN_H
#define TCPHS_ISN_H

#include "tcphs.h"

/** struct tcphs_isn: an ISN that |host| sent in a SYN or SYN-ACK. */
struct tcphs_isn {
	const uint8_t *host;    /* 16 octets, IPv4 mapped */
	uint32_t tuple;         /* a hash of the 4-tuple and of which of its endpoints the host is */
	uint32_t isn;
	tcphs_time time;        /* of that SYN or SYN-ACK */
	tcphs_ref ref;
};

/** struct tcphs_isn_repeat: what tcphs_isn_sent() found. */
struct tcphs_isn_repeat {
	uint32_t connections;   /* that the host opened with this ISN, each on a 4-tuple of its own */
	uint32_t completed;     /* how many of them are known to have been completed */
	tcphs_ref first;        /* the first segment with this ISN */
};

/** struct tcphs_isn_pattern: what tcphs_isn_completed() found. */
struct tcphs_isn_pattern {
	unsigned kind;          /* TCPHS_ISN_CONSTANT_STEP, TCPHS_ISN_CLOCK or TCPHS_ISN_MULTIPLES */
	uint32_t value;         /* the step, numbers a second, or the greatest common divisor */
};

/**
 * tcphs_isn_prefetch(): |host| soon sends a SYN or SYN-ACK. With |round| 0, then with 1, which finds in the cache what
 * the one before has asked for.
 */
void tcphs_isn_prefetch(const struct tcphs_isn_table *table, const uint8_t *host, unsigned round);

/**
 * tcphs_isn_sent(): a host shows an ISN for the first time in a connection.
 *
 * @return whether with this one it is proven, for the first time of this host, that it repeats an ISN; then *repeat* is
 * set. Without memory, and for hosts beyond the limit, nothing is learned.
 */
bool tcphs_isn_sent(struct tcphs_isn_table *table, const struct tcphs_isn *isn, struct tcphs_isn_repeat *repeat);

/** tcphs_isn_completed(): the connection was completed. @return as above, that the host's ISNs can be predicted. */
bool tcphs_isn_completed(struct tcphs_isn_table *table, const struct tcphs_isn *isn, struct tcphs_isn_pattern *pattern);

#endif
