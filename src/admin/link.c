/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "admin/link.h"

#include <time.h>

#include "admin/names.h"

#define LOCAL_SERVICE "org.freedesktop.DBus.Local"
#define LOCAL_PATH    "/org/freedesktop/DBus/Local"

static void drop(struct admin_link *l)
{
	l->loading = sd_bus_slot_unref(l->loading);
	l->bus = sd_bus_close_unref(l->bus);
}

static int on_list(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	struct admin_link *l = userdata;
	const sd_bus_error *error = sd_bus_message_get_error(reply);

	l->loading = sd_bus_slot_unref(l->loading);
	/* The end of the connection answers every call; on_disconnected() says it once. */
	if (sd_bus_is_open(l->bus) <= 0)
		return 0;
	if (error)
		l->on_news(l->userdata, ADMIN_LINK_REFUSED, error);
	else if (admin_clients_decode(l->clients, reply) < 0)
		l->on_news(l->userdata, ADMIN_LINK_NONSENSE, NULL);
	else
		l->on_news(l->userdata, ADMIN_LINK_LISTED, NULL);
	return 0;
}

static int load(struct admin_link *l)
{
	l->loading = sd_bus_slot_unref(l->loading);
	return admin_clients_load_async(l->bus, on_list, l, &l->loading);
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct admin_link *l = userdata;
	struct admin_event event;

	/* Whatever is odd is passed over (MON-61). */
	if (admin_event_take(l->clients, m, &event) != ADMIN_EVENT_IS)
		return 0;
	l->on_event(l->userdata, &event);
	if (event.type == ADMIN_EVENT_SERVER_CAME)
		(void)load(l);
	return 0;
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct admin_link *l = userdata;

	l->on_news(l->userdata, ADMIN_LINK_LOST, NULL);
	admin_link_retry(l);
	return 0;
}

int admin_link_open(struct admin_link *l)
{
	int r = sd_bus_open_system(&l->bus);

	if (r < 0)
		return r;
	(void)sd_bus_set_close_on_exit(l->bus, 0);
	r = sd_bus_match_signal(l->bus, NULL, LOCAL_SERVICE, LOCAL_PATH, LOCAL_SERVICE,
				"Disconnected", on_disconnected, l);
	/* First the signals, then the list: nothing can happen in between unnoticed. Neither is
	 * waited for, nor is the bus itself: the caller has other things to do meanwhile. */
	if (r >= 0)
		r = admin_events_watch(l->bus, on_signal, l);
	if (r >= 0 && l->on_connect)
		r = l->on_connect(l->userdata, l->bus);
	if (r >= 0)
		r = sd_bus_attach_event(l->bus, l->event, SD_EVENT_PRIORITY_NORMAL);
	return r < 0 ? r : load(l);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct admin_link *l = userdata;

	drop(l);
	if (admin_link_open(l) < 0)
		admin_link_retry(l);
	return 0;
}

/* Not at once: the connection may be in use right now, by the caller's caller. */
void admin_link_retry(struct admin_link *l)
{
	l->retry = sd_event_source_disable_unref(l->retry);
	(void)sd_event_add_time_relative(l->event, &l->retry, CLOCK_BOOTTIME, ADMIN_LINK_RETRY_USEC,
					 0, on_retry, l);
}

void admin_link_close(struct admin_link *l)
{
	l->retry = sd_event_source_disable_unref(l->retry);
	drop(l);
}
