/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * draw.h - a connection as a ladder, in text.
 */
#ifndef TCPHS_DRAW_H
#define TCPHS_DRAW_H

#include <stdbool.h>

#include <glib.h>

#include "ladder.h"
#include "policy.h"
#include "tcphs.h"

/** struct draw_style: what it is drawn on. */
struct draw_style {
	const struct policy *policy;   /* of severities */
	unsigned columns;              /* nothing runs over this edge, from some 48 columns on */
	bool utf8;                     /* may use more than ASCII */
	bool colour;                   /* may use escape sequences */
};

/**
 * draw_ladder(): appends the verdict as a sentence, and the lines of |ladder| (NULL: none was kept): time and frame,
 * an arrow between the endpoints' states, the numbers, what is missing, and findings where they happened.
 */
void draw_ladder(GString *text, const struct draw_style *style, const struct ladder *ladder,
                 const struct tcphs_summary *summary);

#endif
