/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/probes.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/util.h"

/* From one request to the next, and from the last one to the end of waiting. */
static const usec_t ping_waits[PROBE_PINGS] = {
	1 * USEC_PER_SEC,
	2 * USEC_PER_SEC,
	3 * USEC_PER_SEC,
};

/* The later, the more it tells; what is not here is no reason. */
static const enum builtin_status telling[] = {
	BUILTIN_FAULT,	BUILTIN_NO_ADDRESS, BUILTIN_NO_ANSWER, BUILTIN_REFUSED,
	BUILTIN_NO_SSH, BUILTIN_OTHER_KEY,  BUILTIN_NO_PROOF,
};

/* ---- what a probe is made of ---- */

void probe_set_timer(struct probe *p, usec_t when)
{
	/* There is room for all: probes_init() has reserved it. */
	(void)heap_set(&p->probes->timers, &p->timer, when);
}

void probe_close(struct probe *p)
{
	p->io = sd_event_source_disable_unref(p->io);
	p->fd = fd_close(p->fd);
	if (p->kex)
		ssh_kex_deinit(p->kex);
	free(p->kex);
	p->kex = NULL;
}

static size_t rank(enum builtin_status reason)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(telling) - 1 && telling[i] != reason)
		i++;
	return i;
}

void probe_note(struct probe *p, enum builtin_status reason)
{
	if (rank(reason) > rank(p->so_far))
		p->so_far = reason;
}

static void probe_free(struct probe *p)
{
	struct probes *t = p->probes;

	p->resolve = resolve_free(p->resolve);
	probe_close(p);
	heap_remove(&t->timers, &p->timer);
	t->slots[p->ping.slot] = NULL;
	t->spare[t->n_spare++] = p->ping.slot;
	t->n--;
	free(p);
}

void probe_over(struct probe *p)
{
	struct probes *t = p->probes;

	if (p->state == PROBE_OVER)
		return;
	p->state = PROBE_OVER;
	p->resolve = resolve_free(p->resolve);
	probe_close(p);
	heap_remove(&t->timers, &p->timer);
	if (!p->is_reported)
		return;
	/* Not freed here: a callback of its own may be what has led here. */
	p->next_done = t->over;
	t->over = p;
}

static void enter_done(struct probe *p, enum spawn_outcome outcome, uint32_t value)
{
	struct probes *t = p->probes;

	HASH_DELETE(hh, t->by_id, p);
	p->outcome = outcome;
	p->value = value;
	*t->last_done = p;
	t->last_done = &p->next_done;
}

void probe_decide(struct probe *p, enum builtin_status status, bool is_parting, usec_t now)
{
	if (p->state == PROBE_PARTING || p->state == PROBE_OVER)
		return;
	enter_done(p, SPAWN_EXITED, (uint32_t)status);
	if (!is_parting || shutdown(p->fd, SHUT_WR) < 0 || !dial_drain(p) ||
	    sd_event_source_set_io_events(p->io, EPOLLIN) < 0) {
		probe_over(p);
		return;
	}
	p->state = PROBE_PARTING;
	probe_set_timer(p, usec_add(now, PROBE_PARTING_USEC));
}

/* As with a checker that has no process: it says nothing about the client. */
static void not_started(struct probe *p, int e)
{
	enter_done(p, SPAWN_NOT_STARTED, (uint32_t)e);
	probe_over(p);
}

/* ---- pings ---- */

static void send_pings(struct probe *p, usec_t now)
{
	for (unsigned int i = 0; i < p->to.n; i++) {
		if (ping_send(&p->probes->pinger, &p->to.list[i], &p->ping) == 0)
			probe_note(p, BUILTIN_NO_ANSWER);
	}
	probe_set_timer(p, usec_add(now, ping_waits[p->n_pings++]));
}

static void start_pings(struct probe *p, usec_t now)
{
	bool any = false;

	for (unsigned int i = 0; i < p->to.n; i++)
		any = any ||
		      pinger_socket(&p->probes->pinger, p->to.list[i].any.sa_family)->fd >= 0;
	if (!any) {
		not_started(p, EPERM);
		return;
	}
	if (getrandom(p->ping.cookie, PING_COOKIE_SIZE, 0) != PING_COOKIE_SIZE) {
		not_started(p, EAGAIN);
		return;
	}
	p->state = PROBE_PINGING;
	send_pings(p, now);
}

static bool is_asked(const struct probe *p, const struct address *from)
{
	for (unsigned int i = 0; i < p->to.n; i++) {
		if (address_is_same(&p->to.list[i], from))
			return true;
	}
	return false;
}

void probes_on_ping(struct probes *t, int fd, usec_t now)
{
	const struct ping_socket *s = fd == t->pinger.ipv4.fd ? &t->pinger.ipv4 : &t->pinger.ipv6;

	for (int i = 0; i < PING_BURST; i++) {
		struct address from;
		struct ping ping;
		struct probe *p;
		int r = ping_receive(&t->pinger, s, &ping, &from);

		/* An error of an earlier request is reported like this too, once. */
		if (r == -EAGAIN)
			return;
		if (r <= 0 || ping.slot >= t->max)
			continue;
		p = t->slots[ping.slot];
		if (p && p->state == PROBE_PINGING && is_asked(p, &from) &&
		    memcmp(p->ping.cookie, ping.cookie, PING_COOKIE_SIZE) == 0)
			probe_decide(p, BUILTIN_ALIVE, false, now);
	}
}

/* ---- life of a probe ---- */

static void ask(struct probe *p, usec_t now)
{
	switch (p->what.kind) {
	case BUILTIN_PING:
		start_pings(p, now);
		break;
	case BUILTIN_TCP:
	case BUILTIN_SSH_HOSTKEY:
		dial_next(p, now);
		break;
	}
}

static void on_resolved(void *userdata, const struct addresses *addresses)
{
	struct probe *p = userdata;
	usec_t now = instant_now().boot;

	p->to = *addresses;
	p->resolve = resolve_free(p->resolve);
	if (p->to.n == 0)
		probe_decide(p, BUILTIN_NO_ADDRESS, false, now);
	else
		ask(p, now);
}

static void begin(struct probe *p, usec_t now)
{
	const struct resolve_request request = {
		.event = p->event,
		.host = p->what.host,
		.port = p->what.port,
		.done = on_resolved,
		.userdata = p,
	};
	int r;

	p->end = usec_add(now, PROBE_USEC);
	if (address_literal(p->what.host, p->what.port, &p->to.list[0])) {
		p->to.n = 1;
		ask(p, now);
		return;
	}
	probe_set_timer(p, p->end);
	r = resolve_start(&request, &p->resolve);
	if (r < 0)
		not_started(p, -r);
}

int probes_start(struct probes *t, uint64_t id, const char *text, size_t text_size, usec_t now)
{
	char whole[BUILTIN_TEXT_MAX + 1];
	struct builtin what;
	struct probe *p;

	if (id <= t->last_id || text_size >= sizeof(whole))
		return -EPROTO;
	memcpy(whole, text, text_size);
	whole[text_size] = '\0';
	if (builtin_parse(whole, &what) != BUILTIN_OK)
		return -EPROTO;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->probes = t;
	p->event = t->event;
	p->id = t->last_id = id;
	p->what = what;
	p->fd = -1;
	/* Whatever way leads to an end without a reason, it must not look like an answer. */
	p->so_far = BUILTIN_FAULT;
	p->ping.slot = t->spare[--t->n_spare];
	t->slots[p->ping.slot] = p;
	t->n++;
	HASH_ADD(hh, t->by_id, id, sizeof(p->id), p);
	begin(p, now);
	return 0;
}

int probes_kill(struct probes *t, uint64_t id, usec_t now)
{
	struct probe *p;

	if (id == 0 || id > t->last_id)
		return -EPROTO;
	HASH_FIND(hh, t->by_id, &id, sizeof(id), p);
	if (p) {
		enter_done(p, SPAWN_SIGNALLED, SIGTERM);
		probe_over(p);
	}
	return 0;
}

static void expire(struct probe *p, usec_t now)
{
	switch (p->state) {
	case PROBE_RESOLVING:
		probe_decide(p, BUILTIN_NO_ADDRESS, false, now);
		break;
	case PROBE_PINGING:
		if (p->n_pings < PROBE_PINGS)
			send_pings(p, now);
		else
			probe_decide(p, p->so_far, false, now);
		break;
	case PROBE_CONNECTING:
	case PROBE_TALKING:
		probe_note(p, BUILTIN_NO_ANSWER);
		dial_next(p, now);
		break;
	case PROBE_PARTING:
		probe_over(p);
		break;
	case PROBE_OVER:
		break;
	}
}

/* ---- the table ---- */

int probes_init(struct probes *t, sd_event *event, const struct pinger *pinger, size_t max)
{
	*t = (struct probes){ .event = event, .pinger = *pinger, .max = max };
	t->last_done = &t->first_done;
	t->slots = calloc(max, sizeof(struct probe *));
	t->spare = calloc(max, sizeof(*t->spare));
	if (!t->slots || !t->spare || heap_reserve(&t->timers, max) < 0)
		return -ENOMEM;
	while (t->n_spare < max) {
		t->spare[t->n_spare] = (uint32_t)t->n_spare;
		t->n_spare++;
	}
	return 0;
}

void probes_deinit(struct probes *t)
{
	HASH_CLEAR(hh, t->by_id);
	for (size_t i = 0; t->slots && i < t->max; i++) {
		if (t->slots[i])
			probe_free(t->slots[i]);
	}
	heap_deinit(&t->timers);
	free(t->slots);
	free(t->spare);
}

usec_t probes_deadline(const struct probes *t)
{
	const struct heap_node *first = heap_first(&t->timers);

	return first ? first->when : USEC_NEVER;
}

void probes_expire(struct probes *t, usec_t now)
{
	struct heap_node *first;

	for (int i = 0; i < PING_BURST; i++) {
		first = heap_first(&t->timers);
		if (!first || first->when > now)
			return;
		heap_remove(&t->timers, first);
		expire(container_of(first, struct probe, timer), now);
	}
}

bool probes_first_report(const struct probes *t, struct spawn_msg *ret)
{
	const struct probe *p = t->first_done;

	if (!p)
		return false;
	*ret = (struct spawn_msg){
		.type = SPAWN_MSG_EXITED,
		.run = p->id,
		.exited = { .outcome = p->outcome, .value = p->value },
	};
	return true;
}

void probes_drop_report(struct probes *t)
{
	struct probe *p = t->first_done;

	t->first_done = p->next_done;
	if (!t->first_done)
		t->last_done = &t->first_done;
	p->is_reported = true;
	if (p->state == PROBE_OVER)
		probe_free(p);
}

void probes_sweep(struct probes *t)
{
	while (t->over) {
		struct probe *p = t->over;

		t->over = p->next_done;
		probe_free(p);
	}
}
