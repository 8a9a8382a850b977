/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * complain.c - sentences on standard error.
 *
 * GLib ends the process with a trap when g_malloc() fails. Whatever can grow with a capture is allocated in ways that
 * may fail and say so; what is left is small, and for that the handler below turns the trap into an exit status.
 */
#include "complain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"

void complain(const char *format, ...)
{
	va_list arguments;
	char *sentence, *line;

	va_start(arguments, format);
	sentence = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	line = g_strdup_printf("tcphs: %s\n", sentence);
	progress_hide();
	fputs(line, stderr);
	fflush(stderr);
	progress_show(true);
	g_free(line);
	g_free(sentence);
}

static void on_glib_message(const char *domain, GLogLevelFlags level, const char *message, void *user_data)
{
	static const char sentence[] = "tcphs: memory is out; give it fewer inputs at a time\n";
	ssize_t ignored;

	if (!(level & G_LOG_FLAG_FATAL) || !strstr(message, "allocate")) {
		g_log_default_handler(domain, level, message, user_data);
		return;
	}
	ignored = write(STDERR_FILENO, sentence, sizeof(sentence) - 1);
	(void)ignored;
	_exit(EXIT_UNREAD);
}

void complain_when_out_of_memory(void)
{
	g_log_set_default_handler(on_glib_message, NULL);
}
