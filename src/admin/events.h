/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What happens at the server: its signals, decoded and applied to the list of clients.
 */

#include "admin/clients.h"

enum admin_event_type {
	ADMIN_EVENT_ADDED,	       /* @client: new, or known and announced again */
	ADMIN_EVENT_REMOVED,	       /* @client: still in the list; NULL if it was not */
	ADMIN_EVENT_CHANGED,	       /* @client, @changed */
	ADMIN_EVENT_CHECKER_STARTED,   /* @client, @text: command */
	ADMIN_EVENT_CHECKER_COMPLETED, /* @client, @text: command, @wait_status, @exit_status */
	ADMIN_EVENT_NEED_APPROVAL,     /* @client, @timeout, @by_default */
	ADMIN_EVENT_GOT_SECRET,	       /* @client */
	ADMIN_EVENT_REJECTED,	       /* @client, @text: reason */
	ADMIN_EVENT_CLIENT_NOT_FOUND,  /* @text: key ID, @address */
	ADMIN_EVENT_SERVER_CAME,       /* its name on the bus has an owner, or another one */
	ADMIN_EVENT_SERVER_GONE,       /* its name has no owner any more */
	ADMIN_N_EVENTS,
};

/**
 * struct admin_event - one of them; what its type does not name above is 0 or NULL
 *
 * Owner: texts belong to the message, @client to the list; both are borrowed.
 */
struct admin_event {
	enum admin_event_type type;
	struct admin_client *client;
	const char *path; /* object path of the client */
	const char *text;
	const char *address;
	uint32_t changed; /* ADMIN_BIT() of each property */
	uint64_t timeout; /* milliseconds */
	int64_t wait_status;
	int16_t exit_status;
	bool by_default;
};

enum admin_event_result {
	ADMIN_EVENT_IS = 1,
	ADMIN_EVENT_IS_NOT = 0, /* another signal, or one of a client that is not in the list */
};

/**
 * admin_events_watch() - asks the bus for the signals that admin_event_take() knows
 * @handler: gets each, and the answers to nothing else
 *
 * The matches live as long as @bus. To miss nothing, ask before the list is loaded. Nothing is
 * waited for: a bus that is stuck must not stop an event loop. One that refuses loses the
 * connection. Errors: errno of sd_bus_add_match_async(3).
 */
int admin_events_watch(sd_bus *bus, sd_bus_message_handler_t handler, void *data);

/**
 * admin_event_take() - decodes a signal and brings the list up to date
 * @clients: changed for ADMIN_EVENT_ADDED and ADMIN_EVENT_CHANGED only: for ADMIN_EVENT_REMOVED
 *           the caller gives up what it has of @client and calls admin_clients_remove(), for
 *           ADMIN_EVENT_SERVER_GONE admin_clients_clear()
 * @ret:     filled in if ADMIN_EVENT_IS is returned
 *
 * ADMIN_EVENT_SERVER_CAME tells that the list should be loaded again, unless the server announces
 * its clients itself, as it does when it starts (DBUS-BUS-4).
 * Errors: -EBADMSG for a signal of another form, which is best ignored (MON-61); -ENOMEM.
 * Source: DBUS-SRV-12, DBUS-SIG-1 to DBUS-SIG-5, DBUS-STD-4, DBUS-STD-11, MON-3, MON-4.
 */
int admin_event_take(struct admin_clients *clients, sd_bus_message *m, struct admin_event *ret);
