/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seconds.c - times without floating point, which would lose their last digits.
 */
#include "seconds.h"

char *seconds_write(char *to, tcphs_time value, int digits)
{
	uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;

	if (value < 0)
		*to++ = '-';
	to = decimal_put(to, size / 1000000000);
	*to++ = '.';
	decimal_put_nine(to, (uint32_t)(size % 1000000000));
	return to + digits;
}

void seconds_put(struct output *out, tcphs_time value, int digits)
{
	char text[SECONDS_MAX];

	output_write(out, text, (size_t)(seconds_write(text, value, digits) - text));
}
