/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * generate.h - the pages under docs/ that are made from tables, each into a string.
 */
#ifndef TCPHS_DOCS_GENERATE_H
#define TCPHS_DOCS_GENERATE_H

#include <glib.h>

/** page_fields(): fields.md, from the plugin's fields and the rules. */
void page_fields(GString *out);

/** page_states(): states.svg, from both tables of the engine. */
void page_states(GString *out);

#endif
