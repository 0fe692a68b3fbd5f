/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

#define FIRST_FD	 3
#define EXIT_NOT_STARTED 127

/*
 * Our own helpers are found from where this program is, never through PATH: beside it (a build
 * directory), or where this package installs them.
 */
static int find_program(const char *name, char ret_path[PATH_MAX])
{
	static const char *const places[] = { "", SBIN_TO_PKGLIB "/" };
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n < 0)
		return -errno;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return -ENOENT;
	slash[1] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		n = snprintf(ret_path, PATH_MAX, "%s%s%s", self, places[i], name);
		if (n < PATH_MAX && access(ret_path, X_OK) == 0)
			return 0;
	}
	return -ENOENT;
}

/* What the service manager told this process is for nobody else, checkers least of all. */
static void forget_service_manager(void)
{
	static const char *const names[] = { "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)unsetenv(names[i]);
}

static void reset_signals(void)
{
	const struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t none;

	/* Not all numbers can be set; those that cannot have no disposition to reset. */
	for (int sig = 1; sig < _NSIG; sig++)
		(void)sigaction(sig, &standard, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * Two moves: first out of the way, then to the final numbers, so that no descriptor is overwritten
 * before it has been copied. dup2() also clears close-on-exec.
 */
static int place_fds(const struct child_program *p)
{
	int high[CHILD_FDS_MAX];

	for (unsigned int i = 0; i < p->n_fds; i++) {
		high[i] = fcntl(p->fds[i], F_DUPFD_CLOEXEC, FIRST_FD + CHILD_FDS_MAX);
		if (high[i] < 0)
			return -errno;
	}
	for (unsigned int i = 0; i < p->n_fds; i++) {
		if (dup2(high[i], FIRST_FD + (int)i) < 0)
			return -errno;
	}
	if (close_range(FIRST_FD + p->n_fds, ~0u, 0) < 0)
		return -errno;
	return 0;
}

int child_start(const struct child_program *p, pid_t *ret_pid)
{
	static char *const empty_environment[] = { NULL };
	char path[PATH_MAX], name[NAME_MAX + 1], argument[NAME_MAX + 1];
	char *argv[] = { name, NULL, NULL };
	pid_t pid;
	int r = find_program(p->name, path);

	if (r < 0)
		return r;
	(void)snprintf(name, sizeof(name), "%s", p->name);
	if (p->argument) {
		(void)snprintf(argument, sizeof(argument), "%s", p->argument);
		argv[1] = argument;
	}
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		reset_signals();
		forget_service_manager();
		if (place_fds(p) == 0)
			(void)execve(path, argv, p->keep_environment ? environ : empty_environment);
		_exit(EXIT_NOT_STARTED);
	}
	*ret_pid = pid;
	return 0;
}
