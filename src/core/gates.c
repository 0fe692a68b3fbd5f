/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/gates.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/log.h"
#include "core/child.h"
#include "core/gate-events.h"

/* Messages taken from one gate before the others get their turn. */
#define RECEIVE_BURST 64

enum gate_state {
	GATE_DOWN = 0, /* to be started when the back-off is over */
	GATE_STARTING, /* CONFIG sent, READY not yet received */
	GATE_READY,
};

struct gate {
	struct gates *gates;
	unsigned int number;
	enum gate_state state;
	pid_t pid;
	int fd;
	sd_event_source *child_source;
	sd_event_source *io_source;
	sd_event_source *timer; /* back-off, or the limit on starting */
	usec_t backoff;
	bool want_write;
	bool level_due; /* it has not heard of the newest log threshold */

	struct session *sessions; /* by id */
	size_t n_sessions;
	uint64_t last_id; /* highest session number used on this channel */
	TAILQ_HEAD(, session) send_queue;
};

struct gates {
	sd_event *event;
	struct gates_options options;
	struct gate gates[GATES_MAX];
	bool ending;
	bool started; /* all gates of the start were ready: from now on failures are retried */
};

static void gate_lost(struct gate *g, const char *why);

static void set_interest(struct gate *g, bool want_write)
{
	if (g->want_write == want_write)
		return;
	g->want_write = want_write;
	(void)sd_event_source_set_io_events(g->io_source, EPOLLIN | (want_write ? EPOLLOUT : 0u));
}

/* ---- sessions ---- */

static struct session *session_find(struct gate *g, uint64_t id)
{
	struct session *s;

	HASH_FIND(hh, g->sessions, &id, sizeof(id), s);
	return s;
}

static void session_end(struct session *s, struct instant now)
{
	struct gate *g = s->gate;

	g->gates->options.handler.end(g->gates->options.handler_data, s, now);
	if (s->queued)
		TAILQ_REMOVE(&g->send_queue, s, send_link);
	HASH_DELETE(hh, g->sessions, s);
	g->n_sessions--;
	free(s);
}

static void end_all_sessions(struct gate *g, struct instant now)
{
	struct session *s, *next;

	HASH_ITER (hh, g->sessions, s, next) {
		session_end(s, now);
	}
}

void gates_answer(struct session *s, enum session_answer answer)
{
	struct gates *all = s->gate->gates;

	if (s->phase != GATE_PHASE_CLAIMED)
		return;
	s->answer = answer;
	if (!s->queued) {
		TAILQ_INSERT_TAIL(&s->gate->send_queue, s, send_link);
		s->queued = true;
	}
	all->options.turn(all->options.userdata);
}

/* ---- core to gate ---- */

static int send_message(struct gate *g, const struct gate_msg *m)
{
	uint8_t head[GATE_PRIORITY_MAX + 128];
	int n = gate_msg_encode(m, head, sizeof(head));

	if (n < 0)
		return n;
	if (m->type == GATE_MSG_GIVE)
		return channel_send(g->fd, head, (size_t)n, m->give.data, m->give.data_size);
	return channel_send(g->fd, head, (size_t)n, NULL, 0);
}

/* The question whether the secret may leave is asked before every chunk, not once (SRV-APR-9). */
static int send_secret(struct session *s, struct instant now)
{
	const struct gates_options *o = &s->gate->gates->options;

	for (;;) {
		const struct secret *secret = o->handler.may_send(o->handler_data, s, now);
		struct gate_msg m = { .type = GATE_MSG_GIVE, .session = s->id };
		int r;

		if (!secret || s->n_given > secret->size)
			return -EACCES;
		m.give.total_size = (uint32_t)secret->size;
		m.give.offset = s->n_given;
		m.give.data = secret->data + s->n_given;
		m.give.data_size = MIN_OF(secret->size - s->n_given, GATE_CHUNK_MAX);
		r = send_message(s->gate, &m);
		if (r < 0)
			return r;
		s->n_given += (uint32_t)m.give.data_size;
		s->phase = GATE_PHASE_GIVING;
		if (s->n_given == secret->size) {
			s->phase = GATE_PHASE_GIVEN;
			return 0;
		}
	}
}

static int send_refusal(struct session *s)
{
	const struct gate_msg m = { .type = GATE_MSG_REFUSE, .session = s->id };
	int r = send_message(s->gate, &m);

	if (r == 0)
		s->phase = GATE_PHASE_REFUSED;
	return r;
}

static int send_answer(struct session *s, struct instant now)
{
	const struct gate_msg wait = { .type = GATE_MSG_WAIT, .session = s->id };
	int r;

	switch (s->answer) {
	case SESSION_ANSWER_WAIT:
		return send_message(s->gate, &wait);
	case SESSION_ANSWER_GIVE:
		r = send_secret(s, now);
		if (r != -EACCES)
			return r;
		/* The handler may have put it off; else, or with the secret under way, it is over.
		 */
		if (s->phase == GATE_PHASE_CLAIMED && s->answer == SESSION_ANSWER_WAIT)
			return send_message(s->gate, &wait);
		s->answer = SESSION_ANSWER_REFUSE;
		return send_refusal(s);
	case SESSION_ANSWER_REFUSE:
		return send_refusal(s);
	case SESSION_ANSWER_NONE:
		break;
	}
	return 0;
}

static int send_level(struct gate *g)
{
	const struct gate_msg m = {
		.type = GATE_MSG_LEVEL,
		.log_threshold = g->gates->options.config.log_threshold,
	};
	int r = g->level_due ? send_message(g, &m) : 0;

	if (r == 0)
		g->level_due = false;
	return r;
}

static void gate_flush(struct gate *g, struct instant now)
{
	struct session *s;
	int r = send_level(g);

	if (r == -EAGAIN || r == -ENOBUFS) {
		set_interest(g, true);
		return;
	}
	if (r < 0) {
		gate_lost(g, strerror(-r));
		return;
	}
	while ((s = TAILQ_FIRST(&g->send_queue))) {
		r = send_answer(s, now);

		if (r == -EAGAIN || r == -ENOBUFS) {
			set_interest(g, true);
			return;
		}
		if (r < 0) {
			gate_lost(g, strerror(-r));
			return;
		}
		TAILQ_REMOVE(&g->send_queue, s, send_link);
		s->queued = false;
	}
	set_interest(g, false);
}

void gates_flush(struct gates *all, struct instant now)
{
	for (unsigned int i = 0; i < all->options.n; i++) {
		if (all->gates[i].state == GATE_READY)
			gate_flush(&all->gates[i], now);
	}
}

void gates_set_log_threshold(struct gates *all, uint8_t threshold)
{
	all->options.config.log_threshold = threshold;
	for (unsigned int i = 0; i < all->options.n; i++)
		all->gates[i].level_due = all->gates[i].state != GATE_DOWN;
	all->options.turn(all->options.userdata);
}

/* ---- gate to core ---- */

static int on_claim(struct gate *g, const struct gate_msg *m, struct instant now)
{
	const struct gates_options *o = &g->gates->options;
	struct session *s;

	if (m->session <= g->last_id || g->n_sessions >= GATE_SESSIONS_MAX)
		return -EPROTO;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->gate = g;
	s->id = m->session;
	s->phase = GATE_PHASE_CLAIMED;
	s->peer = m->claim.peer;
	g->last_id = m->session;
	HASH_ADD(hh, g->sessions, id, sizeof(s->id), s);
	g->n_sessions++;
	o->handler.claim(o->handler_data, s, &m->claim.key_id, now);
	return 0;
}

/* SENT, FAILED and GONE: the three ways in which a session ends. */
static int on_end(struct gate *g, const struct gate_msg *m, struct instant now)
{
	const struct gates_options *o = &g->gates->options;
	struct session *s = session_find(g, m->session);

	if (!s || !gate_msg_may(m->type, s->phase))
		return -EPROTO;
	if (m->type == GATE_MSG_SENT)
		o->handler.sent(o->handler_data, s, now);
	else if (m->type == GATE_MSG_FAILED)
		gate_event_log_failed(s->client, &s->peer, m);
	s->phase = GATE_PHASE_ENDED;
	session_end(s, now);
	return 0;
}

static int on_ready(struct gate *g, const struct gate_msg *m)
{
	struct gates *all = g->gates;

	if (g->state != GATE_STARTING)
		return -EPROTO;
	if (!m->ready.ok) {
		log_critical("Cannot use the GnuTLS priority string: error at \"%.*s\"",
			     (int)m->ready.detail_size, m->ready.detail);
		if (!all->started) {
			all->ending = true;
			all->options.fatal(all->options.userdata);
		}
		return -EINVAL;
	}
	g->state = GATE_READY;
	g->backoff = GATE_BACKOFF_MIN_USEC;
	g->timer = sd_event_source_disable_unref(g->timer);
	if (g->level_due)
		all->options.turn(all->options.userdata);
	if (all->started)
		return 0;
	for (unsigned int i = 0; i < all->options.n; i++) {
		if (all->gates[i].state != GATE_READY)
			return 0;
	}
	all->started = true;
	all->options.ready(all->options.userdata);
	return 0;
}

static int on_message(struct gate *g, const uint8_t *data, size_t size, struct instant now)
{
	struct gate_msg m;
	int r = gate_msg_decode(data, size, &m);

	if (r < 0)
		return r;
	if (m.type == GATE_MSG_READY)
		return on_ready(g, &m);
	if (g->state != GATE_READY)
		return -EPROTO;
	switch (m.type) {
	case GATE_MSG_EVENT:
		gate_event_log(&m);
		return 0;
	case GATE_MSG_CLAIM:
		return on_claim(g, &m, now);
	case GATE_MSG_SENT:
	case GATE_MSG_FAILED:
	case GATE_MSG_GONE:
		return on_end(g, &m, now);
	case GATE_MSG_READY:
	case GATE_MSG_CONFIG:
	case GATE_MSG_WAIT:
	case GATE_MSG_GIVE:
	case GATE_MSG_REFUSE:
	case GATE_MSG_LEVEL:
		break;
	}
	return -EPROTO; /* only the core sends these */
}

static void receive(struct gate *g, struct instant now)
{
	/* Not on the stack, and erased by nobody: what a gate sends holds no secret. */
	static uint8_t buffer[GATE_MSG_MAX];

	for (int i = 0; i < RECEIVE_BURST; i++) {
		ssize_t n = channel_receive(g->fd, buffer, sizeof(buffer));
		int r;

		if (n == -EAGAIN)
			return;
		if (n <= 0) {
			gate_lost(g, n == 0 ? "it ended" : strerror((int)-n));
			return;
		}
		r = on_message(g, buffer, (size_t)n, now);
		if (r < 0) {
			gate_lost(g, r == -EINVAL ? "bad settings" : "it broke the protocol");
			return;
		}
	}
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct gate *g = userdata;
	struct instant now = instant_now();

	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		receive(g, now);
	if (g->state == GATE_READY && events & EPOLLOUT)
		gate_flush(g, now);
	return 0;
}

/* ---- life of a gate ---- */

static void gate_forget_process(struct gate *g)
{
	g->io_source = sd_event_source_disable_unref(g->io_source);
	g->timer = sd_event_source_disable_unref(g->timer);
	g->fd = fd_close(g->fd);
	g->want_write = false;
	g->level_due = false; /* CONFIG will have it */
	g->state = GATE_DOWN;
	g->last_id = 0;
}

static int gate_start(struct gate *g);

static int on_backoff_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct gate *g = userdata;

	g->timer = sd_event_source_disable_unref(g->timer);
	if (gate_start(g) < 0)
		gate_lost(g, "it could not be started");
	return 0;
}

static int arm_timer(struct gate *g, usec_t delay, sd_event_time_handler_t handler)
{
	g->timer = sd_event_source_disable_unref(g->timer);
	return sd_event_add_time_relative(g->gates->event, &g->timer, CLOCK_BOOTTIME, delay,
					  USEC_PER_MSEC, handler, g);
}

/*
 * Its sessions are lost; clients retry by design. The process itself is killed if it still lives,
 * and reaped by on_child_exit(), which is why a new one is only started after the back-off.
 */
static void gate_lost(struct gate *g, const char *why)
{
	struct gates *all = g->gates;

	gate_forget_process(g);
	if (g->pid > 0)
		(void)kill(g->pid, SIGKILL);
	end_all_sessions(g, instant_now());
	if (all->ending)
		return;
	if (!all->started) {
		all->ending = true;
		log_critical("Gate %u did not start: %s", g->number, why);
		all->options.fatal(all->options.userdata);
		return;
	}
	log_error("Gate %u is gone (%s); starting another", g->number, why);
	if (arm_timer(g, g->backoff, on_backoff_over) < 0)
		log_critical("Gate %u cannot be started again: no timer", g->number);
	g->backoff = MIN_OF(2 * g->backoff, GATE_BACKOFF_MAX_USEC);
}

static int on_child_exit(sd_event_source *source, const siginfo_t *si, void *userdata)
{
	struct gate *g = userdata;
	char name[24];

	g->child_source = sd_event_source_disable_unref(g->child_source);
	g->pid = 0;
	(void)snprintf(name, sizeof(name), "Gate %u", g->number);
	child_log_forbidden(name, si);
	if (g->state != GATE_DOWN)
		gate_lost(g, si->si_code == CLD_EXITED ? "it exited" : "it was killed");
	return 0;
}

static int on_not_ready(sd_event_source *source, uint64_t usec, void *userdata)
{
	gate_lost(userdata, "it was not ready in time");
	return 0;
}

static int gate_watch(struct gate *g)
{
	sd_event *event = g->gates->event;
	int r;

	r = sd_event_add_io(event, &g->io_source, g->fd, EPOLLIN, on_io, g);
	if (r < 0)
		return r;
	/* The exit is noticed after everything that the gate still wrote. */
	r = sd_event_add_child(event, &g->child_source, g->pid, WEXITED, on_child_exit, g);
	if (r < 0)
		return r;
	r = sd_event_source_set_priority(g->child_source, SD_EVENT_PRIORITY_NORMAL + 1);
	if (r < 0)
		return r;
	return arm_timer(g, GATE_READY_USEC, on_not_ready);
}

static int gate_start(struct gate *g)
{
	struct gates *all = g->gates;
	struct gate_msg m = { .type = GATE_MSG_CONFIG, .config = all->options.config };
	struct child_program program = { .name = "mandos-gate", .n_fds = 2 };
	int pair[2], r;

	/* The predecessor was killed but has not been reaped yet: wait for one more back-off. */
	if (g->pid > 0)
		return -EBUSY;
	r = channel_pair(pair);
	if (r < 0)
		return r;
	program.fds[0] = pair[1];
	program.fds[1] = all->options.listen_fd;
	r = child_start(&program, &g->pid);
	pair[1] = fd_close(pair[1]);
	if (r < 0) {
		log_error("Cannot start %s: %s", program.name, strerror(-r));
		pair[0] = fd_close(pair[0]);
		return r;
	}
	g->fd = pair[0];
	g->state = GATE_STARTING;
	r = gate_watch(g);
	return r < 0 ? r : send_message(g, &m);
}

int gates_new(sd_event *event, const struct gates_options *options, struct gates **ret)
{
	struct gates *all = calloc(1, sizeof(*all));

	if (!all)
		return -ENOMEM;
	all->event = event;
	all->options = *options;
	for (unsigned int i = 0; i < options->n; i++) {
		struct gate *g = &all->gates[i];
		int r;

		g->gates = all;
		g->number = i + 1;
		g->fd = -1;
		g->backoff = GATE_BACKOFF_MIN_USEC;
		TAILQ_INIT(&g->send_queue);
		r = gate_start(g);
		if (r < 0) {
			(void)gates_free(all);
			return r;
		}
	}
	*ret = all;
	return 0;
}

/* A gate ends by itself when its channel closes; it holds nothing that would need waiting for. */
struct gates *gates_free(struct gates *all)
{
	if (!all)
		return NULL;
	all->ending = true;
	for (unsigned int i = 0; i < all->options.n; i++) {
		struct gate *g = &all->gates[i];

		if (!g->gates)
			continue;
		gate_forget_process(g);
		end_all_sessions(g, instant_now());
		g->child_source = sd_event_source_disable_unref(g->child_source);
		if (g->pid > 0) {
			(void)kill(g->pid, SIGKILL);
			while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
				continue;
		}
	}
	free(all);
	return NULL;
}
