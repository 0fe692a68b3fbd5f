/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runner/race.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "runner/console.h"

/* Three of the program, and two of each plugin. */
#define POLL_MAX (3 + 2 * RACE_PLUGINS_MAX)

/* Each descriptor has a fixed place in the poll(2) list; one of -1 is passed over. */
enum {
	POLL_SIGNALS,
	POLL_CONSOLE,
	POLL_EXTRA,
	POLL_PLUGINS
};

int race_add(struct race *r, const char *name)
{
	if (r->n_plugins == RACE_PLUGINS_MAX)
		return -EOVERFLOW;
	plugin_init(&r->plugins[r->n_plugins++], name);
	return 0;
}

static int start(struct race *r, struct plugin *p)
{
	const struct launch launch = {
		.settings = &r->settings,
		.signals = &r->signals,
		.environment = r->environment,
	};
	int e = plugin_start(p, &launch);

	if (e < 0)
		report_error("cannot start '%s': %s", p->name, strerror(-e));
	return e;
}

int race_start(struct race *r)
{
	for (size_t i = 0; i < r->n_plugins; i++) {
		int e = start(r, &r->plugins[i]);

		if (e < 0)
			return e;
	}
	return 0;
}

static void collect(struct race *r, usec_t now)
{
	for (size_t i = 0; i < r->n_plugins; i++) {
		struct plugin *p = &r->plugins[i];
		int status;

		if (p->pid > 0 && waitpid(p->pid, &status, WNOHANG) == p->pid)
			plugin_on_end(p, status, now);
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

/*
 * Sleeps until something happens or @until, and takes care of everything but @extra, whose events
 * it returns.
 */
static int turn(struct race *r, int extra, short events, usec_t until)
{
	struct pollfd fds[POLL_MAX] = {
		[POLL_SIGNALS] = { .fd = r->signals.fd, .events = POLLIN },
		[POLL_CONSOLE] = { .fd = console_fd(), .events = POLLOUT },
		[POLL_EXTRA] = { .fd = extra, .events = events },
	};
	usec_t now;

	for (size_t i = 0; i < r->n_plugins; i++) {
		struct pollfd *two = &fds[POLL_PLUGINS + 2 * i];

		two[0] = (struct pollfd){ .fd = r->plugins[i].out_fd, .events = POLLIN };
		two[1] = (struct pollfd){ .fd = r->plugins[i].err_fd, .events = POLLIN };
	}
	if (poll(fds, POLL_PLUGINS + 2 * r->n_plugins, timeout_msec(instant_now().boot, until)) < 0)
		return errno == EINTR ? 0 : -errno;
	now = instant_now().boot;
	signals_read(&r->signals);
	/* The statuses first: a process that has ended has printed what it prints. */
	collect(r, now);
	for (size_t i = 0; i < r->n_plugins; i++) {
		if (fds[POLL_PLUGINS + 2 * i].revents)
			plugin_read_output(&r->plugins[i], now);
		if (fds[POLL_PLUGINS + 2 * i + 1].revents)
			plugin_read_messages(&r->plugins[i]);
	}
	console_flush();
	return fds[POLL_EXTRA].revents;
}

static bool is_any(const struct race *r, enum plugin_state state)
{
	for (size_t i = 0; i < r->n_plugins; i++) {
		if (r->plugins[i].state == state)
			return true;
	}
	return false;
}

static const struct pieces *winner(struct race *r, usec_t now)
{
	for (size_t i = 0; i < r->n_plugins; i++) {
		struct plugin *p = &r->plugins[i];

		plugin_judge(p, now);
		if (p->state == PLUGIN_SUCCEEDED) {
			report_debug("'%s' has the password", p->name);
			return &p->output;
		}
	}
	return NULL;
}

static void restart_due(struct race *r, usec_t now)
{
	for (size_t i = 0; i < r->n_plugins; i++) {
		struct plugin *p = &r->plugins[i];

		if (p->state != PLUGIN_RESTARTING || now < p->restart_at)
			continue;
		if (start(r, p) < 0)
			p->restart_at = usec_add(now, PLUGIN_RESTART_MAX_USEC);
	}
}

static usec_t next_deadline(const struct race *r)
{
	usec_t next = USEC_NEVER;

	for (size_t i = 0; i < r->n_plugins; i++)
		next = MIN_OF(next, plugin_deadline(&r->plugins[i]));
	return next;
}

static void ask_if_needed(struct race *r)
{
	if (r->prompt.is_open || r->has_input_ended || is_any(r, PLUGIN_RUNNING))
		return;
	report_error("no plugin has a password; it is asked for here");
	prompt_open(&r->prompt);
}

/* Whether there is an answer. An end of the input is one if nothing else can come (CLI-RUN-35). */
static bool is_answered(struct race *r, int events)
{
	if (events && r->prompt.is_open) {
		switch (prompt_step(&r->prompt)) {
		case PROMPT_MORE:
			return false;
		case PROMPT_ANSWERED:
			prompt_close(&r->prompt);
			return true;
		case PROMPT_ENDED:
			prompt_close(&r->prompt);
			r->has_input_ended = true;
		}
	}
	return r->has_input_ended && !is_any(r, PLUGIN_RUNNING) && !is_any(r, PLUGIN_RESTARTING);
}

int race_run(struct race *r, const struct pieces **ret)
{
	int events = 0;

	for (;;) {
		usec_t now = instant_now().boot;

		if (r->signals.caught)
			return -EINTR;
		*ret = winner(r, now);
		if (*ret)
			return 0;
		ask_if_needed(r);
		if (is_answered(r, events)) {
			*ret = &r->prompt.answer;
			return 0;
		}
		restart_due(r, now);
		events = turn(r, prompt_fd(&r->prompt), POLLIN, next_deadline(r));
		if (events < 0)
			return events;
	}
}

/* As much as a pipe takes at once whenever it takes anything, so that write(2) never waits. */
static int write_some(const void *data, size_t size)
{
	ssize_t n = write(STDOUT_FILENO, data, MIN_OF(size, (size_t)PIPE_BUF));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	return (int)n;
}

int race_deliver(struct race *r, const struct pieces *output)
{
	const void *data;
	size_t done = 0, left;

	prompt_close(&r->prompt);
	while ((left = pieces_at(output, done, &data)) > 0) {
		int n = turn(r, STDOUT_FILENO, POLLOUT, USEC_NEVER);

		if (n >= 0 && r->signals.caught)
			n = -EINTR;
		if (n > 0)
			n = write_some(data, left);
		if (n < 0)
			return n;
		done += (size_t)n;
	}
	/* Whoever reads to the end must not wait for the slowest plugin (CLI-RUN-28). */
	return close(STDOUT_FILENO) < 0 ? -errno : 0;
}

void race_forget(struct race *r)
{
	for (size_t i = 0; i < r->n_plugins; i++)
		pieces_deinit(&r->plugins[i].output);
	pieces_deinit(&r->prompt.answer);
}

static bool is_any_alive(const struct race *r)
{
	for (size_t i = 0; i < r->n_plugins; i++) {
		if (r->plugins[i].pid > 0)
			return true;
	}
	return false;
}

static void end_all(struct race *r, int signal, usec_t patience)
{
	usec_t until = usec_add(instant_now().boot, patience);

	for (size_t i = 0; i < r->n_plugins; i++)
		plugin_signal(&r->plugins[i], signal);
	while (is_any_alive(r) && instant_now().boot < until) {
		if (turn(r, -1, 0, until) < 0)
			return;
	}
}

void race_stop(struct race *r)
{
	prompt_close(&r->prompt);
	end_all(r, SIGTERM, RACE_TERM_USEC);
	if (is_any_alive(r)) {
		report_error("a plugin does not end and is killed");
		end_all(r, SIGKILL, RACE_KILL_USEC);
	}
	for (size_t i = 0; i < r->n_plugins; i++) {
		struct plugin *p = &r->plugins[i];

		/* Last words. */
		if (p->err_fd >= 0)
			plugin_read_messages(p);
		plugin_deinit(p);
		p->state = PLUGIN_FAILED;
		p->pid = 0;
	}
	console_flush();
}

void race_deinit(struct race *r)
{
	pieces_deinit(&r->prompt.answer);
	settings_deinit(&r->settings);
	r->signals.fd = fd_close(r->signals.fd);
}
