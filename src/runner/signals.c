/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runner/signals.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const int ending[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };

int signals_start(struct signals *s)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t events, blocked;

	*s = (struct signals){ .fd = -1 };
	(void)sigemptyset(&events);
	(void)sigaddset(&events, SIGCHLD);
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++) {
		struct sigaction now;

		if (sigaction(ending[i], NULL, &now) < 0)
			return -errno;
		/* A blocked signal would come although it is ignored. */
		if (now.sa_handler != SIG_IGN)
			(void)sigaddset(&events, ending[i]);
	}
	blocked = events;
	/* Else a change of the terminal from the background would stop the program. */
	(void)sigaddset(&blocked, SIGTTOU);
	/* Where SIGCHLD is ignored, children leave no status. */
	if (sigprocmask(SIG_BLOCK, &blocked, &s->start_mask) < 0 ||
	    sigaction(SIGCHLD, &by_default, &s->start_child) < 0 ||
	    sigaction(SIGPIPE, &ignore, &s->start_pipe) < 0)
		return -errno;
	s->fd = signalfd(-1, &events, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->fd < 0 ? -errno : 0;
}

void signals_read(struct signals *s)
{
	struct signalfd_siginfo info;

	while (read(s->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo != SIGCHLD && s->caught == 0)
			s->caught = (int)info.ssi_signo;
	}
}

void signals_restore(const struct signals *s)
{
	(void)sigaction(SIGCHLD, &s->start_child, NULL);
	(void)sigaction(SIGPIPE, &s->start_pipe, NULL);
	(void)sigprocmask(SIG_SETMASK, &s->start_mask, NULL);
}

void signals_die(int signal)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t set;

	(void)sigaction(signal, &by_default, NULL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, signal);
	(void)raise(signal);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	/* Only reached if the default action was taken away from outside. */
	_exit(EXIT_FAILURE);
}
