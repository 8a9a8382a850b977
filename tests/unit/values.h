/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * values.h - an index whose values are their own keys: what tests of tcphs_index hand to it.
 */
#ifndef TCPHS_TEST_VALUES_H
#define TCPHS_TEST_VALUES_H

#include "index.h"

/** spread(): a hash that puts values anywhere. */
static inline uint32_t spread(const void *context, uint32_t value)
{
	(void)context;
	return value * UINT32_C(0x9e3779b1);
}

static inline void no_prefetch(const void *context, uint32_t value)
{
	(void)context;
	(void)value;
}

static inline bool is_value(const void *context, const void *key, uint32_t value)
{
	(void)context;
	return *(const uint32_t *)key == value;
}

#endif
