/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sandbox.c - Landlock for files, seccomp for everything else.
 *
 * Theory of operation. A capture is written by whoever attacks its reader, and is decoded by our own code and by
 * libraries. What a mistake in them could be used for is limited by what the process can still do. So the system calls
 * that reading, computing and writing need are listed, and all others fail. Some of those that are listed are limited
 * further by their arguments. Opening files is listed, because inputs are opened one after the other; which files,
 * Landlock decides, by rules made from the command line before anything was read.
 *
 * Calls that are not listed fail with ENOSYS, not death: the C library tries newer calls first and then falls back.
 *
 * libseccomp writes the filter: it knows the numbers of every architecture and checks the one it runs on. For Landlock
 * there is no library; it takes three system calls.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* O_PATH, CLONE_THREAD */
#endif
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

/* Sanitizers look for leaks at the end, in a process that they begin and in files below /proc, and who counts lines
 * writes the counts: no sandbox for them. */
#if defined(__SANITIZE_ADDRESS__) || defined(TCPHS_UNCONFINED)
#define UNCONFINED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNCONFINED true
#endif
#endif
#ifndef UNCONFINED
#define UNCONFINED false
#endif

void sandbox_init(struct sandbox *sandbox)
{
	sandbox->readable = g_ptr_array_new_with_free_func(g_free);
	sandbox->replaced = g_ptr_array_new_with_free_func(g_free);
	sandbox->scratch = g_ptr_array_new_with_free_func(g_free);
}

void sandbox_clear(struct sandbox *sandbox)
{
	g_ptr_array_unref(sandbox->readable);
	g_ptr_array_unref(sandbox->replaced);
	g_ptr_array_unref(sandbox->scratch);
}

/* ---- files: Landlock -------------------------------------------------------------------------------------------- */

/* What version 1 of Landlock knows of files and folders; what later ones add is asked for where they are there. */
#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_NAME (LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG)
#define ACCESS_ALL (((uint64_t)LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
/* Version 2 lets files be moved between folders, version 3 be truncated; older headers do not name the last. */
#define ACCESS_REFER (UINT64_C(1) << 13)
#define ACCESS_TRUNCATE (UINT64_C(1) << 14)

static uint64_t handled_access(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (version < 1)
		return 0;
	return ACCESS_ALL | (version >= 2 ? ACCESS_REFER : 0) | (version >= 3 ? ACCESS_TRUNCATE : 0);
}

/* Allows |access| below |path|. What is not there needs no rule: it cannot be opened anyway, and says why itself. */
static void allow_path(int rules, uint64_t access, const char *path)
{
	struct landlock_path_beneath_attr beneath = { .allowed_access = access };
	struct stat status;

	beneath.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (beneath.parent_fd < 0)
		return;
	/* Of a file only what can be done with a file can be allowed. */
	if (fstat(beneath.parent_fd, &status) == 0 && !S_ISDIR(status.st_mode))
		beneath.allowed_access &= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE;
	syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
	close(beneath.parent_fd);
}

static void allow_folder_of(int rules, uint64_t access, const char *path)
{
	char *real = realpath(path, NULL);
	char *folder = g_path_get_dirname(real ? real : path);

	allow_path(rules, access, folder);
	g_free(folder);
	free(real);
}

static void restrict_files(const struct sandbox *sandbox)
{
	struct landlock_ruleset_attr attributes = { .handled_access_fs = handled_access() };
	int rules;

	if (!attributes.handled_access_fs)
		return;
	rules = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
	if (rules < 0)
		return;
	for (guint i = 0; i < sandbox->readable->len; i++)
		allow_path(rules, ACCESS_READ, g_ptr_array_index(sandbox->readable, i));
	for (guint i = 0; i < sandbox->replaced->len; i++)
		allow_folder_of(rules, ACCESS_NAME, g_ptr_array_index(sandbox->replaced, i));
	for (guint i = 0; i < sandbox->scratch->len; i++)
		allow_path(rules, ACCESS_NAME | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE,
		           g_ptr_array_index(sandbox->scratch, i));
	syscall(SYS_landlock_restrict_self, rules, 0);
	close(rules);
}

/* ---- everything else: seccomp ----------------------------------------------------------------------------------- */

/* Reading, writing, memory, threads, time, signals. Opening and naming files is Landlock's to limit. */
static const int allowed[] = {
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(pwrite64),
	SCMP_SYS(lseek), SCMP_SYS(_llseek), SCMP_SYS(close), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(ftruncate),
	SCMP_SYS(fadvise64), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3),
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
	SCMP_SYS(stat64), SCMP_SYS(lstat64), SCMP_SYS(fstat64), SCMP_SYS(fstatat64), SCMP_SYS(statx), SCMP_SYS(fstatfs),
	SCMP_SYS(statfs), SCMP_SYS(getdents64), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getcwd),
	SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(rename), SCMP_SYS(renameat),
	SCMP_SYS(renameat2), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(umask), SCMP_SYS(fcntl), SCMP_SYS(fcntl64),
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
	SCMP_SYS(futex), SCMP_SYS(futex_time64), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(set_tid_address),
	SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(exit),
	SCMP_SYS(exit_group), SCMP_SYS(restart_syscall), SCMP_SYS(getrandom),
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrusage), SCMP_SYS(times), SCMP_SYS(sysinfo),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigreturn),
	SCMP_SYS(sigaltstack), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
	SCMP_SYS(uname),
};

static int allow_listed(scmp_filter_ctx filter)
{
	int result = 0;

	/* A call that this architecture does not have is no error here. */
	for (size_t i = 0; i < G_N_ELEMENTS(allowed) && result == 0; i++)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	return result;
}

/* Memory that can be executed is there since the start; no more of it. */
static int allow_memory(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	static const int calls[] = { SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect) };
	int result = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(calls) && result == 0; i++)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 1, not_executable);
	return result;
}

/* Threads, but no processes: of clone() the flags can be looked at, those of clone3() are in memory. */
static int allow_threads(scmp_filter_ctx filter)
{
	static const scmp_datum_t flags = CLONE_THREAD | CLONE_VM;
	const struct scmp_arg_cmp thread = SCMP_A0(SCMP_CMP_MASKED_EQ, flags, flags);
	/* A signal to a thread of our own; abort() does so, too. */
	const struct scmp_arg_cmp ourselves = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid());
	/* Limits can be read, not set. */
	const struct scmp_arg_cmp nothing_new = SCMP_A2(SCMP_CMP_EQ, 0);
	int result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, thread);

	if (result == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, ourselves);
	if (result == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, nothing_new);
	return result;
}

/* What a terminal is and how wide; how much waits in a pipe. Not TIOCSTI, which types into the terminal. */
static int allow_ioctls(scmp_filter_ctx filter)
{
	static const unsigned long requests[] = { TCGETS, TIOCGWINSZ, FIONREAD };
	int result = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(requests) && result == 0; i++)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
		                          SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)requests[i]));
	return result;
}

/* Returns 0 or a negative errno. */
static int restrict_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int result = filter ? allow_listed(filter) : -ENOMEM;

	if (result == 0)
		result = allow_memory(filter);
	if (result == 0)
		result = allow_threads(filter);
	if (result == 0)
		result = allow_ioctls(filter);
	if (result == 0)
		result = seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	return result;
}

char *sandbox_enter(const struct sandbox *sandbox)
{
	int result;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return g_strdup_printf("the kernel does not keep processes from gaining privileges: %s",
		                       g_strerror(errno));
	if (UNCONFINED)
		return NULL;
	restrict_files(sandbox);
	result = restrict_calls();
	return result ? g_strdup_printf("the kernel takes no seccomp filter: %s", g_strerror(-result)) : NULL;
}
