/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * update.h - one call of tcphs_connection_update(), shared by the files that do its work.
 */
#ifndef TCPHS_UPDATE_H
#define TCPHS_UPDATE_H

#include "connection.h"

struct update {
	struct tcphs_connection *c;
	const struct tcphs_segment *s;
	const struct tcphs_config *config;
	struct tcphs_endpoint *own, *peer;  /* the sender's side and the other */
	struct tcphs_mark *mark;
	struct tcphs_finding *out;
	size_t count;
	enum tcphs_side side;
	enum tcphs_role role;
	enum tcphs_event event;
	enum tcphs_stage before;            /* the stage that the segment met */
	uint16_t did;                       /* what the sender had done before it */
};

/** update_raise(): raises a rule about the segment, spoken of its sender. @return the finding; NULL if out is full. */
struct tcphs_finding *update_raise(struct update *u, enum tcphs_rule rule, tcphs_ref related);
/** update_raise_numbers(): the same with what was expected and what was found. */
void update_raise_numbers(struct update *u, enum tcphs_rule rule, tcphs_ref related, uint32_t expected,
                          uint32_t actual);

/** update_notice(): raises the rules about a segment in its connection that no cell of the tables has. */
void update_notice(struct update *u);

#endif
