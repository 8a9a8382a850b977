/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rulebook.h - the rules and verdicts as a page of Markdown.
 */
#ifndef TCPHS_RULEBOOK_H
#define TCPHS_RULEBOOK_H

#include <glib.h>

/** rulebook(): appends the page: verdicts, an index of the rules by group, and a section for each rule. */
void rulebook(GString *out);

/** rulebook_paragraph(): appends |text| in lines that begin with |indent| blanks, escaped for Markdown. */
void rulebook_paragraph(GString *out, const char *text, unsigned indent);

#endif
