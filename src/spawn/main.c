/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mandos-spawn: runs the server's checkers, because the server itself may not execute anything.
 *
 * Started by mandos with descriptor 3 as the channel to it. Three things wake the loop: a message,
 * a child that exited, a grace that is over; each ends in settle(), which is the one place that
 * looks at the whole state.
 *
 * It ends when the channel ends (the core has stopped or died), when the core breaks the protocol,
 * or by SIGTERM, SIGINT or SIGHUP; always after killing what it started. From then on nothing is
 * reported: a checker that was killed because of the end says nothing about its client.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/launch.h"
#include "base/signals.h"
#include "base/util.h"
#include "spawn/runs.h"

#define CHANNEL_FD 3

/* Messages taken in one turn, so that exits are seen between the starts of a large batch. */
#define MESSAGES_PER_TURN 32

/* After SIGKILL only a process stuck in the kernel is still there; it is not waited for longer. */
#define STUCK_USEC USEC_PER_SEC

#define TIMER_ACCURACY_USEC (50 * USEC_PER_MSEC)

struct spawner {
	struct launcher launcher;
	struct runs runs;
	sd_event *event;
	sd_event_source *channel;
	sd_event_source *timer;
	bool is_ending;
	int exit_status;
	usec_t give_up; /* when ending */
};

/* The table is too large for a stack. */
static struct spawner spawner;

static void enter_ending(struct spawner *s, int exit_status)
{
	usec_t now = instant_now().boot;

	if (s->is_ending)
		return;
	s->is_ending = true;
	s->exit_status = exit_status;
	s->give_up = usec_add(now, RUNS_GRACE_USEC + STUCK_USEC);
	/* At once, so that the core knows before the grace is over. */
	s->channel = sd_event_source_disable_unref(s->channel);
	(void)fd_close(CHANNEL_FD);
	runs_kill_all(&s->runs, now);
}

static void send_reports(struct spawner *s)
{
	uint8_t data[SPAWN_MSG_MAX];
	struct spawn_msg m;

	while (runs_first_report(&s->runs, &m)) {
		int n = spawn_msg_encode(&m, data, sizeof(data));
		int r = n < 0 ? n : channel_send(CHANNEL_FD, data, (size_t)n, NULL, 0);

		if (r == -EAGAIN)
			return;
		if (r < 0) {
			/* The core's end of the channel is gone. */
			enter_ending(s, EX_OK);
			return;
		}
		runs_drop_report(&s->runs);
	}
}

static int settle(struct spawner *s)
{
	struct spawn_msg m;
	usec_t deadline;
	int r = 0;

	if (!s->is_ending)
		send_reports(s);
	if (s->is_ending) {
		while (runs_first_report(&s->runs, &m))
			runs_drop_report(&s->runs);
		if (s->runs.n_alive == 0 || instant_now().boot >= s->give_up)
			return sd_event_exit(s->event, s->exit_status);
	} else {
		uint32_t events = runs_may_start(&s->runs) ? EPOLLIN : 0;

		if (runs_first_report(&s->runs, &m))
			events |= EPOLLOUT;
		r = sd_event_source_set_io_events(s->channel, events);
	}
	deadline = runs_deadline(&s->runs);
	if (s->is_ending)
		deadline = MIN_OF(deadline, s->give_up);
	if (r >= 0)
		r = sd_event_source_set_time(s->timer, deadline);
	if (r >= 0)
		r = sd_event_source_set_enabled(s->timer, deadline == USEC_NEVER
								  ? SD_EVENT_OFF
								  : SD_EVENT_ONESHOT);
	/* An error returned to sd-event would only switch the source off. */
	if (r < 0)
		return sd_event_exit(s->event, EX_OSERR);
	return 0;
}

/* Returns false if the core has broken the protocol. */
static bool carry_out(struct spawner *s, const uint8_t *data, size_t size)
{
	struct spawn_msg m;
	int r;

	if (spawn_msg_decode(data, size, &m) < 0)
		return false;
	switch (m.type) {
	case SPAWN_MSG_RUN:
		r = runs_start(&s->runs, m.run, m.start.command, m.start.command_size);
		if (r == -ENOMEM) {
			warnx("no memory to run checkers; ending");
			enter_ending(s, EX_OSERR);
			return true;
		}
		return r >= 0;
	case SPAWN_MSG_KILL:
		return runs_kill(&s->runs, m.run, instant_now().boot) >= 0;
	case SPAWN_MSG_EXITED:
		return false;
	}
	return false;
}

static int on_channel(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	static uint8_t data[SPAWN_MSG_MAX];
	struct spawner *s = userdata;

	for (int i = 0; i < MESSAGES_PER_TURN && !s->is_ending && runs_may_start(&s->runs); i++) {
		ssize_t n = channel_receive(fd, data, sizeof(data));

		if (n == -EAGAIN)
			break;
		if (n == 0 || (n < 0 && n != -EMSGSIZE)) {
			enter_ending(s, EX_OK);
		} else if (n < 0 || !carry_out(s, data, (size_t)n)) {
			warnx("invalid message from the server; ending");
			enter_ending(s, EX_SOFTWARE);
		}
	}
	return settle(s);
}

static int on_child(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct spawner *s = userdata;

	runs_reap(&s->runs);
	return settle(s);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct spawner *s = userdata;

	runs_expire(&s->runs, instant_now().boot);
	return settle(s);
}

static int on_end_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct spawner *s = userdata;

	enter_ending(s, EX_OK);
	return settle(s);
}

static int add_sources(struct spawner *s)
{
	const int end_signals[] = { SIGTERM, SIGINT, SIGHUP };
	int r = sd_event_new(&s->event);

	if (r >= 0)
		r = sd_event_add_io(s->event, &s->channel, CHANNEL_FD, EPOLLIN, on_channel, s);
	if (r >= 0)
		r = sd_event_add_signal(s->event, NULL, SIGCHLD, on_child, s);
	if (r >= 0)
		r = sd_event_add_time(s->event, &s->timer, CLOCK_BOOTTIME, USEC_NEVER,
				      TIMER_ACCURACY_USEC, on_timer, s);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(end_signals); i++)
		r = sd_event_add_signal(s->event, NULL, end_signals[i], on_end_signal, s);
	return r;
}

static int run(struct spawner *s, bool is_debug)
{
	int r = launcher_init(&s->launcher, is_debug);

	if (r >= 0) {
		runs_init(&s->runs, &s->launcher, RUNS_MAX);
		r = add_sources(s);
	}
	if (r >= 0)
		r = sd_event_loop(s->event);
	if (r < 0) {
		warnx("cannot run checkers: %s", strerror(-r));
		r = EX_OSERR;
	}
	(void)sd_event_source_disable_unref(s->channel);
	(void)sd_event_source_disable_unref(s->timer);
	(void)sd_event_unref(s->event);
	runs_deinit(&s->runs);
	launcher_deinit(&s->launcher);
	return r;
}

int main(int argc, char *argv[])
{
	const int signals[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP };
	bool is_debug = argc == 2 && strcmp(argv[1], "--debug") == 0;
	int r;

	if ((argc > 1 && !is_debug) || channel_inherit(CHANNEL_FD) < 0) {
		warnx("this is a part of mandos(8), which starts it; it is of no use alone");
		return EX_USAGE;
	}
	r = launch_occupy_standard();
	if (r >= 0)
		r = signals_for_loop(signals, ARRAY_SIZE(signals));
	/*
	 * Checkers are the same user. One that could trace us or take our descriptors could tell
	 * the core that another client is alive (W-26). Undone by the exec of each checker.
	 */
	if (r >= 0 && prctl(PR_SET_DUMPABLE, 0) < 0)
		r = -errno;
	if (r < 0) {
		warnx("cannot start: %s", strerror(-r));
		return EX_OSERR;
	}
	return run(&spawner, is_debug);
}
