/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

#define BATCH_DELAY USEC_PER_SEC

static void mark(struct sim *s, struct sim_client *c, enum unsaved unsaved)
{
	c->unsaved = MAX_OF(c->unsaved, unsaved);
	if (unsaved != UNSAVED_SOON || c->is_in_batch)
		return;
	c->is_in_batch = true;
	s->soon[s->n_soon++] = c;
	if (s->n_soon == 1)
		s->next_batch = s->t + BATCH_DELAY;
}

static void commit(struct sim *s, struct sim_client *c)
{
	durable_save(&c->durable, &c->life, c->configured_enabled, sim_now(s));
	c->durable_offset = s->real_offset;
	c->unsaved = UNSAVED_NOTHING;
}

/* SRV-CHK-8: what the spawner would see. */
static void run_starts(struct sim *s, struct sim_client *c)
{
	SIM_CHECK(s, c, !c->has_run, "a checker starts while one runs");
	c->has_run = true;
	s->counts.checkers_started++;
	world_checker_started(s, c);
}

static void run_stops(struct sim *s, struct sim_client *c)
{
	SIM_CHECK(s, c, c->has_run, "a checker is stopped that does not run");
	c->has_run = false;
	c->at[AGENDA_CHECKER] = USEC_NEVER;
	s->counts.checkers_stopped++;
}

/* Returns whether sessions are to be decided again. */
static bool carry_out(struct sim *s, struct sim_client *c, const struct client_effects *e)
{
	bool decide = false;

	SIM_CHECK(s, c, e->n <= CLIENT_EFFECTS_MAX, "too many effects");
	for (unsigned int i = 0; i < e->n; i++) {
		switch (e->list[i].type) {
		case EFFECT_CHANGED:
			break;
		case EFFECT_START_CHECKER:
			run_starts(s, c);
			break;
		case EFFECT_STOP_CHECKER:
			run_stops(s, c);
			break;
		case EFFECT_DECIDE:
			decide = true;
			break;
		case EFFECT_SAVE:
			mark(s, c, UNSAVED_URGENT);
			break;
		case EFFECT_SAVE_SOON:
			mark(s, c, UNSAVED_SOON);
			break;
		}
	}
	return decide;
}

/* The longest that an expiry can lie ahead, however it came about (SRV-LIFE-3, -10, -14, -15). */
static usec_t longest_ahead(const struct client_rules *r)
{
	usec_t interval = MAX_OF(r->interval, CLIENT_INTERVAL_MIN);

	return MAX_OF(usec_add(interval, interval), MAX_OF(r->timeout, r->extended_timeout));
}

static void check_bounds(struct sim *s, struct sim_client *c, const struct client_event *event)
{
	struct instant now = sim_now(s);
	const struct client_life *life = &c->life;
	bool is_within = life->expires <= usec_add(now.boot, longest_ahead(&life->rules));

	if (!life->enabled)
		return;
	SIM_CHECK(s, c, life->expires <= CLIENT_DEADLINE_MAX, "enabled without an expiry");
	SIM_CHECK(s, c, life->check_due <= CLIENT_DEADLINE_MAX, "enabled without a check timer");
	if (event->type == CLIENT_EVENT_TICK)
		SIM_CHECK(s, c, client_next_deadline(life) > now.boot, "a tick left a deadline");
	if (event->type == CLIENT_EVENT_SET_TIMEOUT || event->type == CLIENT_EVENT_SET_INTERVAL ||
	    event->type == CLIENT_EVENT_SET_EXTENDED_TIMEOUT)
		c->is_unbound = true;
	SIM_CHECK(s, c, is_within || c->is_unbound, "an expiry too far ahead");
	if (event->type == CLIENT_EVENT_ENABLE || event->type == CLIENT_EVENT_CHECKED_OK)
		c->is_unbound = !is_within;
}

static void count_outcome(struct sim *s, struct sim_client *c, const struct client_life *before,
			  const struct client_event *event)
{
	bool by_timeout = c->life.disable_cause == DISABLE_TIMEOUT;

	s->counts.steps++;
	if (before->judging != JUDGING_NOT && c->life.judging == JUDGING_NOT && c->life.enabled)
		s->counts.judged_alive++;
	if (!before->enabled || c->life.enabled || c->life.removed)
		return;
	s->counts.disables++;
	if (!by_timeout || event->type == CLIENT_EVENT_SET_TIMEOUT)
		return;
	s->counts.expiries++;
	/* SRV-LIFE-5: only a server that did not get to run may be late, and nobody is early. */
	SIM_CHECK(s, c, before->expires <= sim_now(s).boot, "an expiry before its time");
	if (before->expires == sim_now(s).boot)
		s->counts.expiries_on_time++;
	else if (before->judging == JUDGING_NOT)
		SIM_CHECK(s, c, s->t == s->stalled_until, "an expiry after its time");
	else
		s->counts.judged_dead++;
}

/* What takes trust, or what somebody decided, is durable before anybody is told. */
static void check_saved(struct sim *s, struct sim_client *c, const struct client_life *before)
{
	bool is_urgent = c->unsaved == UNSAVED_URGENT;
	bool was_started = before->enabled && before->check_due != USEC_NEVER;

	SIM_CHECK(s, c, is_urgent || before->enabled == c->life.enabled,
		  "enabled has changed and is not saved");
	SIM_CHECK(s, c, is_urgent || !was_started || before->expires <= c->life.expires,
		  "an earlier expiry is not saved at once");
	SIM_CHECK(s, c,
		  is_urgent || before->last_checker_status != 0 || c->life.last_checker_status == 0,
		  "a check that is no longer good is not saved at once");
}

static void decide_waiting(struct sim *s, struct sim_client *c);

void server_event(struct sim *s, struct sim_client *c, struct client_event event)
{
	struct client_life before = c->life;
	struct instant now = sim_now(s);
	struct client_effects effects = { .n = CLIENT_EFFECTS_MAX };
	const char *difference;
	bool decide;

	if ((long)c->index == s->traced)
		fprintf(stderr,
			"%" PRIu64 ": t %" PRIu64 " boot %" PRIu64 " event %u value %" PRIu64 "\n",
			s->counts.steps, s->t, now.boot, event.type, event.usec);
	client_step(&c->life, &event, now, &effects);
	model_event(&c->model, &event, now);
	decide = carry_out(s, c, &effects);
	count_outcome(s, c, &before, &event);

	difference = model_difference(&c->model, &c->life, now);
	SIM_CHECK(s, c, difference == NULL, difference);
	SIM_CHECK(s, c, c->has_run == c->life.checker_running, "checker_running without a checker");
	SIM_CHECK(s, c, c->n_pending == c->life.n_pending, "n_pending is miscounted");
	check_bounds(s, c, &event);
	if (event.type == CLIENT_EVENT_ENABLE)
		c->told_disabled = false;
	check_saved(s, c, &before);
	if (decide)
		decide_waiting(s, c);
	/* The spawner is never busy here: whoever is to start has started at once. */
	if (c->life.checker_waiting)
		server_event(s, c, (struct client_event){ .type = CLIENT_EVENT_CHECKER_LAUNCHED });
}

static void peer_ends(struct sim *s, struct sim_client *c, struct peer *p)
{
	bool is_counted = p->is_counted;

	*p = (struct peer){ .state = PEER_NONE };
	if (!is_counted)
		return;
	c->n_pending--;
	server_event(s, c, (struct client_event){ .type = CLIENT_EVENT_SESSION_END });
}

/* SRV-APR-2 */
static void decide(struct sim *s, struct sim_client *c, struct peer *p)
{
	struct instant now = sim_now(s);
	bool waited_out = (p->state == PEER_WAITING || (p->state == PEER_HELD && p->is_counted)) &&
			  p->wait_ends <= s->t;
	enum policy_verdict verdict = policy_decide(&c->life, now, waited_out, false);

	SIM_CHECK(s, c, verdict == model_verdict(&c->model, now, waited_out), "the verdict");
	switch (verdict) {
	case POLICY_GIVE:
		p->state = PEER_CHOSEN;
		break;
	case POLICY_ASK:
		p->state = PEER_WAITING;
		server_event(s, c, (struct client_event){ .type = CLIENT_EVENT_ASKED });
		break;
	case POLICY_HOLD:
		p->state = PEER_HELD;
		break;
	case POLICY_REFUSE_DISABLED:
		SIM_CHECK(s, c, !c->life.enabled, "refused as disabled while enabled");
		s->counts.refusals++;
		peer_ends(s, c, p);
		break;
	case POLICY_REFUSE_DENIED:
	case POLICY_REFUSE_TIMED_OUT:
	case POLICY_REFUSE_LOCKDOWN:
	case POLICY_REFUSE_UNSAVED:
		s->counts.refusals++;
		peer_ends(s, c, p);
		break;
	}
}

static void decide_waiting(struct sim *s, struct sim_client *c)
{
	for (size_t i = 0; i < SIM_PEERS_MAX; i++)
		if (c->peers[i].state == PEER_WAITING || c->peers[i].state == PEER_HELD)
			decide(s, c, &c->peers[i]);
}

/*
 * Whatever has or has not been served yet: a session that came now would get the right verdict, and
 * nobody waits for what is already decided (SRV-APR-5, SRV-APR-9).
 */
void server_probe(struct sim *s, struct sim_client *c)
{
	struct instant now = sim_now(s);
	const struct client_life *life = &c->life;

	SIM_CHECK(s, c, policy_may_send(life, now) == model_may_give(&c->model, now), "may send");
	for (int waited_out = 0; waited_out <= 1; waited_out++)
		SIM_CHECK(s, c,
			  policy_decide(life, now, waited_out, false) ==
				  model_verdict(&c->model, now, waited_out),
			  "the verdict, if one were asked for");
}

static void check_waiting(struct sim *s, struct sim_client *c)
{
	enum policy_verdict verdict = model_verdict(&c->model, sim_now(s), false);
	/* SRV-APR-6: setting the delay to zero wakes nobody. */
	bool may_wait = verdict == POLICY_ASK ||
			(verdict == POLICY_GIVE && c->life.rules.approval_delay == 0);

	/* This turn made something due (a timeout of zero does): the next one comes at once. */
	if (client_next_deadline(&c->life) <= sim_now(s).boot)
		return;
	for (size_t i = 0; i < SIM_PEERS_MAX; i++) {
		SIM_CHECK(s, c,
			  c->peers[i].state != PEER_WAITING || may_wait || verdict == POLICY_HOLD,
			  "waits for what is decided");
		SIM_CHECK(s, c, c->peers[i].state != PEER_HELD || verdict == POLICY_HOLD,
			  "held while nothing is judged");
	}
}

/* What is due comes before what depends on it, so that a refusal for expiry is a durable one. */
void server_serve_deadlines(struct sim *s, struct sim_client *c)
{
	if (client_next_deadline(&c->life) <= sim_now(s).boot)
		server_event(s, c, (struct client_event){ .type = CLIENT_EVENT_TICK });
}

/* Somebody has proved the client's key. */
void server_claim(struct sim *s, struct sim_client *c)
{
	usec_t delay = MIN_OF(c->life.rules.approval_delay, CLIENT_DEADLINE_MAX);
	struct peer *p = NULL;

	if (c->life.removed)
		return;
	for (size_t i = 0; i < SIM_PEERS_MAX && p == NULL; i++)
		if (c->peers[i].state == PEER_NONE)
			p = &c->peers[i];
	if (p == NULL)
		return;
	server_serve_deadlines(s, c);
	/* DECIDE effects of its own beginning must not reach it before its first decision. */
	if (delay != 0) {
		c->n_pending++;
		server_event(s, c, (struct client_event){ .type = CLIENT_EVENT_SESSION_BEGIN });
	}
	*p = (struct peer){
		.state = PEER_NONE,
		.is_counted = delay != 0,
		.wait_ends = s->t + delay,
		.hangs_up = rng_chance(&s->rng, 100) ? s->t + rng_around(&s->rng, delay / 2 + 1)
						     : USEC_NEVER,
	};
	decide(s, c, p);
}

void server_wait_over(struct sim *s, struct sim_client *c, struct peer *p)
{
	server_serve_deadlines(s, c);
	if (p->state == PEER_WAITING)
		decide(s, c, p);
	SIM_CHECK(s, c, p->state != PEER_WAITING, "waits after its wait is over");
}

/* SRV-APR-10 */
void server_peer_gone(struct sim *s, struct sim_client *c, struct peer *p)
{
	peer_ends(s, c, p);
}

void server_peer_answers(struct sim *s, struct sim_client *c, struct peer *p)
{
	if (p->will_receive)
		server_event(s, c, (struct client_event){ .type = CLIENT_EVENT_SECRET_SENT });
	peer_ends(s, c, p);
}

/* The last thing before the secret leaves (SRV-APR-9). */
static void give(struct sim *s, struct sim_client *c, struct peer *p)
{
	struct instant now = sim_now(s);

	if (policy_decide(&c->life, now, false, false) == POLICY_HOLD) {
		p->state = PEER_HELD;
		return;
	}
	if (!policy_may_send(&c->life, now)) {
		s->counts.refusals++;
		peer_ends(s, c, p);
		return;
	}
	SIM_CHECK(s, c, model_may_give(&c->model, now), "a grant to a client that is not enabled");
	SIM_CHECK(s, c, !c->told_disabled && !c->told_removed, "a grant after a refusal");
	SIM_CHECK(s, c, c->durable.enabled, "a grant to a client that the store has disabled");
	s->counts.grants++;
	p->state = PEER_GIVEN;
	p->will_receive = rng_chance(&s->rng, 900);
	p->answers = s->t + rng_around(&s->rng, USEC_PER_SEC);
}

static void tell(struct sim *s, struct sim_client *c)
{
	for (size_t i = 0; i < SIM_PEERS_MAX; i++)
		if (c->peers[i].state == PEER_CHOSEN)
			give(s, c, &c->peers[i]);
	c->told_disabled = !c->life.enabled;
	c->told_removed = c->life.removed;
	SIM_CHECK(s, c, !c->told_disabled || !c->durable.enabled, "told disabled before durable");
	SIM_CHECK(s, c, !c->told_removed || c->durable.removed, "told removed before durable");
}

/* One commit a turn, and only then the replies and signals of that turn. */
void server_end_turn(struct sim *s, struct sim_client *c)
{
	enum crash_point crash = s->crash_point;

	check_waiting(s, c);
	if (crash == CRASH_BEFORE_COMMIT)
		return;
	if (c->unsaved == UNSAVED_URGENT)
		commit(s, c);
	if (crash == CRASH_BEFORE_TELLING)
		return;
	tell(s, c);
}

void server_batch(struct sim *s)
{
	for (unsigned int i = 0; i < s->n_soon; i++) {
		s->soon[i]->is_in_batch = false;
		/* What was urgent is committed already. */
		if (s->soon[i]->unsaved == UNSAVED_SOON)
			commit(s, s->soon[i]);
	}
	s->n_soon = 0;
	s->next_batch = USEC_NEVER;
}

void server_add(struct sim *s, struct sim_client *c, const struct client_rules *rules, bool enabled)
{
	struct instant now = sim_now(s);

	client_life_init(&c->life, rules, enabled, now);
	model_init(&c->model, rules, enabled, now);
	c->configured_enabled = enabled;
	c->told_disabled = !enabled;
	c->told_removed = false;
	c->is_unbound = false;
}

void server_start(struct sim *s, struct sim_client *c)
{
	usec_t interval = MIN_OF(client_check_interval(&c->life), CLIENT_DEADLINE_MAX);
	usec_t delay = rng_below(&s->rng, interval / USEC_PER_MSEC + 1) * USEC_PER_MSEC;

	server_event(s, c, (struct client_event){ .type = CLIENT_EVENT_START, .usec = delay });
	commit(s, c);
	tell(s, c);
}

/*
 * What the store did not get may only have been trust. Not comparable when the wall clock was set
 * since, for that alone moves an expiry, nor when the turn's own disable was lost and nobody told.
 */
static void check_loss(struct sim *s, struct sim_client *c, const struct durable *live)
{
	struct client_life with_all;

	if (c->unsaved == UNSAVED_URGENT || c->durable_offset != s->real_offset)
		return;
	durable_restore(live, c->configured_enabled, sim_now(s), &with_all);
	SIM_CHECK(s, c, with_all.enabled || !c->life.enabled, "a crash gave trust back");
}

static void restore(struct sim *s, struct sim_client *c, const struct durable *live)
{
	struct instant now = sim_now(s);
	bool file_says_on = rng_chance(&s->rng, 2);
	bool configured = c->durable.configured_enabled;

	if (c->durable.removed) {
		c->life.n_pending = c->model.pending = 0;
		if (!rng_chance(&s->rng, 100))
			return;
		/* dropped from the file and added again: SRV-STATE-18 */
		const struct client_rules rules = world_rules(s);

		server_add(s, c, &rules, true);
		server_start(s, c);
		return;
	}
	if (file_says_on)
		configured = !configured;
	c->configured_enabled = configured;
	durable_restore(&c->durable, configured, now, &c->life);
	model_restore(&c->model, &c->durable, configured, now);
	SIM_CHECK(s, c, !c->told_removed, "comes back after it was removed");
	SIM_CHECK(s, c, !c->told_disabled || !c->life.enabled || file_says_on,
		  "comes back after it was disabled");
	if (!file_says_on)
		check_loss(s, c, live);
	/* A start keeps the bounds again, whatever the clock did. */
	c->is_unbound = false;
	server_start(s, c);
}

/*
 * kill -9, or a power cut (@is_reboot, with a new CLOCK_BOOTTIME): everything but the store is
 * gone. Checkers die with the spawner, sessions with the gates.
 */
void server_crash(struct sim *s, usec_t downtime, bool is_reboot)
{
	struct instant before = sim_now(s);

	s->crash_point = CRASH_NONE;
	s->counts.crashes++;
	s->n_soon = 0;
	s->next_batch = USEC_NEVER;
	s->t += downtime;
	s->stalled_until = s->t;
	if (is_reboot)
		s->booted = s->t - USEC_PER_SEC;
	for (unsigned int i = 0; i < s->n_clients; i++) {
		struct sim_client *c = &s->clients[i];
		struct durable live;

		durable_save(&live, &c->life, c->durable.configured_enabled, before);
		s->counts.checkers_lost += c->has_run;
		c->has_run = false;
		c->n_pending = 0;
		c->is_in_batch = false;
		c->unsaved = c->unsaved == UNSAVED_URGENT ? UNSAVED_URGENT : UNSAVED_NOTHING;
		memset(c->peers, 0, sizeof(c->peers));
		c->at[AGENDA_CHECKER] = USEC_NEVER;
		restore(s, c, &live);
		world_set_node(s, c);
	}
}
