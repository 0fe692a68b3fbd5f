/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keygen/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sandbox.h"
#include "keygen/interrupt.h"

/* ---- in the child ---- */

/* Out of the way of 0, 1 and 2, so that none is overwritten before it was copied. */
static int copy(int fd)
{
	_cleanup_fd_ int null = fd < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;

	return fcntl(fd < 0 ? null : fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

static bool place_fds(const struct child_plan *plan)
{
	const int copies[] = { copy(plan->in), copy(plan->out), copy(plan->err) };

	for (int i = 0; i < (int)ARRAY_SIZE(copies); i++) {
		if (copies[i] < 0 || dup2(copies[i], i) < 0)
			return false;
	}
	return true;
}

_Noreturn static void run(const struct child_plan *plan, pid_t parent)
{
	/* Those that are caught get their default action by themselves. */
	(void)signal(SIGPIPE, SIG_DFL);
	if (place_fds(plan) && (!plan->is_plain || sandbox_drop_privileges() == 0) &&
	    prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent)
		(void)execvp(plan->file, plan->argv);
	_exit(CHILD_NOT_RUN);
}

/* ---- in the parent ---- */

int child_start(const struct child_plan *plan, pid_t *ret_pid)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		run(plan, parent);
	*ret_pid = pid;
	return 0;
}

int child_read(int fd, char *output, size_t size, usec_t deadline)
{
	size_t used = 0;

	for (;;) {
		ssize_t n;
		int r;

		output[used] = '\0';
		if (used == size - 1)
			return -EFBIG;
		r = interrupt_wait(fd, POLLIN, deadline);
		if (r < 0)
			return r;
		n = read(fd, output + used, size - 1 - used);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return 0;
		if (n > 0)
			used += (size_t)n;
	}
}

static int reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : CHILD_SIGNALED + WTERMSIG(status);
}

int child_end(pid_t pid, usec_t deadline)
{
	_cleanup_fd_ int pidfd = pidfd_open(pid, 0);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	usec_t now;

	if (pidfd >= 0 && interrupt_wait(pidfd, POLLIN, deadline) == 0)
		return reap(pid);
	/* Not interrupt_wait(): a signal that was caught is why it has to end in order now. */
	(void)kill(pid, SIGTERM);
	now = instant_now().boot;
	deadline = usec_add(now, CHILD_END_WAIT);
	while (pidfd >= 0 && now < deadline && poll(&p, 1, interrupt_ms_left(now, deadline)) < 0 &&
	       errno == EINTR)
		now = instant_now().boot;
	if (pidfd < 0 || !(p.revents & POLLIN))
		(void)kill(pid, SIGKILL);
	return reap(pid);
}

int child_output(const struct child_plan *plan, char *output, size_t size, usec_t deadline)
{
	struct child_plan with_pipe = *plan;
	_cleanup_fd_ int read_end = -1;
	int fds[2], r, status;
	pid_t pid = 0;

	output[0] = '\0';
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	read_end = fds[0];
	with_pipe.out = fds[1];
	r = child_start(&with_pipe, &pid);
	fd_close(fds[1]);
	if (r < 0)
		return r;
	r = child_read(read_end, output, size, deadline);
	status = child_end(pid, r < 0 ? 0 : deadline);
	if (interrupt_signal())
		return -ECANCELED;
	return r < 0 ? r : status;
}
