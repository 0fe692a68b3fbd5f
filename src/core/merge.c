/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/merge.h"

#include <string.h>

#include "base/util.h"

static bool same_text(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static bool same_key(const struct store_settings *a, const struct store_settings *b)
{
	return a->has_key_id == b->has_key_id &&
	       (!a->has_key_id || key_id_equal(&a->key_id, &b->key_id));
}

/* One setting: the saved value if the file still says what it said then. */
#define MERGE_RULE(field)                                         \
	do {                                                      \
		if (configured->rules.field == then->rules.field) \
			ret->rules.field = saved->rules.field;    \
	} while (0)

void merge_settings(const struct store_settings *configured, const struct store_record *record,
		    struct store_settings *ret)
{
	const struct store_settings *then = &record->configured, *saved = &record->current;

	*ret = *configured;
	if (same_text(configured->host, then->host))
		ret->host = saved->host;
	if (same_text(configured->checker, then->checker))
		ret->checker = saved->checker;
	if (same_text(configured->fingerprint, then->fingerprint))
		ret->fingerprint = saved->fingerprint;
	if (same_key(configured, then)) {
		ret->has_key_id = saved->has_key_id;
		ret->key_id = saved->key_id;
	}
	MERGE_RULE(timeout);
	MERGE_RULE(extended_timeout);
	MERGE_RULE(interval);
	MERGE_RULE(approval_delay);
	MERGE_RULE(approval_duration);
	MERGE_RULE(approved_by_default);
}

static enum merge_note disable(struct client_life *life, enum disable_cause cause,
			       usec_t disabled_at, enum merge_note note)
{
	life->enabled = false;
	life->disable_cause = cause;
	life->disabled_at = disabled_at;
	life->expires = USEC_NEVER;
	return note;
}

/* SRV-STATE-14: our own downtime is not held against a client that was fine before. */
static enum merge_note expired_meanwhile(struct client_life *life, struct instant now)
{
	if (life->last_checked_ok == USEC_NEVER)
		return disable(life, DISABLE_TIMEOUT, now.real, MERGE_NEVER_CHECKED);
	if (life->last_checker_status != 0)
		return disable(life, DISABLE_TIMEOUT, now.real, MERGE_LAST_CHECK_BAD);
	life->expires = usec_add(now.boot, life->rules.timeout);
	return MERGE_KEPT;
}

/* The longest that an expiry can lie ahead (SRV-LIFE-3, SRV-LIFE-10, SRV-LIFE-14, SRV-LIFE-15). */
static usec_t longest_ahead(const struct client_rules *rules)
{
	usec_t interval = MAX_OF(rules->interval, CLIENT_INTERVAL_MIN);

	return MAX_OF(usec_add(interval, interval),
		      MAX_OF(rules->timeout, rules->extended_timeout));
}

static usec_t unlimited_expires(const struct store_life *saved, struct instant now)
{
	struct instant then = now;

	if (saved->saved != USEC_NEVER)
		then.real = MAX_OF(now.real, saved->saved);
	return instant_to_boot(then, saved->expires);
}

usec_t merge_expires(const struct client_rules *rules, const struct store_life *saved,
		     struct instant now)
{
	return MIN_OF(unlimited_expires(saved, now), usec_add(now.boot, longest_ahead(rules)));
}

enum merge_note merge_life(struct client_life *life, bool configured_enabled,
			   const struct store_record *record, struct instant now)
{
	const struct store_life *saved = &record->life;
	bool file_changed = configured_enabled != record->configured.enabled;

	life->created = saved->created;
	life->last_enabled = saved->last_enabled;
	life->last_checked_ok = saved->last_checked_ok;
	life->last_approval_request = saved->last_approval_request;
	life->last_checker_status = (int16_t)saved->last_checker_status;
	life->enabled = file_changed ? configured_enabled : saved->enabled;
	if (!life->enabled && !file_changed)
		return disable(life, saved->disable_cause, saved->disabled_at, MERGE_UNREMARKABLE);
	if (!life->enabled)
		return disable(life, DISABLE_CONFIGURED, now.real,
			       saved->enabled ? MERGE_DISABLED_BY_FILE : MERGE_UNREMARKABLE);
	life->disable_cause = DISABLE_NONE;
	life->disabled_at = USEC_NEVER;
	if (saved->expires == USEC_NEVER) {
		life->last_enabled = now.real;
		life->expires = usec_add(now.boot, life->rules.timeout);
		return MERGE_ENABLED_AFRESH;
	}
	life->expires = merge_expires(&life->rules, saved, now);
	if (life->expires <= now.boot)
		return expired_meanwhile(life, now);
	return life->expires < unlimited_expires(saved, now) ? MERGE_SHORTENED : MERGE_UNREMARKABLE;
}
