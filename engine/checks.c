/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * checks.c - the rules that need nothing but the segment and its addresses: one predicate each, in one table.
 *
 * A predicate may set the finding's expected and actual numbers; where it does, the rule's sentence has them.
 */
#include <string.h>

#include "connection.h"

#define CONTROL (TCPHS_FIN | TCPHS_SYN | TCPHS_RST | TCPHS_PSH | TCPHS_ACK | TCPHS_URG)

/** RFC 7323 2.3. */
#define MAX_SHIFT 14

/** RFC 7413 4.1.1. */
#define LEAST_COOKIE 4
#define MOST_COOKIE 16

/* What a predicate is asked about, and where its numbers go. */
struct check {
	const struct tcphs_config *config;
	const struct tcphs_key *key;
	const struct tcphs_segment *s;
	struct tcphs_finding *finding;
};

static bool with_numbers(const struct check *c, uint32_t expected, uint32_t actual)
{
	c->finding->numbers = 1;
	c->finding->expected = expected;
	c->finding->actual = actual;
	return true;
}

static bool all(const struct check *c, unsigned flags)
{
	return (c->s->flags & flags) == flags;
}

static bool is_syn(const struct check *c)
{
	return (c->s->flags & (TCPHS_SYN | TCPHS_ACK)) == TCPHS_SYN;
}

static bool offers(const struct check *c, unsigned option)
{
	return (c->s->flags & TCPHS_SYN) && (c->s->options.seen & option);
}

/* ---- flags and header --------------------------------------------------------------------------- */

static bool flags_syn_fin(const struct check *c)
{
	return all(c, TCPHS_SYN | TCPHS_FIN);
}

static bool flags_syn_rst(const struct check *c)
{
	return all(c, TCPHS_SYN | TCPHS_RST);
}

static bool flags_null(const struct check *c)
{
	return (c->s->flags & CONTROL) == 0;
}

static bool flags_xmas(const struct check *c)
{
	return (c->s->flags & CONTROL) == (TCPHS_FIN | TCPHS_PSH | TCPHS_URG);
}

static bool flags_fin_alone(const struct check *c)
{
	return (c->s->flags & (TCPHS_FIN | TCPHS_SYN | TCPHS_RST | TCPHS_ACK)) == TCPHS_FIN && !flags_xmas(c);
}

static bool ack_field_without_flag(const struct check *c)
{
	if ((c->s->flags & (TCPHS_ACK | TCPHS_RST)) || c->s->ack == 0)
		return false;
	return with_numbers(c, 0, c->s->ack);
}

static bool header_bad_length(const struct check *c)
{
	return c->s->have & TCPHS_BAD_OFFSET;
}

static bool options_malformed(const struct check *c)
{
	return c->s->options.malformed != 0;
}

static bool option_repeated(const struct check *c)
{
	return c->s->options.repeated != 0;
}

static bool option_only_on_syn(const struct check *c)
{
	return !(c->s->flags & TCPHS_SYN) &&
	       (c->s->options.seen & (TCPHS_OPT_MSS | TCPHS_OPT_WSCALE | TCPHS_OPT_SACK_OK));
}

static bool port_zero(const struct check *c)
{
	return c->s->sport == 0 || c->s->dport == 0;
}

/* ---- addresses ---------------------------------------------------------------------------------- */

static bool is_loopback(const uint8_t address[16])
{
	static const uint8_t ipv6[16] = { [15] = 1 };

	return tcphs_is_ipv4(address) ? address[12] == 127 : memcmp(address, ipv6, sizeof(ipv6)) == 0;
}

static bool land(const struct check *c)
{
	return c->key->sport == c->key->dport && memcmp(c->key->src, c->key->dst, 16) == 0 && !is_loopback(c->key->src);
}

/* Multicast, or all of a network. */
static bool is_group(const uint8_t to[16])
{
	if (!tcphs_is_ipv4(to))
		return to[0] == 0xff;
	return (to[12] & 0xf0) == 0xe0 || (to[12] & to[13] & to[14] & to[15]) == 0xff;
}

static bool syn_to_group(const struct check *c)
{
	return is_syn(c) && is_group(c->key->dst);
}

/* ---- SYN and SYN-ACK ---------------------------------------------------------------------------- */

static bool syn_data(const struct check *c)
{
	if (!is_syn(c) || c->s->length == 0 || !(c->s->have & TCPHS_HAVE_OPTIONS) ||
	    (c->s->options.seen & TCPHS_OPT_FAST_OPEN))
		return false;
	return with_numbers(c, 0, c->s->length);
}

static bool syn_isn_zero(const struct check *c)
{
	return (c->s->flags & TCPHS_SYN) && c->s->seq == 0;
}

static bool syn_window_zero(const struct check *c)
{
	return (c->s->flags & (TCPHS_SYN | TCPHS_RST)) == TCPHS_SYN && c->s->window == 0;
}

static bool syn_mss_absent(const struct check *c)
{
	return (c->s->flags & TCPHS_SYN) && (c->s->have & TCPHS_HAVE_OPTIONS) && !(c->s->have & TCPHS_BAD_OFFSET) &&
	       !(c->s->options.seen & TCPHS_OPT_MSS);
}

static bool syn_mss_tiny(const struct check *c)
{
	return offers(c, TCPHS_OPT_MSS) && c->s->options.mss < c->config->least_mss &&
	       with_numbers(c, c->config->least_mss, c->s->options.mss);
}

static bool syn_wscale_too_large(const struct check *c)
{
	return offers(c, TCPHS_OPT_WSCALE) && c->s->options.wscale > MAX_SHIFT &&
	       with_numbers(c, MAX_SHIFT, c->s->options.wscale);
}

static bool syn_tsecr_set(const struct check *c)
{
	return is_syn(c) && offers(c, TCPHS_OPT_TIMESTAMPS) && c->s->options.tsecr != 0 &&
	       with_numbers(c, 0, c->s->options.tsecr);
}

static bool tfo_cookie_bad_length(const struct check *c)
{
	uint8_t length = c->s->options.cookie_length;

	if (!offers(c, TCPHS_OPT_FAST_OPEN) || length == 0)
		return false;
	return (length < LEAST_COOKIE || length > MOST_COOKIE || length % 2 != 0) && with_numbers(c, 0, length);
}

/* -------------------------------------------------------------------------------------------------- */

static const struct {
	enum tcphs_rule rule;
	bool (*holds)(const struct check *c);
} checks[] = {
	{ TCPHS_RULE_FLAGS_SYN_FIN, flags_syn_fin },
	{ TCPHS_RULE_FLAGS_SYN_RST, flags_syn_rst },
	{ TCPHS_RULE_FLAGS_NULL, flags_null },
	{ TCPHS_RULE_FLAGS_XMAS, flags_xmas },
	{ TCPHS_RULE_FLAGS_FIN_ALONE, flags_fin_alone },
	{ TCPHS_RULE_ACK_FIELD_WITHOUT_FLAG, ack_field_without_flag },
	{ TCPHS_RULE_HEADER_BAD_LENGTH, header_bad_length },
	{ TCPHS_RULE_OPTIONS_MALFORMED, options_malformed },
	{ TCPHS_RULE_OPTION_REPEATED, option_repeated },
	{ TCPHS_RULE_OPTION_ONLY_ON_SYN, option_only_on_syn },
	{ TCPHS_RULE_PORT_ZERO, port_zero },
	{ TCPHS_RULE_LAND, land },
	{ TCPHS_RULE_SYN_TO_GROUP, syn_to_group },
	{ TCPHS_RULE_SYN_DATA, syn_data },
	{ TCPHS_RULE_SYN_ISN_ZERO, syn_isn_zero },
	{ TCPHS_RULE_SYN_WINDOW_ZERO, syn_window_zero },
	{ TCPHS_RULE_SYN_MSS_ABSENT, syn_mss_absent },
	{ TCPHS_RULE_SYN_MSS_TINY, syn_mss_tiny },
	{ TCPHS_RULE_SYN_WSCALE_TOO_LARGE, syn_wscale_too_large },
	{ TCPHS_RULE_SYN_TSECR_SET, syn_tsecr_set },
	{ TCPHS_RULE_TFO_COOKIE_BAD_LENGTH, tfo_cookie_bad_length },
};

/* Most others are an ACK with at most PSH and FIN, and timestamps or SACK: no predicate holds for it. */
static bool is_plain_ack(const struct tcphs_key *key, const struct tcphs_segment *s)
{
	return (s->flags & (TCPHS_SYN | TCPHS_RST | TCPHS_ACK)) == TCPHS_ACK && !(s->have & TCPHS_BAD_OFFSET) &&
	       !((s->options.seen & (TCPHS_OPT_MSS | TCPHS_OPT_WSCALE | TCPHS_OPT_SACK_OK)) | s->options.malformed |
	         s->options.repeated) &&
	       s->sport != 0 && s->dport != 0 && key->sport != key->dport;
}

/* A SYN or SYN-ACK with the options of these times. */
static bool is_plain_syn(const struct tcphs_config *config, const struct tcphs_key *key, const struct tcphs_segment *s)
{
	const uint8_t have = TCPHS_HAVE_SEQ | TCPHS_HAVE_HEADER | TCPHS_HAVE_OPTIONS | TCPHS_HAVE_LENGTH;
	const struct tcphs_options *o = &s->options;
	bool ack = s->flags & TCPHS_ACK;

	if ((s->flags & (TCPHS_SYN | TCPHS_FIN | TCPHS_RST)) != TCPHS_SYN || s->have != have || s->length != 0 ||
	    (o->malformed | o->repeated) != 0 || s->seq == 0 || s->window == 0 || (!ack && (s->ack | o->tsecr) != 0))
		return false;
	if (!(o->seen & TCPHS_OPT_MSS) || o->mss < config->least_mss || o->wscale > MAX_SHIFT || o->cookie_length != 0)
		return false;
	return s->sport != 0 && s->dport != 0 && key->sport != key->dport && !is_group(key->dst);
}

bool tcphs_checks_pass(const struct tcphs_config *config, const struct tcphs_key *key, const struct tcphs_segment *s)
{
	return s->plain || is_plain_ack(key, s) || is_plain_syn(config, key, s);
}

void tcphs_raise(struct tcphs_finding *out, size_t *count, enum tcphs_rule rule, enum tcphs_side side, tcphs_ref at,
                 tcphs_ref related)
{
	if (*count >= TCPHS_FINDINGS_MAX)
		return;
	out[(*count)++] =
		(struct tcphs_finding){ .rule = (uint16_t)rule, .side = (uint8_t)side, .at = at, .related = related };
}

size_t tcphs_checks_all(const struct tcphs_config *config, const struct tcphs_key *key,
                        const struct tcphs_segment *segment, enum tcphs_side side, struct tcphs_finding *out)
{
	size_t count = 0;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct tcphs_finding finding = { .rule = (uint16_t)checks[i].rule,
			                         .side = (uint8_t)side,
			                         .at = segment->ref };
		struct check check = { config, key, segment, &finding };

		if (checks[i].holds(&check))
			out[count++] = finding;
	}
	return count;
}

size_t tcphs_checks(const struct tcphs_config *config, const struct tcphs_key *key, const struct tcphs_segment *segment,
                    enum tcphs_side side, struct tcphs_finding *out)
{
	return tcphs_checks_pass(config, key, segment) ? 0 : tcphs_checks_all(config, key, segment, side, out);
}
