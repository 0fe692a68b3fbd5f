/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/agent.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "agent/fetcher.h"
#include "agent/questions.h"
#include "agent/report.h"
#include "base/fd.h"

struct agent {
	const struct options *options;
	struct fetcher fetcher;
	usec_t again_at; /* once there is a password: when to look for another */
	struct questions questions;
	int signals;
	sigset_t start_mask;
	int caught; /* the first signal that is to end the program, or 0 */
};

static int signals_start(struct agent *a)
{
	static const int ending[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
	const struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t events;

	(void)sigemptyset(&events);
	(void)sigaddset(&events, SIGCHLD);
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++) {
		struct sigaction now;

		/* A blocked signal would come although it is ignored. */
		if (sigaction(ending[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			(void)sigaddset(&events, ending[i]);
	}
	/* Where SIGCHLD is ignored, children leave no status. */
	if (sigaction(SIGCHLD, &by_default, NULL) < 0 ||
	    sigprocmask(SIG_BLOCK, &events, &a->start_mask) < 0)
		return -errno;
	a->signals = signalfd(-1, &events, SFD_CLOEXEC | SFD_NONBLOCK);
	return a->signals < 0 ? -errno : 0;
}

static void signals_read(struct agent *a)
{
	struct signalfd_siginfo info;

	while (read(a->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo != SIGCHLD && a->caught == 0)
			a->caught = (int)info.ssi_signo;
	}
}

static int timeout_msec(usec_t now, usec_t until)
{
	usec_t msec;

	if (until == USEC_NEVER)
		return -1;
	msec = (usec_sub(until, now) + USEC_PER_MSEC - 1) / USEC_PER_MSEC;
	return (int)MIN_OF(msec, (usec_t)INT_MAX);
}

/* Sleeps until something happens or @until, and takes it in. */
static int turn(struct agent *a, usec_t until)
{
	struct pollfd fds[] = {
		{ .fd = a->signals, .events = POLLIN },
		{ .fd = a->fetcher.fd, .events = POLLIN },
		{ .fd = a->questions.watch, .events = POLLIN },
	};
	usec_t now;

	if (poll(fds, ARRAY_SIZE(fds), timeout_msec(monotonic_now(), until)) < 0)
		return errno == EINTR ? 0 : -errno;
	now = monotonic_now();
	signals_read(a);
	fetcher_collect(&a->fetcher, now);
	if (fds[1].revents)
		fetcher_read(&a->fetcher);
	return fds[2].revents ? questions_read(&a->questions, now) : 0;
}

static int start_fetcher(struct agent *a)
{
	int r = fetcher_start(&a->fetcher, a->options, &a->start_mask);

	if (r < 0)
		report_error("cannot start the client: %s", strerror(-r));
	return r;
}

static void judge_fetcher(struct agent *a, usec_t now)
{
	enum fetcher_state before = a->fetcher.state;

	fetcher_judge(&a->fetcher, now);
	if (a->fetcher.state == before || a->fetcher.state != FETCHER_READY)
		return;
	a->again_at = usec_add(now, AGENT_AGAIN_USEC);
	if (fetcher_has_other(&a->fetcher))
		questions_reopen(&a->questions, now);
}

static bool wants_another(const struct agent *a)
{
	return a->fetcher.state == FETCHER_READY && questions_has_repeated(&a->questions);
}

/* Exit status, or -1: go on. */
static int judge(struct agent *a)
{
	usec_t now = monotonic_now();
	const struct pieces *password;

	questions_expire(&a->questions, now);
	judge_fetcher(a, now);
	password = fetcher_password(&a->fetcher);
	if (password)
		questions_answer(&a->questions, password, now);
	if (a->caught || a->fetcher.state == FETCHER_FAILED)
		return EXIT_FAILURE;
	if (a->questions.n == 0)
		return EXIT_SUCCESS;
	if (wants_another(a) && a->again_at <= now && start_fetcher(a) < 0)
		return EX_OSERR;
	return -1;
}

static usec_t next_deadline(const struct agent *a)
{
	usec_t next = fetcher_deadline(&a->fetcher);

	/* A repetition is only due once there is something to say. */
	for (size_t i = 0; i < a->questions.n; i++)
		next = MIN_OF(next, a->questions.list[i].file.not_after);
	if (fetcher_password(&a->fetcher))
		next = MIN_OF(next, a->questions.retry_at);
	return wants_another(a) ? MIN_OF(next, a->again_at) : next;
}

static int loop(struct agent *a)
{
	for (;;) {
		int status = judge(a), r;

		if (status >= 0)
			return status;
		r = turn(a, next_deadline(a));
		if (r < 0) {
			report_error("cannot wait for events: %s", strerror(-r));
			return EXIT_FAILURE;
		}
	}
}

static int watch(struct agent *a, const struct options *o)
{
	int r = questions_open(&a->questions, o->agent_dir, monotonic_now());

	if (r < 0) {
		report_error("cannot watch %s: %s", o->agent_dir, strerror(-r));
		return r == -ENOENT || r == -ENOTDIR || r == -EACCES || r == -ENAMETOOLONG ||
				       r == -ELOOP
			       ? EX_OSFILE
			       : EX_OSERR;
	}
	if (!a->questions.has_seen_any) {
		report_error("there is no question in %s", o->agent_dir);
		return EXIT_FAILURE;
	}
	return 0;
}

/* The client restores interfaces; the next agent starts another one. */
static void end_fetcher(struct agent *a)
{
	usec_t until = usec_add(monotonic_now(), AGENT_TERM_USEC);

	questions_deinit(&a->questions);
	fetcher_stop(&a->fetcher);
	while (a->fetcher.pid > 0 && monotonic_now() < until) {
		if (turn(a, until) < 0)
			return;
	}
}

int agent_run(const struct options *o, int *ret_signal)
{
	struct agent a = { .options = o,
			   .fetcher = { .fd = -1 },
			   .questions = { .directory = -1, .watch = -1 },
			   .signals = -1 };
	int status, r = signals_start(&a);

	*ret_signal = 0;
	if (r < 0)
		report_error("cannot receive signals: %s", strerror(-r));
	if (r < 0 || start_fetcher(&a) < 0)
		return EX_OSERR;
	status = watch(&a, o);
	if (status == 0)
		status = loop(&a);
	end_fetcher(&a);
	a.signals = fd_close(a.signals);
	*ret_signal = a.caught;
	return status;
}
