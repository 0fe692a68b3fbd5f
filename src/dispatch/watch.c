/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dispatch/watch.h"

#include <string.h>

#include "admin/names.h"
#include "base/log.h"

/* @what is static. */
static void say_away(struct watch *w, const char *what, const char *detail)
{
	/* Not with each attempt. */
	if (w->away != what)
		log_warning("%s%s%s; waiting for it", what, detail ? ": " : "",
			    detail ? detail : "");
	w->away = what;
}

static void tell_disabled(struct watch *w, const struct admin_client *client)
{
	struct notice notice;

	notice_of_disabled(client, &notice);
	w->on_notice(w->userdata, &notice, client->name);
}

static void see(struct watch *w, const struct admin_client *client)
{
	const uint32_t needed = ADMIN_BIT(ADMIN_NAME) | ADMIN_BIT(ADMIN_ENABLED);
	bool has_reason = client->known & ADMIN_BIT(ADMIN_DISABLED_REASON);

	if ((client->known & needed) != needed)
		return;
	/* Why is the next signal. If that never comes, the next list has both. */
	if (!client->enabled && has_reason && !*client->disabled_reason)
		return;
	if (memory_see(&w->memory, client->name, client->enabled))
		tell_disabled(w, client);
}

static void see_all(struct watch *w)
{
	struct admin_client *client, *next;

	ADMIN_FOREACH (&w->clients, client, next)
		see(w, client);
	memory_keep(&w->memory, &w->clients);
}

static void on_gone(struct watch *w)
{
	memory_interrupt(&w->memory);
	admin_clients_clear(&w->clients);
}

static void on_removed(struct watch *w, struct admin_client *client)
{
	if (!client)
		return;
	memory_leave(&w->memory, client->name);
	admin_clients_remove(&w->clients, client);
}

static void on_event(void *userdata, const struct admin_event *e)
{
	struct watch *w = userdata;
	struct notice notice;

	switch (e->type) {
	case ADMIN_EVENT_REMOVED:
		on_removed(w, e->client);
		return;
	case ADMIN_EVENT_SERVER_GONE:
		say_away(w, "The Mandos server is gone", NULL);
		on_gone(w);
		return;
	case ADMIN_EVENT_SERVER_CAME:
		on_gone(w);
		(void)lockdown_ask(&w->lockdown, w->link.bus);
		return;
	case ADMIN_EVENT_ADDED:
	case ADMIN_EVENT_CHANGED:
		memory_settle(&w->memory);
		see(w, e->client);
		return;
	case ADMIN_EVENT_CHECKER_STARTED:
	case ADMIN_EVENT_CHECKER_COMPLETED:
	case ADMIN_EVENT_NEED_APPROVAL:
	case ADMIN_EVENT_GOT_SECRET:
	case ADMIN_EVENT_REJECTED:
	case ADMIN_EVENT_CLIENT_NOT_FOUND:
	case ADMIN_N_EVENTS:
		break;
	}
	memory_settle(&w->memory);
	if (notice_of_event(e, &notice))
		w->on_notice(w->userdata, &notice, e->client ? e->client->name : NULL);
}

static void on_refused(struct watch *w, const sd_bus_error *error)
{
	const char *words = error->message ? error->message : error->name;

	/* Its coming will be a signal. */
	if (sd_bus_error_has_names(error, SD_BUS_ERROR_SERVICE_UNKNOWN,
				   SD_BUS_ERROR_NAME_HAS_NO_OWNER)) {
		say_away(w, "There is no Mandos server", words);
		return;
	}
	/* The policy of the bus may be installed and read after we were started. */
	say_away(w,
		 sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED)
			 ? "The system bus keeps the Mandos server from this user, see "
			   "mandos-dispatch(8), USER"
			 : "The Mandos server does not list its clients",
		 words);
	admin_link_retry(&w->link);
}

static void on_news(void *userdata, enum admin_link_news news, const sd_bus_error *error)
{
	struct watch *w = userdata;

	switch (news) {
	case ADMIN_LINK_LISTED:
		log_info("Following the Mandos server, which has %u clients",
			 admin_clients_count(&w->clients));
		w->away = NULL;
		see_all(w);
		break;
	case ADMIN_LINK_REFUSED:
		on_refused(w, error);
		break;
	case ADMIN_LINK_NONSENSE:
		say_away(w, "The Mandos server does not list its clients", NULL);
		admin_link_retry(&w->link);
		break;
	case ADMIN_LINK_LOST:
		say_away(w, "The system bus is gone", NULL);
		on_gone(w);
		break;
	}
}

static int on_connect(void *userdata, sd_bus *bus)
{
	struct watch *w = userdata;

	return lockdown_watch(&w->lockdown, bus);
}

static void on_lockdown(void *userdata, bool is_on)
{
	struct watch *w = userdata;
	struct notice notice;

	notice_of_lockdown(is_on, &notice);
	w->on_notice(w->userdata, &notice, NULL);
}

void watch_start(struct watch *w)
{
	int r;

	w->lockdown = (struct lockdown){ .on_change = on_lockdown, .userdata = w };
	w->link = (struct admin_link){
		.event = w->event,
		.clients = &w->clients,
		.on_connect = on_connect,
		.on_news = on_news,
		.on_event = on_event,
		.userdata = w,
	};
	r = admin_link_open(&w->link);
	if (r >= 0)
		return;
	say_away(w, "There is no system bus", strerror(-r));
	admin_link_retry(&w->link);
}

void watch_stop(struct watch *w)
{
	admin_link_close(&w->link);
	admin_clients_clear(&w->clients);
	memory_deinit(&w->memory);
}
