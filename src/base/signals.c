/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/signals.h"

#include <errno.h>
#include <signal.h>

int signals_for_loop(const int *signals, size_t n_signals)
{
	const struct sigaction deliver = { .sa_handler = SIG_DFL };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t mask;

	(void)sigemptyset(&mask);
	for (size_t i = 0; i < n_signals; i++)
		(void)sigaddset(&mask, signals[i]);
	if (sigaction(SIGCHLD, &deliver, NULL) < 0 || sigaction(SIGPIPE, &ignore, NULL) < 0 ||
	    sigprocmask(SIG_SETMASK, &mask, NULL) < 0)
		return -errno;
	return 0;
}
