/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Carries out what client_step() says: the one place where an event becomes effects.
 *
 * Bound: one deadline a client.
 */

#include "core/alarm.h"
#include "core/checkers.h"
#include "core/keeper.h"
#include "core/registry.h"
#include "core/sessions.h"

struct dbus_door;

struct manager {
	struct registry *registry;
	struct keeper *keeper;
	struct checkers *checkers;
	struct sessions *sessions;
	struct dbus_door *dbus; /* NULL: not in use */
	usec_t lockdown;	/* begun when, by the wall clock; USEC_NEVER: none */
	bool lockdown_to_announce;
	struct client_list announcements; /* enabled state changed, to be told after the commit */
	struct alarm deadlines;		  /* client_next_deadline() of each client */
};

/** struct manager_rooms - what the manager works with; all stay the caller's */
struct manager_rooms {
	struct registry *registry;
	struct keeper *keeper;
	struct checkers *checkers;
	struct sessions *sessions;
};

/** manager_init() - Owner: manager_deinit() */
int manager_init(struct manager *m, sd_event *event, const struct manager_rooms *rooms);
void manager_deinit(struct manager *m);

/** manager_apply() - one event for one client, and everything that follows from it */
void manager_apply(struct manager *m, struct client *c, const struct client_event *event,
		   struct instant now);

/**
 * manager_start_client() - schedules a client's first check at a random delay (SRV-LIFE-3)
 *
 * For one that comes while the server runs; manager_start_all() is for the server's start.
 */
void manager_start_client(struct manager *m, struct client *c, struct instant now);

/**
 * manager_remove() - the client is gone: its sessions are refused, its checker ends
 *
 * What the store knows of it is the caller's business. @c must not be used afterwards.
 */
void manager_remove(struct manager *m, struct client *c, struct instant now);

/**
 * manager_set_secret() - another secret, set at run time; the next delivery gives it (SRV-LIFE-36)
 * @secret: taken over on success
 *
 * It is sealed for the store (SRV-STATE-7). Durable, like every change, at the end of the turn.
 * Errors: -ENOMEM, errno of getrandom(2); nothing has changed then.
 */
int manager_set_secret(struct manager *m, struct client *c, struct secret *secret,
		       struct instant now);

/** enum manager_text - settings that are text */
enum manager_text {
	MANAGER_HOST,
	MANAGER_CHECKER,
};

/** manager_set_text() - another host or checker template, set at run time; -ENOMEM: unchanged */
int manager_set_text(struct manager *m, struct client *c, enum manager_text which, const char *text,
		     struct instant now);

/**
 * manager_remove_at_run_time() - as manager_remove(), because somebody said so
 * @is_configured: clients.conf has it still: it stays removed as long as that is so (SRV-STATE-18)
 *
 * Announced when it is durable. Errors: -ENOENT, of the store.
 */
int manager_remove_at_run_time(struct manager *m, struct client *c, bool is_configured,
			       struct instant now);

/**
 * manager_set_lockdown() - from now on nobody is given anything, or everybody as before
 *
 * Whoever waits is refused at once. Clients are checked as ever; one that is not seen for its
 * timeout meanwhile is disabled, for the cause DISABLE_LOCKDOWN.
 */
void manager_set_lockdown(struct manager *m, bool on, struct instant now);

static inline bool manager_is_locked_down(const struct manager *m)
{
	return m->lockdown != USEC_NEVER;
}

/** manager_announce() - tells what has changed in this turn; after the commit (SRV-LOG-9) */
void manager_announce(struct manager *m);

/** manager_start_all() - schedules every client's first check at a random delay (SRV-LIFE-3) */
void manager_start_all(struct manager *m, struct instant now);
