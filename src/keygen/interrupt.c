/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keygen/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

static const int ending_signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
static volatile sig_atomic_t caught, stop_requested;
static int wake_pipe[2] = { -1, -1 };

static void wake(void)
{
	int saved = errno;

	/* A full pipe already wakes whoever waits. */
	if (write(wake_pipe[1], "", 1) < 0)
		errno = 0;
	errno = saved;
}

static void on_signal(int signal_number)
{
	if (!caught)
		caught = signal_number;
	wake();
}

static void on_stop(int signal_number)
{
	stop_requested = 1;
	wake();
}

static void catch_signal(int signal_number, void (*handler)(int))
{
	struct sigaction sa = { .sa_handler = handler }, old;

	(void)sigemptyset(&sa.sa_mask);
	/* nohup(1) and shells without job control ignore signals on purpose. */
	if (sigaction(signal_number, NULL, &old) == 0 && old.sa_handler == SIG_IGN)
		return;
	(void)sigaction(signal_number, &sa, NULL);
}

int interrupt_init(void)
{
	if (pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(ending_signals); i++)
		catch_signal(ending_signals[i], on_signal);
	/* A reader of our output, or GnuPG, that is gone is an error of write(2) like any other. */
	(void)signal(SIGPIPE, SIG_IGN);
	return 0;
}

int interrupt_signal(void)
{
	return caught;
}

int interrupt_fd(void)
{
	return wake_pipe[0];
}

int interrupt_ms_left(usec_t now, usec_t deadline)
{
	usec_t ms;

	if (deadline == USEC_NEVER)
		return -1;
	ms = (usec_sub(deadline, now) + USEC_PER_MSEC - 1) / USEC_PER_MSEC;
	return (int)MIN_OF(ms, (usec_t)INT_MAX);
}

int interrupt_wait(int fd, short events, usec_t deadline)
{
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = wake_pipe[0], .events = POLLIN },
			{ .fd = fd, .events = events },
		};
		usec_t now = instant_now().boot;
		int n;

		if (caught)
			return -ECANCELED;
		if (now >= deadline)
			return -ETIMEDOUT;
		n = poll(fds, ARRAY_SIZE(fds), interrupt_ms_left(now, deadline));
		if (n < 0 && errno != EINTR)
			return -errno;
		if (stop_requested)
			return -EINTR;
		if (n > 0 && !caught && fds[1].revents)
			return 0;
	}
}

void interrupt_catch_stop(void)
{
	catch_signal(SIGTSTP, on_stop);
}

void interrupt_default_stop(void)
{
	struct sigaction old;

	if (sigaction(SIGTSTP, NULL, &old) == 0 && old.sa_handler == on_stop)
		(void)signal(SIGTSTP, SIG_DFL);
}

void interrupt_stop(void)
{
	char drained[64];

	/* What wakes for the stop must not wake again; an ending signal is remembered in @caught.
	 */
	while (read(wake_pipe[0], drained, sizeof(drained)) > 0)
		;
	stop_requested = 0;
	(void)signal(SIGTSTP, SIG_DFL);
	(void)raise(SIGTSTP);
	interrupt_catch_stop();
}

void interrupt_raise(void)
{
	int signal_number = caught;

	(void)signal(signal_number, SIG_DFL);
	(void)raise(signal_number);
	exit(EXIT_FAILURE); /* not reached: the default action of all four ends the process */
}
