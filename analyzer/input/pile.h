/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pile.h - octets that are written one after another and read later: in memory as long as they are few, else in a
 * temporary file, so that what is kept of a long capture does not fill the memory.
 */
#ifndef TCPHS_PILE_H
#define TCPHS_PILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pile;

struct pile *pile_new(void);
/** pile_free(): NULL is allowed. */
void pile_free(struct pile *pile);

/** pile_size(): octets so far: where the next one will lie. */
uint64_t pile_size(const struct pile *pile);
/** pile_write(): |size| octets more. Where no temporary file can be made or written, they stay in memory. */
void pile_write(struct pile *pile, const void *octets, size_t size);
/** pile_read(): |size| octets from |at| on; false if they cannot be read, with errno set. */
bool pile_read(const struct pile *pile, void *into, size_t size, uint64_t at);

#endif
