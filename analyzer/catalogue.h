/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * catalogue.h - what rules, verdicts and reasons there are, and what they mean.
 */
#ifndef TCPHS_CATALOGUE_H
#define TCPHS_CATALOGUE_H

#include <stdbool.h>

#include "policy.h"
#include "report/output.h"

/** catalogue_explain(): all that |word| is: a rule, a verdict, a reason, or two of them. False if it is nothing. */
bool catalogue_explain(struct output *out, const struct policy *policy, const char *word);
/** catalogue_list(): a line per rule. */
void catalogue_list(struct output *out, const struct policy *policy);
/** catalogue_list_markdown(): a section per rule, with everything that is known of it. */
void catalogue_list_markdown(struct output *out);

#endif
