/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.h - the rows of the table for people: table.c collects them, layout.c draws them.
 */
#ifndef TCPHS_TABLE_H
#define TCPHS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output.h"
#include "tally.h"
#include "tcphs.h"

/** struct row: one connection, no more of it than is shown. */
struct row {
	struct tcphs_key key;
	tcphs_time rtt;
	tcphs_ref first;
	tcphs_ref steps[3];
	uint8_t verdict, reason, blame;
	uint8_t weight;          /* 0: nothing to say; else 1 + severity of the worst finding */
	char finding[];          /* the worst, ready to print; "" if there is none */
};

/** struct sheet: the rows of one input. */
struct sheet {
	char *path;              /* escaped */
	char *damaged;           /* or NULL */
	uint64_t frames, connections, left_out;
	struct row **rows;       /* worst first once sealed */
	size_t count, room;
};

/** layout_page(): draws the sheets, their columns aligned with each other; |headings|: each under its path. */
void layout_page(struct output *out, struct sheet *const *sheets, size_t count, bool headings);

/** layout_row(): draws a row alone, before others are known; |first|: below titles. */
void layout_row(struct output *out, struct row *row, bool first);

/** layout_total(): the last lines: everything in one sentence, and what was not decoded. */
void layout_total(struct output *out, const struct tally *total);

#endif
