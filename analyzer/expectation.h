/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * expectation.h - what the user says must be so of many connections, and whether it was.
 */
#ifndef TCPHS_EXPECTATION_H
#define TCPHS_EXPECTATION_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "condition.h"
#include "tcphs.h"

/** struct bound: a number of connections, or so many of a hundred. */
struct bound {
	bool given, percent;
	double value;
};

/** struct expectation: of the connections that |condition| chooses, how many have to fit it: all, if none is given. */
struct expectation {
	char *name;                 /* as written: UTF-8, to be escaped */
	struct condition condition;
	struct bound at_most, at_least;
};

void expectation_free(gpointer expectation);

/** bound_parse(): "5" or "1 %". On error *message is a sentence, for g_free(), that begins with |where|. */
bool bound_parse(struct bound *bound, const char *where, const char *text, char **message);

/**
 * expectation_governs(): whether the expectation speaks of this connection, so that nothing else judges it. Where all
 * or at least so many have to fit, it speaks of all that it chooses; where at most so many may, of those that do.
 */
bool expectation_governs(const struct expectation *expectation, const struct tcphs_summary *summary);

/** How many connections are kept as examples of what was not as expected. */
#define EXPECTATION_EXAMPLES 20

/** struct example: such a connection. */
struct example {
	char *file;                 /* the input's name: raw octets, to be escaped */
	uint32_t stream, incarnation;
	char *text;                 /* "192.0.2.1:49152 > 192.0.2.9:80 is complete (three_way)" */
};

/** struct expected: what became of an expectation, of one input or of all. */
struct expected {
	const struct expectation *expectation;
	uint64_t chosen, fitting;
	uint64_t others;            /* those that do not fit, or, where not many may, those that do */
	GPtrArray *examples;        /* of struct example *: the first of them */
};

/** expected_new(): of each of |expectations|, an array for g_ptr_array_unref() of struct expected *. */
GPtrArray *expected_new(const GPtrArray *expectations);
/** expected_count(): a connection of the input |file|. */
void expected_count(GPtrArray *expected, const char *file, const struct tcphs_summary *summary);
/** expected_add(): all that |others|, of the same expectations, counted. */
void expected_add(GPtrArray *expected, const GPtrArray *others);

/** expected_held(): whether it was as expected. */
bool expected_held(const struct expected *expected);
/** expected_text(): "7 of 10 connections are refused; expected: all", for g_free(). Plain ASCII. */
char *expected_text(const struct expected *expected);

#endif
