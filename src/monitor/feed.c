/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "monitor/feed.h"

#include <errno.h>
#include <string.h>

#include "admin/events.h"
#include "admin/names.h"
#include "base/clock.h"
#include "monitor/happen.h"

#define LOCAL_SERVICE "org.freedesktop.DBus.Local"
#define LOCAL_PATH    "/org/freedesktop/DBus/Local"

static void retry_later(struct feed *f);

static void drop(struct feed *f)
{
	f->loading = sd_bus_slot_unref(f->loading);
	f->bus = sd_bus_close_unref(f->bus);
}

static enum happen_trouble trouble_of(const sd_bus_error *error)
{
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED))
		return HAPPEN_NO_ACCESS;
	if (sd_bus_error_has_names(error, SD_BUS_ERROR_SERVICE_UNKNOWN,
				   SD_BUS_ERROR_NAME_HAS_NO_OWNER))
		return HAPPEN_NO_SERVER;
	return HAPPEN_NO_SENSE;
}

static void take_failure(struct feed *f, const sd_bus_error *error)
{
	enum happen_trouble trouble = trouble_of(error);
	bool is_news = !f->is_loaded || trouble != HAPPEN_NO_SERVER;

	/* Later on, a server that went away again has been noticed by its name (MON-4). */
	if (is_news)
		(void)happen_trouble(f->model, trouble,
				     trouble == HAPPEN_NO_SENSE ? error->message : NULL);
}

static int on_list(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	struct feed *f = userdata;
	const sd_bus_error *error = sd_bus_message_get_error(reply);

	f->loading = sd_bus_slot_unref(f->loading);
	/* The end of the connection answers every call; on_disconnected() says it once. */
	if (sd_bus_is_open(f->bus) <= 0)
		return 0;
	f->model->now = instant_now().real;
	if (error)
		take_failure(f, error);
	else if (admin_clients_decode(&f->model->clients, reply) < 0)
		(void)happen_trouble(f->model, HAPPEN_NO_SENSE, NULL);
	else
		(void)happen_loaded(f->model, !f->is_loaded);
	f->is_loaded = true;
	f->changed(f->userdata, false);
	return 0;
}

static int load(struct feed *f)
{
	f->loading = sd_bus_slot_unref(f->loading);
	return admin_clients_load_async(f->bus, on_list, f, &f->loading);
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct feed *f = userdata;
	struct admin_event event;
	bool wants_person = false;

	f->model->now = instant_now().real;
	/* Whatever is odd is passed over (MON-61). */
	if (admin_event_take(&f->model->clients, m, &event) != ADMIN_EVENT_IS)
		return 0;
	(void)happen(f->model, &event, &wants_person);
	if (event.type == ADMIN_EVENT_SERVER_CAME)
		(void)load(f);
	f->changed(f->userdata, wants_person);
	return 0;
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct feed *f = userdata;

	f->model->now = instant_now().real;
	(void)happen_trouble(f->model, HAPPEN_NO_BUS, NULL);
	f->changed(f->userdata, false);
	retry_later(f);
	return 0;
}

static int connect_bus(struct feed *f)
{
	int r = sd_bus_open_system(&f->bus);

	if (r < 0)
		return r;
	(void)sd_bus_set_close_on_exit(f->bus, 0);
	r = sd_bus_match_signal(f->bus, NULL, LOCAL_SERVICE, LOCAL_PATH, LOCAL_SERVICE,
				"Disconnected", on_disconnected, f);
	/* First the signals, then the list: nothing can happen in between unnoticed. Neither is
	 * waited for, nor is the bus itself: keys are answered meanwhile. */
	if (r >= 0)
		r = admin_events_watch(f->bus, on_signal, f);
	if (r >= 0)
		r = sd_bus_attach_event(f->bus, f->event, SD_EVENT_PRIORITY_NORMAL);
	return r < 0 ? r : load(f);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct feed *f = userdata;

	drop(f);
	if (connect_bus(f) < 0)
		retry_later(f);
	return 0;
}

/* Not at once: the connection may be in use right now, by the caller's caller. */
static void retry_later(struct feed *f)
{
	f->retry = sd_event_source_disable_unref(f->retry);
	(void)sd_event_add_time_relative(f->event, &f->retry, CLOCK_BOOTTIME, FEED_RETRY_USEC, 0,
					 on_retry, f);
}

int feed_open(struct feed *f)
{
	return connect_bus(f);
}

/* Not sd_bus_flush(3), which waits for a stuck bus for ever. */
static void flush(sd_bus *bus, usec_t until)
{
	uint64_t n_queued;

	while (sd_bus_is_ready(bus) > 0 && sd_bus_get_n_queued_write(bus, &n_queued) >= 0 &&
	       n_queued > 0) {
		usec_t now = instant_now().boot;
		int r = sd_bus_process(bus, NULL);

		if (r == 0 && now < until)
			r = sd_bus_wait(bus, until - now);
		if (r < 0 || now >= until)
			return;
	}
}

void feed_close(struct feed *f)
{
	f->retry = sd_event_source_disable_unref(f->retry);
	/* What was asked for last, just before quitting, still goes out. */
	if (f->bus)
		flush(f->bus, instant_now().boot + FEED_FLUSH_USEC);
	drop(f);
}

static const struct call_row {
	const char *interface, *member;
	const char *property; /* to set; NULL: @member is the server's own method */
	bool value;	      /* of the property, or the argument of Approve */
} calls[] = {
	[MODEL_ENABLE] = { ADMIN_PROPERTIES_INTERFACE, "Set", "Enabled", true },
	[MODEL_DISABLE] = { ADMIN_PROPERTIES_INTERFACE, "Set", "Enabled", false },
	[MODEL_APPROVE] = { ADMIN_CLIENT_INTERFACE, "Approve", NULL, true },
	[MODEL_DENY] = { ADMIN_CLIENT_INTERFACE, "Approve", NULL, false },
	[MODEL_REMOVE] = { ADMIN_SERVER_INTERFACE, "RemoveClient", NULL, false },
	[MODEL_START_CHECKER] = { ADMIN_PROPERTIES_INTERFACE, "Set", "CheckerRunning", true },
	[MODEL_STOP_CHECKER] = { ADMIN_PROPERTIES_INTERFACE, "Set", "CheckerRunning", false },
	[MODEL_CHECKED_OK] = { ADMIN_CLIENT_INTERFACE, "CheckedOK", NULL, false },
};

static int append_arguments(sd_bus_message *m, enum model_call what, const char *path)
{
	const struct call_row *row = &calls[what];

	if (row->property)
		return sd_bus_message_append(m, "ssv", ADMIN_CLIENT_INTERFACE, row->property, "b",
					     (int)row->value);
	if (what == MODEL_REMOVE)
		return sd_bus_message_append(m, "o", path);
	if (what == MODEL_APPROVE || what == MODEL_DENY)
		return sd_bus_message_append(m, "b", (int)row->value);
	return 0;
}

void feed_call(struct feed *f, enum model_call what, const char *path)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	const struct call_row *row = &calls[what];

	if (!f->bus)
		return;
	if (sd_bus_message_new_method_call(f->bus, &m, ADMIN_SERVICE,
					   what == MODEL_REMOVE ? ADMIN_SERVER_PATH : path,
					   row->interface, row->member) < 0 ||
	    sd_bus_message_set_expect_reply(m, 0) < 0 || sd_bus_message_set_auto_start(m, 0) < 0 ||
	    append_arguments(m, what, path) < 0)
		return;
	(void)sd_bus_send(f->bus, m, NULL);
}
