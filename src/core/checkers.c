/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/checkers.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/log.h"
#include "core/attributes.h"
#include "core/child.h"
#include "core/dbus-signals.h"
#include "core/events.h"
#include "core/manager.h"
#include "wire/builtin.h"
#include "wire/expand.h"
#include "wire/spawn-msg.h"

#define RECEIVE_BURST 64
/* The spawner has its own grace time for checkers that ignore SIGTERM; this is a little more. */
#define STOP_WAIT_MSEC 3000

static int runner_start(struct runner *s);
static void runner_lost(struct runner *s, const char *why);

/* ---- runs ---- */

static void leave_young(struct run *run)
{
	struct runner *s = run->runner;

	if (!run->young)
		return;
	run->young = false;
	TAILQ_REMOVE(&s->young, run, young_link);
	s->n_young--;
}

static void enter_young(struct run *run, struct instant now)
{
	struct runner *s = run->runner;

	run->young = true;
	run->young_until = usec_add(now.boot, CHECKER_YOUNG_USEC);
	TAILQ_INSERT_TAIL(&s->young, run, young_link);
	s->n_young++;
}

static void run_free(struct checkers *k, struct run *run)
{
	if (run->client)
		run->client->run = NULL;
	if (run->queued)
		TAILQ_REMOVE(run->sent ? &run->runner->kills : &run->runner->starts, run,
			     queue_link);
	leave_young(run);
	HASH_DELETE(hh, k->runs, run);
	free(run->command);
	free(run);
}

static void apply(struct checkers *k, struct client *c, const struct client_event *event,
		  struct instant now)
{
	manager_apply(k->manager, c, event, now);
}

/* Ends a run whose process is gone or never was, and tells the manager if it still counts. */
static void run_end(struct checkers *k, struct run *run, const struct client_event *event,
		    struct instant now)
{
	struct client *c = run->client;

	run_free(k, run);
	if (c)
		apply(k, c, event, now);
}

static struct run *run_find(struct checkers *k, uint64_t id)
{
	struct run *run;

	HASH_FIND(hh, k->runs, &id, sizeof(id), run);
	return run;
}

/* ---- core to runner ---- */

static void set_interest(struct runner *s, bool want_write)
{
	if (!s->io_source || s->want_write == want_write)
		return;
	s->want_write = want_write;
	(void)sd_event_source_set_io_events(s->io_source, EPOLLIN | (want_write ? EPOLLOUT : 0u));
}

/* RUN if it has not been sent, KILL otherwise: what a queued run is waiting to say. */
static int send_run(struct runner *s, struct run *run)
{
	static uint8_t buffer[SPAWN_MSG_MAX];
	struct spawn_msg m = { .type = run->sent ? SPAWN_MSG_KILL : SPAWN_MSG_RUN, .run = run->id };
	int n;

	if (!run->sent) {
		m.start.command = run->command;
		m.start.command_size = strlen(run->command);
	}
	n = spawn_msg_encode(&m, buffer, sizeof(buffer));
	return n < 0 ? n : channel_send(s->fd, buffer, (size_t)n, NULL, 0);
}

/* Returns false if no more can be sent now: the channel is full, or gone. */
static bool send_first(struct runner *s, struct run_list *queue)
{
	struct run *run = TAILQ_FIRST(queue);
	int r = send_run(s, run);

	if (r == -EAGAIN || r == -ENOBUFS) {
		set_interest(s, true);
		return false;
	}
	if (r < 0) {
		runner_lost(s, strerror(-r));
		return false;
	}
	TAILQ_REMOVE(queue, run, queue_link);
	run->queued = false;
	return true;
}

/* The oldest of the young come of age, one after the other, as long as others wait for a place. */
static void make_places(struct runner *s, struct instant now)
{
	struct run *oldest;

	while (s->n_young >= s->young_max && (oldest = TAILQ_FIRST(&s->young)) &&
	       oldest->young_until <= now.boot)
		leave_young(oldest);
	if (s->n_young < s->young_max || TAILQ_EMPTY(&s->starts))
		return;
	(void)sd_event_source_set_time(s->young_timer, TAILQ_FIRST(&s->young)->young_until);
	(void)sd_event_source_set_enabled(s->young_timer, SD_EVENT_ONESHOT);
}

static void start_waiting(struct runner *s, struct instant now)
{
	const struct client_event launched = { .type = CLIENT_EVENT_CHECKER_LAUNCHED };

	for (;;) {
		struct run *run;

		make_places(s, now);
		run = TAILQ_FIRST(&s->starts);
		if (!run || s->n_young >= s->young_max || !send_first(s, &s->starts))
			return;
		run->sent = true;
		enter_young(run, now);
		apply(s->checkers, run->client, &launched, now);
	}
}

static void flush(struct runner *s, struct instant now)
{
	while (s->fd >= 0 && !TAILQ_EMPTY(&s->kills)) {
		if (!send_first(s, &s->kills))
			return;
	}
	if (s->fd >= 0)
		start_waiting(s, now);
	if (s->fd >= 0 && TAILQ_EMPTY(&s->kills) &&
	    (TAILQ_EMPTY(&s->starts) || s->n_young >= s->young_max))
		set_interest(s, false);
}

static int on_young_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	flush(userdata, instant_now());
	return 0;
}

static void enqueue(struct run *run, struct instant now)
{
	struct runner *s = run->runner;

	if (!run->queued) {
		TAILQ_INSERT_TAIL(run->sent ? &s->kills : &s->starts, run, queue_link);
		run->queued = true;
	}
	flush(s, now);
}

/* Said once, since it is the same for all; each check says that it could not be started. */
static void miss_icmp(struct checkers *k)
{
	if (k->icmp_fds[0] >= 0 || k->icmp_fds[1] >= 0 || k->is_icmp_missed)
		return;
	k->is_icmp_missed = true;
	log_error("builtin:ping cannot be used: there is no ICMP socket without CAP_NET_RAW or a "
		  "group in net.ipv4.ping_group_range when the server starts");
}

/* The command of a check, or why there is none. */
static const char *make_command(struct checkers *k, const struct client *c, struct instant now,
				char *ret_command, size_t size)
{
	struct attributes a = { .client = c, .now = now };
	enum expand_result r =
		expand_template(c->checker, attributes_lookup, &a, ret_command, size);
	struct builtin what;
	enum builtin_result b;

	if (r != EXPAND_OK)
		return expand_result_text(r);
	if (!builtin_is_meant(c->checker))
		return NULL;
	/* A host that was set at run time may be none. */
	b = builtin_parse(ret_command, &what);
	if (b == BUILTIN_OK && what.kind == BUILTIN_PING)
		miss_icmp(k);
	return b == BUILTIN_OK ? NULL : builtin_result_text(b);
}

/* The prober is there only if somebody has a use for it. */
static void start_if_needed(struct runner *s)
{
	if (s->fd < 0 && !s->timer && s->pid == 0 && runner_start(s) < 0)
		runner_lost(s, "it could not be started");
}

void checkers_run(struct checkers *k, struct client *c, struct instant now)
{
	static char command[EXPAND_MAX + 1];
	const struct client_event cancelled = { .type = CLIENT_EVENT_CHECKER_CANCELLED };
	const char *problem = make_command(k, c, now, command, sizeof(command));
	struct run *run;

	if (problem) {
		event_log(EVENT_CHECKER_BAD_TEMPLATE, &(struct event_details){ .client = c,
									       .detail = c->checker,
									       .reason = problem });
		apply(k, c, &cancelled, now);
		return;
	}
	run = HASH_COUNT(k->runs) < CHECKER_RUNS_MAX ? calloc(1, sizeof(*run)) : NULL;
	if (run)
		run->command = strdup(command);
	if (!run || !run->command) {
		event_log(EVENT_CHECKER_NOT_STARTED,
			  &(struct event_details){ .client = c, .reason = "no room for another" });
		free(run);
		apply(k, c, &cancelled, now);
		return;
	}
	event_log(EVENT_CHECKER_STARTED, &(struct event_details){ .client = c, .detail = command });
	dbus_signal_checker_started(k->manager->dbus, c, command);
	run->id = ++k->last_run;
	run->runner = builtin_is_meant(c->checker) ? &k->prober : &k->spawner;
	run->client = c;
	c->run = run;
	HASH_ADD(hh, k->runs, id, sizeof(run->id), run);
	start_if_needed(run->runner);
	enqueue(run, now);
}

void checkers_abort(struct checkers *k, struct client *c, struct instant now)
{
	struct run *run = c->run;

	if (!run)
		return;
	event_log(EVENT_CHECKER_STOPPED, &(struct event_details){ .client = c });
	c->run = NULL;
	run->client = NULL;
	if (run->sent)
		enqueue(run, now);
	else
		run_free(k, run);
}

/* ---- runner to core ---- */

static enum event_kind exit_event(uint32_t status, bool is_builtin)
{
	if (status == 0)
		return EVENT_CHECKER_SUCCEEDED;
	if (!is_builtin)
		return EVENT_CHECKER_FAILED;
	/* Somebody else answers for the client, or its key was changed and nobody said so here. */
	return status == BUILTIN_OTHER_KEY || status == BUILTIN_NO_PROOF ? EVENT_PROBE_OTHER_KEY
									 : EVENT_PROBE_FAILED;
}

static int16_t outcome_status(const struct spawn_msg *m, const struct client *c, bool is_builtin)
{
	struct event_details details = { .client = c };

	switch (m->exited.outcome) {
	case SPAWN_EXITED:
		if (is_builtin)
			details.reason = builtin_status_text(m->exited.value);
		event_log(exit_event(m->exited.value, is_builtin), &details);
		return (int16_t)m->exited.value;
	case SPAWN_SIGNALLED:
		event_log(EVENT_CHECKER_CRASHED, &details);
		return CHECKER_STATUS_SIGNALLED;
	case SPAWN_NOT_STARTED:
		details.reason = strerror((int)m->exited.value);
		event_log(EVENT_CHECKER_NOT_STARTED, &details);
		break;
	}
	return CHECKER_NOT_STARTED;
}

/* As waitpid(2) has it, which people read with WIFSIGNALED() (SRV-CHK-11 Fix). */
static int64_t wait_status(const struct spawn_msg *m)
{
	switch (m->exited.outcome) {
	case SPAWN_EXITED:
		return W_EXITCODE((int)m->exited.value, 0);
	case SPAWN_SIGNALLED:
		return W_EXITCODE(0, (int)m->exited.value);
	case SPAWN_NOT_STARTED:
		break;
	}
	return W_EXITCODE(CHECKER_NOT_STARTED, 0);
}

/* DBUS-CHG-4: what follows from the outcome is told before the outcome itself. */
static void run_completed(struct checkers *k, struct run *run, const struct client_event *event,
			  int64_t status, struct instant now)
{
	_cleanup_free_ char *command = STEAL_PTR(run->command);
	struct client *c = run->client;

	run_end(k, run, event, now);
	if (c)
		dbus_signal_checker_completed(k->manager->dbus, c, event->status, status, command);
}

static int on_message(struct runner *s, const uint8_t *data, size_t size, struct instant now)
{
	struct client_event event = { .type = CLIENT_EVENT_CHECKER_EXITED };
	struct checkers *k = s->checkers;
	struct spawn_msg m;
	struct run *run;
	int r = spawn_msg_decode(data, size, &m);

	if (r < 0)
		return r;
	run = m.type == SPAWN_MSG_EXITED ? run_find(k, m.run) : NULL;
	/* Neither runner has a say in what the other one runs. */
	if (!run || !run->sent || run->runner != s)
		return -EPROTO;
	if (run->client)
		event.status = outcome_status(&m, run->client, s == &k->prober);
	s->backoff = RUNNER_BACKOFF_MIN_USEC; /* it works */
	run_completed(k, run, &event, wait_status(&m), now);
	return 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct runner *s = userdata;
	struct instant now = instant_now();
	uint8_t buffer[128]; /* EXITED is all that a runner says */

	for (int i = 0; i < RECEIVE_BURST; i++) {
		ssize_t n = channel_receive(s->fd, buffer, sizeof(buffer));

		if (n == -EAGAIN)
			break;
		if (n <= 0) {
			runner_lost(s, n == 0 ? "it ended" : strerror((int)-n));
			return 0;
		}
		if (on_message(s, buffer, (size_t)n, now) < 0) {
			runner_lost(s, "it broke the protocol");
			return 0;
		}
		if (s->fd < 0)
			return 0;
	}
	/* What has ended has made a place, and a channel that was full may have room. */
	flush(s, now);
	return 0;
}

/* ---- life of a runner ---- */

static int on_backoff_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct runner *s = userdata;

	s->timer = sd_event_source_disable_unref(s->timer);
	if (runner_start(s) < 0)
		runner_lost(s, "it could not be started");
	else
		flush(s, instant_now());
	return 0;
}

static int on_child_exit(sd_event_source *source, const siginfo_t *si, void *userdata)
{
	struct runner *s = userdata;

	s->child_source = sd_event_source_disable_unref(s->child_source);
	s->pid = 0;
	child_log_forbidden(s->program, si);
	if (s->fd >= 0)
		runner_lost(s, si->si_code == CLD_EXITED ? "it exited" : "it was killed");
	return 0;
}

static void runner_forget(struct runner *s)
{
	s->io_source = sd_event_source_disable_unref(s->io_source);
	s->timer = sd_event_source_disable_unref(s->timer);
	s->fd = fd_close(s->fd);
	s->want_write = false;
}

/*
 * A spawner that sees its channel end kills its checkers by itself; one that was killed could not,
 * and its checkers run on as orphans whose outcome nobody hears. Either way the runs that had been
 * handed over are void. Those not yet handed over wait for the next one.
 */
static void runner_lost(struct runner *s, const char *why)
{
	const struct client_event cancelled = { .type = CLIENT_EVENT_CHECKER_CANCELLED };
	struct checkers *k = s->checkers;
	struct instant now = instant_now();
	struct run *run, *next;

	runner_forget(s);
	if (s->pid > 0)
		(void)kill(s->pid, SIGTERM);
	log_error("The %s is gone (%s); starting another", s->called, why);
	if (sd_event_add_time_relative(k->event, &s->timer, CLOCK_BOOTTIME, s->backoff,
				       USEC_PER_MSEC, on_backoff_over, s) < 0)
		log_critical("The %s cannot be started again: no timer", s->called);
	s->backoff = MIN_OF(2 * s->backoff, RUNNER_BACKOFF_MAX_USEC);
	HASH_ITER (hh, k->runs, run, next) {
		if (run->runner == s && run->sent)
			run_end(k, run, &cancelled, now);
	}
}

static int runner_watch(struct runner *s)
{
	int r = sd_event_add_io(s->checkers->event, &s->io_source, s->fd, EPOLLIN, on_io, s);

	if (r < 0)
		return r;
	r = sd_event_add_child(s->checkers->event, &s->child_source, s->pid, WEXITED, on_child_exit,
			       s);
	if (r < 0)
		return r;
	return sd_event_source_set_priority(s->child_source, SD_EVENT_PRIORITY_NORMAL + 1);
}

/* The only place that knows what the two are given. */
static struct child_program runner_program(const struct runner *s)
{
	const struct checkers *k = s->checkers;
	struct child_program program = { .name = s->program, .n_fds = 1 };

	if (s == &k->spawner) {
		program.debug = k->debug;
		return program;
	}
	for (size_t i = 0; i < ICMP_SOCKETS; i++) {
		if (k->icmp_fds[i] >= 0)
			program.fds[program.n_fds++] = k->icmp_fds[i];
	}
	return program;
}

static int runner_start(struct runner *s)
{
	struct child_program program = runner_program(s);
	int pair[2], r;

	if (s->pid > 0)
		return -EBUSY; /* the last one has not been reaped yet */
	r = channel_pair(pair);
	if (r < 0)
		return r;
	program.fds[0] = pair[1];
	r = child_start(&program, &s->pid);
	pair[1] = fd_close(pair[1]);
	if (r < 0) {
		log_error("Cannot start %s: %s", program.name, strerror(-r));
		pair[0] = fd_close(pair[0]);
		return r;
	}
	s->fd = pair[0];
	return runner_watch(s);
}

static int runner_init(struct runner *s, struct checkers *k)
{
	int r;

	s->checkers = k;
	s->fd = -1;
	s->backoff = RUNNER_BACKOFF_MIN_USEC;
	TAILQ_INIT(&s->starts);
	TAILQ_INIT(&s->kills);
	TAILQ_INIT(&s->young);
	r = sd_event_add_time(k->event, &s->young_timer, CLOCK_BOOTTIME, 0, USEC_PER_MSEC,
			      on_young_over, s);
	return r < 0 ? r : sd_event_source_set_enabled(s->young_timer, SD_EVENT_OFF);
}

int checkers_start(struct checkers *k, const struct checkers_options *options)
{
	int r;

	*k = (struct checkers){
		.manager = options->manager,
		.event = options->event,
		.debug = options->debug,
		.spawner = { .program = "mandos-spawn",
			     .called = "spawner",
			     .young_max = CHECKERS_YOUNG_MAX },
		.prober = { .program = "mandos-probe",
			    .called = "prober",
			    .young_max = PROBES_YOUNG_MAX },
	};
	memcpy(k->icmp_fds, options->icmp_fds, sizeof(k->icmp_fds));
	r = runner_init(&k->spawner, k);
	if (r >= 0)
		r = runner_init(&k->prober, k);
	return r < 0 ? r : runner_start(&k->spawner);
}

/* Closing the channel is the request to end; one that does not obey in time is killed. */
static void wait_for_end(pid_t pid)
{
	struct pollfd p = { .fd = pidfd_open(pid, 0), .events = POLLIN };

	if (p.fd < 0 || poll(&p, 1, STOP_WAIT_MSEC) <= 0)
		(void)kill(pid, SIGKILL);
	p.fd = fd_close(p.fd);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

static void runner_end(struct runner *s)
{
	runner_forget(s);
	s->child_source = sd_event_source_disable_unref(s->child_source);
	s->young_timer = sd_event_source_disable_unref(s->young_timer);
	if (s->pid > 0)
		wait_for_end(s->pid);
	s->pid = 0;
}

void checkers_stop(struct checkers *k)
{
	struct run *run, *next;

	if (!k->manager)
		return;
	HASH_ITER (hh, k->runs, run, next) {
		run_free(k, run);
	}
	runner_end(&k->prober);
	runner_end(&k->spawner);
}
