/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * escape.c - does, inside the analyzer's sandbox, what somebody would do who had taken the analyzer over.
 *
 *     escape ATTEMPT READABLE REPLACED SCRATCH OTHER
 *
 * ATTEMPT is a row below; the others are a file that may be read, a file that may be replaced, a folder that is lent
 * for scratch files, and a path that is none of our business. Prints "done", or "denied: ERRNO" and exits 1. What a
 * denied attempt does is compared with the same attempt outside the sandbox, by ATTEMPT with a '!' before it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strerrorname_np() */
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox.h"

static const char *readable, *replaced, *scratch, *other;

static bool can_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	return fd >= 0 && close(fd) == 0;
}

static bool in_scratch(void)
{
	char *path = g_build_filename(scratch, "spool", NULL);
	bool good = can_open(path, O_RDWR | O_CREAT | O_EXCL) && unlink(path) == 0;

	g_free(path);
	return good;
}

static bool try_read(void) { return can_open(readable, O_RDONLY); }
static bool try_write_input(void) { return can_open(readable, O_WRONLY); }
static bool try_read_other(void) { return can_open(other, O_RDONLY); }
static bool try_write_other(void) { return can_open(other, O_WRONLY | O_TRUNC); }
static bool try_remove_other(void) { return unlink(other) == 0; }
static bool try_scratch(void) { return in_scratch(); }

static bool try_create_other(void)
{
	char *path = g_strconcat(other, ".new", NULL);
	bool good = can_open(path, O_WRONLY | O_CREAT);

	g_free(path);
	return good;
}

static bool try_replace(void)
{
	char *beside = g_strconcat(replaced, ".beside", NULL);
	bool good = rename(beside, replaced) == 0;

	g_free(beside);
	return good;
}

static bool try_link(void) { return symlink(other, replaced) == 0; }
static bool try_mode(void) { return chmod(readable, 0777) == 0; }

static bool try_program(void)
{
	char name[] = "/bin/true", *arguments[] = { name, NULL }, *environment[] = { NULL };

	/* Only comes back where it fails. */
	printf("done\n");
	fflush(stdout);
	execve(name, arguments, environment);
	return false;
}

static bool try_process(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return child > 0 && waitpid(child, NULL, 0) == child;
}

static void *nothing(void *data) { return data; }

static bool try_thread(void)
{
	pthread_t thread;

	errno = 0;
	return pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

static bool try_poke(void) { return pthread_kill(pthread_self(), 0) == 0; }
static bool try_network(void) { return socket(AF_INET, SOCK_STREAM, 0) >= 0; }
static bool try_local_socket(void) { return socket(AF_UNIX, SOCK_STREAM, 0) >= 0; }
static bool try_kill(void) { return kill(getppid(), 0) == 0; }
static bool try_trace(void) { return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0; }
static bool try_dump(void) { return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0; }

static bool map(int protection)
{
	void *memory = mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory != MAP_FAILED && munmap(memory, 4096) == 0;
}

static bool try_memory(void) { return map(PROT_READ | PROT_WRITE); }
static bool try_code(void) { return map(PROT_READ | PROT_WRITE | PROT_EXEC); }

static bool try_protect(void)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory != MAP_FAILED && mprotect(memory, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool try_limit(void)
{
	struct rlimit limit = { 64, 64 };

	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static const struct {
	const char *word;
	bool (*attempt)(void);
} attempts[] = {
	{ "read", try_read }, { "write_input", try_write_input }, { "read_other", try_read_other },
	{ "write_other", try_write_other }, { "create_other", try_create_other }, { "remove_other", try_remove_other },
	{ "scratch", try_scratch }, { "replace", try_replace }, { "link", try_link }, { "mode", try_mode },
	{ "program", try_program }, { "process", try_process }, { "thread", try_thread }, { "poke", try_poke },
	{ "network", try_network }, { "local_socket", try_local_socket }, { "kill", try_kill }, { "trace", try_trace },
	{ "dump", try_dump }, { "memory", try_memory }, { "code", try_code }, { "protect", try_protect },
	{ "limit", try_limit },
};

static void enter(void)
{
	struct sandbox sandbox;
	char *problem;

	sandbox_init(&sandbox);
	g_ptr_array_add(sandbox.readable, g_strdup(readable));
	g_ptr_array_add(sandbox.replaced, g_strdup(replaced));
	g_ptr_array_add(sandbox.scratch, g_strdup(scratch));
	problem = sandbox_enter(&sandbox);
	sandbox_clear(&sandbox);
	if (problem) {
		printf("no sandbox: %s\n", problem);
		exit(77);
	}
}

int main(int argc, char **argv)
{
	bool outside = argc == 6 && argv[1][0] == '!';

	if (argc != 6)
		return 2;
	readable = argv[2];
	replaced = argv[3];
	scratch = argv[4];
	other = argv[5];
	if (!outside)
		enter();
	for (size_t i = 0; i < G_N_ELEMENTS(attempts); i++) {
		if (strcmp(attempts[i].word, argv[1] + outside) != 0)
			continue;
		if (attempts[i].attempt()) {
			printf("done\n");
			return 0;
		}
		printf("denied: %s\n", strerrorname_np(errno));
		return 1;
	}
	return 2;
}
