/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run.h - reads the inputs, feeds the engine, drives the report.
 */
#ifndef TCPHS_RUN_H
#define TCPHS_RUN_H

#include <glib.h>

#include "options.h"
#include "report/report.h"

/**
 * run(): analyzes |sources| (struct source *) one after another into |report|, complains where it has to.
 *
 * @return the exit status.
 */
int run(const struct options *options, GPtrArray *sources, struct report *report);

#endif
