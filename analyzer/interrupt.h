/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * interrupt.h - SIGINT and SIGTERM ask us to stop reading; the report is still finished.
 */
#ifndef TCPHS_INTERRUPT_H
#define TCPHS_INTERRUPT_H

#include <stdbool.h>

/**
 * interrupt_catch(): from now on the two signals are noted, each once (then they kill); SIGPIPE and SIGXFSZ are
 * ignored, so that write(2) reports them.
 */
void interrupt_catch(void);

/** interrupt_reader(): this thread begins, or has ended, to read standard input: a signal ends its waiting. */
void interrupt_reader(bool begins);

/** interrupt_signal(): the number of the signal that came, or 0. */
int interrupt_signal(void);

#endif
