/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/fd.h"
#include "client/privileges.h"
#include "client/report.h"
#include "client/signals.h"

static void run(const struct program *p) _noreturn_;
static void run(const struct program *p)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		_exit(EX_OSERR);
	if (!privileges_become_root() && p->needs_root) {
		report_error("%s is not run: not allowed to become root", p->path);
		_exit(EX_NOPERM);
	}
	(void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	signals_default();
	if (privileges_are_lent()) {
		(void)umask(022);
		if (chdir("/") < 0)
			_exit(EX_OSERR);
	}
	(void)execv(p->path, p->argv);
	report_error("cannot run %s: %s", p->path, strerror(errno));
	_exit(errno == ENOENT || errno == ENOTDIR ? EX_UNAVAILABLE : EX_OSERR);
}

pid_t program_start(const struct program *p)
{
	pid_t pid = fork();

	if (pid == 0)
		run(p);
	return pid < 0 ? -errno : pid;
}

/* Returns true if it ended, false if it has to be told to. */
static bool ends_by_itself(int pid_fd, int stop_fd, usec_t limit_usec)
{
	struct pollfd fds[] = { { .fd = pid_fd, .events = POLLIN },
				{ .fd = stop_fd, .events = POLLIN } };
	int msec = limit_usec == USEC_NEVER ? -1 : (int)(limit_usec / USEC_PER_MSEC);
	int n;

	do
		n = poll(fds, ARRAY_SIZE(fds), msec);
	while (n < 0 && errno == EINTR);
	return n < 0 || (n > 0 && fds[0].revents);
}

int program_wait(pid_t pid, int stop_fd, usec_t limit_usec)
{
	_cleanup_fd_ int pid_fd = pidfd_open(pid, 0);
	int status = PROGRAM_STATUS(EX_OSERR); /* of one that cannot be waited for */

	/* A kernel without pidfd: it is waited for, however long that takes. */
	if (pid_fd >= 0 && !ends_by_itself(pid_fd, stop_fd, limit_usec)) {
		(void)kill(pid, SIGTERM);
		if (!ends_by_itself(pid_fd, -1, limit_usec))
			(void)kill(pid, SIGKILL);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

bool program_failed(const char *what, int wait_status)
{
	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0)
		return false;
	if (WIFEXITED(wait_status))
		report_error("%s failed with status %d", what, WEXITSTATUS(wait_status));
	else
		report_error("%s died of signal %d", what, WTERMSIG(wait_status));
	return true;
}
