/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/restore.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "core/events.h"
#include "core/merge.h"
#include "core/record.h"
#include "core/sealed.h"

/* Slewing by a time server is no news. */
#define CLOCK_TOLERANCE_USEC (2 * USEC_PER_SEC)

/* Rows of the state that nobody is configured for any more (SRV-STATE-17); removed after loading.
 */
struct dropped {
	char *name;
	SLIST_ENTRY(dropped) link;
};

struct restoring {
	struct manager *manager;
	struct instant now;
	usec_t last_saved; /* by the clock of then */
	SLIST_HEAD(, dropped) dropped;
};

static int take_settings(struct registry *registry, struct client *c,
			 const struct store_settings *merged)
{
	int r = registry_set_text(&c->host, merged->host);

	if (r == 0)
		r = registry_set_text(&c->checker, merged->checker);
	if (r == 0)
		r = registry_set_text(&c->fingerprint, merged->fingerprint);
	if (r < 0)
		return r;
	if (merged->has_key_id != c->has_key_id || !key_id_equal(&merged->key_id, &c->key_id))
		registry_set_key(registry, c, merged->has_key_id ? &merged->key_id : NULL);
	c->life.rules = merged->rules;
	return 0;
}

/* SRV-STATE-12. What does not open any more is not written again either. */
static int take_secret(struct client *c, const struct store_record *record)
{
	const struct seal seal = { .configured = c->secret, .client = c->name };
	struct secret *secret = NULL;
	struct sealed *sealed;
	int r;

	if (!record->sealed)
		return 0;
	r = sealed_open(record->sealed, record->sealed_size, &seal, &secret);
	if (r < 0)
		return r;
	if (r == SEALED_WRONG) {
		event_log(EVENT_RESTORED_OTHER_SECRET, &(struct event_details){ .client = c });
		return 0;
	}
	sealed = sealed_copy(record->sealed, record->sealed_size);
	if (!sealed) {
		(void)secret_free(secret);
		return -ENOMEM;
	}
	registry_set_secret(c, secret, sealed);
	return 0;
}

static void log_note(const struct client *c, enum merge_note note)
{
	struct event_details details = { .client = c };
	char status[16];

	switch (note) {
	case MERGE_KEPT:
		event_log(EVENT_RESTORED_KEPT, &details);
		break;
	case MERGE_NEVER_CHECKED:
		event_log(EVENT_RESTORED_NEVER_CHECKED, &details);
		break;
	case MERGE_LAST_CHECK_BAD:
		(void)snprintf(status, sizeof(status), "%d", c->life.last_checker_status);
		details.detail = status;
		event_log(EVENT_RESTORED_LAST_CHECK_BAD, &details);
		break;
	case MERGE_SHORTENED:
		event_log(EVENT_RESTORED_SHORTENED, &details);
		break;
	case MERGE_ENABLED_AFRESH:
		details.reason = "its configuration says so";
		event_log(EVENT_CLIENT_ENABLED, &details);
		break;
	case MERGE_DISABLED_BY_FILE:
		details.reason = "its configuration says so";
		event_log(EVENT_CLIENT_DISABLED, &details);
		break;
	case MERGE_UNREMARKABLE:
		break;
	}
}

static int note_dropped(struct restoring *restoring, const char *name)
{
	struct dropped *d = calloc(1, sizeof(*d));

	if (d)
		d->name = strdup(name);
	if (!d || !d->name) {
		free(d);
		return -ENOMEM;
	}
	SLIST_INSERT_HEAD(&restoring->dropped, d, link);
	return 0;
}

static int on_record(void *userdata, const struct store_record *record)
{
	struct restoring *restoring = userdata;
	struct registry *registry = restoring->manager->registry;
	struct client *c = registry_find_name(registry, record->name);
	struct store_settings configured, merged;
	bool configured_enabled;
	int r;

	if (record->life.saved != USEC_NEVER)
		restoring->last_saved = MAX_OF(restoring->last_saved, record->life.saved);
	if (!c)
		return note_dropped(restoring, record->name);
	if (record->removed) {
		registry_remove(registry, c);
		return 0;
	}
	configured_enabled = c->life.enabled;
	configured = record_current(c);
	configured.enabled = configured_enabled;
	merge_settings(&configured, record, &merged);
	r = take_settings(registry, c, &merged);
	if (r == 0)
		r = take_secret(c, record);
	if (r < 0)
		return r;
	log_note(c, merge_life(&c->life, configured_enabled, record, restoring->now));
	return 0;
}

static int drop_records(const struct restore_request *request, struct restoring *restoring)
{
	struct dropped *d;
	int r = 0;

	while ((d = SLIST_FIRST(&restoring->dropped))) {
		if (r == 0 && !request->keep_all)
			r = store_remove(request->store, d->name);
		SLIST_REMOVE_HEAD(&restoring->dropped, link);
		free(d->name);
		free(d);
	}
	return r;
}

/* The policy is in docs/state.md; here it is only said. */
static void warn_of_clock(const struct restoring *restoring)
{
	usec_t ahead = usec_sub(restoring->last_saved, restoring->now.real);

	if (ahead > CLOCK_TOLERANCE_USEC)
		log_warning("The clock is %" PRIu64 " seconds before the last change of the saved "
			    "state; the time since then is not known and counts as none",
			    ahead / USEC_PER_SEC);
}

static int load_state(struct manager *m, const struct restore_request *request, struct instant now)
{
	struct restoring restoring = { .manager = m, .now = now };
	int r, dropped;

	SLIST_INIT(&restoring.dropped);
	r = store_load(request->store, on_record, &restoring);
	dropped = drop_records(request, &restoring);
	warn_of_clock(&restoring);
	return r < 0 ? r : dropped;
}

static void log_creation(const struct client *c)
{
	char key[KEY_ID_TEXT_SIZE] = "";

	if (c->has_key_id)
		key_id_format(&c->key_id, key);
	event_log(EVENT_CLIENT_CREATED, &(struct event_details){ .client = c });
	log_debug("  Key ID: %s", key);
	log_debug("  Fingerprint: %s", c->fingerprint);
}

static void distrust(struct manager *m, struct instant now)
{
	struct client *c;

	TAILQ_FOREACH (c, &m->registry->clients, link) {
		if (!c->life.enabled)
			continue;
		c->life.enabled = false;
		c->life.last_enabled = USEC_NEVER;
		c->life.disable_cause = DISABLE_STATE_LOST;
		c->life.disabled_at = now.real;
		event_log(EVENT_RESTORED_WITHOUT_STATE,
			  &(struct event_details){ .client = c,
						   .reason = "the saved state could not be read" });
	}
}

static void on_committed(void *userdata, int result)
{
	*(int *)userdata = result;
}

/* Everything is written once, with today's configuration beside it, before the door opens. */
static int save_all(struct manager *m, const struct restore_request *request, struct instant now)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < request->file->n_clients; i++) {
		const struct client_settings *s = &request->file->clients[i];
		struct client *c = registry_find_name(m->registry, s->name);
		struct store_record record;

		if (!c)
			continue; /* removed at run time: its record stays as it is */
		record = record_make(c, s, now);
		r = store_put(request->store, &record);
	}
	if (r == 0)
		store_commit(request->store, on_committed, &r);
	if (r < 0)
		event_log(EVENT_STATE_NOT_SAVED,
			  &(struct event_details){ .reason = store_problem(request->store) });
	else
		keeper_all_saved(m->keeper);
	return r;
}

int restore_clients(struct manager *m, const struct restore_request *request, struct instant now)
{
	struct client_file *file = request->file;
	struct client *c;
	int r;

	/* Whatever else of the state is not wanted. */
	m->lockdown = store_lockdown(request->store);
	if (manager_is_locked_down(m))
		log_warning("A lockdown is in force: no client is given its password until it is "
			    "lifted (mandos-ctl --lift)");
	for (size_t i = 0; i < file->n_clients; i++) {
		r = registry_add(m->registry, &file->clients[i], now, &c);
		if (r < 0) {
			log_critical("Cannot keep client %s: %s", file->clients[i].name,
				     strerror(-r));
			return r;
		}
	}
	if (request->load && !request->distrust) {
		r = load_state(m, request, now);
		if (r < 0) {
			log_critical("Could not load persistent state: %s",
				     store_problem(request->store));
			return r;
		}
	}
	if (request->distrust)
		distrust(m, now);
	TAILQ_FOREACH (c, &m->registry->clients, link) {
		log_creation(c);
	}
	if (m->registry->n_clients == 0)
		log_warning("No clients defined");
	manager_start_all(m, now);
	return save_all(m, request, now);
}
