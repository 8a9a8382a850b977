/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * interrupt.h - SIGINT and SIGTERM ask us to stop reading; the report is still finished.
 */
#ifndef TCPHS_INTERRUPT_H
#define TCPHS_INTERRUPT_H

/** interrupt_catch(): from now on the two signals are noted, each once (then they kill), and SIGPIPE is ignored. */
void interrupt_catch(void);

/** interrupt_signal(): the number of the signal that came, or 0. */
int interrupt_signal(void);

#endif
