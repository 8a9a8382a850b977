/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * expected.h - what came of an expectation, for people.
 */
#ifndef TCPHS_EXPECTED_H
#define TCPHS_EXPECTED_H

#include "expectation.h"
#include "output.h"

/** expected_put(): a line; below it, if it was not as expected, the connections that were not. */
void expected_put(struct output *out, const struct expected *expected);

/** example_append(): appends "a.pcap, stream 5: 192.0.2.1:49152 > ..."; |file| is escaped. */
void example_append(GString *text, const struct example *example, const char *file);

#endif
