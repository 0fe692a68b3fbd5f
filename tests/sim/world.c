/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim.h"

#include "base/util.h"

#define HOUR (3600 * USEC_PER_SEC)
#define DAY  (24 * HOUR)

/* @low to @high, each power of two as likely as the others, as people choose durations */
static usec_t duration(struct sim *s, usec_t low, usec_t high)
{
	unsigned int n_doublings = 0;
	usec_t top;

	while (low << n_doublings < high)
		n_doublings++;
	top = low << rng_below(&s->rng, n_doublings + 1);
	return MIN_OF(top + rng_below(&s->rng, top), high);
}

static usec_t some_interval(struct sim *s)
{
	/* Rare, since a check a second is most of a simulated year. */
	if (rng_chance(&s->rng, 1))
		return 0;
	if (rng_chance(&s->rng, 2))
		return USEC_NEVER;
	return duration(s, s->interval_min, DAY);
}

static usec_t some_timeout(struct sim *s)
{
	if (rng_chance(&s->rng, 5))
		return rng_chance(&s->rng, 500) ? 0 : USEC_NEVER;
	return duration(s, s->interval_min / 2 + 1, 2 * DAY);
}

static usec_t some_extended_timeout(struct sim *s)
{
	if (rng_chance(&s->rng, 5))
		return rng_chance(&s->rng, 500) ? 0 : USEC_NEVER;
	return duration(s, 60 * USEC_PER_SEC, DAY);
}

static usec_t some_delay(struct sim *s)
{
	return rng_chance(&s->rng, 500) ? 0 : duration(s, USEC_PER_SEC, HOUR);
}

static usec_t some_approval_duration(struct sim *s)
{
	return rng_chance(&s->rng, 100) ? 0 : duration(s, USEC_PER_MSEC, HOUR);
}

struct client_rules world_rules(struct sim *s)
{
	usec_t interval = some_interval(s);
	bool is_sound = rng_chance(&s->rng, 900);

	return (struct client_rules){
		.timeout = is_sound ? usec_add(usec_add(interval, interval), interval)
				    : some_timeout(s),
		.interval = interval,
		.extended_timeout = some_extended_timeout(s),
		.approval_delay = some_delay(s),
		.approval_duration = some_approval_duration(s),
		.approved_by_default = rng_chance(&s->rng, 500),
	};
}

void world_begin(struct sim *s, struct sim_client *c)
{
	c->is_alive = true;
	c->at[AGENDA_CHECKER] = USEC_NEVER;
	c->at[AGENDA_FATE] = s->t + rng_around(&s->rng, 10 * DAY);
	c->at[AGENDA_PERSON] = s->t + rng_around(&s->rng, 4 * DAY);
	c->next_claim = s->t + rng_around(&s->rng, 10 * DAY);
	world_set_node(s, c);
}

void world_checker_started(struct sim *s, struct sim_client *c)
{
	unsigned int lot = (unsigned int)rng_below(&s->rng, 1000);
	usec_t takes = rng_around(&s->rng, USEC_PER_SEC);

	c->run_is_cancelled = lot < 3;
	c->run_status = 0;
	if (c->run_is_cancelled)
		takes = 0;
	else if (lot < 6)
		c->run_status = CHECKER_STATUS_SIGNALLED;
	else if (!c->is_alive || lot < 20)
		c->run_status = (int16_t)(1 + rng_below(&s->rng, 255));
	if (rng_chance(&s->rng, c->is_alive ? 10 : 100))
		takes = rng_around(&s->rng, c->is_alive ? 10 * 60 * USEC_PER_SEC : DAY);
	if (rng_chance(&s->rng, c->is_alive ? 1 : 20))
		takes = USEC_NEVER; /* hangs until it is killed */
	c->at[AGENDA_CHECKER] = usec_add(s->t, takes);
}

static void checker_ends(struct sim *s, struct sim_client *c)
{
	struct client_event event = { .type = CLIENT_EVENT_CHECKER_EXITED,
				      .status = c->run_status };

	if (c->run_is_cancelled)
		event.type = CLIENT_EVENT_CHECKER_CANCELLED;
	c->has_run = false;
	c->at[AGENDA_CHECKER] = USEC_NEVER;
	s->counts.checkers_ended++;
	server_event(s, c, event);
}

/* A machine that comes back asks for its password. */
static void fate(struct sim *s, struct sim_client *c)
{
	c->is_alive = !c->is_alive;
	c->at[AGENDA_FATE] = s->t + rng_around(&s->rng, c->is_alive ? 10 * DAY : 6 * HOUR);
	if (!c->is_alive)
		return;
	c->next_claim = s->t + rng_around(&s->rng, 60 * USEC_PER_SEC);
	if (!c->life.enabled)
		c->at[AGENDA_PERSON] = s->t + rng_around(&s->rng, 30 * USEC_PER_SEC);
}

static struct client_event some_setting(struct sim *s)
{
	switch (rng_below(&s->rng, 6)) {
	case 0:
		return (struct client_event){ .type = CLIENT_EVENT_SET_TIMEOUT,
					      .usec = some_timeout(s) };
	case 1:
		return (struct client_event){ .type = CLIENT_EVENT_SET_INTERVAL,
					      .usec = some_interval(s) };
	case 2:
		return (struct client_event){ .type = CLIENT_EVENT_SET_EXTENDED_TIMEOUT,
					      .usec = some_extended_timeout(s) };
	case 3:
		return (struct client_event){ .type = CLIENT_EVENT_SET_APPROVAL_DELAY,
					      .usec = some_delay(s) };
	case 4:
		return (struct client_event){ .type = CLIENT_EVENT_SET_APPROVAL_DURATION,
					      .usec = some_approval_duration(s) };
	default:
		return (struct client_event){ .type = CLIENT_EVENT_SET_APPROVED_BY_DEFAULT,
					      .flag = rng_chance(&s->rng, 500) };
	}
}

static struct client_event some_act(struct sim *s, const struct sim_client *c)
{
	static const enum client_event_type acts[] = {
		CLIENT_EVENT_ENABLE,	   CLIENT_EVENT_CHECKED_OK,   CLIENT_EVENT_CHECKER_START,
		CLIENT_EVENT_CHECKER_STOP, CLIENT_EVENT_APPROVE,      CLIENT_EVENT_APPROVE,
		CLIENT_EVENT_DENY,	   CLIENT_EVENT_CHECKED_OK,   CLIENT_EVENT_DISABLE,
		CLIENT_EVENT_TICK,	   CLIENT_EVENT_CHECKER_STOP,
	};
	unsigned int lot = (unsigned int)rng_below(&s->rng, 1000);

	if (lot < 5)
		return (struct client_event){ .type = CLIENT_EVENT_REMOVE };
	if (!c->life.enabled && lot < 700)
		return (struct client_event){ .type = CLIENT_EVENT_ENABLE };
	if (lot < 300)
		return some_setting(s);
	return (struct client_event){ .type = acts[rng_below(&s->rng, ARRAY_SIZE(acts))],
				      .cause = DISABLE_ADMINISTRATOR };
}

/*
 * An administrator does one thing, or a few in one turn. With somebody waiting for approval the
 * next one is not far.
 */
static void person(struct sim *s, struct sim_client *c)
{
	do
		server_event(s, c, some_act(s, c));
	while (rng_chance(&s->rng, 200));
	c->at[AGENDA_PERSON] = s->t + rng_around(&s->rng, c->life.enabled ? 4 * DAY : 6 * HOUR);
}

static usec_t next_of_peer(const struct peer *p)
{
	switch (p->state) {
	case PEER_WAITING:
		return MIN_OF(p->wait_ends, p->hangs_up);
	case PEER_HELD:
		return p->hangs_up;
	case PEER_GIVEN:
		return p->answers;
	case PEER_NONE:
	case PEER_CHOSEN:
		break;
	}
	return USEC_NEVER;
}

static void peer_moves(struct sim *s, struct sim_client *c, struct peer *p)
{
	if (p->state == PEER_GIVEN)
		server_peer_answers(s, c, p);
	else if (p->state == PEER_HELD)
		server_peer_gone(s, c, p);
	else if (p->hangs_up <= s->t && (p->wait_ends > s->t || rng_chance(&s->rng, 500)))
		server_peer_gone(s, c, p);
	else
		server_wait_over(s, c, p);
}

static void peers(struct sim *s, struct sim_client *c)
{
	for (size_t i = 0; i < SIM_PEERS_MAX; i++)
		if (next_of_peer(&c->peers[i]) <= s->t)
			peer_moves(s, c, &c->peers[i]);
	if (c->next_claim > s->t)
		return;
	server_claim(s, c);
	/* A machine boots once in a while, alone or with a burst of attempts; a thief tries often.
	 */
	if (rng_chance(&s->rng, 300))
		c->next_claim = s->t + rng_around(&s->rng, 10 * USEC_PER_SEC);
	else
		c->next_claim = s->t + rng_around(&s->rng, c->is_alive ? 10 * DAY : HOUR);
	/* Where approval is asked for, somebody often has a look. */
	if (c->life.n_pending > 0 && rng_chance(&s->rng, 500))
		c->at[AGENDA_PERSON] = s->t + rng_around(&s->rng, 30 * USEC_PER_SEC);
}

static usec_t next_of_peers(const struct sim_client *c)
{
	usec_t next = c->next_claim;

	for (size_t i = 0; i < SIM_PEERS_MAX; i++)
		next = MIN_OF(next, next_of_peer(&c->peers[i]));
	return next;
}

/* Puts the client where its earliest item is; a stalled server gets to it later. */
void world_set_node(struct sim *s, struct sim_client *c)
{
	usec_t next = USEC_NEVER;

	c->at[AGENDA_TICK] = usec_add(client_next_deadline(&c->life), s->booted);
	c->at[AGENDA_PEER] = next_of_peers(c);
	for (size_t i = 0; i < N_AGENDA; i++)
		next = MIN_OF(next, c->at[i]);
	next = MAX_OF(next, MAX_OF(s->t, s->stalled_until));
	if (heap_set(&s->heap, &c->node, next) < 0)
		sim_fail(s, c, "out of memory");
}

static void item(struct sim *s, struct sim_client *c, enum agenda which)
{
	switch (which) {
	case AGENDA_TICK:
		server_event(s, c, (struct client_event){ .type = CLIENT_EVENT_TICK });
		break;
	case AGENDA_CHECKER:
		checker_ends(s, c);
		break;
	case AGENDA_FATE:
		fate(s, c);
		break;
	case AGENDA_PERSON:
		person(s, c);
		break;
	case AGENDA_PEER:
		peers(s, c);
		break;
	case N_AGENDA:
		break;
	}
}

/*
 * One turn of the server's loop, as far as this client is concerned: all that is due, in any order,
 * and each at most once. What happens meanwhile may make another item due, or no longer due.
 */
void world_wake(struct sim *s, struct sim_client *c)
{
	size_t first = rng_below(&s->rng, N_AGENDA);

	server_probe(s, c);
	for (size_t i = 0; i < N_AGENDA; i++) {
		enum agenda which = (enum agenda)((first + i) % N_AGENDA);

		c->at[AGENDA_TICK] = usec_add(client_next_deadline(&c->life), s->booted);
		c->at[AGENDA_PEER] = next_of_peers(c);
		if (c->at[which] <= s->t)
			item(s, c, which);
	}
	server_end_turn(s, c);
	world_set_node(s, c);
}
