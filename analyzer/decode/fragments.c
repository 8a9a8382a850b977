/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fragments.c - IP fragments put together as Wireshark does it, in bounded memory.
 *
 * Theory of operation. A datagram waits in a hash table, by its key, and in a queue, by the time at which its first
 * fragment came. Its pieces are kept sorted by offset; pieces at the same offset in the order in which they came. The
 * first fragment that says "no more" fixes the length. Once the pieces cover all octets up to it the datagram is
 * complete: of octets that came more than once, those count that lie in the piece that begins first, and of pieces
 * that begin at the same offset, the older one. What lies beyond the length is dropped. After that nothing is
 * remembered: a copy of a fragment that comes later begins a new datagram, which waits in vain.
 *
 * A capture may be made to exhaust whoever reads it: by datagrams that are never complete, by tiny fragments, by
 * copies without end. Pieces are limited in each datagram, datagrams and octets in all; the oldest datagram gives way.
 * A piece that cannot matter any more, because one at the same offset is as long, is not kept. The hash is seeded, so
 * that nobody can choose keys that collide; nothing goes through the table in its order.
 */
#include "fragments.h"

#include <glib.h>
#include <string.h>

struct piece {
	uint32_t frame;
	uint32_t offset;
	uint32_t size;
	uint8_t *octets;
};

struct datagram {
	struct fragment_key key;    /* first: the hash table takes a datagram for its key */
	GList link;                 /* in the queue */
	struct fragments *owner;
	struct piece *pieces;       /* sorted */
	uint32_t count, capacity;
	uint32_t size;              /* of the whole; if |ended| */
	uint32_t octets;            /* in all pieces */
	uint32_t counted;
	bool ended;                 /* the last fragment has come */
};

struct fragments {
	GHashTable *datagrams;
	GQueue queue;               /* oldest first */
	size_t octets;
};

/** Set once for the process: a GHashFunc gets nothing but the key. */
static uint64_t seed;

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15;
	return hash ^ hash >> 32;
}

static guint hash_key(gconstpointer key)
{
	uint64_t words[sizeof(struct fragment_key) / sizeof(uint64_t)];
	uint64_t hash = seed;

	memcpy(words, key, sizeof words);
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		hash = mix(hash, words[i]);
	return (guint)(hash >> 16);
}

static gboolean same_key(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, sizeof(struct fragment_key)) == 0;
}

/** weight(): what a datagram takes, roughly, beside its octets. */
static size_t weight(const struct datagram *datagram)
{
	return sizeof *datagram + 64 + datagram->octets + datagram->count * (2 * sizeof(struct piece) + 16);
}

static void free_datagram(gpointer data)
{
	struct datagram *datagram = data;

	datagram->owner->octets -= weight(datagram);
	g_queue_unlink(&datagram->owner->queue, &datagram->link);
	for (uint32_t i = 0; i < datagram->count; i++)
		g_free(datagram->pieces[i].octets);
	g_free(datagram->pieces);
	g_free(datagram);
}

struct fragments *fragments_new(void)
{
	static gsize seeded;
	struct fragments *fragments = g_new0(struct fragments, 1);

	G_STATIC_ASSERT(sizeof(struct fragment_key) % sizeof(uint64_t) == 0);
	if (g_once_init_enter(&seeded)) {
		seed = (uint64_t)g_random_int() << 32 | g_random_int();
		g_once_init_leave(&seeded, 1);
	}
	fragments->datagrams = g_hash_table_new_full(hash_key, same_key, NULL, free_datagram);
	g_queue_init(&fragments->queue);
	return fragments;
}

void fragments_forget(struct fragments *fragments)
{
	g_hash_table_remove_all(fragments->datagrams);
}

void fragments_del(struct fragments *fragments)
{
	if (!fragments)
		return;
	g_hash_table_destroy(fragments->datagrams);
	g_free(fragments);
}

size_t fragments_octets(const struct fragments *fragments)
{
	return fragments->octets;
}

static struct datagram *add_datagram(struct fragments *fragments, const struct fragment_key *key)
{
	struct datagram *datagram = g_new0(struct datagram, 1);

	datagram->key = *key;
	datagram->owner = fragments;
	datagram->link.data = datagram;
	g_hash_table_insert(fragments->datagrams, datagram, datagram);
	g_queue_push_tail_link(&fragments->queue, &datagram->link);
	fragments->octets += weight(datagram);
	return datagram;
}

/** make_room(): the oldest give way, but not |kept|, until the limits hold. */
static void make_room(struct fragments *fragments, const struct datagram *kept)
{
	while (fragments->octets > FRAGMENTS_OCTETS_MAX ||
	       g_hash_table_size(fragments->datagrams) > FRAGMENTS_DATAGRAMS_MAX) {
		GList *oldest = fragments->queue.head;

		if (oldest->data == kept)
			oldest = oldest->next;
		if (!oldest)
			break;
		g_hash_table_remove(fragments->datagrams, oldest->data);
	}
}

/** insert(): behind all pieces that begin no later. Most come in order, so the search begins at the end. */
static void insert(struct datagram *datagram, const struct fragment *fragment)
{
	uint32_t at = datagram->count;
	struct piece *piece;

	while (at > 0 && datagram->pieces[at - 1].offset > fragment->offset)
		at--;
	for (uint32_t i = at; i > 0 && datagram->pieces[i - 1].offset == fragment->offset; i--)
		if (datagram->pieces[i - 1].size >= fragment->size)
			return;
	if (datagram->count == datagram->capacity) {
		datagram->capacity = datagram->capacity ? datagram->capacity * 2 : 4;
		datagram->pieces = g_renew(struct piece, datagram->pieces, datagram->capacity);
	}
	piece = datagram->pieces + at;
	memmove(piece + 1, piece, (datagram->count - at) * sizeof *piece);
	*piece = (struct piece){ fragment->frame, fragment->offset, fragment->size,
		                 g_memdup2(fragment->octets, fragment->size) };
	datagram->count++;
	datagram->octets += fragment->size;
}

/** covered(): whether no octet of the whole is missing. */
static bool covered(const struct datagram *datagram)
{
	uint32_t end = 0;

	if (!datagram->ended || datagram->octets < datagram->size)
		return false;
	for (uint32_t i = 0; i < datagram->count && end < datagram->size; i++) {
		const struct piece *piece = &datagram->pieces[i];

		if (piece->offset > end)
			return false;
		end = MAX(end, piece->offset + piece->size);
	}
	return end >= datagram->size;
}

static void join(const struct datagram *datagram, struct whole *whole)
{
	uint32_t end = 0;

	whole->octets = g_malloc(MAX(datagram->size, 1));
	whole->size = datagram->size;
	whole->counted = datagram->counted;
	whole->frames = g_new(uint32_t, datagram->count);
	whole->frame_count = datagram->count;
	for (uint32_t i = 0; i < datagram->count; i++)
		whole->frames[i] = datagram->pieces[i].frame;
	for (uint32_t i = 0; i < datagram->count && end < datagram->size; i++) {
		const struct piece *piece = &datagram->pieces[i];
		uint32_t to = MIN(piece->offset + piece->size, datagram->size);

		if (to <= end)
			continue;
		memcpy(whole->octets + end, piece->octets + (end - piece->offset), to - end);
		end = to;
	}
}

bool fragments_add(struct fragments *fragments, const struct fragment *fragment, struct whole *whole)
{
	struct datagram *datagram = g_hash_table_lookup(fragments->datagrams, &fragment->key);

	if (!datagram)
		datagram = add_datagram(fragments, &fragment->key);
	if (datagram->count == FRAGMENTS_PIECES_MAX) {
		g_hash_table_remove(fragments->datagrams, datagram);
		return false;
	}
	if (fragment->last && !datagram->ended) {
		datagram->ended = true;
		datagram->size = fragment->offset + fragment->size;
	}
	fragments->octets -= weight(datagram);
	insert(datagram, fragment);
	fragments->octets += weight(datagram);
	if (covered(datagram)) {
		join(datagram, whole);
		g_hash_table_remove(fragments->datagrams, datagram);
		return true;
	}
	datagram->counted += fragment->counted;
	make_room(fragments, datagram);
	return false;
}
