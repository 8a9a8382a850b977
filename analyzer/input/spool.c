/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spool.c - octets that come only once, kept in a temporary file so that they can be read again.
 *
 * All reading and writing is by position, so that one descriptor serves any number of extents.
 */
#include "spool.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <unistd.h>

struct spool {
	int fd;
	int references;
	uint64_t size;
};

struct spool *spool_new(char **message)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = NULL;
	struct spool *spool;
	int fd = g_file_open_tmp("tcphs-XXXXXX", &path, &error);

	if (fd < 0) {
		*message = g_strdup_printf("cannot be kept in a temporary file (%s): name a folder with room in TMPDIR",
		                           g_strerror(errno));
		return NULL;
	}
	g_unlink(path);
	spool = g_new0(struct spool, 1);
	spool->fd = fd;
	spool->references = 1;
	return spool;
}

void spool_unref(struct spool *spool)
{
	if (!spool || --spool->references > 0)
		return;
	close(spool->fd);
	g_free(spool);
}

struct extent *extent_new(struct spool *spool)
{
	struct extent *extent = g_new0(struct extent, 1);

	extent->spool = spool;
	extent->at = spool->size;
	extent->references = 1;
	spool->references++;
	return extent;
}

struct extent *extent_ref(struct extent *extent)
{
	extent->references++;
	return extent;
}

void extent_unref(struct extent *extent)
{
	if (!extent || --extent->references > 0)
		return;
	spool_unref(extent->spool);
	g_free(extent);
}

int extent_write(struct extent *extent, const void *octets, size_t size)
{
	const uint8_t *from = octets;

	while (size > 0) {
		ssize_t written = pwrite(extent->spool->fd, from, size, (off_t)(extent->at + extent->size));

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return errno;
		from += written;
		size -= (size_t)written;
		extent->size += (uint64_t)written;
	}
	extent->spool->size = extent->at + extent->size;
	return 0;
}

ssize_t extent_read(const struct extent *extent, void *into, size_t size, uint64_t at)
{
	ssize_t got;

	if (at >= extent->size)
		return 0;
	size = MIN(size, extent->size - at);
	do {
		got = pread(extent->spool->fd, into, size, (off_t)(extent->at + at));
	} while (got < 0 && errno == EINTR);
	return got;
}
