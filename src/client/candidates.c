/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/candidates.h"

#include <string.h>

#include "base/util.h"

static bool is_same(const struct candidate *a, const struct peer *server, uint32_t index)
{
	return a->is_used && a->index == index && a->server.family == server->family &&
	       a->server.port == server->port && a->server.scope_id == server->scope_id &&
	       memcmp(a->server.address, server->address, sizeof(server->address)) == 0;
}

static struct candidate *find(struct candidates *c, const struct peer *server, uint32_t index)
{
	for (size_t i = 0; i < CANDIDATES_MAX; i++) {
		if (is_same(&c->list[i], server, index))
			return &c->list[i];
	}
	return NULL;
}

static struct candidate *find_room(struct candidates *c)
{
	struct candidate *worst = NULL;

	for (size_t i = 0; i < CANDIDATES_MAX; i++) {
		struct candidate *one = &c->list[i];

		if (!one->is_used)
			return one;
		if (one->is_named || one->is_busy || one->n_failed == 0)
			continue;
		if (!worst || one->n_failed > worst->n_failed)
			worst = one;
	}
	return worst;
}

static void ask_soon(struct candidate *one, usec_t now)
{
	usec_t soon = one->tried ? usec_add(one->tried, CANDIDATES_WAKE_USEC) : now;

	one->due = MIN_OF(one->due, MAX_OF(soon, now));
}

struct candidate *candidates_add(struct candidates *c, const struct peer *server, uint32_t index,
				 bool is_named, usec_t now)
{
	struct candidate *one = find(c, server, index);

	if (one) {
		/* Whoever answered last time has not become another by being named again. */
		bool may_be_back = one->was_away || one->is_gone;

		one->is_gone = false;
		one->is_named |= is_named;
		if (!one->is_busy && may_be_back)
			ask_soon(one, now);
		return one;
	}
	one = find_room(c);
	if (one)
		*one = (struct candidate){ .is_used = true,
					   .is_named = is_named,
					   .server = *server,
					   .index = index,
					   .due = now };
	return one;
}

void candidates_gone(struct candidates *c, const struct peer *server, uint32_t index)
{
	struct candidate *one = find(c, server, index);

	if (one)
		one->is_gone = true;
}

struct candidate *candidates_take_due(struct candidates *c, usec_t now)
{
	struct candidate *first = NULL;

	for (size_t i = 0; i < CANDIDATES_MAX; i++) {
		struct candidate *one = &c->list[i];

		if (one->is_used && !one->is_busy && one->due <= now &&
		    (!first || one->due < first->due))
			first = one;
	}
	if (first) {
		first->is_busy = true;
		first->tried = now;
	}
	return first;
}

/* By half as much again for each strained attempt beyond the first few. */
static usec_t rest_of(const struct candidates *c, const struct candidate *one, uint32_t chance)
{
	usec_t base = MAX_OF(c->retry_usec, CANDIDATES_RETRY_MIN_USEC);
	usec_t most = base * CANDIDATES_REST_MOST;
	usec_t rest = base;

	for (unsigned int i = CANDIDATES_PATIENT_TRIES; i < one->n_strained && rest < most; i++)
		rest += rest / 2;
	rest = MIN_OF(rest, most);
	return rest + rest / 4 * (chance % 1024) / 1024;
}

usec_t candidates_put_back(struct candidates *c, struct candidate *one, enum candidate_end end,
			   usec_t now, uint32_t chance)
{
	usec_t rest;

	one->is_busy = false;
	one->was_away = end == CANDIDATE_AWAY;
	one->n_failed++;
	one->n_strained = end == CANDIDATE_STRAINED ? one->n_strained + 1 : 0;
	if (one->is_gone && !one->is_named) {
		*one = (struct candidate){ 0 };
		return USEC_NEVER;
	}
	rest = rest_of(c, one, chance);
	one->due = usec_add(now, rest);
	return rest;
}

void candidates_wake(struct candidates *c, usec_t now)
{
	for (size_t i = 0; i < CANDIDATES_MAX; i++) {
		struct candidate *one = &c->list[i];

		if (one->is_used && !one->is_busy && one->was_away)
			ask_soon(one, now);
	}
}

usec_t candidates_deadline(const struct candidates *c)
{
	usec_t when = USEC_NEVER;

	for (size_t i = 0; i < CANDIDATES_MAX; i++) {
		const struct candidate *one = &c->list[i];

		if (one->is_used && !one->is_busy)
			when = MIN_OF(when, one->due);
	}
	return when;
}
