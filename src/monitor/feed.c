/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "monitor/feed.h"

#include <errno.h>
#include <string.h>

#include "admin/names.h"
#include "base/clock.h"
#include "monitor/happen.h"

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

static void on_news(void *userdata, enum admin_link_news news, const sd_bus_error *error)
{
	struct feed *f = userdata;

	f->model->now = instant_now().real;
	switch (news) {
	case ADMIN_LINK_LISTED:
		(void)happen_loaded(f->model, !f->is_loaded);
		break;
	case ADMIN_LINK_REFUSED:
		take_failure(f, error);
		break;
	case ADMIN_LINK_NONSENSE:
		(void)happen_trouble(f->model, HAPPEN_NO_SENSE, NULL);
		break;
	case ADMIN_LINK_LOST:
		(void)happen_trouble(f->model, HAPPEN_NO_BUS, NULL);
		break;
	}
	f->is_loaded = f->is_loaded || news != ADMIN_LINK_LOST;
	f->changed(f->userdata, false);
}

static void on_event(void *userdata, const struct admin_event *event)
{
	struct feed *f = userdata;
	bool wants_person = false;

	f->model->now = instant_now().real;
	(void)happen(f->model, event, &wants_person);
	f->changed(f->userdata, wants_person);
}

int feed_open(struct feed *f)
{
	f->link = (struct admin_link){
		.event = f->event,
		.clients = &f->model->clients,
		.on_news = on_news,
		.on_event = on_event,
		.userdata = f,
	};
	return admin_link_open(&f->link);
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
	/* What was asked for last, just before quitting, still goes out. */
	if (f->link.bus)
		flush(f->link.bus, instant_now().boot + FEED_FLUSH_USEC);
	admin_link_close(&f->link);
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

	if (!f->link.bus)
		return;
	if (sd_bus_message_new_method_call(f->link.bus, &m, ADMIN_SERVICE,
					   what == MODEL_REMOVE ? ADMIN_SERVER_PATH : path,
					   row->interface, row->member) < 0 ||
	    sd_bus_message_set_expect_reply(m, 0) < 0 || sd_bus_message_set_auto_start(m, 0) < 0 ||
	    append_arguments(m, what, path) < 0)
		return;
	(void)sd_bus_send(f->link.bus, m, NULL);
}
