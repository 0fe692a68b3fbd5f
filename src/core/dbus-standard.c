/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The interfaces of D-Bus itself: Properties, ObjectManager, Introspectable (DBUS-STD). */
#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "base/util.h"
#include "core/dbus-private.h"
#include "wire/object-path.h"

static struct dbus_view view_of(const struct dbus_call *call)
{
	return (struct dbus_view){ .door = call->door, .client = call->client, .now = call->now };
}

static int fail(struct dbus_call *call, const char *error, const char *interface,
		const char *property)
{
	(void)sd_bus_error_setf(&call->error, error, "%s:%s.%s",
				sd_bus_message_get_path(call->message), interface, property);
	return -EINVAL;
}

/* ---- Properties ---- */

/* Reads the two names that Get and Set begin with, and finds the row. */
static int find(struct dbus_call *call, const struct dbus_interface **ret_interface,
		const struct dbus_property **ret_property)
{
	const char *interface, *property;
	int r = sd_bus_message_read(call->message, "ss", &interface, &property);

	if (r < 0)
		return r;
	*ret_interface = dbus_find_interface(call->object, interface);
	if (!*ret_interface)
		return fail(call, SD_BUS_ERROR_UNKNOWN_INTERFACE, interface, property);
	*ret_property = dbus_find_property(*ret_interface, property);
	if (!*ret_property)
		return fail(call, SD_BUS_ERROR_UNKNOWN_PROPERTY, interface, property);
	return 0;
}

static int on_get(struct dbus_call *call)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const struct dbus_interface *interface;
	const struct dbus_property *property;
	const struct dbus_view view = view_of(call);
	int r = find(call, &interface, &property);

	if (r < 0)
		return r;
	if (!(property->flags & DBUS_READ))
		return fail(call, SD_BUS_ERROR_ACCESS_DENIED, interface->name, property->name);
	r = sd_bus_message_new_method_return(call->message, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, SD_BUS_TYPE_VARIANT, property->type);
	if (r >= 0)
		r = interface->append(reply, &view, property->id);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : dbus_answer(call, STEAL_PTR(reply), true);
}

static int append_no_properties(sd_bus_message *m)
{
	int r = sd_bus_message_open_container(m, SD_BUS_TYPE_ARRAY, "{sv}");

	return r < 0 ? r : sd_bus_message_close_container(m);
}

/* DBUS-STD-2: any name is fine, and the empty one means that of the object's own interface. */
static int on_get_all(struct dbus_call *call)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const struct dbus_interface *interface;
	const struct dbus_view view = view_of(call);
	const char *name;
	int r = sd_bus_message_read(call->message, "s", &name);

	if (r < 0)
		return r;
	interface = name[0] ? dbus_find_interface(call->object, name) : call->object->interfaces[0];
	r = sd_bus_message_new_method_return(call->message, &reply);
	if (r < 0)
		return r;
	r = interface ? dbus_append_properties(reply, interface, &view)
		      : append_no_properties(reply);
	return r < 0 ? r : dbus_answer(call, STEAL_PTR(reply), true);
}

static int on_set(struct dbus_call *call)
{
	const struct dbus_interface *interface;
	const struct dbus_property *property;
	const char *contents;
	char type;
	int r = find(call, &interface, &property);

	if (r < 0)
		return r;
	if (!(property->flags & DBUS_WRITE))
		return fail(call, SD_BUS_ERROR_PROPERTY_READ_ONLY, interface->name, property->name);
	r = sd_bus_message_peek_type(call->message, &type, &contents);
	if (r >= 0)
		r = sd_bus_message_enter_container(call->message, SD_BUS_TYPE_VARIANT, contents);
	return r < 0 ? r : interface->set(call, property->id);
}

static const struct dbus_method properties_methods[] = {
	{ .name = "Get",
	  .in = "s interface_name, s property_name",
	  .out = "v value",
	  .flags = DBUS_ONLY_READS,
	  .call = on_get },
	{ .name = "GetAll",
	  .in = "s interface_name",
	  .out = "a{sv} props",
	  .flags = DBUS_ONLY_READS,
	  .call = on_get_all },
	{ .name = "Set", .in = "s interface_name, s property_name, v value", .call = on_set },
};

static const struct dbus_signal properties_signals[] = {
	{ .name = "PropertiesChanged",
	  .arguments = "s interface_name, a{sv} changed_properties, as invalidated_properties" },
};

const struct dbus_interface dbus_properties_interface = {
	.name = "org.freedesktop.DBus.Properties",
	.methods = properties_methods,
	.n_methods = ARRAY_SIZE(properties_methods),
	.signals = properties_signals,
	.n_signals = ARRAY_SIZE(properties_signals),
};

/* ---- ObjectManager ---- */

static int append_interface(sd_bus_message *m, const struct dbus_interface *interface,
			    const struct dbus_view *view)
{
	int r = sd_bus_message_open_container(m, SD_BUS_TYPE_DICT_ENTRY, "sa{sv}");

	if (r >= 0)
		r = sd_bus_message_append_basic(m, SD_BUS_TYPE_STRING, interface->name);
	if (r >= 0)
		r = dbus_append_properties(m, interface, view);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

int dbus_append_interfaces(sd_bus_message *m, const struct dbus_view *view, bool with_old)
{
	int r = sd_bus_message_open_container(m, SD_BUS_TYPE_ARRAY, "{sa{sv}}");

	if (r >= 0)
		r = append_interface(m, &dbus_client_interface, view);
	if (r >= 0 && with_old)
		r = append_interface(m, &dbus_old_client_interface, view);
	if (r >= 0)
		r = append_interface(m, &dbus_status_interface, view);
	if (r >= 0)
		r = append_interface(m, &dbus_properties_interface, view);
	if (r >= 0)
		r = append_interface(m, &dbus_introspectable_interface, view);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_object(sd_bus_message *m, const struct dbus_view *view, bool with_old)
{
	int r = sd_bus_message_open_container(m, SD_BUS_TYPE_DICT_ENTRY, "oa{sa{sv}}");

	if (r >= 0)
		r = sd_bus_message_append_basic(m, SD_BUS_TYPE_OBJECT_PATH, view->client->path);
	if (r >= 0)
		r = dbus_append_interfaces(m, view, with_old);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

/* Above what the bus forwards, the deprecated twin is left out: half of all. */
static int list_objects(struct dbus_call *call)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct dbus_view view = view_of(call);
	size_t size = dbus_listing_size(call->door->options.registry);
	bool with_old = 2 * size <= DBUS_LISTING_SIZE_MAX;
	int r;

	if (size > DBUS_LISTING_SIZE_MAX)
		return dbus_listing_too_large(call);
	r = sd_bus_message_new_method_return(call->message, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, SD_BUS_TYPE_ARRAY, "{oa{sa{sv}}}");
	TAILQ_FOREACH (view.client, &call->door->options.registry->clients, link) {
		if (r >= 0)
			r = append_object(reply, &view, with_old);
	}
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : dbus_answer(call, STEAL_PTR(reply), true);
}

static int on_get_managed_objects(struct dbus_call *call)
{
	return dbus_answer_later(call, list_objects);
}

static const struct dbus_method object_manager_methods[] = {
	{ .name = "GetManagedObjects",
	  .out = "a{oa{sa{sv}}} objpath_interfaces_and_properties",
	  .flags = DBUS_ONLY_READS,
	  .call = on_get_managed_objects },
};

static const struct dbus_signal object_manager_signals[] = {
	{ .name = "InterfacesAdded",
	  .arguments = "o object_path, a{sa{sv}} interfaces_and_properties" },
	{ .name = "InterfacesRemoved", .arguments = "o object_path, as interfaces" },
};

const struct dbus_interface dbus_object_manager_interface = {
	.name = "org.freedesktop.DBus.ObjectManager",
	.methods = object_manager_methods,
	.n_methods = ARRAY_SIZE(object_manager_methods),
	.signals = object_manager_signals,
	.n_signals = ARRAY_SIZE(object_manager_signals),
};

/* ---- Introspectable ---- */

/** struct child - a node below the one that is introspected */
struct child {
	const char *name; /* in a client's path */
	size_t size;
	UT_hash_handle hh;
};

/** struct children - names of the nodes below a path, each once */
struct children {
	struct child *all;
	struct child *by_name;
	char **names;
	size_t n;
};

static void children_deinit(struct children *s)
{
	HASH_CLEAR(hh, s->by_name);
	for (size_t i = 0; s->names && i < s->n; i++)
		free(s->names[i]);
	free(s->names);
	free(s->all);
}

static int add_child(struct children *s, const char *name)
{
	struct child *child = &s->all[s->n], *found;

	child->name = name;
	child->size = strcspn(name, "/");
	HASH_FIND(hh, s->by_name, child->name, child->size, found);
	if (found)
		return 0;
	HASH_ADD_KEYPTR(hh, s->by_name, child->name, child->size, child);
	s->names[s->n] = strndup(child->name, child->size);
	return s->names[s->n++] ? 0 : -ENOMEM;
}

static int find_children(const struct registry *registry, const char *path, struct children *s)
{
	size_t size = strcmp(path, "/") == 0 ? 0 : strlen(path);
	const struct client *c;
	int r = 0;

	s->all = calloc(registry->n_clients + 1, sizeof(*s->all));
	s->names = calloc(registry->n_clients + 1, sizeof(*s->names));
	if (!s->all || !s->names)
		return -ENOMEM;
	if (size == 0)
		return add_child(s, &OBJECT_PATH_CLIENTS[1]);
	TAILQ_FOREACH (c, &registry->clients, link) {
		if (r == 0 && strncmp(c->path, path, size) == 0 && c->path[size] == '/')
			r = add_child(s, c->path + size + 1);
	}
	return r;
}

static int introspect(struct dbus_call *call)
{
	_cleanup_(children_deinit) struct children children = { .n = 0 };
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_free_ char *xml = NULL;
	int r = find_children(call->door->options.registry, sd_bus_message_get_path(call->message),
			      &children);

	if (r >= 0)
		r = dbus_introspect(call->object, (const char *const *)children.names, children.n,
				    &xml);
	if (r >= 0)
		r = sd_bus_message_new_method_return(call->message, &reply);
	if (r >= 0)
		r = sd_bus_message_append_basic(reply, SD_BUS_TYPE_STRING, xml);
	return r < 0 ? r : dbus_answer(call, STEAL_PTR(reply), true);
}

static const struct dbus_method introspectable_methods[] = {
	{ .name = "Introspect", .out = "s xml_data", .flags = DBUS_ONLY_READS, .call = introspect },
};

const struct dbus_interface dbus_introspectable_interface = {
	.name = "org.freedesktop.DBus.Introspectable",
	.methods = introspectable_methods,
	.n_methods = ARRAY_SIZE(introspectable_methods),
};

static const struct dbus_interface *const node_interfaces[] = {
	&dbus_introspectable_interface,
};

const struct dbus_object dbus_node_object = {
	.interfaces = node_interfaces,
	.n_interfaces = ARRAY_SIZE(node_interfaces),
};
