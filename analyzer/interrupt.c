/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * interrupt.c - a flag set by signal handlers.
 *
 * A read that waits for a pipe has to come back, or the wish to stop would wait for the next packet. Interrupting the
 * system call is not enough, for whoever reads may try again; so standard input becomes empty as well.
 */
#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t caught;
static int empty = -1;

static void on_signal(int number)
{
	int kept = errno;

	caught = number;
	if (empty >= 0)
		dup2(empty, STDIN_FILENO);
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
	action.sa_handler = SIG_IGN;
	action.sa_flags = 0;
	sigaction(SIGPIPE, &action, NULL);
}

int interrupt_signal(void)
{
	return caught;
}
