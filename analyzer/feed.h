/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed.h - the frames of an input, decoded, in batches; read ahead by a thread of their own where that is wanted.
 */
#ifndef TCPHS_FEED_H
#define TCPHS_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decode/decode.h"
#include "input/input.h"

/* About 128 frames are taken together: so decoder and tracker have the processor's caches in long turns. */
#define FEED_BATCH (128 + TCPHS_DECODE_ITEMS - 1)

/** struct batch: some frames. Their order, and what is in them, is the same whoever reads them. */
struct batch {
	size_t count;
	struct tcphs_decoded items[FEED_BATCH];
	enum tcphs_input_result result;  /* FRAME: there may be more batches; else this one is the last */
	uint64_t frames;                 /* of the input so far, with this batch */
	struct tcphs_piece *pieces;      /* as tcphs_decoder_pieces() has them of this batch */
	size_t piece_count;
};

enum feed_manner {
	FEED_LIVE,      /* frame by frame: the next one may not be there for a while */
	FEED_IN_TURN,   /* a batch is read when it is asked for */
	FEED_AHEAD,     /* another thread reads on meanwhile, once there is enough for that to be worth it */
};

struct feed;

/**
 * feed_new(): of |input|, by |decoder|. Until feed_del() nobody else may use either, but for tcphs_decoder_encap().
 */
struct feed *feed_new(struct tcphs_decoder *decoder, struct tcphs_input *input, enum feed_manner manner);

/** feed_next(): the next batch, valid until the next call; NULL after the last one. */
const struct batch *feed_next(struct feed *feed);

/** feed_stop(): nothing more is read; what was read is still given. */
void feed_stop(struct feed *feed);

/** feed_del(): ends the thread, too. */
void feed_del(struct feed *feed);

#endif
