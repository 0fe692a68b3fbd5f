/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The clients of a server, as a caller on the bus sees them: read in one round trip, then kept up
 * to date by its signals (admin/events.h).
 *
 * Bound: ADMIN_TEXT_MAX for each text; the number of clients is the server's.
 */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "base/hash.h"
#include "base/util.h"

/* Longer texts are cut when they are read; a checker's command is at most the kernel's 128 KiB. */
#define ADMIN_TEXT_MAX 131072

/** enum admin_property_id - in the order of a listing (CTL-TAB-2, CTL-JSON-1) */
enum admin_property_id {
	ADMIN_NAME,
	ADMIN_ENABLED,
	ADMIN_TIMEOUT,
	ADMIN_LAST_CHECKED_OK,
	ADMIN_CREATED,
	ADMIN_INTERVAL,
	ADMIN_HOST,
	ADMIN_KEY_ID,
	ADMIN_FINGERPRINT,
	ADMIN_CHECKER_RUNNING,
	ADMIN_LAST_ENABLED,
	ADMIN_APPROVAL_PENDING,
	ADMIN_APPROVED_BY_DEFAULT,
	ADMIN_LAST_APPROVAL_REQUEST,
	ADMIN_APPROVAL_DELAY,
	ADMIN_APPROVAL_DURATION,
	ADMIN_CHECKER,
	ADMIN_EXTENDED_TIMEOUT,
	ADMIN_EXPIRES,
	ADMIN_LAST_CHECKER_STATUS,
	/* Not in listings, which programs compare with those of 1.8.16. */
	ADMIN_DISABLED_REASON,
	ADMIN_DISABLED_TIME,
	ADMIN_N_PROPERTIES,
	ADMIN_N_LISTED = ADMIN_DISABLED_REASON,
};

/** ADMIN_BIT() - of a property in a set of them */
#define ADMIN_BIT(id) (UINT32_C(1) << (id))

/**
 * struct admin_client - one client
 *
 * Texts are never NULL; those that are not known are empty. Times are texts as the server sends
 * them (admin_time_parse() reads them), empty for "none". The rest is 0 until it is known.
 *
 * Owner: struct admin_clients owns it with its texts. @data is the caller's, NULL at first.
 */
struct admin_client {
	char *path; /* object path */

	char *name;
	char *host;
	char *key_id;
	char *fingerprint;
	char *checker;

	char *created;
	char *last_enabled;
	char *last_checked_ok;
	char *last_approval_request;
	char *expires;
	char *disabled_time;
	char *disabled_reason; /* "timeout", ... (docs/dbus-api.md) */

	uint64_t timeout; /* milliseconds, as all of these */
	uint64_t extended_timeout;
	uint64_t interval;
	uint64_t approval_delay;
	uint64_t approval_duration;

	int16_t last_checker_status;
	bool enabled;
	bool checker_running;
	bool approval_pending;
	bool approved_by_default;

	uint32_t known; /* ADMIN_BIT() of each property that the server has told */
	void *data;
	UT_hash_handle hh; /* in struct admin_clients, by path */
};

/** struct admin_clients - all of them; { 0 } is an empty one */
struct admin_clients {
	struct admin_client *by_path; /* uthash; walked by @hh, it has the server's order */
};

/** ADMIN_FOREACH() - in the server's order; the client at hand may be removed */
#define ADMIN_FOREACH(clients, client, next) HASH_ITER (hh, (clients)->by_path, client, next)

/**
 * enum admin_property_kind - what a property is, and so which field type it has
 */
enum admin_property_kind {
	ADMIN_KIND_TEXT,     /* char * */
	ADMIN_KIND_TIME,     /* char * */
	ADMIN_KIND_BOOL,     /* bool */
	ADMIN_KIND_DURATION, /* uint64_t, milliseconds */
	ADMIN_KIND_STATUS,   /* int16_t */
};

/** struct admin_property - a row of the table of properties (DBUS-PROP-1 to DBUS-PROP-22, and ours)
 */
struct admin_property {
	const char *name; /* on the bus */
	enum admin_property_kind kind;
	size_t offset; /* of the field in struct admin_client */
};

/** admin_properties - by enum admin_property_id; ObjectPath and Secret have no row */
extern const struct admin_property admin_properties[ADMIN_N_PROPERTIES];

/** admin_property_find() - the row of a name, or ADMIN_N_PROPERTIES */
enum admin_property_id admin_property_find(const char *name);

/* A client's field; @id must be of that kind (texts include times). */
const char *admin_client_text(const struct admin_client *client, enum admin_property_id id);
bool admin_client_bool(const struct admin_client *client, enum admin_property_id id);
uint64_t admin_client_duration(const struct admin_client *client, enum admin_property_id id);

/**
 * admin_clients_load() - asks the server for all of them, in one round trip, and waits
 * @clients:   what it held before is gone, also on errors
 * @ret_error: the bus's words, if the server or the bus refused
 *
 * Errors: errno; -ENOMEM, -EBADMSG for an answer of another type.
 * Source: CTL-RUN-1, DBUS-STD-10.
 */
int admin_clients_load(struct admin_clients *clients, sd_bus *bus, sd_bus_error *ret_error);

/**
 * admin_clients_load_async() - the same for a program with an event loop
 * @callback: gets the reply, and gives it to admin_clients_decode()
 * @ret_slot: ends the wait when it is given back
 *
 * Errors: errno of sd_bus_call_async(3).
 */
int admin_clients_load_async(sd_bus *bus, sd_bus_message_handler_t callback, void *data,
			     sd_bus_slot **ret_slot);

/**
 * admin_clients_decode() - takes the clients out of a reply
 * @reply: to GetManagedObjects (a{oa{sa{sv}}}) or GetAllClientsWithProperties (a{oa{sv}})
 *
 * They are added to what is there; one with a known path is brought up to date in its place. An
 * object without the client interface is passed over.
 * Errors: -ENOMEM; -EBADMSG for another type: what came before that stays.
 * Source: DBUS-SRV-3, DBUS-STD-10.
 */
int admin_clients_decode(struct admin_clients *clients, sd_bus_message *reply);

/**
 * admin_client_update() - an a{sv}, at which @m stands, into a client
 * @ret_changed: bits of the properties whose value is another one now; may be NULL
 *
 * Errors: -ENOMEM, -EBADMSG; what came before that stays.
 */
int admin_client_update(struct admin_client *client, sd_bus_message *m, uint32_t *ret_changed);

/**
 * admin_clients_take() - an a{sa{sv}}, at which @m stands: the interfaces of one object
 * @ret_client: NULL if it is no client
 *
 * Errors: as admin_client_update().
 */
int admin_clients_take(struct admin_clients *clients, const char *path, sd_bus_message *m,
		       struct admin_client **ret_client, uint32_t *ret_changed);

/**
 * admin_clients_add() - the client of a path; a new one with nothing known if there is none
 *
 * Owner: the list's. Returns NULL without memory.
 */
struct admin_client *admin_clients_add(struct admin_clients *clients, const char *path);

/** admin_clients_find() - by object path; NULL if there is none */
struct admin_client *admin_clients_find(const struct admin_clients *clients, const char *path);

/** admin_clients_remove() - and frees it */
void admin_clients_remove(struct admin_clients *clients, struct admin_client *client);

/** admin_clients_clear() - all of them; the list is then empty, and usable again */
void admin_clients_clear(struct admin_clients *clients);

#define _cleanup_admin_clients_ _cleanup_(admin_clients_clear)

static inline unsigned admin_clients_count(const struct admin_clients *clients)
{
	return HASH_COUNT(clients->by_path);
}
