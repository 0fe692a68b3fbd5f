/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ctl/watch.h"

#include <errno.h>
#include <stdio.h>

#include "admin/events.h"
#include "admin/match.h"
#include "base/clock.h"
#include "ctl/stream.h"

struct watch {
	const struct ctl_command *command;
	struct admin_clients clients;
	sd_bus_slot *loading; /* the list is on its way */
	bool is_listed;	      /* once it has come, what is added is news */
	int error;
};

static void print(struct watch *w, const struct admin_event *e)
{
	const struct ctl_command *c = w->command;

	if (e->client ? !admin_match(e->client->name, c->names, c->n_names) : c->n_names > 0)
		return;
	stream_print(stdout, e, instant_now().real, ctl_command_has(c, CTL_DUMP_JSON));
	if (fflush(stdout) != 0)
		w->error = -errno;
}

static int on_list(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const struct admin_event gone = { .type = ADMIN_EVENT_SERVER_GONE };
	struct watch *w = userdata;
	int r = 0;

	w->loading = sd_bus_slot_unref(w->loading);
	/* Away at first: said once. If it went away meanwhile, that was an event of its own. */
	if (sd_bus_message_is_method_error(reply, NULL)) {
		if (!w->is_listed)
			print(w, &gone);
	} else {
		r = admin_clients_decode(&w->clients, reply);
	}
	w->is_listed = true;
	if (r == -ENOMEM)
		w->error = r;
	return 0;
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct watch *w = userdata;
	struct admin_event e;
	int r = admin_event_take(&w->clients, m, &e);

	if (r == -ENOMEM)
		w->error = r;
	/* A signal of another form is none of ours; whoever sent it, the rest goes on. */
	if (r != ADMIN_EVENT_IS)
		return 0;
	print(w, &e);
	if (e.type == ADMIN_EVENT_REMOVED && e.client)
		admin_clients_remove(&w->clients, e.client);
	if (e.type == ADMIN_EVENT_SERVER_GONE || e.type == ADMIN_EVENT_SERVER_CAME)
		admin_clients_clear(&w->clients);
	/* A server that exports its clients before it takes its name announces none of them. */
	if (e.type == ADMIN_EVENT_SERVER_CAME && !w->loading)
		r = admin_clients_load_async(sd_bus_message_get_bus(m), on_list, w, &w->loading);
	if (r < 0)
		w->error = r;
	return 0;
}

static int loop(struct watch *w, sd_bus *bus)
{
	int r = admin_events_watch(bus, on_signal, w);

	if (r >= 0)
		r = admin_clients_load_async(bus, on_list, w, &w->loading);
	while (r >= 0 && w->error == 0) {
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, UINT64_MAX);
		if (r == -EINTR)
			r = 0;
	}
	return r < 0 ? r : w->error;
}

int watch_events(sd_bus *bus, const struct ctl_command *command)
{
	struct watch w = { .command = command };
	int r = loop(&w, bus);

	sd_bus_slot_unref(w.loading);
	admin_clients_clear(&w.clients);
	return r;
}
