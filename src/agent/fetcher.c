/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/fetcher.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "agent/report.h"
#include "base/fd.h"

/* Root in all but the real user, as a set-user-ID program would be (CLI-PRIV-1). */
static void run(const struct options *o, int out, const sigset_t *mask) _noreturn_;

static void run(const struct options *o, int out, const sigset_t *mask)
{
	if (dup2(out, STDOUT_FILENO) < 0)
		_exit(EX_OSERR);
	if (setgroups(0, NULL) < 0 || setresgid(o->gid, 0, 0) < 0 || setresuid(o->uid, 0, 0) < 0) {
		report_error("cannot become user %u and group %u: %s", (unsigned int)o->uid,
			     (unsigned int)o->gid, strerror(errno));
		_exit(EX_NOPERM);
	}
	if (setenv("MANDOSPLUGINHELPERDIR", o->helper_dir, 1) < 0)
		_exit(EX_OSERR);
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	(void)execv(o->program[0], o->program);
	report_error("cannot execute %s: %s", o->program[0], strerror(errno));
	_exit(EX_OSERR);
}

int fetcher_start(struct fetcher *f, const struct options *o, const sigset_t *start_mask)
{
	_cleanup_fd_ int out = -1;
	int fds[2], r;

	pieces_deinit(&f->previous);
	f->previous = f->password;
	f->has_previous = f->state == FETCHER_READY;
	f->password = (struct pieces){ 0 };
	f->state = FETCHER_RUNS;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	f->fd = fds[0];
	out = fds[1];
	/* Only this end: a program expects a standard output that waits (D22). */
	r = fd_set_nonblock(f->fd);
	if (r < 0)
		return r;
	f->pid = fork();
	if (f->pid == 0)
		run(o, out, start_mask);
	if (f->pid > 0)
		return 0;
	r = -errno;
	f->pid = 0;
	return r;
}

static void fail(struct fetcher *f)
{
	f->state = FETCHER_FAILED;
	pieces_deinit(&f->password);
	pieces_deinit(&f->previous);
	f->has_previous = false;
}

void fetcher_read(struct fetcher *f)
{
	ssize_t n = pieces_read(&f->password, f->fd, PIECES_SIZE);

	if (n > 0 || n == -EAGAIN || n == -EINTR)
		return;
	f->fd = fd_close(f->fd);
	if (n < 0) {
		report_error("cannot keep the password: %s", strerror((int)-n));
		fail(f);
	}
}

void fetcher_collect(struct fetcher *f, usec_t now)
{
	int status;

	if (f->pid <= 0 || waitpid(f->pid, &status, WNOHANG) != f->pid)
		return;
	f->pid = 0;
	f->ended = now;
	if (f->state == FETCHER_FAILED || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
		return;
	if (WIFEXITED(status))
		report_error("the client failed with status %d; there is no password",
			     WEXITSTATUS(status));
	else
		report_error("the client died of signal %d; there is no password",
			     WTERMSIG(status));
	fail(f);
}

void fetcher_judge(struct fetcher *f, usec_t now)
{
	if (f->state != FETCHER_RUNS || f->pid > 0)
		return;
	if (f->fd < 0 || now >= usec_add(f->ended, FETCHER_OPEN_USEC)) {
		f->fd = fd_close(f->fd);
		f->state = FETCHER_READY;
	}
}

usec_t fetcher_deadline(const struct fetcher *f)
{
	if (f->state != FETCHER_RUNS || f->pid > 0)
		return USEC_NEVER;
	return usec_add(f->ended, FETCHER_OPEN_USEC);
}

const struct pieces *fetcher_password(const struct fetcher *f)
{
	if (f->state == FETCHER_READY)
		return &f->password;
	return f->has_previous ? &f->previous : NULL;
}

bool fetcher_has_other(const struct fetcher *f)
{
	return f->state == FETCHER_READY && f->has_previous &&
	       !pieces_are_equal(&f->password, &f->previous);
}

void fetcher_stop(struct fetcher *f)
{
	if (f->pid > 0)
		(void)kill(f->pid, SIGTERM);
	f->fd = fd_close(f->fd);
	fail(f);
}
