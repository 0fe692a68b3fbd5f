/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * In three steps, so that what may fail comes before what cannot be undone: read and interpret;
 * compare with what the store says the file said before; apply.
 */
#include "core/reload.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/added.h"
#include "core/dbus-signals.h"
#include "core/events.h"
#include "core/record.h"
#include "core/report.h"
#include "core/settings.h"
#include "core/store.h"
#include "core/turn.h"

/** struct wanted - one section of the new configuration, and what was found of it */
struct wanted {
	struct client_settings *settings;
	struct client *client;	      /* NULL: new, or removed at run time */
	bool stays_removed;	      /* SRV-STATE-18 */
	bool is_known;		      /* the store has what the file said before: @before */
	struct store_settings before; /* strings are copies */
	UT_hash_handle hh;
};

struct reload {
	char *problem;
	struct manager *manager;
	struct store *store;
	struct instant now;
	struct client_file file;
	struct wanted *all; /* as many as file.n_clients, in file order */
	struct wanted *by_name;
	size_t n_added, n_changed, n_removed;
};

static void forget(struct reload *r)
{
	HASH_CLEAR(hh, r->by_name);
	for (size_t i = 0; r->all && i < r->file.n_clients; i++) {
		free((char *)(uintptr_t)r->all[i].before.host);
		free((char *)(uintptr_t)r->all[i].before.checker);
		free((char *)(uintptr_t)r->all[i].before.fingerprint);
	}
	free(r->all);
	client_file_deinit(&r->file);
}

/* ---- read ---- */

static void on_report(void *userdata, enum settings_severity severity, const char *text)
{
	struct reload *r = userdata;

	report_to_log(NULL, severity, text);
	if (!r->problem && severity != SETTINGS_WARNING)
		r->problem = strdup(text);
}

static int complain_of_absence(struct reload *r, const char *config_dir)
{
	if (asprintf(&r->problem,
		     "%s/clients.conf is missing, or cannot be read since privileges were "
		     "dropped; give it to the server's group with mode 0640",
		     config_dir) < 0)
		r->problem = NULL;
	else
		log_error("%s", r->problem);
	return -EACCES;
}

static int read_configuration(struct reload *r, const struct reload_request *request)
{
	struct clients_source *source = NULL;
	int n = clients_source_read(request->config_dir, on_report, r, &source);

	if (n == 0 && clients_source_is_absent(source))
		n = complain_of_absence(r, request->config_dir);
	if (n == 0)
		n = clients_source_interpret(source, on_report, r, &r->file);
	if (n == 0)
		n = added_read(request->state_dir, on_report, r, &r->file);
	source = clients_source_free(source);
	if (n == 0 && r->file.n_left_out > 0)
		n = (int)r->file.n_left_out;
	return n > 0 ? -EBADMSG : n;
}

static int collect_wanted(struct reload *r)
{
	struct registry *registry = r->manager->registry;

	r->all = calloc(r->file.n_clients + 1, sizeof(*r->all));
	if (!r->all)
		return -ENOMEM;
	for (size_t i = 0; i < r->file.n_clients; i++) {
		struct wanted *w = &r->all[i];

		w->settings = &r->file.clients[i];
		w->client = registry_find_name(registry, w->settings->name);
		HASH_ADD_KEYPTR(hh, r->by_name, w->settings->name, strlen(w->settings->name), w);
	}
	return 0;
}

/* ---- compare ---- */

static int on_record(void *userdata, const struct store_record *record)
{
	struct reload *r = userdata;
	struct wanted *w;

	HASH_FIND(hh, r->by_name, record->name, strlen(record->name), w);
	if (!w)
		return 0;
	w->stays_removed = record->removed;
	w->is_known = true;
	w->before = record->configured;
	w->before.host = strdup(record->configured.host);
	w->before.checker = strdup(record->configured.checker);
	w->before.fingerprint = strdup(record->configured.fingerprint);
	return w->before.host && w->before.checker && w->before.fingerprint ? 0 : -ENOMEM;
}

static bool same_key(const struct store_settings *before, const struct client_settings *s)
{
	return before->has_key_id == s->has_key_id &&
	       (!s->has_key_id || key_id_equal(&before->key_id, &s->key_id));
}

static bool same_rules(const struct client_rules *a, const struct client_rules *b)
{
	return a->timeout == b->timeout && a->extended_timeout == b->extended_timeout &&
	       a->interval == b->interval && a->approval_delay == b->approval_delay &&
	       a->approval_duration == b->approval_duration &&
	       a->approved_by_default == b->approved_by_default;
}

static bool is_changed(const struct wanted *w)
{
	const struct client_settings *s = w->settings;

	return !w->is_known || !secret_equal(registry_configured_secret(w->client), s->secret) ||
	       !same_key(&w->before, s) || !same_rules(&w->before.rules, &s->rules) ||
	       w->before.enabled != s->enabled || strcmp(w->before.host, s->host) != 0 ||
	       strcmp(w->before.checker, s->checker) != 0 ||
	       strcmp(w->before.fingerprint, s->fingerprint) != 0;
}

/* ---- apply ---- */

static void apply(struct reload *r, struct client *c, struct client_event event)
{
	manager_apply(r->manager, c, &event, r->now);
}

static void change_rules(struct reload *r, struct client *c, const struct client_rules *before,
			 const struct client_rules *now)
{
	const struct {
		enum client_event_type type;
		usec_t before, now;
	} durations[] = {
		{ CLIENT_EVENT_SET_TIMEOUT, before->timeout, now->timeout },
		{ CLIENT_EVENT_SET_EXTENDED_TIMEOUT, before->extended_timeout,
		  now->extended_timeout },
		{ CLIENT_EVENT_SET_INTERVAL, before->interval, now->interval },
		{ CLIENT_EVENT_SET_APPROVAL_DELAY, before->approval_delay, now->approval_delay },
		{ CLIENT_EVENT_SET_APPROVAL_DURATION, before->approval_duration,
		  now->approval_duration },
	};

	for (size_t i = 0; i < ARRAY_SIZE(durations); i++) {
		if (durations[i].before != durations[i].now)
			apply(r, c,
			      (struct client_event){ .type = durations[i].type,
						     .usec = durations[i].now });
	}
	if (before->approved_by_default != now->approved_by_default)
		apply(r, c,
		      (struct client_event){ .type = CLIENT_EVENT_SET_APPROVED_BY_DEFAULT,
					     .flag = now->approved_by_default });
}

static int change_texts(struct reload *r, struct client *c, const struct store_settings *before,
			const struct client_settings *s)
{
	int e = 0;

	if (strcmp(before->host, s->host) != 0)
		e = manager_set_text(r->manager, c, MANAGER_HOST, s->host, r->now);
	if (e == 0 && strcmp(before->checker, s->checker) != 0)
		e = manager_set_text(r->manager, c, MANAGER_CHECKER, s->checker, r->now);
	return e;
}

static void change_secret(struct reload *r, struct client *c, struct client_settings *s)
{
	bool is_same = secret_equal(c->secret, s->secret);

	if (secret_equal(registry_configured_secret(c), s->secret))
		return;
	registry_configure_secret(c, STEAL_PTR(s->secret));
	if (!is_same)
		dbus_signal_property(r->manager->dbus, c, DBUS_SECRET, r->now);
}

/* What D-Bus promises never to change needs another object to change. */
static int change_constants(struct reload *r, struct wanted *w)
{
	struct client *c = w->client;
	const struct client_settings *s = w->settings;
	bool has_other_key = !same_key(&w->before, s);
	int e;

	if (!has_other_key && strcmp(w->before.fingerprint, s->fingerprint) == 0)
		return 0;
	dbus_signal_removed(r->manager->dbus, c);
	e = registry_set_text(&c->fingerprint, s->fingerprint);
	if (has_other_key) {
		c->has_key_id = s->has_key_id;
		c->key_id = s->key_id;
	}
	dbus_signal_added(r->manager->dbus, c);
	return e;
}

static int change_client(struct reload *r, struct wanted *w)
{
	struct client *c = w->client;
	struct client_settings *s = w->settings;
	int e = w->is_known ? change_texts(r, c, &w->before, s) : 0;

	if (e < 0)
		return e;
	change_secret(r, c, s);
	if (!w->is_known)
		return 0;
	e = change_constants(r, w);
	if (e < 0)
		return e;
	change_rules(r, c, &w->before.rules, &s->rules);
	if (w->before.enabled && !s->enabled)
		apply(r, c,
		      (struct client_event){ .type = CLIENT_EVENT_DISABLE,
					     .cause = DISABLE_CONFIGURED });
	else if (!w->before.enabled && s->enabled)
		apply(r, c, (struct client_event){ .type = CLIENT_EVENT_ENABLE });
	return 0;
}

static int apply_one(struct reload *r, struct wanted *w)
{
	struct store_record record;
	int e;

	if (w->client && !is_changed(w))
		return 0;
	if (w->client) {
		e = change_client(r, w);
		r->n_changed++;
	} else {
		e = registry_add(r->manager->registry, w->settings, r->now, &w->client);
		if (e == 0) {
			manager_start_client(r->manager, w->client, r->now);
			dbus_signal_added(r->manager->dbus, w->client);
		}
		r->n_added++;
	}
	if (e < 0)
		return e;
	record = record_make(w->client, w->settings, r->now);
	e = store_put(r->store, &record);
	/* The record is whole; what the events noted of it is in it. The commit is still due. */
	keeper_note(r->manager->keeper, w->client, true);
	return e;
}

static int remove_unwanted(struct reload *r)
{
	struct client *c, *next;
	int e = 0;

	for (c = TAILQ_FIRST(&r->manager->registry->clients); c && e == 0; c = next) {
		struct wanted *w;

		next = TAILQ_NEXT(c, link);
		HASH_FIND(hh, r->by_name, c->name, strlen(c->name), w);
		if (w)
			continue;
		event_log(EVENT_CLIENT_REMOVED,
			  &(struct event_details){ .client = c, .reason = "its section is gone" });
		e = store_remove(r->store, c->name);
		manager_remove(r->manager, c, r->now);
		r->n_removed++;
	}
	turn_request(r->manager->keeper->turn);
	return e;
}

static int apply_all(struct reload *r)
{
	int e = remove_unwanted(r);

	for (size_t i = 0; e == 0 && i < r->file.n_clients; i++) {
		if (!r->all[i].stays_removed)
			e = apply_one(r, &r->all[i]);
	}
	registry_reindex(r->manager->registry);
	return e;
}

static void tell_reloaded(const struct reload *r)
{
	char counts[128];

	(void)snprintf(counts, sizeof(counts), "%zu clients added, %zu changed, %zu removed",
		       r->n_added, r->n_changed, r->n_removed);
	event_log(EVENT_CONFIGURATION_RELOADED, &(struct event_details){ .detail = counts });
}

int reload_clients(const struct reload_request *request, struct instant now, char **ret_problem)
{
	struct reload r = { .manager = request->manager, .store = request->store, .now = now };
	int e = read_configuration(&r, request);

	if (e == 0)
		e = collect_wanted(&r);
	if (e == 0)
		e = store_load(r.store, on_record, &r);
	*ret_problem = r.problem;
	if (e < 0) {
		event_log(EVENT_CONFIGURATION_KEPT,
			  &(struct event_details){ .reason = e == -EBADMSG ? "it has errors"
									   : strerror(-e) });
		forget(&r);
		return e;
	}
	e = apply_all(&r);
	/* Durable before visible: whoever reads the line below may pull the plug. */
	if (e == 0)
		e = keeper_commit(r.manager->keeper, false, now);
	/* Only a lack of memory or a broken store gets here; each client is either old or new. */
	if (e < 0)
		log_critical("The configuration was reloaded in part only: %s", strerror(-e));
	else
		tell_reloaded(&r);
	forget(&r);
	return e;
}
