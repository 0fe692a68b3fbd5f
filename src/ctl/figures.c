/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ctl/figures.h"

#include <string.h>

#include "admin/names.h"
#include "base/util.h"

static const char *const names[N_FIGURES] = {
	[FIGURE_LOCKDOWN] = "Lockdown",
	[FIGURE_ENABLED_CLIENTS] = "EnabledClients",
	[FIGURE_WAITING_CLIENTS] = "WaitingClients",
	[FIGURE_CHECKERS_RUNNING] = "CheckersRunning",
	[FIGURE_CHECKERS_WAITING] = "CheckersWaiting",
	[FIGURE_PASSWORDS_GIVEN] = "PasswordsGiven",
	[FIGURE_PASSWORDS_REFUSED] = "PasswordsRefused",
	[FIGURE_UNKNOWN_KEYS] = "UnknownKeys",
};

/* The variant of one entry; anything but a number is no figure. */
static int take(sd_bus_message *m, enum figure figure, struct figures *f)
{
	const char *type = NULL;
	union {
		int b;
		uint32_t u;
		uint64_t t;
	} value;
	int r = sd_bus_message_peek_type(m, NULL, &type);

	if (r < 0)
		return r;
	if (figure == N_FIGURES || !type || strlen(type) != 1 || !strchr("but", *type))
		return sd_bus_message_skip(m, "v");
	r = sd_bus_message_read(m, "v", type, &value);
	if (r < 0)
		return r;
	f->is_known[figure] = true;
	f->values[figure] = *type == 'b'   ? (uint64_t)(value.b != 0)
			    : *type == 'u' ? value.u
					   : value.t;
	return 0;
}

static int decode(sd_bus_message *m, struct figures *f)
{
	int r = sd_bus_message_enter_container(m, 'a', "{sv}");

	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		enum figure figure = 0;
		const char *name;

		r = sd_bus_message_read_basic(m, 's', &name);
		while (r >= 0 && figure < N_FIGURES && strcmp(names[figure], name) != 0)
			figure++;
		if (r >= 0)
			r = take(m, figure, f);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r;
}

void figures_load(sd_bus *bus, struct figures *ret)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
	int r;

	*ret = (struct figures){ 0 };
	r = sd_bus_message_new_method_call(bus, &call, ADMIN_SERVICE, ADMIN_SERVER_PATH,
					   ADMIN_PROPERTIES_INTERFACE, "GetAll");
	if (r >= 0)
		r = sd_bus_message_append(call, "s", ADMIN_CONTROL_INTERFACE);
	if (r >= 0)
		r = sd_bus_call(bus, call, ADMIN_CALL_USEC, NULL, &reply);
	if (r >= 0)
		(void)decode(reply, ret);
}
