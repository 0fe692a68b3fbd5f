/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plugins/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static const int ending[] = { SIGINT, SIGHUP, SIGTERM, SIGQUIT };

static volatile sig_atomic_t first_caught;
static volatile sig_atomic_t was_stopped;
static sigset_t start_mask;
static struct sigaction start_pipe;

static void on_signal(int signal)
{
	if (signal == SIGTSTP)
		was_stopped = 1;
	else if (first_caught == 0)
		first_caught = signal;
}

static int catch_unless_ignored(int signal, sigset_t *mask)
{
	struct sigaction ours = { .sa_handler = on_signal }, old;

	if (sigaction(signal, NULL, &old) < 0)
		return -errno;
	if (old.sa_handler == SIG_IGN)
		return 0;
	(void)sigfillset(&ours.sa_mask);
	(void)sigaddset(mask, signal);
	return sigaction(signal, &ours, NULL) < 0 ? -errno : 0;
}

int signals_start(bool stop_key)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t mask;
	int r = 0;

	(void)sigemptyset(&mask);
	for (size_t i = 0; i < ARRAY_SIZE(ending) && r == 0; i++)
		r = catch_unless_ignored(ending[i], &mask);
	if (r == 0 && stop_key)
		r = catch_unless_ignored(SIGTSTP, &mask);
	if (r < 0)
		return r;
	if (sigaction(SIGPIPE, &ignore, &start_pipe) < 0 ||
	    sigprocmask(SIG_BLOCK, &mask, &start_mask) < 0)
		return -errno;
	return 0;
}

int signals_caught(void)
{
	return first_caught;
}

bool signals_take_stop(void)
{
	bool stopped = was_stopped;

	was_stopped = 0;
	return stopped;
}

int signals_wait(int fd, short events, int msec)
{
	struct pollfd p = { .fd = fd, .events = events };
	const struct timespec timeout = { .tv_sec = msec / 1000,
					  .tv_nsec = (long)(msec % 1000) * 1000000 };
	int r;

	if (first_caught || was_stopped)
		return -EINTR;
	r = ppoll(&p, 1, msec < 0 ? NULL : &timeout, &start_mask);
	if (r < 0)
		return -errno;
	return r == 0 ? 0 : p.revents;
}

void signals_restore(void)
{
	(void)sigaction(SIGPIPE, &start_pipe, NULL);
	(void)sigprocmask(SIG_SETMASK, &start_mask, NULL);
}

void signals_die(int signal)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t set;

	(void)sigaction(signal, &by_default, NULL);
	(void)raise(signal);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, signal);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	/* Only reached if the default action was taken away from outside. */
	_exit(EXIT_FAILURE);
}
