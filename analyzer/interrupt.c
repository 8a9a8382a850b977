/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * interrupt.c - a flag set by signal handlers.
 *
 * A read that waits for a pipe has to come back, or the wish to stop would wait for the next packet. Interrupting the
 * system call is not enough, for whoever reads may try again; so standard input becomes empty as well. The signal may
 * come to another thread than the one that reads, which is then poked.
 */
#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t caught;
static int empty = -1;
static pthread_t reader;
static atomic_bool has_reader;

static void on_poke(int number)
{
	(void)number;
}

static void on_signal(int number)
{
	int kept = errno;

	caught = number;
	if (empty >= 0)
		dup2(empty, STDIN_FILENO);
	if (atomic_load(&has_reader) && !pthread_equal(reader, pthread_self()))
		pthread_kill(reader, SIGUSR1);
	errno = kept;
}

void interrupt_catch(void)
{
	struct sigaction action;

	empty = open("/dev/null", O_RDONLY | O_CLOEXEC);
	memset(&action, 0, sizeof(action));
	sigemptyset(&action.sa_mask);
	action.sa_handler = on_signal;
	action.sa_flags = (int)SA_RESETHAND;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	action.sa_flags = 0;
	action.sa_handler = on_poke;
	sigaction(SIGUSR1, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
	/* A limit on the size of files is then an error of write(2), as a full disk is. */
	sigaction(SIGXFSZ, &action, NULL);
}

void interrupt_reader(bool begins)
{
	if (begins)
		reader = pthread_self();
	atomic_store(&has_reader, begins);
}

int interrupt_signal(void)
{
	return caught;
}
