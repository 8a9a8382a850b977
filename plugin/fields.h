/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fields.h - the numbers that Wireshark gave to our fields, expert infos and subtrees.
 */
#ifndef TCPHS_PLUGIN_FIELDS_H
#define TCPHS_PLUGIN_FIELDS_H

#include "compat.h"

#include "tcphs.h"

enum tcphs_field {
#define TCPHS_FIELD(ID, name, suffix, type, display, strings, description) TCPHS_FIELD_##ID,
#include "fields.def"
#undef TCPHS_FIELD
	TCPHS_FIELDS
};

enum tcphs_subtree {
	TCPHS_TREE_SEGMENT, TCPHS_TREE_STEPS, TCPHS_TREE_ARITHMETIC, TCPHS_TREE_OFFER, TCPHS_TREE_AGREED,
	TCPHS_TREE_FINDING,
	TCPHS_TREES
};

extern int tcphs_proto;
extern int tcphs_hf[TCPHS_FIELDS];
extern expert_field tcphs_ei[TCPHS_RULES];   /* indexed by rule; [TCPHS_RULE_NONE] is not used */
extern int tcphs_ett[TCPHS_TREES];

/** tcphs_fields_register(): registers them all for tcphs_proto, which must be set. To be called once. */
void tcphs_fields_register(void);

#endif
