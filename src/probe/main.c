/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mandos-probe: carries out the built-in checkers, because the server itself must not speak to
 * strangers, and what runs shells has no business on the network.
 *
 * Started by mandos with descriptor 3 as the channel to it, on which it is asked as mandos-spawn
 * is, and with ICMP sockets, as far as there are any, from 4 on. Whatever wakes the loop, settle()
 * comes after it, which is the one place that looks at the whole state.
 *
 * It ends when the channel ends, when the core breaks the protocol, or by SIGTERM, SIGINT or
 * SIGHUP; from then on nothing is reported.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/signals.h"
#include "base/util.h"
#include "probe/confine.h"
#include "probe/probes.h"

#define CHANNEL_FD    3
#define FIRST_ICMP_FD 4
#define N_ICMP_FDS    2

/* Messages taken in one turn, so that answers are seen between the starts of a large batch. */
#define MESSAGES_PER_TURN 32

/* For the loop, the log, the files of a lookup; and of a probe, whose lookup may ask more servers.
 */
#define DESCRIPTORS_SPARE ((rlim_t)64)
#define DESCRIPTORS_EACH  ((rlim_t)4)

#define TIMER_ACCURACY_USEC (5 * USEC_PER_MSEC)

struct prober {
	struct probes probes;
	sd_event *event;
	sd_event_source *channel;
	sd_event_source *timer;
};

static int end(struct prober *p, int exit_status)
{
	return sd_event_exit(p->event, exit_status);
}

/* Returns false if the core's end of the channel is gone. */
static bool send_reports(struct prober *p)
{
	uint8_t data[64];
	struct spawn_msg m;

	while (probes_first_report(&p->probes, &m)) {
		int n = spawn_msg_encode(&m, data, sizeof(data));
		int r = n < 0 ? n : channel_send(CHANNEL_FD, data, (size_t)n, NULL, 0);

		if (r == -EAGAIN || r == -ENOBUFS)
			return true;
		if (r < 0)
			return false;
		probes_drop_report(&p->probes);
	}
	return true;
}

static int settle(sd_event_source *source, void *userdata)
{
	struct prober *p = userdata;
	struct spawn_msg m;
	uint32_t events;
	usec_t deadline;
	int r;

	if (!send_reports(p))
		return end(p, EX_OK);
	probes_sweep(&p->probes);
	events = probes_may_start(&p->probes) ? EPOLLIN : 0;
	if (probes_first_report(&p->probes, &m))
		events |= EPOLLOUT;
	r = sd_event_source_set_io_events(p->channel, events);
	deadline = probes_deadline(&p->probes);
	if (r >= 0)
		r = sd_event_source_set_time(p->timer, deadline);
	if (r >= 0)
		r = sd_event_source_set_enabled(p->timer, deadline == USEC_NEVER
								  ? SD_EVENT_OFF
								  : SD_EVENT_ONESHOT);
	/* An error returned to sd-event would only switch the source off. */
	return r < 0 ? end(p, EX_OSERR) : 0;
}

static int carry_out(struct prober *p, const uint8_t *data, size_t size, usec_t now)
{
	struct spawn_msg m;
	int r = spawn_msg_decode(data, size, &m);

	if (r < 0)
		return r;
	switch (m.type) {
	case SPAWN_MSG_RUN:
		return probes_start(&p->probes, m.run, m.start.command, m.start.command_size, now);
	case SPAWN_MSG_KILL:
		return probes_kill(&p->probes, m.run, now);
	case SPAWN_MSG_EXITED:
		break;
	}
	return -EPROTO;
}

static int on_channel(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	static uint8_t data[SPAWN_MSG_MAX];
	struct prober *p = userdata;
	usec_t now = instant_now().boot;

	for (int i = 0; i < MESSAGES_PER_TURN && probes_may_start(&p->probes); i++) {
		ssize_t n = channel_receive(fd, data, sizeof(data));
		int r;

		if (n == -EAGAIN)
			return 0;
		if (n == 0 || (n < 0 && n != -EMSGSIZE))
			return end(p, EX_OK);
		r = n < 0 ? (int)n : carry_out(p, data, (size_t)n, now);
		if (r == -ENOMEM) {
			warnx("no memory to run checkers; ending");
			return end(p, EX_OSERR);
		}
		if (r < 0) {
			warnx("invalid message from the server; ending");
			return end(p, EX_SOFTWARE);
		}
	}
	/* Full, and nobody there any more: with no other event asked for, only this would tell. */
	return !probes_may_start(&p->probes) && (revents & EPOLLHUP) ? end(p, EX_OK) : 0;
}

static int on_icmp(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct prober *p = userdata;

	probes_on_ping(&p->probes, fd, instant_now().boot);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct prober *p = userdata;

	probes_expire(&p->probes, instant_now().boot);
	return 0;
}

static int on_end_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	return end(userdata, EX_OK);
}

/* As many probes as there can be descriptors for. */
static size_t max_probes(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 1;
	limit.rlim_cur =
		MIN_OF(limit.rlim_max, DESCRIPTORS_SPARE + (rlim_t)PROBES_MAX * DESCRIPTORS_EACH);
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < DESCRIPTORS_SPARE + DESCRIPTORS_EACH)
		return 1;
	return MIN_OF((size_t)((limit.rlim_cur - DESCRIPTORS_SPARE) / DESCRIPTORS_EACH),
		      PROBES_MAX);
}

static int add_icmp_source(struct prober *p, int fd)
{
	return fd < 0 ? 0 : sd_event_add_io(p->event, NULL, fd, EPOLLIN, on_icmp, p);
}

static int add_sources(struct prober *p)
{
	const int end_signals[] = { SIGTERM, SIGINT, SIGHUP };
	int r = sd_event_add_io(p->event, &p->channel, CHANNEL_FD, EPOLLIN, on_channel, p);

	if (r >= 0)
		r = sd_event_add_time(p->event, &p->timer, CLOCK_BOOTTIME, USEC_NEVER,
				      TIMER_ACCURACY_USEC, on_timer, p);
	if (r >= 0)
		r = add_icmp_source(p, p->probes.pinger.ipv4.fd);
	if (r >= 0)
		r = add_icmp_source(p, p->probes.pinger.ipv6.fd);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(end_signals); i++)
		r = sd_event_add_signal(p->event, NULL, end_signals[i], on_end_signal, p);
	return r < 0 ? r : sd_event_add_post(p->event, NULL, settle, p);
}

static int run(struct prober *p)
{
	struct pinger pinger;
	uint16_t id;
	int r = sd_event_new(&p->event);

	if (r < 0 || getrandom(&id, sizeof(id), 0) != sizeof(id))
		return r < 0 ? r : -errno;
	pinger_init(&pinger, id);
	for (int fd = FIRST_ICMP_FD; fd < FIRST_ICMP_FD + N_ICMP_FDS; fd++)
		(void)pinger_adopt(&pinger, fd);
	r = probes_init(&p->probes, p->event, &pinger, max_probes());
	if (r >= 0)
		r = add_sources(p);
	/* Not a message has been read so far. */
	if (r >= 0)
		r = confine_prober();
	if (r >= 0)
		r = sd_event_loop(p->event);
	probes_deinit(&p->probes);
	(void)sd_event_source_disable_unref(p->channel);
	(void)sd_event_source_disable_unref(p->timer);
	(void)sd_event_unref(p->event);
	return r;
}

int main(int argc, char *argv[])
{
	static struct prober prober;
	const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	int r;

	if (argc > 1 || channel_inherit(CHANNEL_FD) < 0) {
		warnx("this is a part of mandos(8), which starts it; it is of no use alone");
		return EX_USAGE;
	}
	r = signals_for_loop(signals, ARRAY_SIZE(signals));
	if (r >= 0)
		r = run(&prober);
	if (r < 0) {
		warnx("cannot run checkers: %s", strerror(-r));
		return EX_OSERR;
	}
	return r;
}
