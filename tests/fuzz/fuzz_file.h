/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_file.h - an input as a file that has a name and is on no disk.
 */
#ifndef TCPHS_FUZZ_FILE_H
#define TCPHS_FUZZ_FILE_H

#include "fuzz.h"

#ifndef _GNU_SOURCE
#error "memfd_create() needs _GNU_SOURCE before the first header"
#endif

#include <sys/mman.h>
#include <unistd.h>

/** struct fuzz_file: |path| can be opened until fuzz_file_close(). */
struct fuzz_file {
	int fd;
	char path[64];
};

static inline void fuzz_file_open(struct fuzz_file *file, const void *data, size_t size)
{
	file->fd = memfd_create("input", MFD_CLOEXEC);
	CHECK(file->fd >= 0 && write(file->fd, data, size) == (ssize_t)size);
	snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
}

static inline void fuzz_file_close(const struct fuzz_file *file)
{
	close(file->fd);
}

#endif
