/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dispatch/lockdown.h"

#include <string.h>

#include "admin/names.h"

#define PROPERTY "Lockdown"

static const char match[] = "type='signal',sender='" ADMIN_SERVICE "',path='" ADMIN_SERVER_PATH
			    "',interface='" ADMIN_PROPERTIES_INTERFACE
			    "',member='PropertiesChanged',arg0='" ADMIN_CONTROL_INTERFACE "'";

/* At a variant. One that holds no boolean says nothing. A change that is signalled is one, whatever
 * was known. */
static int take(struct lockdown *l, sd_bus_message *m, bool is_change)
{
	enum lockdown_state before = l->state;
	int is_on, r = sd_bus_message_read(m, "v", "b", &is_on);

	if (r < 0)
		return r;
	l->state = is_on ? LOCKDOWN_ON : LOCKDOWN_OFF;
	if (before != l->state && (is_change || before != LOCKDOWN_UNKNOWN))
		l->on_change(l->userdata, is_on);
	return 0;
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct lockdown *l = userdata;
	const char *interface, *name;
	int r = sd_bus_message_read_basic(m, 's', &interface);

	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = sd_bus_message_read_basic(m, 's', &name);
		if (r < 0)
			break;
		r = strcmp(name, PROPERTY) == 0 ? take(l, m, true) : sd_bus_message_skip(m, "v");
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	/* A signal of another form is none of ours. */
	return 0;
}

static int on_value(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	/* An error comes from a server that has no such property, or from a bus without one. */
	if (!sd_bus_message_is_method_error(reply, NULL))
		(void)take(userdata, reply, false);
	return 0;
}

int lockdown_ask(struct lockdown *l, sd_bus *bus)
{
	return sd_bus_call_method_async(bus, NULL, ADMIN_SERVICE, ADMIN_SERVER_PATH,
					ADMIN_PROPERTIES_INTERFACE, "Get", on_value, l, "ss",
					ADMIN_CONTROL_INTERFACE, PROPERTY);
}

int lockdown_watch(struct lockdown *l, sd_bus *bus)
{
	int r = sd_bus_add_match_async(bus, NULL, match, on_signal, NULL, l);

	return r < 0 ? r : lockdown_ask(l, bus);
}
