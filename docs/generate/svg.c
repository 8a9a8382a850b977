/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * svg.c - boxes, arrows and text as SVG. The style is in the file, so that it looks the same everywhere; it is light
 * on a background of its own, so that it can be read in dark pages too.
 */
#include "svg.h"

#include <stdlib.h>

/* Radius of an arrow's corners. */
#define CORNER 8

static const char style[] = "text{font-family:'DejaVu Sans',Verdana,Arial,sans-serif;font-size:12px;fill:#1f2937}\n"
			    ".page{fill:#ffffff}\n"
			    ".title{font-size:22px;font-weight:bold}\n"
			    ".heading{font-size:17px;font-weight:bold}\n"
			    ".box{fill:#f3f4f6;stroke:#374151;stroke-width:1.5}\n"
			    ".end{fill:#e5efe6;stroke:#2f6b3a;stroke-width:2}\n"
			    ".name{font-size:14px;font-weight:bold}\n"
			    ".caption{font-size:11px;fill:#4b5563}\n"
			    ".state{font-size:11.5px}\n"
			    ".cell{fill:#ffffff;stroke:#d1d5db}\n"
			    ".never{fill:#f1f1f1;stroke:#d1d5db}\n"
			    ".move{fill:#e5efe6;stroke:#d1d5db}\n"
			    ".head{font-size:10px;font-weight:bold}\n"
			    ".next{font-size:10px;font-weight:bold}\n"
			    ".small{font-size:10px;fill:#4b5563}\n"
			    ".chat{font-size:11px;fill:#6b7280}\n"
			    ".note{font-size:11px;fill:#1d4ed8}\n"
			    ".warn{font-size:11px;fill:#b45309}\n"
			    ".error{font-size:11px;fill:#b3261e}\n"
			    ".tight{font-size:10px}\n"
			    ".arrow{fill:none;stroke:#374151;stroke-width:1.4;marker-end:url(#tip)}\n";

void svg_begin(GString *out, int width, int height, const char *title)
{
	g_string_append_printf(
		out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- Written by tcphs-docs; do not edit. -->\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
		"role=\"img\">\n<title>%s</title>\n<style>\n%s</style>\n",
		width, height, width, height, title, style);
	g_string_append(out,
			"<defs><marker id=\"tip\" viewBox=\"0 0 10 10\" refX=\"10\" refY=\"5\" markerWidth=\"9\" "
			"markerHeight=\"9\" orient=\"auto-start-reverse\"><path d=\"M0 1L10 5L0 9z\" fill=\"#374151\"/>"
			"</marker></defs>\n");
	g_string_append_printf(out, "<rect class=\"page\" width=\"%d\" height=\"%d\"/>\n", width, height);
}

void svg_end(GString *out)
{
	g_string_append(out, "</svg>\n");
}

void svg_box(GString *out, const char *class, int x, int y, int width, int height)
{
	g_string_append_printf(out, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"/>\n",
			       class, x, y, width, height);
}

void svg_text(GString *out, const char *class, const char *anchor, int x, int y, const char *text)
{
	char *escaped = g_markup_escape_text(text, -1);

	g_string_append_printf(out, "<text class=\"%s\" text-anchor=\"%s\" x=\"%d\" y=\"%d\">%s</text>\n", class,
			       anchor, x, y, escaped);
	g_free(escaped);
}

/* The point CORNER before |to| on the way from |from|; in the middle if that is nearer. */
static struct point near_corner(struct point from, struct point to)
{
	int dx = to.x - from.x, dy = to.y - from.y;
	int length = abs(dx) > abs(dy) ? abs(dx) : abs(dy);
	int step = length < 2 * CORNER ? length / 2 : CORNER;

	if (length == 0)
		return to;
	return (struct point){ to.x - dx * step / length, to.y - dy * step / length };
}

void svg_arrow(GString *out, const struct point *points, size_t count)
{
	g_string_append_printf(out, "<path class=\"arrow\" d=\"M%d %d", points[0].x, points[0].y);
	for (size_t i = 1; i + 1 < count; i++) {
		struct point before = near_corner(points[i - 1], points[i]),
			     after = near_corner(points[i + 1], points[i]);

		g_string_append_printf(out, "L%d %dQ%d %d %d %d", before.x, before.y, points[i].x, points[i].y, after.x,
				       after.y);
	}
	g_string_append_printf(out, "L%d %d\"/>\n", points[count - 1].x, points[count - 1].y);
}
