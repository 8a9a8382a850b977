/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tally.h - what was counted, of one input or of all.
 */
#ifndef TCPHS_TALLY_H
#define TCPHS_TALLY_H

#include <stdint.h>

#include <glib.h>

#include "tcphs.h"

struct tally {
	uint64_t inputs, damaged;          /* how many; how many of them could not be read to their end */
	uint64_t frames, segments;         /* frames read; TCP segments with enough of a header to be one */
	uint64_t filtered;                 /* frames that --filter did not let through */
	uint64_t connections;
	uint64_t evicted;                  /* of them, those reported before their time, for --max-connections */
	uint64_t ignored, known;           /* left out by the policy, by the baseline; not among the connections */
	uint64_t verdicts[TCPHS_VERDICTS];
	uint64_t reasons[TCPHS_REASONS];
	uint64_t rules[TCPHS_RULES];       /* findings */
	GTree *not_decoded;                /* word -> uint64_t *, frames that could hold TCP but were not decoded */
};

void tally_init(struct tally *tally);
void tally_clear(struct tally *tally);

/** tally_connection(): counts a connection, its verdict and its findings. */
void tally_connection(struct tally *tally, const struct tcphs_summary *summary);
/** tally_not_decoded(): |frames| more under |word|. */
void tally_not_decoded(struct tally *tally, const char *word, uint64_t frames);
/** tally_add(): all that |other| counted. */
void tally_add(struct tally *tally, const struct tally *other);

#endif
