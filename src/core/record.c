/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/record.h"

#include "core/keeper.h"

struct store_settings record_current(const struct client *c)
{
	return (struct store_settings){
		.host = c->host,
		.checker = c->checker,
		.fingerprint = c->fingerprint,
		.has_key_id = c->has_key_id,
		.key_id = c->key_id,
		.rules = c->life.rules,
	};
}

struct store_settings record_configured(const struct client_settings *s)
{
	return (struct store_settings){
		.host = s->host,
		.checker = s->checker,
		.fingerprint = s->fingerprint,
		.has_key_id = s->has_key_id,
		.key_id = s->key_id,
		.rules = s->rules,
		.enabled = s->enabled,
	};
}

struct store_record record_in_force(const struct client *c, struct instant now)
{
	return (struct store_record){
		.name = c->name,
		.sealed = c->sealed ? c->sealed->data : NULL,
		.sealed_size = c->sealed ? c->sealed->size : 0,
		.current = record_current(c),
		.life = keeper_life(c, now),
	};
}

struct store_record record_make(const struct client *c, const struct client_settings *s,
				struct instant now)
{
	struct store_record record = record_in_force(c, now);

	record.configured = record_configured(s);
	return record;
}
