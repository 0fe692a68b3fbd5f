/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The D-Bus interface of the server: a door at the edge of the core.
 *
 * A call is translated into an event for a client and carried out like any other event. What comes
 * of it, signals and answer, is held until the turn ends and everything has been saved, and leaves
 * then, in order. If it could not be saved, the caller is told so, and signals wait until it can.
 *
 * A bus that does not take what is sent never keeps the server waiting: messages queue up to
 * DBUS_QUEUE_MAX, and then the connection is given up and made again. On each new connection
 * everything is told from the beginning, as after a start: who follows the owner of the bus name
 * misses nothing, and nobody sees half a sequence.
 *
 * Bounds: DBUS_QUEUE_MAX messages on their way; DBUS_LISTINGS_MAX listings asked for and one of
 * them on its way; DBUS_LISTING_SIZE_MAX bytes of one listing; DBUS_GOODBYE_USEC for the end.
 */

#include <stdbool.h>

#include "base/log.h"
#include "core/bus.h"
#include "core/registry.h"

struct added;
struct dbus_door;
struct manager;
struct turn;

#define DBUS_QUEUE_MAX	  32768
#define DBUS_LISTINGS_MAX 1024
/* Clients are told of, and listings made, only while fewer messages than this are on their way. */
#define DBUS_QUEUE_LOW 256
/* The system bus disconnects who sends a message above 32 MiB. */
#define DBUS_LISTING_SIZE_MAX ((size_t)30 * 1024 * 1024)
/* How long the start of the server waits for a bus that neither greets nor refuses. */
#define DBUS_SETTLE_USEC (3 * USEC_PER_SEC)
/* A name that is another's is asked for again: its owner may be our own last connection, which the
 * bus has not yet noticed to be gone. */
#define DBUS_RETRY_USEC	  (5 * USEC_PER_SEC)
#define DBUS_GOODBYE_USEC (2 * USEC_PER_SEC)

#define DBUS_NAME     "se.recompile.Mandos"
#define DBUS_OLD_NAME "se.bsnet.fukt.Mandos"

/**
 * struct dbus_options - what the door works with; all stay the caller's
 *
 * @settled: called once: the bus names are ours, or it is known that they will not be for now
 */
struct dbus_options {
	struct bus *bus;
	struct registry *registry; /* its clients have paths */
	struct manager *manager;
	struct turn *turn;
	const struct added *added;
	const char *address; /* listened on; empty: all */
	uint16_t port;
	usec_t started; /* wall clock */
	/* As SIGHUP; 0, or negative errno and what is wrong, which the caller frees. */
	int (*reload)(void *userdata, char **ret_problem);
	void (*set_log_level)(void *userdata, enum log_level level);
	void (*settled)(void *userdata);
	void *userdata;
};

/** dbus_door_new() - Owner: dbus_door_free(). Errors: -ENOMEM, errno of sd_event_add_time(3) */
int dbus_door_new(const struct dbus_options *options, struct dbus_door **ret);

/**
 * dbus_door_free() - takes leave of the bus (DBUS-BUS-6), for DBUS_GOODBYE_USEC at most
 * @is_saved: the last commit was kept; otherwise what waits for an answer is told so
 */
struct dbus_door *dbus_door_free(struct dbus_door *d, bool is_saved);

/**
 * dbus_door_flush() - the turn is over: what was held leaves
 * @is_saved: the commit of this turn was kept
 */
void dbus_door_flush(struct dbus_door *d, bool is_saved, struct instant now);
