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
#include "core/events.h"
#include "core/manager.h"
#include "wire/expand.h"
#include "wire/spawn-msg.h"

#define RECEIVE_BURST 64
/* The spawner has its own grace time for checkers that ignore SIGTERM; this is a little more. */
#define STOP_WAIT_MSEC 3000

static void spawner_lost(struct checkers *k, const char *why);

/* ---- runs ---- */

static void leave_young(struct checkers *k, struct run *run)
{
	if (!run->young)
		return;
	run->young = false;
	TAILQ_REMOVE(&k->young, run, young_link);
	k->n_young--;
}

static void enter_young(struct checkers *k, struct run *run, struct instant now)
{
	run->young = true;
	run->young_until = usec_add(now.boot, CHECKER_YOUNG_USEC);
	TAILQ_INSERT_TAIL(&k->young, run, young_link);
	k->n_young++;
}

static void run_free(struct checkers *k, struct run *run)
{
	if (run->client)
		run->client->run = NULL;
	if (run->queued)
		TAILQ_REMOVE(run->sent ? &k->kills : &k->starts, run, queue_link);
	leave_young(k, run);
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

/* ---- core to spawner ---- */

static void set_interest(struct checkers *k, bool want_write)
{
	if (!k->io_source || k->want_write == want_write)
		return;
	k->want_write = want_write;
	(void)sd_event_source_set_io_events(k->io_source, EPOLLIN | (want_write ? EPOLLOUT : 0u));
}

/* RUN if it has not been sent, KILL otherwise: what a queued run is waiting to say. */
static int send_run(struct checkers *k, struct run *run)
{
	static uint8_t buffer[SPAWN_MSG_MAX];
	struct spawn_msg m = { .type = run->sent ? SPAWN_MSG_KILL : SPAWN_MSG_RUN, .run = run->id };
	int n;

	if (!run->sent) {
		m.start.command = run->command;
		m.start.command_size = strlen(run->command);
	}
	n = spawn_msg_encode(&m, buffer, sizeof(buffer));
	return n < 0 ? n : channel_send(k->fd, buffer, (size_t)n, NULL, 0);
}

/* Returns false if no more can be sent now: the channel is full, or gone. */
static bool send_first(struct checkers *k, struct run_list *queue)
{
	struct run *run = TAILQ_FIRST(queue);
	int r = send_run(k, run);

	if (r == -EAGAIN || r == -ENOBUFS) {
		set_interest(k, true);
		return false;
	}
	if (r < 0) {
		spawner_lost(k, strerror(-r));
		return false;
	}
	TAILQ_REMOVE(queue, run, queue_link);
	run->queued = false;
	return true;
}

/* The oldest of the young come of age, one after the other, as long as others wait for a place. */
static void make_places(struct checkers *k, struct instant now)
{
	struct run *oldest;

	while (k->n_young >= CHECKERS_YOUNG_MAX && (oldest = TAILQ_FIRST(&k->young)) &&
	       oldest->young_until <= now.boot)
		leave_young(k, oldest);
	if (k->n_young < CHECKERS_YOUNG_MAX || TAILQ_EMPTY(&k->starts))
		return;
	(void)sd_event_source_set_time(k->young_timer, TAILQ_FIRST(&k->young)->young_until);
	(void)sd_event_source_set_enabled(k->young_timer, SD_EVENT_ONESHOT);
}

static void start_waiting(struct checkers *k, struct instant now)
{
	const struct client_event launched = { .type = CLIENT_EVENT_CHECKER_LAUNCHED };

	for (;;) {
		struct run *run;

		make_places(k, now);
		run = TAILQ_FIRST(&k->starts);
		if (!run || k->n_young >= CHECKERS_YOUNG_MAX || !send_first(k, &k->starts))
			return;
		run->sent = true;
		free(run->command);
		run->command = NULL;
		enter_young(k, run, now);
		apply(k, run->client, &launched, now);
	}
}

static void flush(struct checkers *k, struct instant now)
{
	while (k->fd >= 0 && !TAILQ_EMPTY(&k->kills)) {
		if (!send_first(k, &k->kills))
			return;
	}
	if (k->fd >= 0)
		start_waiting(k, now);
	if (k->fd >= 0 && TAILQ_EMPTY(&k->kills) &&
	    (TAILQ_EMPTY(&k->starts) || k->n_young >= CHECKERS_YOUNG_MAX))
		set_interest(k, false);
}

static int on_young_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	flush(userdata, instant_now());
	return 0;
}

static void enqueue(struct checkers *k, struct run *run, struct instant now)
{
	if (!run->queued) {
		TAILQ_INSERT_TAIL(run->sent ? &k->kills : &k->starts, run, queue_link);
		run->queued = true;
	}
	flush(k, now);
}

void checkers_run(struct checkers *k, struct client *c, struct instant now)
{
	static char command[EXPAND_MAX + 1];
	const struct client_event cancelled = { .type = CLIENT_EVENT_CHECKER_CANCELLED };
	struct attributes a = { .client = c, .now = now };
	enum expand_result r;
	struct run *run;

	r = expand_template(c->checker, attributes_lookup, &a, command, sizeof(command));
	if (r != EXPAND_OK) {
		event_log(EVENT_CHECKER_BAD_TEMPLATE,
			  &(struct event_details){ .client = c,
						   .detail = c->checker,
						   .reason = expand_result_text(r) });
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
	run->id = ++k->last_run;
	run->client = c;
	c->run = run;
	HASH_ADD(hh, k->runs, id, sizeof(run->id), run);
	enqueue(k, run, now);
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
		enqueue(k, run, now);
	else
		run_free(k, run);
}

/* ---- spawner to core ---- */

static int16_t outcome_status(const struct spawn_msg *m, const struct client *c)
{
	struct event_details details = { .client = c };

	switch (m->exited.outcome) {
	case SPAWN_EXITED:
		event_log(m->exited.value == 0 ? EVENT_CHECKER_SUCCEEDED : EVENT_CHECKER_FAILED,
			  &details);
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

static int on_message(struct checkers *k, const uint8_t *data, size_t size, struct instant now)
{
	struct client_event event = { .type = CLIENT_EVENT_CHECKER_EXITED };
	struct spawn_msg m;
	struct run *run;
	int r = spawn_msg_decode(data, size, &m);

	if (r < 0)
		return r;
	run = m.type == SPAWN_MSG_EXITED ? run_find(k, m.run) : NULL;
	if (!run || !run->sent)
		return -EPROTO;
	if (run->client)
		event.status = outcome_status(&m, run->client);
	run_end(k, run, &event, now);
	return 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct checkers *k = userdata;
	struct instant now = instant_now();
	uint8_t buffer[128]; /* EXITED is all that a spawner says */

	for (int i = 0; i < RECEIVE_BURST; i++) {
		ssize_t n = channel_receive(k->fd, buffer, sizeof(buffer));

		if (n == -EAGAIN)
			break;
		if (n <= 0) {
			spawner_lost(k, n == 0 ? "it ended" : strerror((int)-n));
			return 0;
		}
		if (on_message(k, buffer, (size_t)n, now) < 0) {
			spawner_lost(k, "it broke the protocol");
			return 0;
		}
		if (k->fd < 0)
			return 0;
	}
	/* What has ended has made a place, and a channel that was full may have room. */
	flush(k, now);
	return 0;
}

/* ---- life of the spawner ---- */

static int spawner_start(struct checkers *k);

static int on_backoff_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct checkers *k = userdata;

	k->timer = sd_event_source_disable_unref(k->timer);
	if (spawner_start(k) < 0)
		spawner_lost(k, "it could not be started");
	else
		flush(k, instant_now());
	return 0;
}

static int on_child_exit(sd_event_source *source, const siginfo_t *si, void *userdata)
{
	struct checkers *k = userdata;

	k->child_source = sd_event_source_disable_unref(k->child_source);
	k->pid = 0;
	if (k->fd >= 0)
		spawner_lost(k, si->si_code == CLD_EXITED ? "it exited" : "it was killed");
	return 0;
}

static void spawner_forget(struct checkers *k)
{
	k->io_source = sd_event_source_disable_unref(k->io_source);
	k->timer = sd_event_source_disable_unref(k->timer);
	k->fd = fd_close(k->fd);
	k->want_write = false;
}

/*
 * A spawner that sees its channel end kills its checkers by itself; one that was killed could not,
 * and its checkers run on as orphans whose outcome nobody hears. Either way the runs that had been
 * handed over are void. Those not yet handed over wait for the next spawner.
 */
static void spawner_lost(struct checkers *k, const char *why)
{
	const struct client_event cancelled = { .type = CLIENT_EVENT_CHECKER_CANCELLED };
	struct instant now = instant_now();
	struct run *run, *next;

	spawner_forget(k);
	if (k->pid > 0)
		(void)kill(k->pid, SIGTERM);
	HASH_ITER (hh, k->runs, run, next) {
		if (run->sent)
			run_end(k, run, &cancelled, now);
	}
	log_error("The spawner is gone (%s); starting another", why);
	if (sd_event_add_time_relative(k->event, &k->timer, CLOCK_BOOTTIME, k->backoff,
				       USEC_PER_MSEC, on_backoff_over, k) < 0)
		log_critical("The spawner cannot be started again: no timer");
	k->backoff = MIN_OF(2 * k->backoff, SPAWNER_BACKOFF_MAX_USEC);
}

static int spawner_watch(struct checkers *k)
{
	int r = sd_event_add_io(k->event, &k->io_source, k->fd, EPOLLIN, on_io, k);

	if (r < 0)
		return r;
	r = sd_event_add_child(k->event, &k->child_source, k->pid, WEXITED, on_child_exit, k);
	if (r < 0)
		return r;
	return sd_event_source_set_priority(k->child_source, SD_EVENT_PRIORITY_NORMAL + 1);
}

static int spawner_start(struct checkers *k)
{
	struct child_program program = {
		.name = "mandos-spawn",
		.debug = k->debug,
		.n_fds = 1,
	};
	int pair[2], r;

	if (k->pid > 0)
		return -EBUSY; /* the last one has not been reaped yet */
	r = channel_pair(pair);
	if (r < 0)
		return r;
	program.fds[0] = pair[1];
	r = child_start(&program, &k->pid);
	pair[1] = fd_close(pair[1]);
	if (r < 0) {
		log_error("Cannot start %s: %s", program.name, strerror(-r));
		pair[0] = fd_close(pair[0]);
		return r;
	}
	k->fd = pair[0];
	return spawner_watch(k);
}

int checkers_start(struct checkers *k, sd_event *event, struct manager *manager, bool debug)
{
	int r;

	*k = (struct checkers){
		.manager = manager,
		.event = event,
		.debug = debug,
		.fd = -1,
		.backoff = SPAWNER_BACKOFF_MIN_USEC,
	};
	TAILQ_INIT(&k->starts);
	TAILQ_INIT(&k->kills);
	TAILQ_INIT(&k->young);
	r = sd_event_add_time(event, &k->young_timer, CLOCK_BOOTTIME, 0, USEC_PER_MSEC,
			      on_young_over, k);
	if (r >= 0)
		r = sd_event_source_set_enabled(k->young_timer, SD_EVENT_OFF);
	return r < 0 ? r : spawner_start(k);
}

/* Closing the channel is the request to end; a spawner that does not obey in time is killed. */
static void wait_for_end(pid_t pid)
{
	struct pollfd p = { .fd = pidfd_open(pid, 0), .events = POLLIN };

	if (p.fd < 0 || poll(&p, 1, STOP_WAIT_MSEC) <= 0)
		(void)kill(pid, SIGKILL);
	p.fd = fd_close(p.fd);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

void checkers_stop(struct checkers *k)
{
	struct run *run, *next;

	spawner_forget(k);
	k->child_source = sd_event_source_disable_unref(k->child_source);
	k->young_timer = sd_event_source_disable_unref(k->young_timer);
	HASH_ITER (hh, k->runs, run, next) {
		run_free(k, run);
	}
	if (k->pid > 0)
		wait_for_end(k->pid);
	k->pid = 0;
}
