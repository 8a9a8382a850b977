/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sources.c - finds the captures below a directory.
 *
 * By the first four octets, not by name: captures have many suffixes, and rotated ones (capture.pcap3) none that means
 * anything. fts(3) walks; it needs no recursion of ours and copes with deep trees.
 */
#include "sources.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void source_free(gpointer data)
{
	struct source *source = data;

	g_free(source->path);
	g_free(source->problem);
	g_free(source);
}

static void add(GPtrArray *sources, const char *path, char *problem)
{
	struct source *source = g_new0(struct source, 1);

	source->path = g_strdup(path);
	source->problem = problem;
	g_ptr_array_add(sources, source);
}

static void add_failure(GPtrArray *sources, const char *path, int error)
{
	add(sources, path,
	    g_strdup_printf("cannot be read (%s): check the path and its permissions", g_strerror(error)));
}

/* The magic numbers of pcap (microseconds, nanoseconds, Kuznetzov's) in both byte orders, and of pcapng. */
static bool is_magic(const uint8_t octets[4])
{
	uint32_t number = (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 | octets[3];

	switch (number) {
	case 0xa1b2c3d4:
	case 0xd4c3b2a1:
	case 0xa1b23c4d:
	case 0x4d3cb2a1:
	case 0xa1b2cd34:
	case 0x34cdb2a1:
	case 0x0a0d0d0a:
		return true;
	default:
		return false;
	}
}

static void add_if_capture(GPtrArray *sources, const char *path)
{
	uint8_t octets[4] = { 0 };
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		add_failure(sources, path, errno);
		return;
	}
	got = read(fd, octets, sizeof(octets));
	if (got < 0)
		add_failure(sources, path, errno);
	else if (got == sizeof(octets) && is_magic(octets))
		add(sources, path, NULL);
	close(fd);
}

static bool links_to_file(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void add_entry(GPtrArray *sources, const FTSENT *entry)
{
	switch (entry->fts_info) {
	case FTS_F:
		add_if_capture(sources, entry->fts_path);
		break;
	case FTS_SL:
		if (links_to_file(entry->fts_path))
			add_if_capture(sources, entry->fts_path);
		break;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		add_failure(sources, entry->fts_path, entry->fts_errno);
		break;
	default:
		break;
	}
}

static void add_directory(GPtrArray *sources, char *path)
{
	char *roots[] = { path, NULL };
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	guint before = sources->len;
	FTSENT *entry;

	if (!walk) {
		add_failure(sources, path, errno);
		return;
	}
	for (errno = 0; (entry = fts_read(walk)); errno = 0)
		add_entry(sources, entry);
	if (errno)
		add_failure(sources, path, errno);
	fts_close(walk);
	if (sources->len == before)
		add(sources, path, g_strdup("holds no capture; name a directory with pcap or pcapng files below it"));
}

GPtrArray *sources_expand(char *const *inputs)
{
	GPtrArray *sources = g_ptr_array_new_with_free_func(source_free);
	struct stat status;

	for (; *inputs; inputs++) {
		if (strcmp(*inputs, "-") != 0 && stat(*inputs, &status) == 0 && S_ISDIR(status.st_mode))
			add_directory(sources, *inputs);
		else
			add(sources, *inputs, NULL);
	}
	return sources;
}
