/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "restore.h"

#include "base/util.h"

void durable_save(struct durable *d, const struct client_life *life, bool configured_enabled,
		  struct instant now)
{
	*d = (struct durable){
		.removed = life->removed,
		.enabled = life->enabled,
		.configured_enabled = configured_enabled,
		.cause = life->disable_cause,
		.rules = life->rules,
		.created = life->created,
		.last_enabled = life->last_enabled,
		.expires = instant_to_real(now, life->expires),
		.last_checked_ok = life->last_checked_ok,
		.last_approval_request = life->last_approval_request,
		.last_checker_status = life->last_checker_status,
	};
}

static usec_t newest(usec_t a, usec_t b)
{
	if (a == USEC_NEVER || b == USEC_NEVER)
		return a == USEC_NEVER ? b : a;
	return MAX_OF(a, b);
}

/*
 * The stored expiry on the boot clock. What was written lies in the past; if it does not, the wall
 * clock was set back meanwhile (an empty battery is enough), and a client must not live on by that
 * amount. Time since the newest stamp is then not known, but it is not less than nothing.
 */
static usec_t restored_expiry(const struct durable *d, struct instant now)
{
	usec_t stamp = newest(d->last_enabled, d->last_checked_ok);
	struct instant then = now;

	stamp = newest(stamp, d->last_approval_request);
	if (stamp != USEC_NEVER)
		then.real = MAX_OF(then.real, stamp);
	return instant_to_boot(then, d->expires);
}

static usec_t timeout_from(struct instant now, const struct durable *d)
{
	return MIN_OF(usec_add(now.boot, d->rules.timeout), CLIENT_DEADLINE_MAX);
}

static void disable(struct client_life *life, enum disable_cause cause)
{
	life->enabled = false;
	life->disable_cause = cause;
	life->expires = USEC_NEVER;
}

void durable_restore(const struct durable *d, bool configured_enabled, struct instant now,
		     struct client_life *ret)
{
	/* SRV-STATE-10: an edit of the file overrides, otherwise the state stands. */
	bool edited = configured_enabled != d->configured_enabled;
	bool enabled = edited ? configured_enabled : d->enabled;

	client_life_init(ret, &d->rules, enabled, now);
	ret->created = d->created;
	ret->last_enabled = d->last_enabled;
	ret->last_checked_ok = d->last_checked_ok;
	ret->last_approval_request = d->last_approval_request;
	ret->last_checker_status = d->last_checker_status;
	if (!enabled) {
		disable(ret, d->enabled ? DISABLE_CONFIGURED : d->cause);
		return;
	}
	if (d->expires == USEC_NEVER) { /* SRV-STATE-15 */
		ret->last_enabled = now.real;
		ret->expires = timeout_from(now, d);
		return;
	}
	ret->expires = restored_expiry(d, now);
	if (ret->expires > now.boot)
		return;
	/* SRV-STATE-14 */
	if (d->last_checked_ok == USEC_NEVER || d->last_checker_status != 0)
		disable(ret, DISABLE_TIMEOUT);
	else
		ret->expires = timeout_from(now, d);
}
