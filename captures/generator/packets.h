/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packets.h - the frames of a script, as they would be on an Ethernet, and the capture file that holds them.
 */
#ifndef TCPHS_PACKETS_H
#define TCPHS_PACKETS_H

#include "script.h"

/** struct packet: one frame, and where in it the TCP header lies (of a segment, or quoted by an ICMP error). */
struct packet {
	const struct script_item *item;
	GByteArray *octets;    /* the whole frame */
	size_t captured;       /* how much of it the capture has */
	size_t ip;             /* offset of the IP header of the frame */
	size_t tcp;            /* offset of the TCP header, 0 if there is none */
	size_t tcp_length;     /* octets of TCP header and data as sent; 0 where they are quoted */
	uint16_t ip_id;        /* 0 for IPv6 */
};

/** packets_build(): the frames of a script, in order; GPtrArray of struct packet that frees its elements. */
GPtrArray *packets_build(struct script *script);

/** packets_write(): a classic pcap file, in nanoseconds if the script needs them; FALSE and *error* on failure. */
bool packets_write(struct script *script, const char *path, GError **error);

#endif
