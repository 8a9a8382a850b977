/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed.c - batches from a decoder, in turn or ahead.
 *
 * Theory of operation. Ahead, batches are made in hands of BATCHES, and two threads pass HANDS of them around: the
 * reader fills the hand after the last full one, the taker empties the first full one. Each locks the mutex once for a
 * hand, so that it costs nothing for a frame; and a reader that has filled all hands sleeps until half of them are
 * empty, since to sleep and be woken costs as much as a hand. All that the decoder and the input know belongs to the
 * reader until it has ended; of the decoder's words for encapsulations those are complete that a batch names.
 *
 * A stop is obeyed between two hands. What was read by then is still given, since the decoder has counted it.
 *
 * The first batches are read in turn even so: most inputs are so small that a thread would take longer to begin.
 */
#include "feed.h"

#include <glib.h>

enum { BATCHES = 4, HANDS = 8 };

/* Batches to be read in turn before a thread reads on. */
#define PATIENCE 32

struct hand {
	struct batch batches[BATCHES];
	size_t count;
};

struct feed {
	struct tcphs_decoder *decoder;
	struct tcphs_input *input;
	size_t capacity;          /* items of a batch */
	bool ahead;
	uint64_t frames, batches; /* read so far */
	bool ended;               /* the last batch was made */
	struct batch *own;        /* without a thread: the batch that was given last */
	/* With one: */
	GThread *thread;
	struct hand *hands;
	size_t taken;             /* batches given of the hand that is being emptied */
	GMutex mutex;             /* of the rest */
	GCond moved;
	guint64 full, emptied;    /* hands filled, and emptied, since the beginning */
	bool over, stop;          /* the reader has ended, or has to */
};

struct feed *feed_new(struct tcphs_decoder *decoder, struct tcphs_input *input, enum feed_manner manner)
{
	struct feed *feed = g_new0(struct feed, 1);

	feed->decoder = decoder;
	feed->input = input;
	feed->capacity = manner == FEED_LIVE ? TCPHS_DECODE_ITEMS : FEED_BATCH;
	feed->ahead = manner == FEED_AHEAD;
	feed->own = g_new0(struct batch, 1);
	g_mutex_init(&feed->mutex);
	g_cond_init(&feed->moved);
	return feed;
}

static void make_batch(struct feed *feed, struct batch *batch)
{
	const struct tcphs_piece *pieces;

	batch->result = tcphs_decode_batch(feed->decoder, feed->input, batch->items, feed->capacity, &batch->count,
	                                   &feed->frames);
	batch->frames = feed->frames;
	feed->ended = batch->result != TCPHS_INPUT_FRAME;
	feed->batches++;
	pieces = tcphs_decoder_pieces(feed->decoder, &batch->piece_count);
	g_free(batch->pieces);
	batch->pieces = g_memdup2(pieces, batch->piece_count * sizeof(*pieces));
}

/* ---- ahead ------------------------------------------------------------------------------------------------------ */

/* A hand that can be filled, or NULL if there is nothing more to do. */
static struct hand *next_free(struct feed *feed)
{
	struct hand *hand = NULL;

	g_mutex_lock(&feed->mutex);
	while (feed->full - feed->emptied == HANDS && !feed->stop)
		g_cond_wait(&feed->moved, &feed->mutex);
	if (!feed->stop && !feed->ended)
		hand = &feed->hands[feed->full % HANDS];
	feed->over = !hand;
	if (feed->over)
		g_cond_signal(&feed->moved);
	g_mutex_unlock(&feed->mutex);
	return hand;
}

static gpointer read_ahead(gpointer data)
{
	struct feed *feed = data;
	struct hand *hand;

	while ((hand = next_free(feed))) {
		for (hand->count = 0; hand->count < BATCHES && !feed->ended; hand->count++)
			make_batch(feed, &hand->batches[hand->count]);
		g_mutex_lock(&feed->mutex);
		feed->full++;
		g_cond_signal(&feed->moved);
		g_mutex_unlock(&feed->mutex);
	}
	return NULL;
}

static void begin_ahead(struct feed *feed)
{
	feed->ahead = false;
	feed->hands = g_new0(struct hand, HANDS);
	feed->thread = g_thread_try_new("reader", read_ahead, feed, NULL);
	if (!feed->thread)
		g_clear_pointer(&feed->hands, g_free); /* then this one does all */
}

/* Gives back the hand that was emptied, if one was, and waits for the next. NULL: there is none. */
static struct hand *next_full(struct feed *feed)
{
	struct hand *hand = NULL;

	g_mutex_lock(&feed->mutex);
	if (feed->taken > 0) {
		feed->emptied++;
		feed->taken = 0;
		if (feed->full - feed->emptied <= HANDS / 2)
			g_cond_signal(&feed->moved);
	}
	while (feed->full == feed->emptied && !feed->over)
		g_cond_wait(&feed->moved, &feed->mutex);
	if (feed->full != feed->emptied)
		hand = &feed->hands[feed->emptied % HANDS];
	g_mutex_unlock(&feed->mutex);
	return hand;
}

static const struct batch *take_ahead(struct feed *feed)
{
	struct hand *hand = feed->taken > 0 ? &feed->hands[feed->emptied % HANDS] : NULL;

	if (!hand || feed->taken == hand->count)
		hand = next_full(feed);
	return hand ? &hand->batches[feed->taken++] : NULL;
}

/* ---- for the taker ---------------------------------------------------------------------------------------------- */

const struct batch *feed_next(struct feed *feed)
{
	if (feed->ahead && feed->batches == PATIENCE && !feed->ended)
		begin_ahead(feed);
	if (feed->thread)
		return take_ahead(feed);
	if (feed->ended || feed->stop)
		return NULL;
	make_batch(feed, feed->own);
	return feed->own;
}

void feed_stop(struct feed *feed)
{
	g_mutex_lock(&feed->mutex);
	feed->stop = true;
	g_cond_signal(&feed->moved);
	g_mutex_unlock(&feed->mutex);
}

void feed_del(struct feed *feed)
{
	feed_stop(feed);
	if (feed->thread)
		g_thread_join(feed->thread);
	for (size_t i = 0; feed->hands && i < (size_t)HANDS * BATCHES; i++)
		g_free(feed->hands[i / BATCHES].batches[i % BATCHES].pieces);
	g_free(feed->hands);
	g_free(feed->own->pieces);
	g_free(feed->own);
	g_mutex_clear(&feed->mutex);
	g_cond_clear(&feed->moved);
	g_free(feed);
}
