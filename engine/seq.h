/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seq.h - arithmetic on sequence numbers: modulo 2^32, compared by the sign of the difference (3.4).
 */
#ifndef TCPHS_SEQ_H
#define TCPHS_SEQ_H

#include <stdbool.h>
#include <stdint.h>

/** How far ahead of an expected number a segment may be and still be thought of the same connection. */
#define TCPHS_SEQ_AHEAD (UINT32_C(1) << 30)

/** seq_diff(): |a| - |b|, signed. */
static inline int32_t seq_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

/** seq_lt(): a comes before b. */
static inline bool seq_lt(uint32_t a, uint32_t b)
{
	return seq_diff(a, b) < 0;
}

/** seq_within(): first <= n <= last, going forward from |first|. */
static inline bool seq_within(uint32_t n, uint32_t first, uint32_t last)
{
	return n - first <= last - first;
}

/** seq_near(): |a| and |b| are at most |distance| apart, either way. */
static inline bool seq_near(uint32_t a, uint32_t b, uint32_t distance)
{
	return a - b <= distance || b - a <= distance;
}

#endif
