/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/signals.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static const int wanted[] = { SIGINT, SIGHUP, SIGTERM };

static volatile sig_atomic_t first_caught;
static sigset_t start_mask;
static struct sigaction start_pipe;
static sigset_t work_mask;

static void on_signal(int signal)
{
	if (first_caught == 0)
		first_caught = signal;
}

static int catch_unless_ignored(int signal)
{
	/* SA_RESTART: libraries need not know of us; the loop's ppoll(2) is never restarted. */
	struct sigaction ours = { .sa_handler = on_signal, .sa_flags = SA_RESTART }, old;

	(void)sigfillset(&ours.sa_mask);
	if (sigaction(signal, NULL, &old) < 0)
		return -errno;
	if (old.sa_handler == SIG_IGN)
		return 0;
	if (sigaction(signal, &ours, NULL) < 0)
		return -errno;
	(void)sigaddset(&work_mask, signal);
	return 0;
}

int signals_start(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	if (sigprocmask(SIG_BLOCK, NULL, &start_mask) < 0)
		return -errno;
	work_mask = start_mask;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		int r = catch_unless_ignored(wanted[i]);

		if (r < 0)
			return r;
	}
	if (sigaction(SIGPIPE, &ignore, &start_pipe) < 0)
		return -errno;
	if (sigprocmask(SIG_SETMASK, &work_mask, NULL) < 0)
		return -errno;
	return 0;
}

int signals_caught(void)
{
	return first_caught;
}

const sigset_t *signals_sleep_mask(void)
{
	return &start_mask;
}

void signals_default(void)
{
	struct sigaction by_default = { .sa_handler = SIG_DFL };

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (sigismember(&work_mask, wanted[i]))
			(void)sigaction(wanted[i], &by_default, NULL);
	}
	(void)sigaction(SIGPIPE, &start_pipe, NULL);
	(void)sigprocmask(SIG_SETMASK, &start_mask, NULL);
}

void signals_die(int signal)
{
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t set;

	(void)sigaction(signal, &by_default, NULL);
	(void)raise(signal);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, signal);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	/* Only reached if the default action was taken away from outside. */
	_exit(EXIT_FAILURE);
}
