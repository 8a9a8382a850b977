/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sources.c - finds the captures below a directory.
 *
 * By the first octets, not by name: captures have many suffixes, and rotated ones (capture.pcap3) none that means
 * anything. What can hold captures packed is only told from what cannot; unpacking is left to those who read it.
 * fts(3) walks; it needs no recursion of ours and copes with deep trees.
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

#include "input.h"

static void source_free(gpointer data)
{
	struct source *source = data;

	g_free(source->path);
	g_free(source->problem);
	if (source->joined)
		g_ptr_array_unref(source->joined);
	g_free(source);
}

static struct source *add(GPtrArray *sources, const char *path, char *problem)
{
	struct source *source = g_new0(struct source, 1);

	source->path = g_strdup(path);
	source->problem = problem;
	g_ptr_array_add(sources, source);
	return source;
}

static void add_failure(GPtrArray *sources, const char *path, int error)
{
	add(sources, path,
	    g_strdup_printf("cannot be read (%s): check the path and its permissions", g_strerror(error)));
}

static void add_if_capture(GPtrArray *sources, const char *path)
{
	uint8_t octets[TCPHS_LOOK];
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		add_failure(sources, path, errno);
		return;
	}
	got = read(fd, octets, sizeof(octets));
	if (got < 0)
		add_failure(sources, path, errno);
	else if (tcphs_looks_like_captures(octets, (size_t)got))
		add(sources, path, NULL)->found = true;
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
		add(sources, path,
		    g_strdup("holds no capture; name a directory with pcap or pcapng files below it, packed or not"));
}

/* All |sources| as one, which has the name of the first. */
static GPtrArray *join_all(GPtrArray *sources)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(source_free);
	const struct source *first = g_ptr_array_index(sources, 0);
	char *name = sources->len == 1 ? g_strdup(first->path)
	                               : g_strdup_printf("%s + %u more", first->path, sources->len - 1);

	add(all, name, NULL)->joined = sources;
	g_free(name);
	return all;
}

GPtrArray *sources_expand(char *const *inputs, bool join)
{
	GPtrArray *sources = g_ptr_array_new_with_free_func(source_free);
	struct stat status;

	for (; *inputs; inputs++) {
		if (strcmp(*inputs, "-") != 0 && stat(*inputs, &status) == 0 && S_ISDIR(status.st_mode))
			add_directory(sources, *inputs);
		else
			add(sources, *inputs, NULL);
	}
	return join ? join_all(sources) : sources;
}
