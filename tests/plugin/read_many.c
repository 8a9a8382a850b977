/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * read_many.c - preloaded into tshark: it starts once, and reads as many captures as it is asked to.
 *
 * Theory of operation. Starting tshark takes ten times as long as reading a capture of a few frames. When it opens its
 * file all is ready and nothing has been read; there this process stays, and reads lines of three words between tabs: a
 * capture, and where standard output and standard error go. For each it makes a process that goes on as if that capture
 * had been named on the command line, waits for its end, and prints the exit status, 128 and more for a signal. It ends
 * with its input.
 *
 * What this stands in front of is declared as far as it is needed: it is in all versions.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void *wtap_open_offline(const char *path, unsigned type, int *error, char **info, int random);

/** next_line(): octet by octet, so that nothing that is not asked for is kept; NULL at the end. */
static char *next_line(char *line, size_t size)
{
	size_t used = 0;

	while (used < size && read(STDIN_FILENO, &line[used], 1) == 1) {
		if (line[used] == '\n') {
			line[used] = '\0';
			return line;
		}
		used++;
	}
	return NULL;
}

static void redirect(int descriptor, const char *path)
{
	int file = path ? open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;

	if (file < 0 || dup2(file, descriptor) < 0)
		_exit(127);
}

/** next_capture(): comes back once for each capture, in a process of its own each time. */
static const char *next_capture(void)
{
	static char line[8192];
	char *capture, *output, *errors, *rest;
	pid_t child;
	int status;

	while (next_line(line, sizeof(line))) {
		capture = strtok_r(line, "\t", &rest);
		output = strtok_r(NULL, "\t", &rest);
		errors = strtok_r(NULL, "\t", &rest);
		child = fork();
		if (child == 0) {
			redirect(STDIN_FILENO, "/dev/null");
			redirect(STDOUT_FILENO, output);
			redirect(STDERR_FILENO, errors);
			return capture;
		}
		if (child < 0 || waitpid(child, &status, 0) != child)
			_exit(127);
		dprintf(STDOUT_FILENO, "%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	}
	_exit(0);
}

void *wtap_open_offline(const char *path, unsigned type, int *error, char **info, int random)
{
	void *(*function)(const char *, unsigned, int *, char **, int);

	(void)path;
	*(void **)&function = dlsym(RTLD_NEXT, "wtap_open_offline");
	return function(next_capture(), type, error, info, random);
}
