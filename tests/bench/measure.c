/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * measure.c - runs a command and writes what it took to a file.
 *
 *     measure FILE SECONDS COMMAND [ARGUMENT...]
 *
 * FILE gets one line: how it ended (exit code, 128 + signal, or "time" if it was stopped after SECONDS), CPU seconds of
 * user and system, seconds of the clock, and the peak of resident memory in kB. That peak is the kernel's, of a process
 * made by a program as small as this one: it counts what the parent had, too.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t late;
static pid_t child;

/* The command may have children: all of its process group is stopped. */
static void stop(int number)
{
	(void)number;
	late = 1;
	kill(-child, SIGKILL);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = stop };
	struct rusage usage;
	double start;
	FILE *file;
	int status;

	if (argc < 4) {
		fputs("measure: use measure FILE SECONDS COMMAND [ARGUMENT...]\n", stderr);
		return 2;
	}
	file = fopen(argv[1], "w");
	if (!file) {
		perror(argv[1]);
		return 2;
	}
	start = now();
	child = fork();
	if (child == 0) {
		setpgid(0, 0);
		fclose(file);
		execvp(argv[3], argv + 3);
		perror(argv[3]);
		_exit(127);
	}
	setpgid(child, child);
	sigaction(SIGALRM, &action, NULL);
	alarm((unsigned)strtoul(argv[2], NULL, 10));
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	getrusage(RUSAGE_CHILDREN, &usage);
	if (late)
		fprintf(file, "time");
	else
		fprintf(file, "%d", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	fprintf(file, " %.6f %.6f %.6f %ld\n", seconds(usage.ru_utime), seconds(usage.ru_stime), now() - start,
	        usage.ru_maxrss);
	return fclose(file) == 0 ? 0 : 2;
}
