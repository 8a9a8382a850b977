/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz.h - what the fuzz targets share.
 */
#ifndef TCPHS_FUZZ_H
#define TCPHS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/** LLVMFuzzerTestOneInput(): what a target is; aborts where something is not as it has to be. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(truth)                                                                      \
	do {                                                                              \
		if (!(truth)) {                                                           \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #truth); \
			abort();                                                          \
		}                                                                         \
	} while (0)

/** struct fuzz_reader: octets that are left of an input. */
struct fuzz_reader {
	const uint8_t *at;
	size_t left;
};

/** fuzz_octet(): the next one; 0 after the last. */
static inline uint8_t fuzz_octet(struct fuzz_reader *reader)
{
	if (reader->left == 0)
		return 0;
	reader->left--;
	return *reader->at++;
}

#endif
