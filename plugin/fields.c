/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fields.c - registers fields, one expert info for each rule, and subtrees.
 *
 * Theory of operation. Wireshark wants arrays of records that live as long as the process and receives the numbers of
 * the fields through pointers in them. Ours are made from fields.def and rules.def, so that a row there is all that a
 * new field or rule needs. An expert info named tcphs.<id> is a filterable field at the same time.
 */
#include "fields.h"

int tcphs_proto = -1;
int tcphs_hf[TCPHS_FIELDS];
expert_field tcphs_ei[TCPHS_RULES];
int tcphs_ett[TCPHS_TREES];

static hf_register_info records[] = {
#define TCPHS_FIELD(ID, name, suffix, type, display, strings, description) \
	{&tcphs_hf[TCPHS_FIELD_##ID], {name, "tcphs." suffix, type, display, strings, 0, description, HFILL}},
#include "fields.def"
#undef TCPHS_FIELD
};

/* Numbers and order are "sequence" to Wireshark; what no stack would send is "protocol". */
#define GROUP_NOTHING PI_SEQUENCE
#define GROUP_ARITHMETIC PI_SEQUENCE
#define GROUP_FLAGS PI_PROTOCOL
#define GROUP_SEGMENT PI_PROTOCOL

static ei_register_info infos[] = {
#define TCPHS_RULE(id, ID, severity, scope, breaks, title, reference, explanation) \
	{&tcphs_ei[TCPHS_RULE_##ID], {"tcphs." #id, GROUP_##breaks, PI_##severity, title, EXPFILL}},
#include "rules.def"
#undef TCPHS_RULE
};

void tcphs_fields_register(void)
{
	static const expert_field unset = EI_INIT;
	static gint *trees[TCPHS_TREES];

	for (int i = 0; i < TCPHS_FIELDS; i++)
		tcphs_hf[i] = -1;
	for (int i = 0; i < TCPHS_TREES; i++) {
		tcphs_ett[i] = -1;
		trees[i] = &tcphs_ett[i];
	}
	for (int i = 0; i < TCPHS_RULES; i++)
		tcphs_ei[i] = unset;
	proto_register_field_array(tcphs_proto, records, (int)array_length(records));
	proto_register_subtree_array(trees, TCPHS_TREES);
	expert_register_field_array(expert_register_protocol(tcphs_proto), infos, (int)array_length(infos));
}
