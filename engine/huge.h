/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * huge.h - memory as the processor takes it: in whole cache lines, and in huge pages where the system has them.
 *
 * What is kept of a large capture is read here and there: with pages of 4 KB nearly every look needs the page tables,
 * too, and each page costs a fault when it is touched first.
 */
#ifndef TCPHS_HUGE_H
#define TCPHS_HUGE_H

#include <stddef.h>
#include <stdint.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

#define TCPHS_HUGE_PAGE ((size_t)2 << 20)
#define TCPHS_CACHE_LINE ((size_t)64)

/** tcphs_whole_lines(): |size| octets, rounded up to whole cache lines. */
static inline size_t tcphs_whole_lines(size_t size)
{
	return (size + TCPHS_CACHE_LINE - 1) / TCPHS_CACHE_LINE * TCPHS_CACHE_LINE;
}

/**
 * tcphs_prefetch(): |at| will be read soon. A hint.
 *
 * A function that does nothing but prefetch does nothing in gcc's eyes, and whoever calls it is spared the call: so
 * there is something volatile, which costs nothing.
 */
static inline void tcphs_prefetch(const void *at)
{
	__builtin_prefetch(at);
	__asm__ volatile("" : : "r"(at));
}

/** tcphs_huge_advise(): asks for huge pages where |memory| can be of such. A hint: what comes of it does not matter. */
static inline void tcphs_huge_advise(void *memory, size_t size)
{
#ifdef MADV_HUGEPAGE
	uintptr_t begin = ((uintptr_t)memory + TCPHS_HUGE_PAGE - 1) & ~(uintptr_t)(TCPHS_HUGE_PAGE - 1);
	uintptr_t end = ((uintptr_t)memory + size) & ~(uintptr_t)(TCPHS_HUGE_PAGE - 1);

	if (begin < end)
		madvise((void *)begin, end - begin, MADV_HUGEPAGE);
#else
	(void)memory;
	(void)size;
#endif
}

#endif
