/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lone.c - what there is to say of connections of which no more than a SYN was captured.
 *
 * Theory of operation. A flood is millions of SYNs that differ in addresses, numbers and times only, and what is said
 * of each is the same but for these. So the first one of a shape goes the way of every connection (it is replayed and
 * judged; tracker.c), and for the others its summary is taken again, with their own addresses, numbers and times. A
 * shape is all else that a summary can depend on: flags, options and their values, and whether an answer could still
 * have come. A SYN about which a rule has something to say by itself is not taken for one of a shape: findings may
 * depend on anything.
 */
#include "lone.h"

#include <string.h>

/* All that decides about the summary but what fill() puts into it. False: it goes the long way. */
static bool read_traits(const struct tcphs_config *config, const struct tcphs_lone *lone, uint64_t traits[2])
{
	const struct tcphs_packed_syn *syn = &lone->syn;
	bool soon = lone->end != TCPHS_TIME_NEVER && lone->end - syn->time < config->horizon;

	if (!tcphs_syn_is_plain(syn))
		return false;
	traits[0] = tcphs_syn_bits(syn) | (uint64_t)syn->mss << 32 | (uint64_t)syn->wscale << 48 |
	            (uint64_t)syn->cookie_length << 56;
	traits[1] = 1 | (uint64_t)soon << 1 | (uint64_t)syn->mptcp << 8;
	return true;
}

static struct tcphs_lone_shape *shape_of(struct tcphs_lone_shapes *shapes, const uint64_t traits[2])
{
	uint64_t hash = (traits[0] ^ traits[1] << 20) * UINT64_C(0x9e3779b97f4a7c15);

	return &shapes->shape[(hash >> 32) % TCPHS_LONE_SHAPES];
}

/* What is a connection's own: its addresses, its numbers, its times. */
static void fill(struct tcphs_summary *summary, const struct tcphs_lone *lone)
{
	const struct tcphs_packed_syn *syn = &lone->syn;

	summary->key = lone->key;
	summary->stream = lone->stream;
	summary->encap = syn->encap;
	summary->first = summary->last = summary->judgement.steps[0] = syn->ref;
	summary->start = summary->syn_time[0] = syn->time;
	summary->isn[TCPHS_CLIENT] = syn->seq;
}

bool tcphs_lone_summary(struct tcphs_lone_shapes *shapes, const struct tcphs_config *config,
                        const struct tcphs_lone *lone, struct tcphs_summary *summary)
{
	const struct tcphs_lone_shape *shape;
	uint64_t traits[2];

	if (!read_traits(config, lone, traits))
		return false;
	shape = shape_of(shapes, traits);
	if (shape->traits[0] != traits[0] || shape->traits[1] != traits[1])
		return false;
	*summary = shape->summary;
	fill(summary, lone);
	for (size_t i = 0; i < summary->finding_count; i++) {
		shapes->findings[i] = shape->findings[i];
		shapes->findings[i].at = lone->syn.ref;
	}
	summary->findings = summary->finding_count > 0 ? shapes->findings : NULL;
	return true;
}

/* Whether the findings are of the connection's verdict, and about nothing but that it has this one SYN. */
static bool are_plain(const struct tcphs_summary *summary)
{
	for (size_t i = 0; i < summary->finding_count; i++) {
		const struct tcphs_finding *f = &summary->findings[i];

		if (f->at != summary->first || f->related != 0 || f->numbers || f->expected != 0 || f->actual != 0)
			return false;
	}
	return summary->finding_count <= TCPHS_LONE_FINDINGS;
}

void tcphs_lone_keep(struct tcphs_lone_shapes *shapes, const struct tcphs_config *config,
                     const struct tcphs_lone *lone, const struct tcphs_summary *summary)
{
	struct tcphs_lone_shape *shape;
	uint64_t traits[2];

	if (!read_traits(config, lone, traits) || !are_plain(summary))
		return;
	shape = shape_of(shapes, traits);
	memcpy(shape->traits, traits, sizeof(traits));
	shape->summary = *summary;
	for (size_t i = 0; i < summary->finding_count; i++)
		shape->findings[i] = summary->findings[i];
}
