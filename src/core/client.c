/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/client.h"

#include <assert.h>

#include "base/util.h"

static void effect(struct client_effects *e, enum client_effect_type type)
{
	assert(e->n < CLIENT_EFFECTS_MAX);
	e->list[e->n++] = (struct client_effect){ .type = type };
}

static void changed(struct client_effects *e, enum client_property property)
{
	assert(e->n < CLIENT_EFFECTS_MAX);
	e->list[e->n++] = (struct client_effect){ .type = EFFECT_CHANGED, .property = property };
}

usec_t client_check_interval(const struct client_life *life)
{
	return MAX_OF(life->rules.interval, CLIENT_INTERVAL_MIN);
}

usec_t client_next_deadline(const struct client_life *life)
{
	return MIN_OF(MIN_OF(life->expires, life->check_due), life->decision_until);
}

void client_life_init(struct client_life *life, const struct client_rules *rules, bool enabled,
		      struct instant now)
{
	*life = (struct client_life){
		.rules = *rules,
		.enabled = enabled,
		.disable_cause = enabled ? DISABLE_NONE : DISABLE_CONFIGURED,
		.created = now.real,
		.last_enabled = enabled ? now.real : USEC_NEVER,
		.last_checked_ok = USEC_NEVER,
		.last_approval_request = USEC_NEVER,
		.last_checker_status = CHECKER_STATUS_NONE,
		.expires = USEC_NEVER,
		.extended_until = 0,
		.check_due = USEC_NEVER,
		.decision_until = USEC_NEVER,
	};
}

static void start_checker(struct client_life *life, struct client_effects *e)
{
	if (life->checker_running)
		return;
	life->checker_running = true;
	changed(e, CLIENT_CHECKER_RUNNING);
	effect(e, EFFECT_START_CHECKER);
}

static void stop_checker(struct client_life *life, struct client_effects *e)
{
	if (!life->checker_running)
		return;
	life->checker_running = false;
	changed(e, CLIENT_CHECKER_RUNNING);
	effect(e, EFFECT_STOP_CHECKER);
}

static void disable(struct client_life *life, enum disable_cause cause, struct client_effects *e)
{
	if (!life->enabled)
		return;
	life->expires = USEC_NEVER;
	life->extended_until = 0;
	life->check_due = USEC_NEVER;
	life->first_check_pending = false;
	changed(e, CLIENT_EXPIRES);
	stop_checker(life, e);
	life->enabled = false;
	life->disable_cause = cause;
	changed(e, CLIENT_ENABLED);
	effect(e, EFFECT_SAVE);
	/* SRV-APR-9: whoever waits for approval must be refused now, not when the wait is over. */
	effect(e, EFFECT_DECIDE);
}

static void enable(struct client_life *life, struct instant now, struct client_effects *e)
{
	usec_t interval = client_check_interval(life);

	if (life->enabled)
		return;
	life->enabled = true;
	life->disable_cause = DISABLE_NONE;
	life->last_enabled = now.real;
	life->check_due = usec_add(now.boot, interval);
	life->expires =
		usec_add(now.boot, MAX_OF(usec_add(interval, interval), life->rules.timeout));
	changed(e, CLIENT_ENABLED);
	changed(e, CLIENT_LAST_ENABLED);
	changed(e, CLIENT_EXPIRES);
	effect(e, EFFECT_SAVE);
	effect(e, EFFECT_DECIDE);
}

/*
 * A removed client keeps its record only until the last session has let go of it. No property of it
 * is announced any more: it has already disappeared from all listings.
 */
static void remove_client(struct client_life *life, struct client_effects *e)
{
	bool running = life->checker_running;

	life->removed = true;
	life->enabled = false;
	life->checker_running = false;
	life->expires = USEC_NEVER;
	life->check_due = USEC_NEVER;
	life->decision = DECISION_NONE;
	life->decision_until = USEC_NEVER;
	if (running)
		effect(e, EFFECT_STOP_CHECKER);
	effect(e, EFFECT_SAVE);
	effect(e, EFFECT_DECIDE);
}

/*
 * The server's start. The first checks are spread over one interval, so the first expiry must leave
 * room for the latest of them; and neither the timeout nor what was granted before may be cut short
 * by a restart (the Fix of SRV-LIFE-3).
 */
static void start(struct client_life *life, usec_t delay, struct instant now,
		  struct client_effects *e)
{
	usec_t interval = client_check_interval(life);
	usec_t first = usec_add(now.boot, delay);
	usec_t expires = usec_add(first, interval);

	if (!life->enabled)
		return;
	expires = MAX_OF(expires, usec_add(now.boot, life->rules.timeout));
	if (life->expires != USEC_NEVER && life->expires > now.boot)
		expires = MAX_OF(expires, life->expires);
	life->check_due = first;
	life->first_check_pending = true;
	life->expires = expires;
	changed(e, CLIENT_EXPIRES);
	effect(e, EFFECT_SAVE_SOON);
}

static void check_is_due(struct client_life *life, struct instant now, struct client_effects *e)
{
	usec_t interval = client_check_interval(life);
	usec_t next = usec_add(life->check_due, interval);

	/* After a pause of the whole machine or process, missed checks are not made up for. */
	life->check_due = next > now.boot ? next : usec_add(now.boot, interval);
	start_checker(life, e);
	if (!life->first_check_pending)
		return;
	life->first_check_pending = false;
	if (life->expires < usec_add(now.boot, interval)) {
		life->expires = usec_add(now.boot, interval);
		changed(e, CLIENT_EXPIRES);
		effect(e, EFFECT_SAVE_SOON);
	}
}

/* Expiry goes first: a client whose time is over is not saved by a check that is due as well. */
static void tick(struct client_life *life, struct instant now, struct client_effects *e)
{
	if (life->decision_until <= now.boot) {
		life->decision = DECISION_NONE;
		life->decision_until = USEC_NEVER;
	}
	if (life->expires <= now.boot)
		disable(life, DISABLE_TIMEOUT, e);
	if (life->check_due <= now.boot)
		check_is_due(life, now, e);
}

static void set_status(struct client_life *life, int16_t status, struct client_effects *e)
{
	if (life->last_checker_status == status)
		return;
	life->last_checker_status = status;
	changed(e, CLIENT_LAST_CHECKER_STATUS);
}

/*
 * Until the extended expiry has passed, a good check never moves expires back: a check that was
 * already running when the secret was sent would otherwise cancel the extension that lets the
 * client finish its boot (the Fix of SRV-LIFE-14).
 */
static void vouched_for(struct client_life *life, struct instant now, struct client_effects *e)
{
	usec_t expires = usec_add(now.boot, life->rules.timeout);

	life->last_checked_ok = now.real;
	changed(e, CLIENT_LAST_CHECKED_OK);
	if (!life->enabled)
		return;
	if (now.boot < life->extended_until)
		expires = MAX_OF(expires, life->expires);
	if (life->expires == expires)
		return;
	life->expires = expires;
	changed(e, CLIENT_EXPIRES);
}

static void checker_exited(struct client_life *life, int16_t status, struct instant now,
			   struct client_effects *e)
{
	if (!life->checker_running)
		return;
	life->checker_running = false;
	changed(e, CLIENT_CHECKER_RUNNING);
	set_status(life, status, e);
	if (status == 0)
		vouched_for(life, now, e);
	effect(e, EFFECT_SAVE_SOON);
}

static void checker_cancelled(struct client_life *life, struct client_effects *e)
{
	if (!life->checker_running)
		return;
	life->checker_running = false;
	changed(e, CLIENT_CHECKER_RUNNING);
}

static void checked_ok(struct client_life *life, struct instant now, struct client_effects *e)
{
	vouched_for(life, now, e);
	set_status(life, 0, e);
	effect(e, EFFECT_SAVE_SOON);
}

static void secret_sent(struct client_life *life, struct instant now, struct client_effects *e)
{
	if (!life->enabled)
		return;
	life->expires = usec_add(now.boot, life->rules.extended_timeout);
	life->extended_until = life->expires;
	changed(e, CLIENT_EXPIRES);
	effect(e, EFFECT_SAVE_SOON);
}

static void decide(struct client_life *life, enum client_decision decision, struct instant now,
		   struct client_effects *e)
{
	life->decision = decision;
	life->decision_until = usec_add(now.boot, life->rules.approval_duration);
	effect(e, EFFECT_DECIDE);
}

static void session_begin(struct client_life *life, struct client_effects *e)
{
	if (life->n_pending++ == 0)
		changed(e, CLIENT_APPROVAL_PENDING);
}

static void session_end(struct client_life *life, struct client_effects *e)
{
	assert(life->n_pending > 0);
	if (--life->n_pending == 0 && !life->removed)
		changed(e, CLIENT_APPROVAL_PENDING);
}

/* SRV-LIFE-30, -37: the expiry moves by the difference, whatever it was based on. */
static void set_timeout(struct client_life *life, usec_t timeout, struct instant now,
			struct client_effects *e)
{
	usec_t old = life->rules.timeout;

	if (timeout == old)
		return;
	life->rules.timeout = timeout;
	changed(e, CLIENT_TIMEOUT);
	effect(e, EFFECT_SAVE);
	if (!life->enabled)
		return;
	if (timeout > old)
		life->expires = usec_add(life->expires, timeout - old);
	else
		life->expires = usec_sub(life->expires, old - timeout);
	changed(e, CLIENT_EXPIRES);
	if (life->expires <= now.boot)
		disable(life, DISABLE_TIMEOUT, e);
}

static void set_interval(struct client_life *life, usec_t interval, struct instant now,
			 struct client_effects *e)
{
	if (interval == life->rules.interval)
		return;
	life->rules.interval = interval;
	changed(e, CLIENT_INTERVAL);
	effect(e, EFFECT_SAVE);
	if (!life->enabled)
		return;
	life->check_due = usec_add(now.boot, client_check_interval(life));
	life->first_check_pending = false;
	start_checker(life, e);
}

static void set_duration(usec_t *setting, usec_t value, enum client_property property,
			 struct client_effects *e)
{
	if (*setting == value)
		return;
	*setting = value;
	changed(e, property);
	effect(e, EFFECT_SAVE);
}

static void set_approved_by_default(struct client_life *life, bool value, struct client_effects *e)
{
	if (life->rules.approved_by_default == value)
		return;
	life->rules.approved_by_default = value;
	changed(e, CLIENT_APPROVED_BY_DEFAULT);
	effect(e, EFFECT_SAVE);
}

/* Events that only change a rule; everything else is client_step()'s. */
static void set_rule(struct client_life *life, const struct client_event *event, struct instant now,
		     struct client_effects *e)
{
	switch (event->type) {
	case CLIENT_EVENT_SET_TIMEOUT:
		set_timeout(life, event->usec, now, e);
		break;
	case CLIENT_EVENT_SET_INTERVAL:
		set_interval(life, event->usec, now, e);
		break;
	case CLIENT_EVENT_SET_EXTENDED_TIMEOUT:
		set_duration(&life->rules.extended_timeout, event->usec, CLIENT_EXTENDED_TIMEOUT,
			     e);
		break;
	case CLIENT_EVENT_SET_APPROVAL_DELAY:
		set_duration(&life->rules.approval_delay, event->usec, CLIENT_APPROVAL_DELAY, e);
		break;
	case CLIENT_EVENT_SET_APPROVAL_DURATION:
		set_duration(&life->rules.approval_duration, event->usec, CLIENT_APPROVAL_DURATION,
			     e);
		break;
	case CLIENT_EVENT_SET_APPROVED_BY_DEFAULT:
		set_approved_by_default(life, event->flag, e);
		break;
	case CLIENT_EVENT_START:
	case CLIENT_EVENT_TICK:
	case CLIENT_EVENT_CHECKER_EXITED:
	case CLIENT_EVENT_CHECKER_CANCELLED:
	case CLIENT_EVENT_CHECKED_OK:
	case CLIENT_EVENT_SECRET_SENT:
	case CLIENT_EVENT_ENABLE:
	case CLIENT_EVENT_DISABLE:
	case CLIENT_EVENT_REMOVE:
	case CLIENT_EVENT_CHECKER_START:
	case CLIENT_EVENT_CHECKER_STOP:
	case CLIENT_EVENT_APPROVE:
	case CLIENT_EVENT_DENY:
	case CLIENT_EVENT_SESSION_BEGIN:
	case CLIENT_EVENT_SESSION_END:
	case CLIENT_EVENT_ASKED:
		break;
	}
}

void client_step(struct client_life *life, const struct client_event *event, struct instant now,
		 struct client_effects *ret_effects)
{
	struct client_effects *e = ret_effects;

	e->n = 0;
	if (life->removed && event->type != CLIENT_EVENT_SESSION_END)
		return;
	switch (event->type) {
	case CLIENT_EVENT_START:
		start(life, event->usec, now, e);
		break;
	case CLIENT_EVENT_TICK:
		tick(life, now, e);
		break;
	case CLIENT_EVENT_CHECKER_EXITED:
		checker_exited(life, event->status, now, e);
		break;
	case CLIENT_EVENT_CHECKER_CANCELLED:
		checker_cancelled(life, e);
		break;
	case CLIENT_EVENT_CHECKED_OK:
		checked_ok(life, now, e);
		break;
	case CLIENT_EVENT_SECRET_SENT:
		secret_sent(life, now, e);
		break;
	case CLIENT_EVENT_ENABLE:
		enable(life, now, e);
		break;
	case CLIENT_EVENT_DISABLE:
		disable(life, event->cause, e);
		break;
	case CLIENT_EVENT_REMOVE:
		remove_client(life, e);
		break;
	case CLIENT_EVENT_CHECKER_START:
		start_checker(life, e);
		break;
	case CLIENT_EVENT_CHECKER_STOP:
		stop_checker(life, e);
		break;
	case CLIENT_EVENT_APPROVE:
		decide(life, DECISION_APPROVED, now, e);
		break;
	case CLIENT_EVENT_DENY:
		decide(life, DECISION_DENIED, now, e);
		break;
	case CLIENT_EVENT_SESSION_BEGIN:
		session_begin(life, e);
		break;
	case CLIENT_EVENT_SESSION_END:
		session_end(life, e);
		break;
	case CLIENT_EVENT_ASKED:
		life->last_approval_request = now.real;
		changed(e, CLIENT_LAST_APPROVAL_REQUEST);
		effect(e, EFFECT_SAVE_SOON);
		break;
	case CLIENT_EVENT_SET_TIMEOUT:
	case CLIENT_EVENT_SET_INTERVAL:
	case CLIENT_EVENT_SET_EXTENDED_TIMEOUT:
	case CLIENT_EVENT_SET_APPROVAL_DELAY:
	case CLIENT_EVENT_SET_APPROVAL_DURATION:
	case CLIENT_EVENT_SET_APPROVED_BY_DEFAULT:
		set_rule(life, event, now, e);
		break;
	}
}
