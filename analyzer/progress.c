/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * progress.c - a thread that looks at two counters a few times a second and draws a line.
 *
 * Readers only add to counters. The mutex is held by whoever writes to the terminal, so that the line is never drawn
 * into what others write; there is one terminal, hence one state. Without a terminal there is no thread, and hiding
 * costs a look at a flag.
 */
#include "progress.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <glib.h>

/* A job shorter than this needs no such line. */
#define PATIENCE (2 * G_USEC_PER_SEC)

/* How often the line is drawn anew. */
#define INTERVAL (G_USEC_PER_SEC / 5)

#define DEFAULT_COLUMNS 80

static atomic_uint_least64_t octets_read;
static atomic_uint inputs_read;

static struct {
	GThread *thread;       /* NULL: no line is wanted */
	GMutex mutex;
	GCond ended;
	bool ending, drawn, in_line;
	unsigned inputs;
	uint64_t octets;
	gint64 begun;
} state;

/* A terminal that takes lines back; TERM=dumb is one that does not. */
static bool is_wanted(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) == 1 && term && *term && strcmp(term, "dumb") != 0;
}

static void put(const char *text, size_t length)
{
	/* Nothing can be done if it does not get there, and nothing is lost. */
	ssize_t ignored = write(STDERR_FILENO, text, length);

	(void)ignored;
}

static void erase(void)
{
	if (state.drawn)
		put("\r\033[K", strlen("\r\033[K"));
	state.drawn = false;
}

/* "1.2 GB". */
static void append_size(GString *line, uint64_t octets)
{
	char *size = g_format_size_full(octets, G_FORMAT_SIZE_DEFAULT);

	/* GLib puts a no-break space there, which not every terminal shows. */
	for (const char *at = size; *at; at++)
		if ((unsigned char)*at == 0xc2 && (unsigned char)at[1] == 0xa0)
			g_string_append_c(line, ' ');
		else if ((unsigned char)*at < 0x80)
			g_string_append_c(line, *at);
	g_free(size);
}

static void append_time(GString *line, double seconds)
{
	unsigned whole = seconds < 1 ? 1 : seconds > 1e6 ? 1000000 : (unsigned)seconds;

	if (whole < 60)
		g_string_append_printf(line, "%u s", whole);
	else if (whole < 3600)
		g_string_append_printf(line, "%u min %02u s", whole / 60, whole % 60);
	else
		g_string_append_printf(line, "%u h %02u min", whole / 3600, whole / 60 % 60);
}

/* "3 of 12 files, 1.2 GB of 4.8 GB (25 %), 12 s left", or "1.2 GB read in 35 s". */
static GString *describe(gint64 now)
{
	double elapsed = (double)(now - state.begun) / G_USEC_PER_SEC;
	uint64_t read = atomic_load(&octets_read);
	GString *line = g_string_new("tcphs: ");

	if (state.inputs > 1)
		g_string_append_printf(line, "%u of %u files, ", atomic_load(&inputs_read), state.inputs);
	append_size(line, read);
	if (state.octets && read <= state.octets) {
		g_string_append(line, " of ");
		append_size(line, state.octets);
		g_string_append_printf(line, " (%.0f %%)", 100 * (double)read / (double)state.octets);
		if (read && read < state.octets) {
			g_string_append(line, ", ");
			append_time(line, elapsed * (double)(state.octets - read) / (double)read);
			g_string_append(line, " left");
		}
	} else {
		g_string_append(line, " read in ");
		append_time(line, elapsed);
	}
	return line;
}

static void draw(gint64 now)
{
	struct winsize size = { 0 };
	GString *line = describe(now);
	size_t columns = DEFAULT_COLUMNS;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
		columns = size.ws_col;
	g_string_truncate(line, MIN(line->len, columns - 1));
	g_string_prepend(line, "\r");
	g_string_append(line, "\033[K");
	put(line->str, line->len);
	state.drawn = true;
	g_string_free(line, TRUE);
}

static gpointer run(gpointer unused)
{
	(void)unused;
	g_mutex_lock(&state.mutex);
	while (!state.ending) {
		gint64 now = g_get_monotonic_time();

		if (now - state.begun > PATIENCE && !state.in_line)
			draw(now);
		g_cond_wait_until(&state.ended, &state.mutex, now + INTERVAL);
	}
	erase();
	g_mutex_unlock(&state.mutex);
	return NULL;
}

void progress_begin(unsigned inputs, uint64_t octets)
{
	if (!is_wanted())
		return;
	g_mutex_init(&state.mutex);
	g_cond_init(&state.ended);
	state.inputs = inputs;
	state.octets = octets;
	state.begun = g_get_monotonic_time();
	state.thread = g_thread_try_new("progress", run, NULL, NULL);
}

void progress_read(size_t octets)
{
	atomic_fetch_add_explicit(&octets_read, octets, memory_order_relaxed);
}

void progress_input_end(void)
{
	atomic_fetch_add_explicit(&inputs_read, 1, memory_order_relaxed);
}

void progress_hide(void)
{
	if (!state.thread)
		return;
	g_mutex_lock(&state.mutex);
	erase();
}

void progress_show(bool line_ended)
{
	if (!state.thread)
		return;
	state.in_line = !line_ended;
	g_mutex_unlock(&state.mutex);
}

void progress_end(void)
{
	if (!state.thread)
		return;
	g_mutex_lock(&state.mutex);
	state.ending = true;
	g_cond_signal(&state.ended);
	g_mutex_unlock(&state.mutex);
	g_thread_join(state.thread);
	state.thread = NULL;
}
