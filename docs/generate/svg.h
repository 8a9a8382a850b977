/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * svg.h - the little of SVG that a diagram of boxes and arrows needs. Lengths are pixels; y grows downwards.
 */
#ifndef TCPHS_DOCS_SVG_H
#define TCPHS_DOCS_SVG_H

#include <glib.h>

struct point {
	int x, y;
};

/** Most points of an arrow. */
#define SVG_POINTS 5

/** svg_begin(), svg_end(): around everything else; |title| is for readers that do not see. */
void svg_begin(GString *out, int width, int height, const char *title);
void svg_end(GString *out);

/** svg_box(): corners at (x, y) and (x + width, y + height). Classes are those of the style in svg.c. */
void svg_box(GString *out, const char *class, int x, int y, int width, int height);

/** svg_text(): |anchor| is "start", "middle" or "end" of the text at x; y is its base line. */
void svg_text(GString *out, const char *class, const char *anchor, int x, int y, const char *text);

/** svg_arrow(): along |count| points with round corners, to the last one. */
void svg_arrow(GString *out, const struct point *points, size_t count);

#endif
