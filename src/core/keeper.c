/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/keeper.h"

#include <errno.h>

#include "core/events.h"
#include "core/record.h"
#include "core/turn.h"

struct store_life keeper_life(const struct client *c, struct instant now)
{
	const struct client_life *l = &c->life;

	return (struct store_life){
		.enabled = l->enabled,
		.disable_cause = l->disable_cause,
		.created = l->created,
		.last_enabled = l->last_enabled,
		.disabled_at = l->disabled_at,
		.expires = instant_to_real(now, l->expires),
		.last_checked_ok = l->last_checked_ok,
		.last_approval_request = l->last_approval_request,
		.saved = now.real,
		.last_checker_status = l->last_checker_status,
	};
}

static void arm(struct keeper *k, usec_t delay)
{
	int enabled = SD_EVENT_OFF;

	if (sd_event_source_get_enabled(k->timer, &enabled) > 0)
		return;
	(void)sd_event_source_set_time_relative(k->timer, delay);
	(void)sd_event_source_set_enabled(k->timer, SD_EVENT_ONESHOT);
}

static int on_batch_due(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct keeper *k = userdata;

	(void)keeper_commit(k, true, instant_now());
	return 0;
}

int keeper_init(struct keeper *k, sd_event *event, struct turn *turn, struct store *store)
{
	int r;

	*k = (struct keeper){ .store = store, .turn = turn };
	TAILQ_INIT(&k->urgent);
	TAILQ_INIT(&k->batched);
	r = sd_event_add_time(event, &k->timer, CLOCK_BOOTTIME, 0, 0, on_batch_due, k);
	if (r < 0)
		return r;
	return sd_event_source_set_enabled(k->timer, SD_EVENT_OFF);
}

void keeper_deinit(struct keeper *k)
{
	k->timer = sd_event_source_disable_unref(k->timer);
}

void keeper_note(struct keeper *k, struct client *c, bool urgent)
{
	if (urgent)
		turn_request(k->turn);
	else
		arm(k, KEEPER_BATCH_USEC);
	if (c->save == SAVE_URGENT || (c->save == SAVE_BATCHED && !urgent))
		return;
	if (c->save == SAVE_BATCHED)
		TAILQ_REMOVE(&k->batched, c, save_link);
	c->save = urgent ? SAVE_URGENT : SAVE_BATCHED;
	TAILQ_INSERT_TAIL(urgent ? &k->urgent : &k->batched, c, save_link);
}

void keeper_note_settings(struct keeper *k, struct client *c)
{
	c->save_settings = true;
	keeper_note(k, c, true);
}

int keeper_note_removed(struct keeper *k, struct client *c, bool is_configured)
{
	turn_request(k->turn);
	return is_configured ? store_put_removed(k->store, c->name)
			     : store_remove(k->store, c->name);
}

void keeper_note_lockdown(struct keeper *k, usec_t since)
{
	turn_request(k->turn);
	store_put_lockdown(k->store, since);
}

static int put_one(struct keeper *k, struct client *c, struct instant now)
{
	struct store_record record;

	if (!c->save_settings) {
		struct store_life life = keeper_life(c, now);

		return store_put_life(k->store, c->name, &life);
	}
	record = record_in_force(c, now);
	return store_put_current(k->store, &record);
}

/* Puts every client of a list into the store's next commit. Stops at the first failure. */
static int put_list(struct keeper *k, struct save_list *list, struct instant now)
{
	struct client *c;

	while ((c = TAILQ_FIRST(list))) {
		int r = put_one(k, c, now);

		if (r < 0)
			return r;
		TAILQ_REMOVE(list, c, save_link);
		c->save = SAVE_CLEAN;
		c->save_settings = false;
	}
	return 0;
}

void keeper_forget(struct keeper *k, struct client *c)
{
	if (c->save == SAVE_URGENT)
		TAILQ_REMOVE(&k->urgent, c, save_link);
	else if (c->save == SAVE_BATCHED)
		TAILQ_REMOVE(&k->batched, c, save_link);
	c->save = SAVE_CLEAN;
	c->save_settings = false;
}

static void clear_list(struct save_list *list)
{
	struct client *c;

	while ((c = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, c, save_link);
		c->save = SAVE_CLEAN;
		c->save_settings = false;
	}
}

void keeper_all_saved(struct keeper *k)
{
	clear_list(&k->urgent);
	clear_list(&k->batched);
}

static void on_committed(void *userdata, int result)
{
	*(int *)userdata = result;
}

static int put_and_commit(struct keeper *k, bool all, struct instant now)
{
	int r = put_list(k, &k->urgent, now);

	if (r == 0 && all)
		r = put_list(k, &k->batched, now);
	if (r == 0)
		store_commit(k->store, on_committed, &r);
	return r;
}

int keeper_commit(struct keeper *k, bool all, struct instant now)
{
	int r = put_and_commit(k, all, now);

	if (r < 0) {
		if (!k->failed)
			event_log(EVENT_STATE_NOT_SAVED,
				  &(struct event_details){
					  .reason = store_problem(k->store),
					  .detail = "no secret is given until it can be saved, "
						    "which is tried again every few seconds" });
		k->failed = true;
		arm(k, KEEPER_RETRY_USEC);
		return r;
	}
	if (k->failed) {
		event_log(EVENT_STATE_SAVED_AGAIN, &(struct event_details){ .reason = NULL });
		turn_request(k->turn);
	}
	k->failed = false;
	return 0;
}

int keeper_finish(struct keeper *k, struct instant now)
{
	int r = put_and_commit(k, true, now);

	k->failed = r < 0;
	if (r == -ENOENT || r == -EACCES || r == -EPERM) {
		log_warning("Could not save persistent state: %s", store_problem(k->store));
		return 0;
	}
	if (r < 0)
		log_critical("Could not save persistent state: %s", store_problem(k->store));
	return r;
}
