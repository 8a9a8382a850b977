/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seconds.c - times without floating point, which would lose their last digits.
 */
#include "seconds.h"

void seconds_put(struct output *out, tcphs_time value, int digits)
{
	uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
	uint64_t rest = size % 1000000000;
	char decimals[10] = { '.' };

	if (value < 0)
		output_char(out, '-');
	output_uint(out, size / 1000000000);
	for (int i = 9; i >= 1; i--) {
		decimals[i] = (char)('0' + rest % 10);
		rest /= 10;
	}
	output_write(out, decimals, (size_t)digits + 1);
}
