/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "restore.h"

#include "core/merge.h"

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
		.disabled_at = life->disabled_at,
		.expires = instant_to_real(now, life->expires),
		.last_checked_ok = life->last_checked_ok,
		.last_approval_request = life->last_approval_request,
		.saved = now.real,
		.last_checker_status = life->last_checker_status,
	};
}

void durable_restore(const struct durable *d, bool configured_enabled, struct instant now,
		     struct client_life *ret)
{
	const struct store_record record = {
		.configured = { .rules = d->rules, .enabled = d->configured_enabled },
		.current = { .rules = d->rules },
		.life = { .enabled = d->enabled,
			  .disable_cause = d->cause,
			  .created = d->created,
			  .last_enabled = d->last_enabled,
			  .disabled_at = d->disabled_at,
			  .expires = d->expires,
			  .last_checked_ok = d->last_checked_ok,
			  .last_approval_request = d->last_approval_request,
			  .saved = d->saved,
			  .last_checker_status = d->last_checker_status },
	};

	client_life_init(ret, &d->rules, configured_enabled, now);
	(void)merge_life(ret, configured_enabled, &record, now);
}
