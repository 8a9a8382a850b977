/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pile.c - octets that are written one after another and read later.
 *
 * The newest lie in memory; when they are many they move to the end of an extent.
 */
#include "pile.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "spool.h"

/** So many octets lie in memory before they move. */
#define MEMORY_MAX (1024 * 1024)

struct pile {
	GByteArray *memory;
	struct extent *extent;   /* what lies before it; NULL so far */
	bool in_memory;          /* and stays there: there is no file to be had */
};

struct pile *pile_new(void)
{
	struct pile *pile = g_new0(struct pile, 1);

	pile->memory = g_byte_array_new();
	return pile;
}

void pile_free(struct pile *pile)
{
	if (!pile)
		return;
	g_byte_array_unref(pile->memory);
	extent_unref(pile->extent);
	g_free(pile);
}

static uint64_t moved(const struct pile *pile)
{
	return pile->extent ? pile->extent->size : 0;
}

uint64_t pile_size(const struct pile *pile)
{
	return moved(pile) + pile->memory->len;
}

static struct extent *new_extent(void)
{
	g_autofree char *message = NULL;
	struct spool *spool = spool_new(&message);
	struct extent *extent = spool ? extent_new(spool) : NULL;

	spool_unref(spool);
	return extent;
}

static void move(struct pile *pile)
{
	uint64_t before = moved(pile);

	if (!pile->extent)
		pile->extent = new_extent();
	if (pile->extent && extent_write(pile->extent, pile->memory->data, pile->memory->len) == 0) {
		g_byte_array_set_size(pile->memory, 0);
		return;
	}
	if (pile->extent)
		pile->extent->size = before; /* what was written in vain lies in memory, too */
	pile->in_memory = true;
}

void pile_write(struct pile *pile, const void *octets, size_t size)
{
	g_byte_array_append(pile->memory, octets, (guint)size);
	if (pile->memory->len >= MEMORY_MAX && !pile->in_memory)
		move(pile);
}

bool pile_read(const struct pile *pile, void *into, size_t size, uint64_t at)
{
	uint8_t *to = into;

	while (size > 0 && at < moved(pile)) {
		ssize_t got = extent_read(pile->extent, to, size, at);

		if (got <= 0) {
			errno = got < 0 ? errno : EIO;
			return false;
		}
		to += got;
		at += (uint64_t)got;
		size -= (size_t)got;
	}
	if (size == 0)
		return true;
	if (at - moved(pile) + size > pile->memory->len) {
		errno = EIO;
		return false;
	}
	memcpy(to, pile->memory->data + (at - moved(pile)), size);
	return true;
}
