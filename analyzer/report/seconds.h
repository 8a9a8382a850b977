/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seconds.h - times as decimal numbers of seconds, for the reports that programs read.
 */
#ifndef TCPHS_SECONDS_H
#define TCPHS_SECONDS_H

#include "output.h"
#include "tcphs.h"

/** seconds_digits(): 6 decimals, or 9 where 6 would lose something. */
static inline int seconds_digits(tcphs_time value)
{
	return value % 1000 ? 9 : 6;
}

/** Room that seconds_write() takes. */
#define SECONDS_MAX 48

/** seconds_write(): |value| with |digits| decimals, 1 to 9; what is beyond them is cut off. @return what follows it. */
char *seconds_write(char *to, tcphs_time value, int digits);
/** seconds_put(): the same. */
void seconds_put(struct output *out, tcphs_time value, int digits);

#endif
