/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model.h"

#include <stddef.h>

static usec_t later(usec_t moment, usec_t span)
{
	if (span >= CLIENT_DEADLINE_MAX || moment + span >= CLIENT_DEADLINE_MAX)
		return CLIENT_DEADLINE_MAX;
	return moment + span;
}

static usec_t latest(usec_t a, usec_t b)
{
	return a > b ? a : b;
}

/* SRV-LIFE-38 */
static usec_t interval_of(const struct model *m)
{
	return m->rules.interval < USEC_PER_SEC ? USEC_PER_SEC : m->rules.interval;
}

void model_init(struct model *m, const struct client_rules *rules, bool enabled, struct instant now)
{
	*m = (struct model){
		.exists = true,
		.enabled = enabled,
		.cause = enabled ? DISABLE_NONE : DISABLE_CONFIGURED,
		.rules = *rules,
		.status = -2,
		.last_ok = USEC_NEVER,
		.last_enabled = enabled ? now.real : USEC_NEVER,
		.disabled_at = enabled ? USEC_NEVER : now.real,
	};
}

/* What was left when it was written, less the time since, if the clock knows of any. */
static usec_t time_left(const struct durable *d, struct instant now)
{
	usec_t left = d->expires > d->saved ? d->expires - d->saved : 0;
	usec_t since = now.real > d->saved ? now.real - d->saved : 0;

	return left > since ? left - since : 0;
}

/* Nothing that happens to a client gives it more than this (SRV-LIFE-3, -10, -14, -15). */
static usec_t most_left(const struct model *m)
{
	usec_t most = latest(m->rules.timeout, m->rules.extended_timeout);

	if (interval_of(m) >= CLIENT_DEADLINE_MAX)
		return CLIENT_DEADLINE_MAX;
	return latest(most, 2 * interval_of(m));
}

void model_restore(struct model *m, const struct durable *d, bool configured_enabled,
		   struct instant now)
{
	bool enabled =
		configured_enabled == d->configured_enabled ? d->enabled : configured_enabled;
	bool was_well = d->last_checked_ok != USEC_NEVER && d->last_checker_status == 0;

	model_init(m, &d->rules, enabled, now);
	m->status = d->last_checker_status;
	m->last_ok = d->last_checked_ok;
	m->last_enabled = d->last_enabled;
	m->exists = !d->removed;
	m->expires = later(now.boot, d->rules.timeout);
	if (!enabled && configured_enabled == d->configured_enabled) {
		m->cause = d->cause;
		m->disabled_at = d->disabled_at;
	} else if (!enabled) {
		m->cause = DISABLE_CONFIGURED;
	} else if (d->expires == USEC_NEVER) { /* SRV-STATE-15 */
		m->last_enabled = now.real;
	} else if (time_left(d, now) > 0) {
		usec_t left = time_left(d, now);

		m->expires = later(now.boot, left < most_left(m) ? left : most_left(m));
	} else { /* SRV-STATE-14 */
		m->enabled = was_well;
		m->cause = was_well ? DISABLE_NONE : DISABLE_TIMEOUT;
		m->disabled_at = was_well ? USEC_NEVER : now.real;
	}
}

bool model_may_give(const struct model *m, struct instant now)
{
	return m->exists && m->enabled && now.boot < m->expires;
}

enum policy_verdict model_verdict(const struct model *m, struct instant now, bool waited_out)
{
	enum client_decision decision = now.boot <= m->decision_end ? m->decision : DECISION_NONE;

	if (m->exists && m->enabled && m->verdict_by != 0)
		return POLICY_HOLD;
	if (!model_may_give(m, now))
		return POLICY_REFUSE_DISABLED;
	if (waited_out && decision == DECISION_NONE)
		return m->rules.approved_by_default ? POLICY_GIVE : POLICY_REFUSE_TIMED_OUT;
	if (decision == DECISION_APPROVED)
		return POLICY_GIVE;
	if (m->rules.approval_delay == 0 && !waited_out)
		return POLICY_GIVE;
	return decision == DECISION_DENIED ? POLICY_REFUSE_DENIED : POLICY_ASK;
}

/* SRV-LIFE-17 */
static void turn_off(struct model *m, enum disable_cause cause, struct instant now)
{
	if (!m->enabled)
		return;
	m->enabled = false;
	m->cause = cause;
	m->disabled_at = now.real;
	m->checker = false;
	m->extension_end = 0;
	m->before_first_check = false;
	m->verdict_by = 0;
}

/* More than a second after an expiry only a server is that was not able to look. */
static bool server_was_late(const struct model *m, struct instant now)
{
	return now.boot > later(m->expires, USEC_PER_SEC);
}

/* It looks first: a checker that begins now, or after the stale one, decides; within a time. */
static void ask_a_checker(struct model *m, struct instant now)
{
	m->verdict_by = later(now.boot, latest(interval_of(m), 10 * USEC_PER_SEC));
	m->checker = true;
}

/* SRV-LIFE-3; what can be an extended expiry of before the restart is one */
static void server_starts(struct model *m, usec_t delay, struct instant now)
{
	usec_t restored = m->expires;

	if (!m->enabled || m->next_check != 0)
		return;
	m->next_check = later(now.boot, delay);
	m->before_first_check = true;
	m->expires =
		latest(later(m->next_check, interval_of(m)), later(now.boot, m->rules.timeout));
	if (restored > now.boot)
		m->expires = latest(m->expires, restored);
	if (restored > now.boot && restored <= later(now.boot, m->rules.extended_timeout))
		m->extension_end = restored;
}

/* SRV-LIFE-3, SRV-LIFE-4: a checker starts, or the one that runs is left alone */
static void check_comes(struct model *m, struct instant now)
{
	m->checker = true;
	m->check_came = true;
	if (m->before_first_check) {
		m->expires = latest(m->expires, later(now.boot, interval_of(m)));
		m->verdict_by = 0;
	}
	m->before_first_check = false;
}

static void time_comes(struct model *m, struct instant now)
{
	if (m->decision != DECISION_NONE && m->decision_end <= now.boot)
		m->decision = DECISION_NONE;
	if (m->enabled && m->next_check <= now.boot)
		check_comes(m, now);
}

/* SRV-LIFE-10, SRV-LIFE-13, SRV-LIFE-20, and the Fix of -14 */
static void is_well(struct model *m, struct instant now)
{
	usec_t expires = later(now.boot, m->rules.timeout);

	m->status = 0;
	m->last_ok = now.real;
	if (!m->enabled)
		return;
	m->verdict_by = 0;
	if (now.boot < m->extension_end && m->expires > expires)
		return;
	m->expires = expires;
}

/* A checker of a client whose expiry has come ends: is its outcome a verdict? */
static bool is_verdict(struct model *m, int status, struct instant now)
{
	if (m->verdict_by != 0 && !m->check_is_stale) {
		if (status == 0 && now.boot < m->verdict_by)
			return true;
		turn_off(m, DISABLE_TIMEOUT, now);
		return true;
	}
	if (m->verdict_by == 0 && !server_was_late(m, now)) {
		turn_off(m, DISABLE_TIMEOUT, now);
		return true;
	}
	m->check_is_stale = false;
	ask_a_checker(m, now);
	return false;
}

static void checker_ends(struct model *m, int status, struct instant now)
{
	if (!m->checker)
		return;
	m->checker = false;
	if (m->enabled && m->expires <= now.boot && !is_verdict(m, status, now)) {
		m->status = status;
		if (status == 0)
			m->last_ok = now.real;
		return;
	}
	m->status = status;
	if (status == 0)
		is_well(m, now);
}

/* SRV-LIFE-15 */
static void turn_on(struct model *m, struct instant now)
{
	usec_t two_intervals = later(later(now.boot, interval_of(m)), interval_of(m));

	if (m->enabled)
		return;
	m->enabled = true;
	m->cause = DISABLE_NONE;
	m->disabled_at = USEC_NEVER;
	m->last_enabled = now.real;
	m->next_check = later(now.boot, interval_of(m));
	m->expires = latest(two_intervals, later(now.boot, m->rules.timeout));
}

/* SRV-LIFE-30, SRV-LIFE-37 */
static void new_timeout(struct model *m, usec_t timeout, struct instant now)
{
	usec_t old = m->rules.timeout;

	m->rules.timeout = timeout;
	if (!m->enabled || timeout == old)
		return;
	if (timeout > old)
		m->expires = later(m->expires, timeout - old);
	else if (m->expires == CLIENT_DEADLINE_MAX)
		m->expires = later(now.boot, timeout);
	else
		m->expires = m->expires > old - timeout ? m->expires - (old - timeout) : 0;
	if (m->expires <= now.boot)
		turn_off(m, DISABLE_TIMEOUT, now);
	else
		m->verdict_by = 0;
}

/* SRV-LIFE-31 */
static void new_interval(struct model *m, usec_t interval, struct instant now)
{
	bool same = m->rules.interval == interval;

	m->rules.interval = interval;
	if (!m->enabled || same)
		return;
	m->next_check = later(now.boot, interval_of(m));
	m->before_first_check = false;
	m->checker = true;
}

static void decided(struct model *m, enum client_decision decision, struct instant now)
{
	m->decision = decision;
	m->decision_end = later(now.boot, m->rules.approval_duration);
}

static void rule_changes(struct model *m, const struct client_event *event, struct instant now)
{
	if (event->type == CLIENT_EVENT_SET_TIMEOUT)
		new_timeout(m, event->usec, now);
	if (event->type == CLIENT_EVENT_SET_INTERVAL)
		new_interval(m, event->usec, now);
	if (event->type == CLIENT_EVENT_SET_EXTENDED_TIMEOUT)
		m->rules.extended_timeout = event->usec;
	if (event->type == CLIENT_EVENT_SET_APPROVAL_DELAY)
		m->rules.approval_delay = event->usec;
	if (event->type == CLIENT_EVENT_SET_APPROVAL_DURATION)
		m->rules.approval_duration = event->usec;
	if (event->type == CLIENT_EVENT_SET_APPROVED_BY_DEFAULT)
		m->rules.approved_by_default = event->flag;
}

static void life_changes(struct model *m, const struct client_event *event, struct instant now)
{
	enum client_event_type type = event->type;

	if (type == CLIENT_EVENT_START)
		server_starts(m, event->usec, now);
	if (type == CLIENT_EVENT_TICK)
		time_comes(m, now);
	if (type == CLIENT_EVENT_CHECKER_EXITED)
		checker_ends(m, event->status, now);
	if (type == CLIENT_EVENT_CHECKER_CANCELLED || type == CLIENT_EVENT_CHECKER_STOP)
		m->checker = false;
	if (type == CLIENT_EVENT_CHECKER_START)
		m->checker = true;
	if (type == CLIENT_EVENT_CHECKED_OK)
		is_well(m, now);
	if (type == CLIENT_EVENT_SECRET_SENT && m->enabled) {
		m->expires = m->extension_end = later(now.boot, m->rules.extended_timeout);
		m->verdict_by = 0;
	}
	if (type == CLIENT_EVENT_ENABLE)
		turn_on(m, now);
	if (type == CLIENT_EVENT_DISABLE)
		turn_off(m, event->cause, now);
	if (type == CLIENT_EVENT_APPROVE)
		decided(m, DECISION_APPROVED, now);
	if (type == CLIENT_EVENT_DENY)
		decided(m, DECISION_DENIED, now);
	if (type == CLIENT_EVENT_SESSION_BEGIN)
		m->pending++;
}

/* SRV-LIFE-5: whatever comes after the expiry finds a client that is disabled, or being judged. */
static bool finds_it_expired(const struct model *m, enum client_event_type type, struct instant now)
{
	if (!m->enabled || m->expires > now.boot)
		return false;
	/* judged by themselves, or of no weight */
	return type != CLIENT_EVENT_START && type != CLIENT_EVENT_CHECKER_EXITED &&
	       type != CLIENT_EVENT_CHECKER_CANCELLED && type != CLIENT_EVENT_CHECKER_LAUNCHED &&
	       type != CLIENT_EVENT_SESSION_END;
}

static void time_is_over(struct model *m, enum client_event_type type, struct instant now)
{
	if (type == CLIENT_EVENT_ENABLE) {
		turn_off(m, DISABLE_TIMEOUT, now);
	} else if (m->verdict_by != 0) {
		if (m->verdict_by <= now.boot)
			turn_off(m, DISABLE_TIMEOUT, now);
	} else if (server_was_late(m, now)) {
		m->check_is_stale = m->checker;
		ask_a_checker(m, now);
	} else {
		turn_off(m, DISABLE_TIMEOUT, now);
	}
}

void model_event(struct model *m, const struct client_event *event, struct instant now)
{
	if (event->type == CLIENT_EVENT_SESSION_END && m->pending > 0)
		m->pending--;
	if (!m->exists)
		return;
	if (event->type == CLIENT_EVENT_REMOVE) { /* SRV-LIFE-19 */
		m->exists = m->enabled = m->checker = false;
		return;
	}
	if (finds_it_expired(m, event->type, now))
		time_is_over(m, event->type, now);
	life_changes(m, event, now);
	rule_changes(m, event, now);
}

/*
 * The check timer: exact when it was served in time. After a late tick the specification leaves
 * open how the rhythm goes on, within an interval and a second (SRV-LIFE-38).
 */
static bool check_timer_is_right(struct model *m, const struct client_life *life,
				 struct instant now)
{
	usec_t due = m->next_check;

	if (!m->check_came)
		return life->check_due == due;
	m->check_came = false;
	m->next_check = life->check_due;
	if (due == now.boot)
		return life->check_due == later(due, interval_of(m));
	return life->check_due >= later(now.boot, USEC_PER_SEC) &&
	       life->check_due <= later(now.boot, interval_of(m));
}

static const char *rules_difference(const struct client_rules *a, const struct client_rules *b)
{
	if (a->timeout != b->timeout || a->interval != b->interval ||
	    a->extended_timeout != b->extended_timeout)
		return "times of the rules";
	if (a->approval_delay != b->approval_delay ||
	    a->approval_duration != b->approval_duration ||
	    a->approved_by_default != b->approved_by_default)
		return "approval rules";
	return NULL;
}

const char *model_difference(struct model *m, const struct client_life *life, struct instant now)
{
	if (life->removed == m->exists)
		return "removed";
	if (life->n_pending != m->pending)
		return "n_pending";
	if (life->enabled != m->enabled)
		return "enabled";
	if (life->checker_running != m->checker)
		return "checker_running";
	if (life->removed)
		return client_next_deadline(life) == USEC_NEVER ? NULL : "deadline when removed";
	if (life->enabled && life->expires != m->expires)
		return "expires";
	if ((life->judging != JUDGING_NOT) != (m->verdict_by != 0))
		return "judging";
	if (m->verdict_by != 0 && life->judge_by != m->verdict_by)
		return "judge_by";
	if (!life->enabled && (life->expires != USEC_NEVER || life->check_due != USEC_NEVER))
		return "deadline when disabled";
	if (life->disable_cause != m->cause)
		return "disable_cause";
	if (life->last_checker_status != m->status)
		return "last_checker_status";
	if (life->last_checked_ok != m->last_ok)
		return "last_checked_ok";
	if (life->last_enabled != m->last_enabled)
		return "last_enabled";
	if (life->disabled_at != m->disabled_at)
		return "disabled_at";
	if (life->decision != m->decision)
		return "decision";
	if (m->decision != DECISION_NONE && life->decision_until != m->decision_end)
		return "decision_until";
	if (life->enabled && !check_timer_is_right(m, life, now))
		return "check_due";
	return rules_difference(&life->rules, &m->rules);
}
