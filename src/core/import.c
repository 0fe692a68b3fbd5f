/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "core/import-secret.h"
#include "core/record.h"
#include "wire/pickle-clients.h"

#define OLD_NAME      "clients.pickle"
#define IMPORTED_NAME "clients.pickle.imported"

/* What to do about a state that cannot be used; every report of one ends with it. */
#define WAY_OUT                                                                                \
	"to try again with a good copy, stop the server, put the copy in its place, move the " \
	"clients.db files away and start; or enable those you trust with mandos-ctl"

struct import {
	const struct import_request *request;
	const struct client_settings **configured; /* by name */
	char *data;				   /* the file: may hold secrets in clear (W-11) */
	size_t size;
	struct pickle *pickle;
	struct pickled_state state;
	struct import_secrets secrets;
};

static void import_deinit(struct import *im)
{
	pickled_state_deinit(&im->state);
	im->pickle = pickle_free(im->pickle);
	if (im->data)
		secret_erase(im->data, im->size);
	free(im->data);
	free(im->configured);
}

/* ---- today's configuration, by name ---- */

static int compare_settings(const void *a, const void *b)
{
	const struct client_settings *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static int compare_name(const void *name, const void *settings)
{
	const struct client_settings *const *s = settings;

	return strcmp(name, (*s)->name);
}

static int sort_configured(struct import *im)
{
	const struct client_file *file = im->request->file;

	im->configured = calloc(file->n_clients + 1, sizeof(im->configured[0]));
	if (!im->configured)
		return -ENOMEM;
	for (size_t i = 0; i < file->n_clients; i++)
		im->configured[i] = &file->clients[i];
	qsort(im->configured, file->n_clients, sizeof(im->configured[0]), compare_settings);
	return 0;
}

static const struct client_settings *find_configured(const struct import *im, const char *name)
{
	const struct client_settings *const *found =
		bsearch(name, im->configured, im->request->file->n_clients,
			sizeof(im->configured[0]), compare_name);

	return found ? *found : NULL;
}

/* ---- one client ---- */

/*
 * A setting that the old server did not know is, in both halves of the record, what the file says
 * today: then the file wins, and nothing looks as if it had been changed at run time
 * (SRV-STATE-11).
 */
static void import_text(const char *now, const char *then, const char **current,
			const char **configured)
{
	if (!now || !then)
		return;
	*current = now;
	*configured = then;
}

static void import_duration(usec_t now, usec_t then, usec_t *current, usec_t *configured)
{
	if (now == USEC_NEVER || then == USEC_NEVER)
		return;
	*current = now;
	*configured = then;
}

static void import_key(const struct pickled_client *c, struct store_record *record)
{
	struct key_id now = { 0 }, then = { 0 };
	enum key_id_result r, s;

	if (!c->current.key_id || !c->configured.key_id)
		return;
	r = key_id_parse(c->current.key_id, &now);
	s = key_id_parse(c->configured.key_id, &then);
	if (r == KEY_ID_MALFORMED || s == KEY_ID_MALFORMED)
		return;
	record->current.has_key_id = r == KEY_ID_OK;
	record->current.key_id = now;
	record->configured.has_key_id = s == KEY_ID_OK;
	record->configured.key_id = then;
}

static void import_settings(const struct pickled_client *c, struct store_record *record)
{
	const struct pickled_settings *now = &c->current, *then = &c->configured;
	struct store_settings *current = &record->current, *configured = &record->configured;

	import_text(now->host, then->host, &current->host, &configured->host);
	import_text(now->checker, then->checker, &current->checker, &configured->checker);
	import_text(now->fingerprint, then->fingerprint, &current->fingerprint,
		    &configured->fingerprint);
	import_key(c, record);
	import_duration(now->timeout, then->timeout, &current->rules.timeout,
			&configured->rules.timeout);
	import_duration(now->extended_timeout, then->extended_timeout,
			&current->rules.extended_timeout, &configured->rules.extended_timeout);
	import_duration(now->interval, then->interval, &current->rules.interval,
			&configured->rules.interval);
	import_duration(now->approval_delay, then->approval_delay, &current->rules.approval_delay,
			&configured->rules.approval_delay);
	import_duration(now->approval_duration, then->approval_duration,
			&current->rules.approval_duration, &configured->rules.approval_duration);
	if (now->approved_by_default != PICKLED_UNKNOWN &&
	    then->approved_by_default != PICKLED_UNKNOWN) {
		current->rules.approved_by_default = now->approved_by_default == PICKLED_TRUE;
		configured->rules.approved_by_default = then->approved_by_default == PICKLED_TRUE;
	}
	if (then->enabled != PICKLED_UNKNOWN)
		configured->enabled = then->enabled == PICKLED_TRUE;
}

static struct store_life import_life(const struct pickled_client *c)
{
	bool enabled = c->current.enabled == PICKLED_TRUE;
	bool by_file = !enabled && c->configured.enabled == PICKLED_FALSE;

	return (struct store_life){
		.enabled = enabled,
		/* The old state does not say whether it was a human or the timeout. */
		.disable_cause = by_file ? DISABLE_CONFIGURED : DISABLE_NONE,
		.created = c->created,
		.last_enabled = c->last_enabled,
		.disabled_at = USEC_NEVER,
		.expires = c->expires,
		.last_checked_ok = c->last_checked_ok,
		.last_approval_request = c->last_approval_request,
		.last_checker_status = c->last_checker_status,
	};
}

static int import_client(struct import *im, const struct pickled_client *c)
{
	const struct client_settings *today = find_configured(im, c->name);
	struct store_record record = { .name = c->name, .removed = !c->is_alive };
	struct sealed *sealed = NULL;
	int r = 0;

	if (c->name[0] == '\0')
		return 0; /* no section has such a name */
	if (today)
		record.configured = record_configured(today);
	record.current = record.configured;
	if (c->is_alive) {
		import_settings(c, &record);
		record.life = import_life(c);
		if (today)
			r = import_secret(&im->secrets, c, today, &sealed);
	}
	if (sealed) {
		record.sealed = sealed->data;
		record.sealed_size = sealed->size;
	}
	if (r == 0)
		r = store_put(im->request->store, &record);
	free(sealed);
	return r;
}

/* ---- the whole ---- */

static int report_damage(const struct import *im, const char *what, size_t offset)
{
	log_error("%s/" OLD_NAME ", the state of the server before this one, cannot be used (%s, "
		  "byte %zu of %zu) and has been left as it is; every client starts "
		  "disabled: " WAY_OUT,
		  im->request->state_dir, what, offset, im->size);
	return IMPORT_DAMAGED;
}

static int parse(struct import *im)
{
	const char *what = "too large";
	size_t offset = 0;
	int r = pickle_parse((const uint8_t *)im->data, im->size, PICKLE_MEMORY_MAX, &im->pickle,
			     &offset);

	if (r == PICKLE_DAMAGED)
		what = im->size == 0 ? "empty" : "damaged";
	if (r == PICKLE_OK) {
		offset = im->size;
		r = pickled_state_read(im->pickle, &im->state, &what);
	}
	return r > 0 ? report_damage(im, what, offset) : r;
}

static void on_committed(void *userdata, int result)
{
	*(int *)userdata = result;
}

static int put_all(struct import *im)
{
	int r = 0;

	im->secrets.deadline = usec_add(instant_now().boot, IMPORT_SECRETS_USEC);
	for (size_t i = 0; r == 0 && i < im->state.n_clients; i++)
		r = import_client(im, &im->state.clients[i]);
	import_secrets_report(&im->secrets);
	if (r == 0) {
		store_commit(im->request->store, on_committed, &r);
		if (r < 0)
			log_critical("Could not save persistent state: %s",
				     store_problem(im->request->store));
	} else {
		log_critical("Could not import %s/" OLD_NAME ": %s", im->request->state_dir,
			     strerror(-r));
	}
	return r;
}

static int read_old(struct import *im)
{
	_cleanup_free_ char *path = NULL;
	int r;

	if (asprintf(&path, "%s/" OLD_NAME, im->request->state_dir) < 0)
		return -ENOMEM;
	r = file_read(path, PICKLE_SIZE_MAX, &im->data, &im->size);
	if (r == -EFBIG)
		return report_damage(im, "too large", PICKLE_SIZE_MAX);
	if (r < 0 && r != -ENOENT)
		log_critical("Could not load persistent state: %s: %s", path, strerror(-r));
	return r;
}

int import_state(const struct import_request *request)
{
	_cleanup_(import_deinit) struct import im = { .request = request };
	int r = read_old(&im);

	if (r != 0)
		return r == -ENOENT ? IMPORT_NOTHING : r;
	r = parse(&im);
	if (r == 0)
		r = sort_configured(&im);
	if (r == -ENOMEM)
		log_critical("Could not load persistent state: %s", strerror(ENOMEM));
	if (r != 0)
		return r;
	r = put_all(&im);
	if (r < 0)
		return r;
	log_info("Imported the state of %zu clients from %s/" OLD_NAME, im.state.n_clients,
		 request->state_dir);
	return IMPORT_DONE;
}

void import_finish(const char *state_dir)
{
	_cleanup_fd_ int dir = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir >= 0 && renameat(dir, OLD_NAME, dir, IMPORTED_NAME) == 0 && fsync(dir) == 0)
		return;
	log_error("Cannot rename %s/" OLD_NAME " to " IMPORTED_NAME ": %s; it has been imported, "
		  "rename it yourself",
		  state_dir, strerror(errno));
}

void import_warn(const char *state_dir)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s/" OLD_NAME, state_dir) < 0) {
		path = NULL;
		return;
	}
	if (access(path, F_OK) == 0)
		log_warning("%s is ignored, since this server has a state of its own: to import "
			    "it, stop the server, move the clients.db files away and start; "
			    "to be rid of this message, move " OLD_NAME " away",
			    path);
}
