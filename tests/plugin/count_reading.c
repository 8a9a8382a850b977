/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * count_reading.c - preloaded into tshark under callgrind: counts what it does from opening a file to closing it.
 *
 * Theory of operation. Starting tshark takes as many instructions as reading tens of thousands of frames, and not the
 * same each time; so it is run with --instr-atstart=no, and callgrind is told when to begin and to end. Wireshark's
 * hash tables are seeded by g_random_int(), which here gives the same numbers in each run.
 *
 * The functions that this stands in front of are declared as far as they are needed: they are in all versions.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <valgrind/callgrind.h>

void *epan_new(void *provider, const void *functions);
void epan_free(void *state);
uint32_t g_random_int(void);

/** real(): the function that this library hides. */
static void *real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

void *epan_new(void *provider, const void *functions)
{
	void *(*function)(void *, const void *);

	*(void **)&function = real("epan_new");
	CALLGRIND_START_INSTRUMENTATION;
	return function(provider, functions);
}

void epan_free(void *state)
{
	void (*function)(void *);

	*(void **)&function = real("epan_free");
	/* tshark also frees the one that it has not, before its first file. */
	if (state)
		CALLGRIND_STOP_INSTRUMENTATION;
	function(state);
}

uint32_t g_random_int(void)
{
	static uint32_t state = 2463534242;

	/* Xorshift (Marsaglia 2003). */
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}
