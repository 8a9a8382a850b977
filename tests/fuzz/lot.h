/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lot.h - for targets that decode: what is drawn by lot is the same every time.
 *
 * So are hashes of fragments, by which libFuzzer goes.
 */
#ifndef TCPHS_FUZZ_LOT_H
#define TCPHS_FUZZ_LOT_H

#include <glib.h>

__attribute__((constructor)) static void same_lot(void)
{
	g_random_set_seed(1);
}

#endif
