/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * baseline.h - the connections of an earlier run, so that only new ones are reported.
 *
 * A connection is known if the earlier run had one like it that no other connection of this run has been taken for.
 * Two are alike if they are from like inputs, between the same client address and the same server address and port,
 * with the same verdict and reason and findings of the same rules. The client's port, stream numbers, frames and times,
 * which are others in each run, do not count.
 */
#ifndef TCPHS_BASELINE_H
#define TCPHS_BASELINE_H

#include <stdbool.h>

#include "tcphs.h"

struct baseline;

/**
 * baseline_read(): the ndjson report at |path|.
 *
 * @return NULL if it cannot be read or is none; then *message is a sentence, for g_free(), with the line.
 */
struct baseline *baseline_read(const char *path, char **message);
void baseline_free(struct baseline *baseline);

/** struct baseline_input: what the baseline has of one input. The baseline itself is not changed by it. */
struct baseline_input;

/**
 * baseline_input_new(): for the input |path|: that of the earlier run whose path ends most like this one, by whole
 * names; if |alone|, and the earlier run had only one too, that one whatever its name is.
 */
struct baseline_input *baseline_input_new(const struct baseline *baseline, const char *path, bool alone);

/** baseline_knows(): whether this connection is known; it then uses one up. */
bool baseline_knows(struct baseline_input *input, const struct tcphs_summary *summary);
void baseline_input_free(struct baseline_input *input);

#endif
