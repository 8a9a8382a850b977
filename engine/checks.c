/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * checks.c - the rules that need nothing but the segment itself: one predicate each, in one table.
 */
#include "connection.h"

#define CONTROL (TCPHS_FIN | TCPHS_SYN | TCPHS_RST | TCPHS_PSH | TCPHS_ACK | TCPHS_URG)

static bool flags_syn_fin(const struct tcphs_segment *s)
{
	return (s->flags & (TCPHS_SYN | TCPHS_FIN)) == (TCPHS_SYN | TCPHS_FIN);
}

static bool flags_syn_rst(const struct tcphs_segment *s)
{
	return (s->flags & (TCPHS_SYN | TCPHS_RST)) == (TCPHS_SYN | TCPHS_RST);
}

static bool flags_null(const struct tcphs_segment *s)
{
	return (s->flags & CONTROL) == 0;
}

static bool flags_xmas(const struct tcphs_segment *s)
{
	return (s->flags & CONTROL) == (TCPHS_FIN | TCPHS_PSH | TCPHS_URG);
}

static const struct {
	enum tcphs_rule rule;
	bool (*holds)(const struct tcphs_segment *s);
} checks[] = {
	{ TCPHS_RULE_FLAGS_SYN_FIN, flags_syn_fin },
	{ TCPHS_RULE_FLAGS_SYN_RST, flags_syn_rst },
	{ TCPHS_RULE_FLAGS_NULL, flags_null },
	{ TCPHS_RULE_FLAGS_XMAS, flags_xmas },
};

void tcphs_raise(struct tcphs_finding *out, size_t *count, enum tcphs_rule rule, enum tcphs_side side, tcphs_ref at,
                 tcphs_ref related)
{
	if (*count >= TCPHS_FINDINGS_MAX)
		return;
	out[(*count)++] = (struct tcphs_finding){ .rule = (uint16_t)rule, .side = (uint8_t)side, .at = at, .related = related };
}

size_t tcphs_checks(const struct tcphs_segment *segment, enum tcphs_side side, struct tcphs_finding *out)
{
	size_t count = 0;

	/* Nearly every segment is an ACK with at most PSH: nothing here can hold for it. */
	if ((segment->flags & (CONTROL & ~TCPHS_PSH)) == TCPHS_ACK)
		return 0;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		if (checks[i].holds(segment))
			tcphs_raise(out, &count, checks[i].rule, side, segment->ref, 0);
	}
	return count;
}
