/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "admin/events.h"

#include <errno.h>
#include <string.h>

#include "admin/names.h"

/* The deprecated twins of signals have other interfaces, or (PropertyChanged) other members. */
static const char *const matches[] = {
	"type='signal',sender='" ADMIN_SERVICE "',interface='" ADMIN_SERVER_INTERFACE
	"',member='ClientNotFound'",
	"type='signal',sender='" ADMIN_SERVICE "',interface='" ADMIN_MANAGER_INTERFACE "'",
	"type='signal',sender='" ADMIN_SERVICE "',interface='" ADMIN_PROPERTIES_INTERFACE
	"',arg0='" ADMIN_CLIENT_INTERFACE "'",
	"type='signal',sender='" ADMIN_SERVICE "',interface='" ADMIN_PROPERTIES_INTERFACE
	"',arg0='" ADMIN_STATUS_INTERFACE "'",
	"type='signal',sender='" ADMIN_SERVICE "',interface='" ADMIN_CLIENT_INTERFACE
	"',member='CheckerStarted'",
	"type='signal',sender='" ADMIN_SERVICE "',interface='" ADMIN_CLIENT_INTERFACE
	"',member='CheckerCompleted'",
	"type='signal',sender='" ADMIN_SERVICE "',interface='" ADMIN_CLIENT_INTERFACE
	"',member='NeedApproval'",
	"type='signal',sender='" ADMIN_SERVICE "',interface='" ADMIN_CLIENT_INTERFACE
	"',member='GotSecret'",
	"type='signal',sender='" ADMIN_SERVICE "',interface='" ADMIN_CLIENT_INTERFACE
	"',member='Rejected'",
	"type='signal',sender='" ADMIN_BUS_SERVICE "',path='" ADMIN_BUS_PATH
	"',interface='" ADMIN_BUS_INTERFACE "',member='NameOwnerChanged',arg0='" ADMIN_SERVICE "'",
};

int admin_events_watch(sd_bus *bus, sd_bus_message_handler_t handler, void *data)
{
	for (size_t i = 0; i < ARRAY_SIZE(matches); i++) {
		int r = sd_bus_add_match_async(bus, NULL, matches[i], handler, NULL, data);

		if (r < 0)
			return r;
	}
	return 0;
}

static int take_added(struct admin_clients *clients, sd_bus_message *m, struct admin_event *e)
{
	int r = sd_bus_message_read_basic(m, 'o', &e->path);

	if (r < 0)
		return r;
	r = admin_clients_take(clients, e->path, m, &e->client, &e->changed);
	if (r < 0)
		return r;
	return e->client ? ADMIN_EVENT_IS : ADMIN_EVENT_IS_NOT;
}

static int take_removed(struct admin_clients *clients, sd_bus_message *m, struct admin_event *e)
{
	const char *interface;
	int r = sd_bus_message_read_basic(m, 'o', &e->path);

	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'a', "s");
	while (r >= 0 && (r = sd_bus_message_read_basic(m, 's', &interface)) > 0) {
		if (strcmp(interface, ADMIN_CLIENT_INTERFACE) == 0) {
			e->client = admin_clients_find(clients, e->path);
			return ADMIN_EVENT_IS;
		}
	}
	return r;
}

static int take_changed(struct admin_clients *clients, sd_bus_message *m, struct admin_event *e)
{
	const char *interface;
	int r = sd_bus_message_read_basic(m, 's', &interface);

	if (r < 0)
		return r;
	if (!e->client || (strcmp(interface, ADMIN_CLIENT_INTERFACE) != 0 &&
			   strcmp(interface, ADMIN_STATUS_INTERFACE) != 0))
		return ADMIN_EVENT_IS_NOT;
	r = admin_client_update(e->client, m, &e->changed);
	return r < 0 ? r : ADMIN_EVENT_IS;
}

static int take_completed(struct admin_clients *clients, sd_bus_message *m, struct admin_event *e)
{
	return sd_bus_message_read(m, "nxs", &e->exit_status, &e->wait_status, &e->text);
}

static int take_need(struct admin_clients *clients, sd_bus_message *m, struct admin_event *e)
{
	int by_default = 0, r = sd_bus_message_read(m, "tb", &e->timeout, &by_default);

	e->by_default = by_default;
	return r;
}

static int take_text(struct admin_clients *clients, sd_bus_message *m, struct admin_event *e)
{
	return sd_bus_message_read_basic(m, 's', &e->text);
}

static int take_bare(struct admin_clients *clients, sd_bus_message *m, struct admin_event *e)
{
	return ADMIN_EVENT_IS;
}

static int take_not_found(struct admin_clients *clients, sd_bus_message *m, struct admin_event *e)
{
	return sd_bus_message_read(m, "ss", &e->text, &e->address);
}

static int take_owner(struct admin_clients *clients, sd_bus_message *m, struct admin_event *e)
{
	const char *name, *before, *after;
	int r = sd_bus_message_read(m, "sss", &name, &before, &after);

	if (r < 0)
		return r;
	e->type = *after ? ADMIN_EVENT_SERVER_CAME : ADMIN_EVENT_SERVER_GONE;
	return strcmp(name, ADMIN_SERVICE) == 0 ? ADMIN_EVENT_IS : ADMIN_EVENT_IS_NOT;
}

static const struct signal_row {
	const char *interface, *member;
	enum admin_event_type type;
	bool needs_client;
	int (*take)(struct admin_clients *clients, sd_bus_message *m, struct admin_event *e);
} signals[] = {
	{ ADMIN_PROPERTIES_INTERFACE, "PropertiesChanged", ADMIN_EVENT_CHANGED, true,
	  take_changed },
	{ ADMIN_CLIENT_INTERFACE, "CheckerStarted", ADMIN_EVENT_CHECKER_STARTED, true, take_text },
	{ ADMIN_CLIENT_INTERFACE, "CheckerCompleted", ADMIN_EVENT_CHECKER_COMPLETED, true,
	  take_completed },
	{ ADMIN_CLIENT_INTERFACE, "NeedApproval", ADMIN_EVENT_NEED_APPROVAL, true, take_need },
	{ ADMIN_CLIENT_INTERFACE, "GotSecret", ADMIN_EVENT_GOT_SECRET, true, take_bare },
	{ ADMIN_CLIENT_INTERFACE, "Rejected", ADMIN_EVENT_REJECTED, true, take_text },
	{ ADMIN_MANAGER_INTERFACE, "InterfacesAdded", ADMIN_EVENT_ADDED, false, take_added },
	{ ADMIN_MANAGER_INTERFACE, "InterfacesRemoved", ADMIN_EVENT_REMOVED, false, take_removed },
	{ ADMIN_SERVER_INTERFACE, "ClientNotFound", ADMIN_EVENT_CLIENT_NOT_FOUND, false,
	  take_not_found },
	{ ADMIN_BUS_INTERFACE, "NameOwnerChanged", ADMIN_EVENT_SERVER_CAME, false, take_owner },
};

int admin_event_take(struct admin_clients *clients, sd_bus_message *m, struct admin_event *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		const struct signal_row *row = &signals[i];
		struct admin_event e = { .type = row->type };
		int r;

		if (!sd_bus_message_is_signal(m, row->interface, row->member))
			continue;
		if (row->needs_client) {
			e.path = sd_bus_message_get_path(m);
			e.client = admin_clients_find(clients, e.path);
			if (!e.client)
				return ADMIN_EVENT_IS_NOT;
		}
		r = row->take(clients, m, &e);
		if (r > 0)
			*ret = e;
		return r == -ENXIO || r == -EINVAL || r == -EBUSY ? -EBADMSG : r;
	}
	return ADMIN_EVENT_IS_NOT;
}
