/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a call to a row of a table. sd-bus answers org.freedesktop.DBus.Peer by itself before this.
 *
 * One handler for all paths, and not sd-bus's own tables: these would be an allocation for each
 * client, and have ideas of their own about what an object manager shows and how a call fails.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "core/dbus-private.h"
#include "wire/object-path.h"

/* A name may have slashes in it, so that there are nodes between /clients and some clients. */
static bool is_node(const struct registry *registry, const char *path)
{
	size_t size = strlen(path);
	const struct client *c;

	if (strcmp(path, OBJECT_PATH_CLIENTS) == 0)
		return true;
	if (strncmp(path, OBJECT_PATH_CLIENTS "/", strlen(OBJECT_PATH_CLIENTS "/")) != 0)
		return false;
	TAILQ_FOREACH (c, &registry->clients, link) {
		if (strncmp(c->path, path, size) == 0 && c->path[size] == '/')
			return true;
	}
	return false;
}

static const struct dbus_object *find_object(struct dbus_call *call)
{
	const struct registry *registry = call->door->options.registry;
	const char *path = sd_bus_message_get_path(call->message);

	if (strcmp(path, "/") == 0)
		return &dbus_server_object;
	call->client = registry_find_path(registry, path);
	if (call->client)
		return &dbus_client_object;
	return is_node(registry, path) ? &dbus_node_object : NULL;
}

static int check_signature(struct dbus_call *call, const struct dbus_method *method)
{
	const char *given = sd_bus_message_get_signature(call->message, 1);
	char wanted[DBUS_SIGNATURE_SIZE] = "";

	if (method->in)
		dbus_signature(method->in, wanted);
	if (strcmp(given, wanted) == 0 || (method->in_also && strcmp(given, method->in_also) == 0))
		return 0;
	(void)sd_bus_error_setf(&call->error, SD_BUS_ERROR_INVALID_ARGS,
				"%s() takes \"%s\", not \"%s\"", method->name, wanted, given);
	return -EINVAL;
}

static int answer_empty(struct dbus_call *call, const struct dbus_method *method)
{
	sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_return(call->message, &reply);

	if (r < 0)
		return r;
	return dbus_answer(call, reply, (method->flags & DBUS_ONLY_READS) != 0);
}

static int dispatch(struct dbus_call *call)
{
	const char *interface = sd_bus_message_get_interface(call->message);
	const char *member = sd_bus_message_get_member(call->message);
	const struct dbus_method *method;
	int r;

	call->object = find_object(call);
	if (!call->object)
		return sd_bus_error_setf(&call->error, SD_BUS_ERROR_UNKNOWN_OBJECT,
					 "There is no object %s",
					 sd_bus_message_get_path(call->message));
	method = dbus_find_method(call->object, interface, member);
	if (!method)
		return sd_bus_error_setf(&call->error, SD_BUS_ERROR_UNKNOWN_METHOD,
					 "There is no method %s() in the interface %s of %s",
					 member, interface ? interface : "(any)",
					 sd_bus_message_get_path(call->message));
	r = check_signature(call, method);
	if (r >= 0)
		r = method->call(call);
	return r == 0 ? answer_empty(call, method) : r;
}

int dbus_on_call(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct dbus_call call = {
		.door = userdata,
		.message = m,
		.now = instant_now(),
		.error = SD_BUS_ERROR_NULL,
	};
	int r;

	if (!sd_bus_message_is_method_call(m, NULL, NULL))
		return 0;
	/* It may be a secret (Set): its memory is erased when it is freed. */
	(void)sd_bus_message_sensitive(m);
	r = dispatch(&call);
	if (r < 0)
		dbus_answer_error(&call, r);
	sd_bus_error_free(&call.error);
	return 1;
}
