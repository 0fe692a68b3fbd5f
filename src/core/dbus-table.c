/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/dbus-table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "wire/stamp.h"

#define DOCTYPE                                                                              \
	"<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n" \
	" \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n"

const struct dbus_interface *dbus_find_interface(const struct dbus_object *object, const char *name)
{
	for (size_t i = 0; i < object->n_interfaces; i++) {
		if (strcmp(object->interfaces[i]->name, name) == 0)
			return object->interfaces[i];
	}
	return NULL;
}

const struct dbus_method *dbus_find_method(const struct dbus_object *object, const char *interface,
					   const char *name)
{
	for (size_t i = 0; i < object->n_interfaces; i++) {
		const struct dbus_interface *this = object->interfaces[i];

		if (interface && strcmp(this->name, interface) != 0)
			continue;
		for (size_t j = 0; j < this->n_methods; j++) {
			if (strcmp(this->methods[j].name, name) == 0)
				return &this->methods[j];
		}
	}
	return NULL;
}

const struct dbus_property *dbus_find_property(const struct dbus_interface *interface,
					       const char *name)
{
	for (size_t i = 0; i < interface->n_properties; i++) {
		if (strcmp(interface->properties[i].name, name) == 0)
			return &interface->properties[i];
	}
	return NULL;
}

/** struct argument - one of a row's arguments; both inside the row's text */
struct argument {
	const char *type, *name;
	int type_size, name_size;
};

/* Moves @at behind the next argument; false when there is none. */
static bool next_argument(const char **at, struct argument *ret)
{
	*at += strspn(*at, ", ");
	if (!**at)
		return false;
	ret->type = *at;
	ret->type_size = (int)strcspn(*at, ", ");
	*at += ret->type_size;
	*at += **at == ' ' ? 1 : 0;
	ret->name = *at;
	ret->name_size = (int)strcspn(*at, ", ");
	*at += ret->name_size;
	return true;
}

void dbus_signature(const char *arguments, char ret[DBUS_SIGNATURE_SIZE])
{
	struct argument a;
	size_t used = 0;

	while (next_argument(&arguments, &a)) {
		memcpy(ret + used, a.type, (size_t)a.type_size);
		used += (size_t)a.type_size;
	}
	ret[used] = '\0';
}

/* ---- values ---- */

int dbus_append_property(sd_bus_message *m, const struct dbus_interface *interface,
			 const struct dbus_property *property, const struct dbus_view *view)
{
	int r = sd_bus_message_open_container(m, SD_BUS_TYPE_DICT_ENTRY, "sv");

	if (r >= 0)
		r = sd_bus_message_append_basic(m, SD_BUS_TYPE_STRING, property->name);
	if (r >= 0)
		r = sd_bus_message_open_container(m, SD_BUS_TYPE_VARIANT, property->type);
	if (r >= 0)
		r = interface->append(m, view, property->id);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

int dbus_append_stamp(sd_bus_message *m, usec_t real)
{
	char text[STAMP_SIZE];

	stamp_format(real, text);
	return sd_bus_message_append_basic(m, SD_BUS_TYPE_STRING, text);
}

int dbus_append_properties(sd_bus_message *m, const struct dbus_interface *interface,
			   const struct dbus_view *view)
{
	int r = sd_bus_message_open_container(m, SD_BUS_TYPE_ARRAY, "{sv}");

	for (size_t i = 0; r >= 0 && i < interface->n_properties; i++) {
		if (interface->properties[i].flags & DBUS_READ)
			r = dbus_append_property(m, interface, &interface->properties[i], view);
	}
	return r < 0 ? r : sd_bus_message_close_container(m);
}

/* ---- introspection ---- */

static void print_arguments(FILE *f, const char *arguments, const char *direction)
{
	struct argument a;

	while (arguments && next_argument(&arguments, &a)) {
		(void)fprintf(f, "      <arg");
		if (a.name_size > 0)
			(void)fprintf(f, " name=\"%.*s\"", a.name_size, a.name);
		(void)fprintf(f, " type=\"%.*s\"", a.type_size, a.type);
		if (direction)
			(void)fprintf(f, " direction=\"%s\"", direction);
		(void)fprintf(f, "/>\n");
	}
}

static void print_annotation(FILE *f, const char *indent, const char *name, const char *value)
{
	(void)fprintf(f, "%s<annotation name=\"org.freedesktop.DBus.%s\" value=\"%s\"/>\n", indent,
		      name, value);
}

static void print_flags(FILE *f, unsigned int flags)
{
	if (flags & DBUS_DEPRECATED)
		print_annotation(f, "      ", "Deprecated", "true");
	if (flags & DBUS_CONST)
		print_annotation(f, "      ", "Property.EmitsChangedSignal", "const");
	if (flags & DBUS_INVALIDATES)
		print_annotation(f, "      ", "Property.EmitsChangedSignal", "invalidates");
	if (flags & DBUS_SILENT)
		print_annotation(f, "      ", "Property.EmitsChangedSignal", "false");
}

static void print_interface(FILE *f, const struct dbus_interface *interface)
{
	(void)fprintf(f, "  <interface name=\"%s\">\n", interface->name);
	if (interface->is_deprecated)
		print_annotation(f, "    ", "Deprecated", "true");
	if (interface->is_ours)
		(void)fprintf(f, "    <annotation name=\"se.recompile.Mandos.Since\" "
				 "value=\"2.0.0\"/>\n");
	for (size_t i = 0; i < interface->n_methods; i++) {
		(void)fprintf(f, "    <method name=\"%s\">\n", interface->methods[i].name);
		print_arguments(f, interface->methods[i].in, "in");
		print_arguments(f, interface->methods[i].out, "out");
		print_flags(f, interface->methods[i].flags);
		(void)fprintf(f, "    </method>\n");
	}
	for (size_t i = 0; i < interface->n_signals; i++) {
		(void)fprintf(f, "    <signal name=\"%s\">\n", interface->signals[i].name);
		print_arguments(f, interface->signals[i].arguments, NULL);
		print_flags(f, interface->signals[i].flags);
		(void)fprintf(f, "    </signal>\n");
	}
	for (size_t i = 0; i < interface->n_properties; i++) {
		const struct dbus_property *p = &interface->properties[i];

		(void)fprintf(f, "    <property name=\"%s\" type=\"%s\" access=\"%s%s\">\n",
			      p->name, p->type, p->flags & DBUS_READ ? "read" : "",
			      p->flags & DBUS_WRITE ? "write" : "");
		print_flags(f, p->flags);
		(void)fprintf(f, "    </property>\n");
	}
	(void)fprintf(f, "  </interface>\n");
}

int dbus_introspect(const struct dbus_object *object, const char *const *children,
		    size_t n_children, char **ret_xml)
{
	_cleanup_free_ char *xml = NULL;
	size_t size;
	FILE *f = open_memstream(&xml, &size);

	if (!f)
		return -ENOMEM;
	(void)fprintf(f, DOCTYPE "<node>\n");
	for (size_t i = 0; i < object->n_interfaces; i++)
		print_interface(f, object->interfaces[i]);
	for (size_t i = 0; i < n_children; i++)
		(void)fprintf(f, "  <node name=\"%s\"/>\n", children[i]);
	(void)fprintf(f, "</node>\n");
	if (fclose(f) != 0)
		return -ENOMEM;
	*ret_xml = STEAL_PTR(xml);
	return 0;
}
