/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run.h - reads the inputs, several at a time, and reports them in order.
 */
#ifndef TCPHS_RUN_H
#define TCPHS_RUN_H

#include <glib.h>

#include "options.h"
#include "report/report.h"

/**
 * run(): analyzes |sources| (struct source *) into |reports| (struct report *, in the order of options->reports);
 * complains where it has to.
 *
 * @return the exit status.
 */
int run(const struct options *options, GPtrArray *sources, GPtrArray *reports);

#endif
