/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each case in a child of its own: what is given up does not come back. */
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/util.h"

#define UNKNOWN_CALL 100000

static const struct sandbox_call some[] = {
	{ .name = "write" },
	{ .name = "no such call" },
	{ "socket", SANDBOX_IF_EQUAL, 0, AF_UNIX },
	{ "umask", SANDBOX_IF_CLEAR, 0, 022 },
	{ "prctl", SANDBOX_IF_EQUAL, 0, PR_GET_NO_NEW_PRIVS },
	{ "dup3", SANDBOX_IF_PAIR, 0, STDOUT_FILENO, STDOUT_FILENO },
};
static const char *const forbidden[] = { "getpgid", "no such call" };

/* The exit status of a child: the number of the check that failed, or 0. */
#define CHECK(condition)                           \
	do {                                       \
		if (!(condition))                  \
			_exit(__LINE__ % 250 + 1); \
	} while (0)

#define FAILS_WITH(call, error) (errno = 0, (call) == -1 && errno == (error))

static int status_of_child(void (*run)(void))
{
	int status = -1;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		run();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void enter(enum sandbox_penalty penalty)
{
	const struct sandbox_rules rules = {
		.allowed = some,
		.n_allowed = ARRAY_SIZE(some),
		.forbidden = forbidden,
		.n_forbidden = ARRAY_SIZE(forbidden),
		.penalty = penalty,
	};

	CHECK(sandbox_drop_privileges() == 0);
	CHECK(sandbox_enter(&rules) == 0);
}

static void run_allowed(void)
{
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	enter(SANDBOX_KILL);
	CHECK(write(pair[0], "x", 1) == 1);
	CHECK(syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0) >= 0);
	CHECK(syscall(SYS_umask, 01) >= 0);
	CHECK(FAILS_WITH(syscall(SYS_dup3, STDOUT_FILENO, STDOUT_FILENO, 0), EINVAL));
	CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	      MAP_FAILED);
	CHECK(syscall(SYS_getpid) == getpid());
	CHECK(syscall(SYS_tgkill, getpid(), getpid(), 0) == 0);
	CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
}

static void run_unlisted(void)
{
	struct rlimit limit = { 0 };

	enter(SANDBOX_KILL);
	CHECK(FAILS_WITH(syscall(SYS_socket, AF_INET, SOCK_STREAM, 0), ENOSYS));
	CHECK(FAILS_WITH(syscall(SYS_umask, 022), ENOSYS));
	CHECK(FAILS_WITH(syscall(SYS_umask, 02), ENOSYS));
	CHECK(FAILS_WITH(syscall(SYS_dup3, STDOUT_FILENO, STDERR_FILENO, 0), ENOSYS));
	CHECK(FAILS_WITH(syscall(SYS_dup3, STDERR_FILENO, STDOUT_FILENO, 0), ENOSYS));
	CHECK(FAILS_WITH(syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR), ENOSYS));
	CHECK(FAILS_WITH(syscall(SYS_tgkill, getppid(), getppid(), 0), ENOSYS));
	CHECK(FAILS_WITH(syscall(SYS_prlimit64, 0, RLIMIT_CORE, &limit, NULL), ENOSYS));
	CHECK(syscall(SYS_prlimit64, 0, RLIMIT_CORE, NULL, &limit) == 0);
	CHECK(FAILS_WITH(syscall(UNKNOWN_CALL), ENOSYS));
}

static void run_forbidden(void)
{
	char path[] = "/bin/true";
	char *argv[] = { path, NULL };

	enter(SANDBOX_EPERM);
	CHECK(FAILS_WITH(syscall(SYS_getpgid, 0), EPERM));
	CHECK(FAILS_WITH(execve(path, argv, argv), EPERM));
	CHECK(FAILS_WITH(syscall(SYS_ptrace, 0, 0, 0, 0), EPERM));
#ifndef SANDBOX_WITH_SANITIZERS
	CHECK(FAILS_WITH(fork(), EPERM));
#endif
	CHECK(FAILS_WITH(syscall(SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
			 EPERM));
}

static void run_killed_by_name(void)
{
	enter(SANDBOX_KILL);
	(void)syscall(SYS_getpgid, 0);
}

static void run_killed_by_exec(void)
{
	char path[] = "/bin/true";
	char *argv[] = { path, NULL };

	enter(SANDBOX_KILL);
	(void)execve(path, argv, argv);
}

static void run_killed_by_executable_memory(void)
{
	static char page[8192];

	enter(SANDBOX_KILL);
	(void)syscall(SYS_mprotect, page, sizeof(page), PROT_READ | PROT_EXEC);
}

/* An abort() must still look like one to whoever waits. */
static void run_abort(void)
{
	enter(SANDBOX_KILL);
	(void)signal(SIGABRT, SIG_DFL);
	abort();
}

static void run_privileges(void)
{
	char line[256];
	FILE *status;
	int n = 0;

	CHECK(sandbox_drop_privileges() == 0);
	status = fopen("/proc/self/status", "re");
	CHECK(status);
	while (fgets(line, sizeof(line), status)) {
		if (strncmp(line, "CapBnd", 6) != 0 && strncmp(line, "Cap", 3) == 0)
			n += strcmp(line + 7, "\t0000000000000000\n") == 0;
		if (strcmp(line, "NoNewPrivs:\t1\n") == 0)
			n += 10;
	}
	(void)fclose(status);
	CHECK(n == 14);
}

static void test_sandbox_enter__allowed__is_carried_out(void **state)
{
	assert_int_equal(status_of_child(run_allowed), 0);
}

static void test_sandbox_enter__not_listed__fails_as_on_an_old_kernel(void **state)
{
	assert_int_equal(status_of_child(run_unlisted), 0);
}

static void test_sandbox_enter__forbidden__fails(void **state)
{
	assert_int_equal(status_of_child(run_forbidden), 0);
}

static void test_sandbox_enter__forbidden_to_death__is_sigsys(void **state)
{
	void (*const runs[])(void) = { run_killed_by_name, run_killed_by_exec,
				       run_killed_by_executable_memory };

	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		int status = status_of_child(runs[i]);

		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSYS);
	}
}

static void test_sandbox_enter__abort__is_sigabrt(void **state)
{
	int status = status_of_child(run_abort);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void test_sandbox_drop_privileges__root__has_no_capability_left(void **state)
{
	assert_int_equal(status_of_child(run_privileges), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sandbox_enter__allowed__is_carried_out),
		cmocka_unit_test(test_sandbox_enter__not_listed__fails_as_on_an_old_kernel),
		cmocka_unit_test(test_sandbox_enter__forbidden__fails),
		cmocka_unit_test(test_sandbox_enter__forbidden_to_death__is_sigsys),
		cmocka_unit_test(test_sandbox_enter__abort__is_sigabrt),
		cmocka_unit_test(test_sandbox_drop_privileges__root__has_no_capability_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
