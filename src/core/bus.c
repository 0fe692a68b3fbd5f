/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/bus.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/util.h"

#define DEFAULT_ADDRESS "unix:path=/run/dbus/system_bus_socket"
#define LOCAL_SERVICE	"org.freedesktop.DBus.Local"
#define LOCAL_PATH	"/org/freedesktop/DBus/Local"

static void lost(struct bus *b, int error);

static void drop(struct bus *b)
{
	b->up = false;
	b->connected = sd_bus_slot_unref(b->connected);
	b->disconnected = sd_bus_slot_unref(b->disconnected);
	/* Closed without a flush, which would wait for a bus that does not read. */
	b->connection = sd_bus_close_unref(b->connection);
}

static int on_connected(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *b = userdata;
	struct bus_user *user;

	b->up = true;
	b->backoff = BUS_BACKOFF_MIN_USEC;
	SLIST_FOREACH(user, &b->users, link)
	user->up(user->userdata, b->connection);
	return 0;
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	lost(userdata, 0);
	return 0;
}

static int watch(struct bus *b)
{
	int r = sd_bus_match_signal(b->connection, &b->connected, LOCAL_SERVICE, LOCAL_PATH,
				    LOCAL_SERVICE, "Connected", on_connected, b);

	if (r < 0)
		return r;
	return sd_bus_match_signal(b->connection, &b->disconnected, LOCAL_SERVICE, LOCAL_PATH,
				   LOCAL_SERVICE, "Disconnected", on_disconnected, b);
}

/* What sd_bus_open_system() does, and it tells when the bus has greeted us. */
static int begin(struct bus *b)
{
	const char *address = secure_getenv("DBUS_SYSTEM_BUS_ADDRESS");
	int r = sd_bus_new(&b->connection);

	if (r < 0)
		return r;
	r = sd_bus_set_address(b->connection, address ? address : DEFAULT_ADDRESS);
	if (r >= 0)
		r = sd_bus_set_bus_client(b->connection, 1);
	if (r >= 0)
		r = sd_bus_set_connected_signal(b->connection, 1);
	/* The default is to flush, without a bound, at the end of the event loop. */
	if (r >= 0)
		r = sd_bus_set_close_on_exit(b->connection, 0);
	if (r >= 0)
		r = watch(b);
	if (r >= 0)
		r = sd_bus_start(b->connection);
	if (r >= 0)
		r = sd_bus_attach_event(b->connection, b->event, SD_EVENT_PRIORITY_NORMAL);
	return r;
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct bus *b = userdata;
	int r;

	b->timer = sd_event_source_disable_unref(b->timer);
	r = begin(b);
	if (r < 0)
		lost(b, r);
	return 0;
}

static int arm(struct bus *b, usec_t delay)
{
	return sd_event_add_time_relative(b->event, &b->timer, CLOCK_BOOTTIME, delay,
					  10 * USEC_PER_MSEC, on_time, b);
}

static void lost(struct bus *b, int error)
{
	struct bus_user *user;

	SLIST_FOREACH(user, &b->users, link)
	user->down(user->userdata, error);
	drop(b);
	if (arm(b, b->backoff) < 0)
		log_critical("Cannot connect to the system bus again: no timer");
	b->backoff = MIN_OF(2 * b->backoff, BUS_BACKOFF_MAX_USEC);
}

void bus_init(struct bus *b, sd_event *event)
{
	*b = (struct bus){ .event = event, .backoff = BUS_BACKOFF_MIN_USEC };
}

void bus_deinit(struct bus *b)
{
	b->timer = sd_event_source_disable_unref(b->timer);
	drop(b);
}

int bus_join(struct bus *b, struct bus_user *user)
{
	if (!b->connection && !b->timer) {
		int r = arm(b, 0);

		if (r < 0)
			return r;
	}
	SLIST_INSERT_HEAD(&b->users, user, link);
	if (b->up)
		user->up(user->userdata, b->connection);
	return 0;
}

void bus_reset(struct bus *b)
{
	if (b->connection)
		lost(b, -ENOBUFS);
}

void bus_leave(struct bus *b, struct bus_user *user)
{
	SLIST_REMOVE(&b->users, user, bus_user, link);
}
