/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/locate.h"
#include "base/secret.h"

#define CHANNEL_FD	 3
#define EXIT_NOT_STARTED 127
#define PROCESS_NAME	 "mandos-launch"

/*
 * All that can ever be started. An environment is passed on only where it is promised: libraries
 * take settings from it (GnuTLS would write session keys to $SSLKEYLOGFILE).
 */
static const struct helper {
	const char *name;
	bool keep_environment;
	bool may_debug;
} helpers[] = {
	{ .name = "mandos-gate" },
	/* Checkers inherit it (SRV-CHK-7). */
	{ .name = "mandos-spawn", .keep_environment = true, .may_debug = true },
	{ .name = "mandos-probe" },
};

int launch_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(helpers); i++) {
		if (strcmp(helpers[i].name, name) == 0)
			return (int)i;
	}
	return -ENOENT;
}

/* ---- in what has been forked for a helper ---- */

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
static int place_fds(const int *fds, unsigned int n)
{
	int high[LAUNCH_FDS_MAX];

	for (unsigned int i = 0; i < n; i++) {
		high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, (int)LAUNCH_FDS_MAX);
		if (high[i] < 0)
			return -errno;
	}
	for (unsigned int i = 0; i < n; i++) {
		if (dup2(high[i], (int)i) < 0)
			return -errno;
	}
	if (close_range(n, ~0u, 0) < 0)
		return -errno;
	return 0;
}

_Noreturn static void execute(const struct helper *h, bool debug, const int *fds,
			      unsigned int n_fds, const char *path)
{
	static char *const empty_environment[] = { NULL };
	char name[NAME_MAX + 1], argument[] = "--debug";
	char *argv[] = { name, debug ? argument : NULL, NULL };

	(void)snprintf(name, sizeof(name), "%s", h->name);
	reset_signals();
	if (place_fds(fds, n_fds) == 0)
		(void)execve(path, argv, h->keep_environment ? environ : empty_environment);
	_exit(EXIT_NOT_STARTED);
}

/* ---- the launcher ---- */

/*
 * A child of our parent. Not clone3(), which a service manager that forbids name spaces has to
 * forbid whole, and not glibc's clone(), which wants another stack.
 */
static pid_t fork_sibling(void)
{
	const unsigned long flags = CLONE_PARENT | SIGCHLD;

#ifdef __s390__
	return (pid_t)syscall(SYS_clone, 0UL, flags, 0UL, 0UL, 0UL);
#else
	return (pid_t)syscall(SYS_clone, flags, 0UL, 0UL, 0UL, 0UL);
#endif
}

static int32_t start_helper(const struct launch_request *request, const int *fds,
			    unsigned int n_fds)
{
	const struct helper *h;
	char path[PATH_MAX];
	pid_t pid;
	int r;

	if (request->helper >= ARRAY_SIZE(helpers) || request->debug > 1 ||
	    n_fds <= LAUNCH_FDS_STANDARD || n_fds > LAUNCH_FDS_MAX)
		return -EPROTO;
	h = &helpers[request->helper];
	if (request->debug && !h->may_debug)
		return -EPROTO;
	r = locate_program(SBIN_TO_PKGLIB "/", h->name, path);
	if (r < 0)
		return r;
	pid = fork_sibling();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		execute(h, request->debug, fds, n_fds, path);
	return pid;
}

/* Returns false when the core is gone. */
static bool serve_one(void)
{
	struct pollfd p = { .fd = CHANNEL_FD, .events = POLLIN };
	struct launch_request request = { 0 };
	int fds[CHANNEL_FDS_MAX];
	unsigned int n_fds;
	int32_t answer;
	ssize_t n;

	/* All signals are blocked: only a lack of memory could make this fail. */
	if (poll(&p, 1, -1) < 0)
		return false;
	n = channel_receive_fds(CHANNEL_FD, &request, sizeof(request), fds, &n_fds);
	if (n == -EAGAIN)
		return true;
	if (n <= 0)
		return false;
	answer = n == sizeof(request) ? start_helper(&request, fds, n_fds) : -EPROTO;
	while (n_fds > 0)
		(void)fd_close(fds[--n_fds]);
	return channel_send(CHANNEL_FD, &answer, sizeof(answer), NULL, 0) == 0;
}

/* What the service manager told this process is for nobody else, checkers least of all. */
static void forget_service_manager(void)
{
	static const char *const names[] = { "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)unsetenv(names[i]);
}

/* Ends with the core and not before it, whatever is sent to the whole process group or service. */
static void block_signals(void)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
}

static int let_go_of_descriptors(int channel)
{
	int null;

	if (dup2(channel, CHANNEL_FD) < 0 || close_range(CHANNEL_FD + 1, ~0u, 0) < 0)
		return -errno;
	if (fd_set_cloexec(CHANNEL_FD, 1) < 0)
		return -errno;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++) {
		if (dup2(null, fd) < 0)
			return -errno;
	}
	if (null < 0 || chdir("/") < 0)
		return -errno;
	null = fd_close(null);
	return 0;
}

static int give_up_rights(const struct server_user *user)
{
	int r = user_switch(user);

	/* The core warns of that. */
	if (r < 0 && r != -EPERM)
		return r;
	return secret_process_harden();
}

_Noreturn void launch_serve(int channel, const struct server_user *user)
{
	int32_t answer;
	int r;

	block_signals();
	(void)prctl(PR_SET_NAME, PROCESS_NAME);
	forget_service_manager();
	r = let_go_of_descriptors(channel);
	if (r < 0)
		_exit(EXIT_FAILURE);
	answer = give_up_rights(user);
	if (channel_send(CHANNEL_FD, &answer, sizeof(answer), NULL, 0) == 0 && answer == 0) {
		while (serve_one())
			continue;
	}
	_exit(EXIT_SUCCESS);
}
