/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The D-Bus interfaces as tables: what is shown by Introspect() is what is dispatched and checked.
 *
 * One row a member. Arguments are written "TYPE NAME, TYPE NAME"; a name may be missing.
 */

#include <stdbool.h>
#include <stddef.h>

#include <systemd/sd-bus.h>

#include "base/clock.h"

struct client;
struct dbus_door;

/** enum dbus_flag - of a member; those of a property say what becomes of its changes */
enum dbus_flag {
	DBUS_DEPRECATED = 1 << 0,
	DBUS_CONST = 1 << 1,
	DBUS_INVALIDATES = 1 << 2,
	DBUS_READ = 1 << 3,
	DBUS_WRITE = 1 << 4,
	DBUS_SILENT = 1 << 5, /* of a property: changes without a signal */
	/* Of a method: it changes nothing, so its answer need not wait until all is saved. */
	DBUS_ONLY_READS = 1 << 6,
};

/**
 * struct dbus_call - one method call under way
 *
 * @client: of the object that was called; NULL for the server's
 * @error:  what the caller is told if it is set
 */
struct dbus_call {
	struct dbus_door *door;
	sd_bus_message *message;
	struct client *client;
	const struct dbus_object *object;
	struct instant now;
	sd_bus_error error;
};

/**
 * dbus_method_fn - carries a call out
 *
 * Returns 0 when an empty answer is due, DBUS_ANSWERED when it has been given or will be, and a
 * negative errno with @call->error set or not; nothing has changed then.
 */
typedef int dbus_method_fn(struct dbus_call *call);
#define DBUS_ANSWERED 1

struct dbus_method {
	const char *name;
	const char *in, *out;
	const char *in_also; /* a signature that is taken as well */
	unsigned int flags;
	dbus_method_fn *call;
};

struct dbus_signal {
	const char *name;
	const char *arguments;
	unsigned int flags;
};

/** struct dbus_view - whose properties are read, and when */
struct dbus_view {
	struct dbus_door *door;
	struct client *client;
	struct instant now;
};

/**
 * struct dbus_property - @id is what append() and set() of its interface know it by
 *
 * @set: the message stands inside the variant; returns as a dbus_method_fn does
 */
struct dbus_property {
	const char *name;
	const char *type;
	unsigned int flags;
	unsigned int id;
};

struct dbus_interface {
	const char *name;
	bool is_deprecated;
	bool is_ours; /* not the reference's */
	const struct dbus_method *methods;
	size_t n_methods;
	const struct dbus_signal *signals;
	size_t n_signals;
	const struct dbus_property *properties;
	size_t n_properties;
	int (*append)(sd_bus_message *m, const struct dbus_view *view, unsigned int id);
	int (*set)(struct dbus_call *call, unsigned int id);
};

/** struct dbus_object - a kind of object: what can be called on it */
struct dbus_object {
	const struct dbus_interface *const *interfaces;
	size_t n_interfaces;
};

/** dbus_find_interface() - NULL if the object has none of that name */
const struct dbus_interface *dbus_find_interface(const struct dbus_object *object,
						 const char *name);

/** dbus_find_method() - @interface NULL: the first interface that has it, as the protocol allows */
const struct dbus_method *dbus_find_method(const struct dbus_object *object, const char *interface,
					   const char *name);

const struct dbus_property *dbus_find_property(const struct dbus_interface *interface,
					       const char *name);

/** DBUS_SIGNATURE_SIZE - of any method, with the NUL */
#define DBUS_SIGNATURE_SIZE 32

/** dbus_signature() - the types alone of a row's arguments */
void dbus_signature(const char *arguments, char ret[DBUS_SIGNATURE_SIZE]);

/**
 * dbus_append_property() - one dictionary entry {sv}; -errno of sd_bus_message_append(3)
 */
int dbus_append_property(sd_bus_message *m, const struct dbus_interface *interface,
			 const struct dbus_property *property, const struct dbus_view *view);

/** dbus_append_stamp() - a time of the wall clock as DBUS-PROP-30 has it */
int dbus_append_stamp(sd_bus_message *m, usec_t real);

/** dbus_append_properties() - a{sv} of all that can be read */
int dbus_append_properties(sd_bus_message *m, const struct dbus_interface *interface,
			   const struct dbus_view *view);

/**
 * dbus_introspect() - the XML of an object
 * @children:   names of child nodes
 * @n_children: how many
 *
 * Owner: the caller frees @ret_xml. Errors: -ENOMEM.
 * Source: DBUS-STD-20 to -23.
 */
int dbus_introspect(const struct dbus_object *object, const char *const *children,
		    size_t n_children, char **ret_xml);
