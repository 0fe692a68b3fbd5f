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

/* At most one of EFFECT_SAVE and EFFECT_SAVE_SOON is in a list: the stronger one. */
static void save(struct client_effects *e, enum client_effect_type type)
{
	for (unsigned int i = 0; i < e->n; i++) {
		if (e->list[i].type == EFFECT_SAVE)
			return;
		if (e->list[i].type == EFFECT_SAVE_SOON) {
			e->list[i].type = type;
			return;
		}
	}
	effect(e, type);
}

static usec_t deadline(usec_t from, usec_t span)
{
	return MIN_OF(usec_add(from, span), CLIENT_DEADLINE_MAX);
}

static void set_stamp(usec_t *stamp, usec_t value, enum client_property property,
		      struct client_effects *e)
{
	if (*stamp == value)
		return;
	*stamp = value;
	changed(e, property);
	save(e, EFFECT_SAVE_SOON);
}

/* A crash may lose trust that was given, but must not bring back trust that was taken. */
static void set_expires(struct client_life *life, usec_t expires, struct client_effects *e)
{
	bool earlier = expires < life->expires;

	if (life->expires == expires)
		return;
	life->expires = expires;
	changed(e, CLIENT_EXPIRES);
	save(e, earlier ? EFFECT_SAVE : EFFECT_SAVE_SOON);
}

/*
 * A good last check is what keeps a client over a downtime of the server (SRV-STATE-14), so the
 * news that it is no longer good must not be lost in a crash.
 */
static void set_status(struct client_life *life, int16_t status, struct client_effects *e)
{
	bool worse = life->last_checker_status == 0;

	if (life->last_checker_status == status)
		return;
	life->last_checker_status = status;
	changed(e, CLIENT_LAST_CHECKER_STATUS);
	save(e, worse ? EFFECT_SAVE : EFFECT_SAVE_SOON);
}

usec_t client_check_interval(const struct client_life *life)
{
	return MAX_OF(life->rules.interval, CLIENT_INTERVAL_MIN);
}

usec_t client_next_deadline(const struct client_life *life)
{
	usec_t end = life->judging == JUDGING_NOT ? life->expires : life->judge_by;

	return MIN_OF(MIN_OF(end, life->check_due), life->decision_until);
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
		.disabled_at = enabled ? USEC_NEVER : now.real,
		.last_checked_ok = USEC_NEVER,
		.last_approval_request = USEC_NEVER,
		.last_checker_status = CHECKER_STATUS_NONE,
		.expires = USEC_NEVER,
		.extended_until = 0,
		.check_due = USEC_NEVER,
		.decision_until = USEC_NEVER,
		.judge_by = USEC_NEVER,
	};
}

static void enter_judging(struct client_life *life, enum client_judging judging, usec_t judge_by)
{
	life->judging = judging;
	life->judge_by = judge_by;
}

/* It is alive, or has been given time in another way: whoever was held until now is decided. */
static void leave_judging(struct client_life *life, struct client_effects *e)
{
	if (life->judging == JUDGING_NOT)
		return;
	enter_judging(life, JUDGING_NOT, USEC_NEVER);
	effect(e, EFFECT_DECIDE);
}

static void start_checker(struct client_life *life, struct client_effects *e)
{
	if (life->checker_running)
		return;
	life->checker_running = true;
	life->checker_waiting = true;
	changed(e, CLIENT_CHECKER_RUNNING);
	effect(e, EFFECT_START_CHECKER);
}

/* Its process has ended, or there never was one. */
static void checker_is_over(struct client_life *life, struct client_effects *e)
{
	life->checker_running = false;
	life->checker_waiting = false;
	changed(e, CLIENT_CHECKER_RUNNING);
}

static void stop_checker(struct client_life *life, struct client_effects *e)
{
	if (!life->checker_running)
		return;
	checker_is_over(life, e);
	effect(e, EFFECT_STOP_CHECKER);
}

static void disable(struct client_life *life, enum disable_cause cause, struct instant now,
		    struct client_effects *e)
{
	if (!life->enabled)
		return;
	life->expires = USEC_NEVER;
	life->extended_until = 0;
	life->check_due = USEC_NEVER;
	life->first_check_pending = false;
	enter_judging(life, JUDGING_NOT, USEC_NEVER);
	changed(e, CLIENT_EXPIRES);
	stop_checker(life, e);
	life->enabled = false;
	life->disable_cause = cause;
	life->disabled_at = now.real;
	changed(e, CLIENT_ENABLED);
	save(e, EFFECT_SAVE);
	/* SRV-APR-9: whoever waits for approval must be refused now, not when the wait is over. */
	effect(e, EFFECT_DECIDE);
}

static usec_t judging_end(const struct client_life *life, struct instant now)
{
	return deadline(now.boot, MAX_OF(client_check_interval(life), CLIENT_JUDGE_MIN_USEC));
}

/*
 * The expiry has come. If that is noticed too late, or the check that should have prevented it
 * still waits for its turn, then the server was behind and the client is not to blame: it gets a
 * check first. It gets nothing else meanwhile, and the check has an end.
 */
static void serve_expiry(struct client_life *life, struct instant now, struct client_effects *e)
{
	bool is_late = now.boot - life->expires > CLIENT_LATE_USEC || life->checker_waiting;

	if (life->judging != JUDGING_NOT) {
		if (life->judge_by <= now.boot)
			disable(life, DISABLE_TIMEOUT, now, e);
		return;
	}
	if (!is_late) {
		disable(life, DISABLE_TIMEOUT, now, e);
		return;
	}
	enter_judging(life,
		      life->checker_running && !life->checker_waiting ? JUDGING_OLD_CHECK
								      : JUDGING_CHECK,
		      judging_end(life, now));
	start_checker(life, e);
}

static void enable(struct client_life *life, struct instant now, struct client_effects *e)
{
	usec_t interval = client_check_interval(life);
	usec_t grace = MAX_OF(usec_add(interval, interval), life->rules.timeout);

	if (life->enabled)
		return;
	life->enabled = true;
	life->disable_cause = DISABLE_NONE;
	life->disabled_at = USEC_NEVER;
	life->check_due = deadline(now.boot, interval);
	changed(e, CLIENT_ENABLED);
	save(e, EFFECT_SAVE);
	set_stamp(&life->last_enabled, now.real, CLIENT_LAST_ENABLED, e);
	set_expires(life, deadline(now.boot, grace), e);
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
	life->checker_waiting = false;
	life->expires = USEC_NEVER;
	life->check_due = USEC_NEVER;
	enter_judging(life, JUDGING_NOT, USEC_NEVER);
	life->decision = DECISION_NONE;
	life->decision_until = USEC_NEVER;
	if (running)
		effect(e, EFFECT_STOP_CHECKER);
	save(e, EFFECT_SAVE);
	effect(e, EFFECT_DECIDE);
}

/*
 * The server's start. The first checks are spread over one interval, so the first expiry must leave
 * room for the latest of them; and neither the timeout nor what was granted before may be cut short
 * by a restart (the Fix of SRV-LIFE-3). Whether a restored expiry was an extended one is not in the
 * state; one that can be an extension is taken for it, since otherwise the first good check would
 * cancel it (the Fix of SRV-LIFE-14).
 */
static void start(struct client_life *life, usec_t delay, struct instant now,
		  struct client_effects *e)
{
	usec_t first = deadline(now.boot, delay);
	usec_t expires = deadline(first, client_check_interval(life));
	/* USEC_NEVER, nothing restored, counts as past. */
	usec_t restored =
		life->expires == USEC_NEVER ? 0 : MIN_OF(life->expires, CLIENT_DEADLINE_MAX);

	if (!life->enabled || life->check_due != USEC_NEVER)
		return;
	expires = MAX_OF(expires, deadline(now.boot, life->rules.timeout));
	if (restored > now.boot) {
		expires = MAX_OF(expires, restored);
		if (restored <= deadline(now.boot, life->rules.extended_timeout))
			life->extended_until = restored;
	}
	life->check_due = first;
	life->first_check_pending = true;
	life->expires = expires;
	changed(e, CLIENT_EXPIRES);
	save(e, EFFECT_SAVE_SOON);
}

/*
 * After a pause of the whole machine or process, missed checks are not made up for; and also after
 * a short one, the next check keeps its distance (SRV-LIFE-38).
 */
static void check_is_due(struct client_life *life, struct instant now, struct client_effects *e)
{
	usec_t interval = client_check_interval(life);
	usec_t next = deadline(life->check_due, interval);

	if (next <= now.boot)
		next = deadline(now.boot, interval);
	life->check_due = MAX_OF(next, deadline(now.boot, CLIENT_INTERVAL_MIN));
	start_checker(life, e);
	if (!life->first_check_pending)
		return;
	life->first_check_pending = false;
	set_expires(life, MAX_OF(life->expires, deadline(now.boot, interval)), e);
	leave_judging(life, e);
}

static void tick(struct client_life *life, struct instant now, struct client_effects *e)
{
	if (life->decision_until <= now.boot) {
		life->decision = DECISION_NONE;
		life->decision_until = USEC_NEVER;
	}
	if (life->check_due <= now.boot)
		check_is_due(life, now, e);
}

/*
 * Until the extended expiry has passed, a good check never moves expires back: a check that was
 * already running when the secret was sent would otherwise cancel the extension that lets the
 * client finish its boot (the Fix of SRV-LIFE-14).
 */
static void extend_by_timeout(struct client_life *life, struct instant now,
			      struct client_effects *e)
{
	usec_t expires = deadline(now.boot, life->rules.timeout);

	if (!life->enabled)
		return;
	if (now.boot < life->extended_until)
		expires = MAX_OF(expires, life->expires);
	set_expires(life, expires, e);
	leave_judging(life, e);
}

/*
 * The outcome of a check that is served after the expiry: whether it counts for the expiry. One
 * that was begun before the server fell behind does not, good or bad: a good one may be as old as
 * the pause was long.
 */
static bool judge(struct client_life *life, int16_t status, struct instant now,
		  struct client_effects *e)
{
	bool is_late = now.boot - life->expires > CLIENT_LATE_USEC;

	if (life->judging == JUDGING_CHECK && status == 0 && now.boot < life->judge_by)
		return true;
	if (life->judging == JUDGING_CHECK || (life->judging == JUDGING_NOT && !is_late)) {
		disable(life, DISABLE_TIMEOUT, now, e);
		return false;
	}
	enter_judging(life, JUDGING_CHECK, judging_end(life, now));
	start_checker(life, e);
	return false;
}

/*
 * A result that is served after the expiry is recorded as that of a disabled client (SRV-LIFE-20).
 * DBUS-CHG-4 has the status before LastCheckedOK here, and after it in checked_ok().
 */
static void checker_exited(struct client_life *life, int16_t status, struct instant now,
			   struct client_effects *e)
{
	bool counts = true;

	if (!life->checker_running)
		return;
	checker_is_over(life, e);
	if (life->expires <= now.boot)
		counts = judge(life, status, now, e);
	set_status(life, status, e);
	if (status != 0)
		return;
	set_stamp(&life->last_checked_ok, now.real, CLIENT_LAST_CHECKED_OK, e);
	if (counts)
		extend_by_timeout(life, now, e);
}

static void checker_cancelled(struct client_life *life, struct client_effects *e)
{
	if (life->checker_running)
		checker_is_over(life, e);
}

static void checked_ok(struct client_life *life, struct instant now, struct client_effects *e)
{
	set_stamp(&life->last_checked_ok, now.real, CLIENT_LAST_CHECKED_OK, e);
	set_status(life, 0, e);
	extend_by_timeout(life, now, e);
}

static void secret_sent(struct client_life *life, struct instant now, struct client_effects *e)
{
	if (!life->enabled)
		return;
	life->extended_until = deadline(now.boot, life->rules.extended_timeout);
	set_expires(life, life->extended_until, e);
	leave_judging(life, e);
}

static void decide(struct client_life *life, enum client_decision decision, struct instant now,
		   struct client_effects *e)
{
	life->decision = decision;
	life->decision_until = deadline(now.boot, life->rules.approval_duration);
	effect(e, EFFECT_DECIDE);
}

static void session_begin(struct client_life *life, struct client_effects *e)
{
	if (life->n_pending++ == 0)
		changed(e, CLIENT_APPROVAL_PENDING);
}

static void session_end(struct client_life *life, struct client_effects *e)
{
	if (life->n_pending == 0)
		return;
	if (--life->n_pending == 0 && !life->removed)
		changed(e, CLIENT_APPROVAL_PENDING);
}

/*
 * SRV-LIFE-30, -37: the expiry moves by the difference, whatever it was based on. Only when it
 * stands at the end of all reckoning is that base not known any more; then it counts from now, as a
 * shorter timeout must not leave the client without an end.
 */
static usec_t shifted(usec_t expires, usec_t old, usec_t timeout, struct instant now)
{
	if (timeout > old)
		return deadline(expires, timeout - old);
	if (expires == CLIENT_DEADLINE_MAX)
		return deadline(now.boot, timeout);
	return usec_sub(expires, old - timeout);
}

static void set_timeout(struct client_life *life, usec_t timeout, struct instant now,
			struct client_effects *e)
{
	usec_t old = life->rules.timeout;

	if (timeout == old)
		return;
	life->rules.timeout = timeout;
	changed(e, CLIENT_TIMEOUT);
	save(e, EFFECT_SAVE);
	if (!life->enabled)
		return;
	set_expires(life, shifted(life->expires, old, timeout, now), e);
	if (life->expires <= now.boot)
		disable(life, DISABLE_TIMEOUT, now, e);
	else
		leave_judging(life, e);
}

static void set_interval(struct client_life *life, usec_t interval, struct instant now,
			 struct client_effects *e)
{
	if (interval == life->rules.interval)
		return;
	life->rules.interval = interval;
	changed(e, CLIENT_INTERVAL);
	save(e, EFFECT_SAVE);
	if (!life->enabled)
		return;
	life->check_due = deadline(now.boot, client_check_interval(life));
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
	save(e, EFFECT_SAVE);
}

static void set_approved_by_default(struct client_life *life, bool value, struct client_effects *e)
{
	if (life->rules.approved_by_default == value)
		return;
	life->rules.approved_by_default = value;
	changed(e, CLIENT_APPROVED_BY_DEFAULT);
	save(e, EFFECT_SAVE);
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
	case CLIENT_EVENT_CHECKER_LAUNCHED:
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

/*
 * On a busy server a client's expiry and other events are served in one turn, in any order. What
 * comes after the expiry, by time, must find the client disabled: otherwise a late good check or a
 * late setting would bring back somebody who has perhaps been refused already. Not so for
 * - START, which is what decides what a restored expiry is worth,
 * - CHECKER_EXITED, which does it itself, since what has ended is not to be stopped,
 * - CHECKER_LAUNCHED, _CANCELLED and SESSION_END, which say nothing about trust; the last comes
 * while sessions are being decided and must not ask for that again, and
 * - REMOVE, after which no change is announced.
 */
static bool comes_after_expiry(const struct client_life *life, enum client_event_type type,
			       struct instant now)
{
	return life->expires <= now.boot && type != CLIENT_EVENT_START &&
	       type != CLIENT_EVENT_CHECKER_EXITED && type != CLIENT_EVENT_CHECKER_CANCELLED &&
	       type != CLIENT_EVENT_CHECKER_LAUNCHED && type != CLIENT_EVENT_SESSION_END &&
	       type != CLIENT_EVENT_REMOVE;
}

void client_step(struct client_life *life, const struct client_event *event, struct instant now,
		 struct client_effects *ret_effects)
{
	struct client_effects *e = ret_effects;

	e->n = 0;
	if (life->removed && event->type != CLIENT_EVENT_SESSION_END)
		return;
	if (comes_after_expiry(life, event->type, now)) {
		/* Who asks for ENABLE does not want to wait for a verdict. */
		if (event->type == CLIENT_EVENT_ENABLE)
			disable(life, DISABLE_TIMEOUT, now, e);
		else
			serve_expiry(life, now, e);
	}
	switch (event->type) {
	case CLIENT_EVENT_START:
		start(life, event->usec, now, e);
		break;
	case CLIENT_EVENT_TICK:
		tick(life, now, e);
		break;
	case CLIENT_EVENT_CHECKER_LAUNCHED:
		life->checker_waiting = false;
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
		disable(life, event->cause, now, e);
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
		set_stamp(&life->last_approval_request, now.real, CLIENT_LAST_APPROVAL_REQUEST, e);
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
