/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * All clients of this server, in file order, and found by key ID, by name or by D-Bus path.
 *
 * Bound: SETTINGS_CLIENTS_MAX clients.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/hash.h"
#include "base/heap.h"
#include "base/secret.h"
#include "core/client.h"
#include "core/settings.h"
#include "wire/keyid.h"

struct sealed;
struct session;
struct run;
LIST_HEAD(session_list, session);

/** enum save_state - what the store does not know yet of a client */
enum save_state {
	SAVE_CLEAN = 0,
	SAVE_BATCHED, /* within SAVE_SOON_USEC */
	SAVE_URGENT,  /* before the turn ends */
};

/** struct dbus_told - what the bus knows of a client; the business of dbus-signals.c alone */
struct dbus_told {
	bool is_told; /* that there is this client; otherwise it is in the list of those to tell */
	bool enabled;
	bool checker_running;
	usec_t expires;	     /* boot time... */
	usec_t expires_real; /* ...and which time of day that was said to be */
};

/** struct client - one configured client; lives until the server ends or it is removed */
struct client {
	struct client_life life;

	char *name;
	char *host;
	char *checker; /* template for run-time expansion */
	char *fingerprint;
	struct secret *secret;	   /* in force */
	struct secret *configured; /* if another was set at run time: the one in the file */
	struct sealed *sealed;	   /* and then: @secret, sealed for the store */
	struct key_id key_id;
	bool has_key_id;
	bool indexed; /* can be found by its key ID */
	bool leaving; /* in no list or index any more but registry.leaving */

	struct heap_node timer;
	struct run *run;	      /* of the running checker, or NULL */
	struct session_list sessions; /* claimed by this client's key and not yet ended */

	bool to_announce; /* its enabled state changed in this turn */
	TAILQ_ENTRY(client) announce_link;
	enum save_state save;
	bool save_settings; /* not only the life */
	TAILQ_ENTRY(client) save_link;

	char *path; /* of its D-Bus object; NULL when D-Bus is not in use */
	struct dbus_told told;
	TAILQ_ENTRY(client) untold_link;

	TAILQ_ENTRY(client) link;
	UT_hash_handle by_key_id;
	UT_hash_handle by_name;
	UT_hash_handle by_path;
};
TAILQ_HEAD(client_list, client);

struct registry {
	struct client_list clients; /* in file order */
	size_t n_clients;
	struct client_list leaving; /* removed, but a session still holds on to them */
	struct client *by_key_id;
	struct client *by_name;
	struct client *by_path;
	bool has_paths; /* D-Bus is in use: clients get object paths */
};

void registry_init(struct registry *r);

/** registry_deinit() - frees all clients; their timers, runs and sessions must have let go */
void registry_deinit(struct registry *r);

/**
 * registry_add() - makes a client of settings, as one that nobody has seen before
 * @settings: the secret is taken over, the rest is copied
 *
 * A key ID that another client has already, or that is the digest of nothing, is not indexed: such
 * a client never matches a peer (SRV-CLNT-13, SRV-PROTO-13).
 * Errors: -EEXIST a client of that name, -ENOMEM.
 */
int registry_add(struct registry *r, struct client_settings *settings, struct instant now,
		 struct client **ret);

/**
 * registry_set_key() - gives a client another key ID, or none
 *
 * The same rules as in registry_add() decide whether it can be found by it.
 */
void registry_set_key(struct registry *r, struct client *c, const struct key_id *id);

/**
 * registry_remove() - forgets a client; its timer and run must have let go
 *
 * It is freed now, or by registry_release() when its last session has ended and what is to be
 * announced of it has been.
 */
void registry_remove(struct registry *r, struct client *c);

/** registry_release() - a session of @c has ended, or it has been announced: frees it if it was
 * removed and nothing else holds it */
void registry_release(struct registry *r, struct client *c);

/**
 * registry_reindex() - decides anew which client has which key ID, in file order
 *
 * For after several have changed: the first that has it keeps it (SRV-CLNT-13).
 */
void registry_reindex(struct registry *r);

/** registry_configured_secret() - what the file says, whatever is in force */
const struct secret *registry_configured_secret(const struct client *c);

/**
 * registry_set_secret() - another secret is in force, set at run time
 * @secret: taken over
 * @sealed: the same for the store, taken over; NULL when @secret is the one in the file
 */
void registry_set_secret(struct client *c, struct secret *secret, struct sealed *sealed);

/** registry_configure_secret() - the file has another secret, which ends one set at run time */
void registry_configure_secret(struct client *c, struct secret *secret);

/** registry_set_text() - replaces one of a client's strings by a copy of @value; -ENOMEM: unchanged
 */
int registry_set_text(char **text, const char *value);

struct client *registry_find_key(const struct registry *r, const struct key_id *id);
struct client *registry_find_name(const struct registry *r, const char *name);
struct client *registry_find_path(const struct registry *r, const char *path);

/**
 * registry_use_paths() - from now on each client that is added gets a D-Bus object path
 *
 * Of two whose names give one path, the later gets a number behind it, with a warning
 * (DBUS-PATH-2); it keeps that path as long as the server runs.
 */
void registry_use_paths(struct registry *r);
