/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * progress.h - a line on standard error that says how far reading is, for a person who waits.
 *
 * It is there only if standard error is a terminal that can take a line back, and only from the third second on. Before
 * anything else is written to the terminal it is taken away, and it never comes back in the middle of a line.
 */
#ifndef TCPHS_PROGRESS_H
#define TCPHS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** progress_begin(): |inputs| are going to be read, with |octets| together; 0: nobody knows. */
void progress_begin(unsigned inputs, uint64_t octets);

/** progress_read(), progress_input_end(): so many octets more were read; an input more is over. On any thread. */
void progress_read(size_t octets);
void progress_input_end(void);

/** progress_hide(): takes the line away, until progress_show(), which says whether a line ended meanwhile. */
void progress_hide(void);
void progress_show(bool line_ended);

/** progress_end(): takes it away for good. */
void progress_end(void);

#endif
