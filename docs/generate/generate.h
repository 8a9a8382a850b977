/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * generate.h - the pages under docs/ that are made from tables, each into a string.
 */
#ifndef TCPHS_DOCS_GENERATE_H
#define TCPHS_DOCS_GENERATE_H

#include <glib.h>

/** page_states(): states.svg, from both tables of the engine. */
void page_states(GString *out);

/** page_decoding(): decoding.md, from the tables of the decoder. */
void page_decoding(GString *out);

/** page_tables(): rules and words, tab-separated, for fields.py; see tables.c. */
void page_tables(GString *out);

#endif
