/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quantiles.c - a sorted array first, a histogram with logarithmic buckets later.
 *
 * Bucket i > 0 holds what is above FIRST * GROWTH^(i - 1) and up to FIRST * GROWTH^i, and stands for the middle of the
 * two; bucket 0 what is below. A capture's clock rarely resolves a microsecond, and no handshake takes a day.
 */
#include "quantiles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#define FIRST 1000.0                /* nanoseconds */
#define GROWTH 1.02
#define BUCKETS 1276                /* up to 1000 ns * 1.02^1275, more than a day */

static size_t bucket_of(tcphs_time interval)
{
	double index;

	if ((double)interval <= FIRST)
		return 0;
	index = ceil(log((double)interval / FIRST) / log(GROWTH));
	return index < BUCKETS - 1 ? (size_t)index : BUCKETS - 1;
}

/* What a bucket stands for: no member is farther from it than 1 %. */
static tcphs_time middle_of(size_t bucket)
{
	return (tcphs_time)(FIRST * pow(GROWTH, (double)bucket - (bucket ? 0.5 : 0)));
}

static void spread(struct quantiles *quantiles)
{
	quantiles->buckets = g_new0(uint64_t, BUCKETS);
	for (size_t i = 0; i < quantiles->count; i++)
		quantiles->buckets[bucket_of(quantiles->samples[i])]++;
	g_free(quantiles->samples);
	quantiles->samples = NULL;
	quantiles->room = 0;
}

static void keep(struct quantiles *quantiles, tcphs_time interval)
{
	if (quantiles->count == quantiles->room) {
		quantiles->room = quantiles->room ? 2 * quantiles->room : 8;
		quantiles->samples = g_renew(tcphs_time, quantiles->samples, quantiles->room);
	}
	quantiles->samples[quantiles->count] = interval;
}

void quantiles_add(struct quantiles *quantiles, tcphs_time interval)
{
	interval = MAX(interval, 0);
	if (!quantiles->buckets && quantiles->count == QUANTILES_EXACT)
		spread(quantiles);
	if (quantiles->buckets)
		quantiles->buckets[bucket_of(interval)]++;
	else
		keep(quantiles, interval);
	quantiles->count++;
	quantiles->largest = MAX(quantiles->largest, interval);
}

void quantiles_merge(struct quantiles *quantiles, const struct quantiles *other)
{
	for (size_t i = 0; other->samples && i < other->count; i++)
		quantiles_add(quantiles, other->samples[i]);
	if (!other->buckets)
		return;
	if (!quantiles->buckets)
		spread(quantiles);
	for (size_t i = 0; i < BUCKETS; i++)
		quantiles->buckets[i] += other->buckets[i];
	quantiles->count += other->count;
	quantiles->largest = MAX(quantiles->largest, other->largest);
}

static int by_size(const void *a, const void *b)
{
	tcphs_time one = *(const tcphs_time *)a, two = *(const tcphs_time *)b;

	return (one > two) - (one < two);
}

tcphs_time quantiles_at(struct quantiles *quantiles, unsigned percent)
{
	uint64_t rank = quantiles->count / 100 * percent + (quantiles->count % 100 * percent + 99) / 100;
	size_t bucket = 0;

	if (!quantiles->count)
		return TCPHS_TIME_NONE;
	if (rank >= quantiles->count)
		return quantiles->largest;
	if (!quantiles->buckets) {
		qsort(quantiles->samples, quantiles->count, sizeof(tcphs_time), by_size);
		return quantiles->samples[rank - 1];
	}
	for (uint64_t passed = quantiles->buckets[0]; passed < rank; passed += quantiles->buckets[bucket])
		bucket++;
	return MIN(middle_of(bucket), quantiles->largest);
}

void quantiles_clear(struct quantiles *quantiles)
{
	g_free(quantiles->samples);
	g_free(quantiles->buckets);
	memset(quantiles, 0, sizeof(*quantiles));
}
