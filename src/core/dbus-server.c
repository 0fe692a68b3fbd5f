/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server's object, "/" (DBUS-SRV). */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "core/added.h"
#include "core/dbus-private.h"
#include "core/manager.h"

/* What the properties of a client take beside its texts, and half of what its status takes. */
#define CLIENT_SIZE 1376

size_t dbus_listing_size(const struct registry *registry)
{
	const struct client *c;
	size_t size = 0;

	TAILQ_FOREACH (c, &registry->clients, link) {
		size += CLIENT_SIZE + strlen(c->name) + strlen(c->host) + strlen(c->checker) +
			strlen(c->fingerprint) + 2 * strlen(c->path);
	}
	return size;
}

int dbus_listing_too_large(struct dbus_call *call)
{
	(void)sd_bus_error_setf(&call->error, SD_BUS_ERROR_LIMITS_EXCEEDED,
				"%zu clients do not fit into one message",
				call->door->options.registry->n_clients);
	return -E2BIG;
}

static int on_remove_client(struct dbus_call *call)
{
	const struct dbus_options *o = &call->door->options;
	struct client *c;
	const char *path;
	char type;
	int r = sd_bus_message_peek_type(call->message, &type, NULL);

	if (r >= 0)
		r = sd_bus_message_read_basic(call->message, type, &path);
	if (r < 0)
		return r;
	c = registry_find_path(o->registry, path);
	if (!c) {
		(void)sd_bus_error_setf(&call->error, SD_BUS_ERROR_UNKNOWN_OBJECT,
					"There is no client %s", path);
		return -ENOENT;
	}
	r = added_forget(o->added, c->name);
	if (r < 0) {
		(void)sd_bus_error_setf(&call->error, SD_BUS_ERROR_IO_ERROR,
					"The file of client %s cannot be removed: %s", c->name,
					strerror(-r));
		return r;
	}
	return manager_remove_at_run_time(o->manager, c, r == 0, call->now);
}

static int list_paths(struct dbus_call *call)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const struct client *c;
	int r = sd_bus_message_new_method_return(call->message, &reply);

	if (r >= 0)
		r = sd_bus_message_open_container(reply, SD_BUS_TYPE_ARRAY, "o");
	TAILQ_FOREACH (c, &call->door->options.registry->clients, link) {
		if (r >= 0)
			r = sd_bus_message_append_basic(reply, SD_BUS_TYPE_OBJECT_PATH, c->path);
	}
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : dbus_answer(call, STEAL_PTR(reply), true);
}

static int on_get_all_clients(struct dbus_call *call)
{
	return dbus_answer_later(call, list_paths);
}

static int append_client(sd_bus_message *m, const struct dbus_view *view)
{
	int r = sd_bus_message_open_container(m, SD_BUS_TYPE_DICT_ENTRY, "oa{sv}");

	if (r >= 0)
		r = sd_bus_message_append_basic(m, SD_BUS_TYPE_OBJECT_PATH, view->client->path);
	if (r >= 0)
		r = dbus_append_properties(m, &dbus_client_interface, view);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int list_with_properties(struct dbus_call *call)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const struct registry *registry = call->door->options.registry;
	struct dbus_view view = { .door = call->door, .now = call->now };
	int r;

	if (dbus_listing_size(registry) > DBUS_LISTING_SIZE_MAX)
		return dbus_listing_too_large(call);
	r = sd_bus_message_new_method_return(call->message, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, SD_BUS_TYPE_ARRAY, "{oa{sv}}");
	TAILQ_FOREACH (view.client, &registry->clients, link) {
		if (r >= 0)
			r = append_client(reply, &view);
	}
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : dbus_answer(call, STEAL_PTR(reply), true);
}

static int on_get_all_clients_with_properties(struct dbus_call *call)
{
	return dbus_answer_later(call, list_with_properties);
}

static const struct dbus_method methods[] = {
	{ .name = "RemoveClient", .in = "o object_path", .in_also = "s", .call = on_remove_client },
	{ .name = "GetAllClients",
	  .out = "ao",
	  .flags = DBUS_DEPRECATED | DBUS_ONLY_READS,
	  .call = on_get_all_clients },
	{ .name = "GetAllClientsWithProperties",
	  .out = "a{oa{sv}}",
	  .flags = DBUS_DEPRECATED | DBUS_ONLY_READS,
	  .call = on_get_all_clients_with_properties },
};

static const struct dbus_signal signals[] = {
	{ .name = "ClientAdded", .arguments = "o objpath" },
	{ .name = "ClientRemoved", .arguments = "o objpath, s name", .flags = DBUS_DEPRECATED },
	{ .name = "ClientNotFound", .arguments = "s key_id, s address" },
};

const struct dbus_interface dbus_server_interface = {
	.name = "se.recompile.Mandos",
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
	.signals = signals,
	.n_signals = ARRAY_SIZE(signals),
};

const struct dbus_interface dbus_old_server_interface = {
	.name = "se.bsnet.fukt.Mandos",
	.is_deprecated = true,
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
	.signals = signals,
	.n_signals = ARRAY_SIZE(signals),
};

static const struct dbus_interface *const interfaces[] = {
	&dbus_server_interface,	    &dbus_old_server_interface,	    &dbus_control_interface,
	&dbus_properties_interface, &dbus_object_manager_interface, &dbus_introspectable_interface,
};

const struct dbus_object dbus_server_object = {
	.interfaces = interfaces,
	.n_interfaces = ARRAY_SIZE(interfaces),
};
