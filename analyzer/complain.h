/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * complain.h - sentences on standard error.
 */
#ifndef TCPHS_COMPLAIN_H
#define TCPHS_COMPLAIN_H

#include <glib.h>

/** Exit statuses; of several that apply, 2 goes before 3, 3 before 1, 1 before 0. A signal's is 128 + its number. */
enum {
	EXIT_NOTHING = 0,     /* nothing to fail on */
	EXIT_SOMETHING = 1,   /* something to fail on */
	EXIT_USAGE = 2,       /* wrong usage or policy: nothing was read */
	EXIT_UNREAD = 3,      /* an input could not be read to its end, or the report not be written */
	EXIT_SIGNAL = 128,
};

/** complain(): "tcphs: " and the sentence, as one line and in one piece. Paths in it are escaped already. */
void complain(const char *format, ...) G_GNUC_PRINTF(1, 2);

/** complain_when_out_of_memory(): from here on, GLib's way to fail an allocation ends with a sentence and status 3. */
void complain_when_out_of_memory(void);

#endif
