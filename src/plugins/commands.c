/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/fd.h"
#include "plugins/processes.h"
#include "plugins/report.h"
#include "plugins/signals.h"

/* Standard error is a pipe to the plugin runner, which ends before the daemon does. */
static void leave_pipe(void)
{
	struct stat st;
	int fd;

	if (fstat(STDERR_FILENO, &st) == 0 && !S_ISFIFO(st.st_mode))
		return;
	fd = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)dup2(fd, STDERR_FILENO);
}

static void become_daemon(void)
{
	leave_pipe();
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		_exit(EX_NOPERM);
	(void)setsid();
	if (chdir("/") < 0)
		_exit(EX_OSERR);
}

static int status_of_exec(int error)
{
	switch (error) {
	case ENOENT:
	case ENOEXEC:
	case EINVAL:
		return EX_UNAVAILABLE;
	case EACCES:
	case ELOOP:
	case ENOTDIR:
	case ENAMETOOLONG:
	case EPERM:
		return EX_OSFILE;
	default:
		return EX_OSERR;
	}
}

int command_start(const char *path, char *const *argv, enum command_kind kind, pid_t *ret_pid)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid > 0) {
		*ret_pid = pid;
		return 0;
	}
	signals_restore();
	if (kind == COMMAND_DAEMON)
		become_daemon();
	if (kind != COMMAND_ANSWERS && dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		_exit(EX_OSERR);
	(void)execv(path, argv);
	report_error("cannot execute %s: %s", path, strerror(errno));
	_exit(status_of_exec(errno));
}

int command_wait(pid_t pid, bool interruptible, int *ret_status)
{
	_cleanup_fd_ int fd = -1;

	if (interruptible) {
		int r;

		fd = pidfd_open(pid, 0);
		if (fd < 0)
			return -errno;
		r = signals_wait(fd, POLLIN, -1);
		if (r < 0)
			return r;
	}
	while (waitpid(pid, ret_status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

bool command_run(const char *path, char *const *argv, enum command_kind kind)
{
	pid_t pid;
	int status;

	return command_start(path, argv, kind, &pid) == 0 &&
	       command_wait(pid, false, &status) == 0 && WIFEXITED(status) &&
	       WEXITSTATUS(status) == EXIT_SUCCESS;
}

void command_end(pid_t pid)
{
	struct process p;
	int status;

	if (process_hold(pid, &p) == 0)
		process_end(&p);
	process_deinit(&p);
	(void)command_wait(pid, false, &status);
}
