/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Signals as events of the loop, and as they were for the plugins. */

#include <signal.h>

#include "base/util.h"

struct signals {
	int fd;
	int caught; /* the first of SIGTERM, SIGINT, SIGHUP and SIGQUIT that came, or 0 */
	sigset_t start_mask;
	struct sigaction start_child;
	struct sigaction start_pipe;
};

/**
 * signals_start() - takes SIGCHLD, and the four that end the program unless they are ignored
 *
 * SIGPIPE is ignored from here on, and SIGTTOU does not stop the program.
 * Errors: errno of sigaction(2), sigprocmask(2) or signalfd(2).
 */
int signals_start(struct signals *s);

/** signals_read() - what has come; the children are for the caller to look at */
void signals_read(struct signals *s);

/** signals_restore() - in a child before exec: everything as the program found it (CLI-RUN-20) */
void signals_restore(const struct signals *s);

/** signals_die() - dies of @signal by its default action */
void signals_die(int signal) _noreturn_;
