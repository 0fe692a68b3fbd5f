/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The connection to the system bus, for all who need one: opened when the first of them joins, and
 * opened again with back-off whenever it is lost. Nobody joins: no bus is touched (DBUS-BUS-3).
 *
 * Nothing here waits: connecting and authenticating go on in the event loop. A bus that is away or
 * stuck costs one attempt every BUS_BACKOFF_MAX_USEC.
 */

#include <stdbool.h>
#include <sys/queue.h>

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "base/clock.h"

#define BUS_BACKOFF_MIN_USEC (100 * USEC_PER_MSEC)
#define BUS_BACKOFF_MAX_USEC (10 * USEC_PER_SEC)

/**
 * struct bus_user - one who needs the bus; embedded in its room
 *
 * @up:   the bus has greeted us; @connection stays valid until @down or bus_leave()
 * @down: there is no connection now; let go of everything that belongs to it. Also called after
 *        each attempt that failed. @error: negative errno, 0 if the bus hung up
 */
struct bus_user {
	void (*up)(void *userdata, sd_bus *connection);
	void (*down)(void *userdata, int error);
	void *userdata;
	SLIST_ENTRY(bus_user) link;
};

struct bus {
	sd_event *event;
	sd_event_source *timer;
	sd_bus *connection; /* NULL between attempts */
	bool up;
	sd_bus_slot *connected;
	sd_bus_slot *disconnected;
	usec_t backoff;
	SLIST_HEAD(, bus_user) users;
};

/** bus_init() - Owner: bus_deinit(), after everybody has left */
void bus_init(struct bus *b, sd_event *event);
void bus_deinit(struct bus *b);

/**
 * bus_join() - @user is told from now on
 *
 * If the bus is up, @up is called before this returns; @down is never called from within.
 * Owner: @user stays the caller's, until bus_leave(). Errors: -ENOMEM.
 */
int bus_join(struct bus *b, struct bus_user *user);
void bus_leave(struct bus *b, struct bus_user *user);

/**
 * bus_reset() - gives the connection up and makes it again, after the usual back-off
 *
 * For a user that the bus has fallen too far behind for. Everybody's @down is called. Not from
 * within a handler of the connection.
 */
void bus_reset(struct bus *b);
