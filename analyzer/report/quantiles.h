/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quantiles.h - percentiles of intervals, in bounded memory.
 *
 * Up to QUANTILES_EXACT intervals are kept as they are. Beyond, they are counted in buckets whose borders grow by 2 %,
 * so that what is said is within 1 % (or a microsecond) of the truth; the largest is always exact. What comes out does
 * not depend on the order of what went in, nor on how it was divided before it was merged.
 */
#ifndef TCPHS_QUANTILES_H
#define TCPHS_QUANTILES_H

#include <stddef.h>
#include <stdint.h>

#include "tcphs.h"

#define QUANTILES_EXACT 512

/** struct quantiles: of nothing while it is all zero. */
struct quantiles {
	uint64_t count;
	tcphs_time largest;
	tcphs_time *samples;   /* while there are so few; room for |room| */
	size_t room;
	uint64_t *buckets;     /* then */
};

/** quantiles_add(): one interval; what is below 0 counts as 0. */
void quantiles_add(struct quantiles *quantiles, tcphs_time interval);
/** quantiles_merge(): all that |other| has. */
void quantiles_merge(struct quantiles *quantiles, const struct quantiles *other);
/**
 * quantiles_at(): the smallest interval that is not exceeded by |percent| (1 to 100) percent of them, by nearest rank;
 * TCPHS_TIME_NONE of nothing.
 */
tcphs_time quantiles_at(struct quantiles *quantiles, unsigned percent);
void quantiles_clear(struct quantiles *quantiles);

#endif
