/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ctl/connect.h"

#include <errno.h>
#include <string.h>

#include "admin/names.h"
#include "ctl/report.h"

void connect_report(int error)
{
	report_line("Failed to access Mandos server through D-Bus:");
	report_line("%s", strerror(-error));
}

int connect_bus(sd_bus **ret)
{
	int r = sd_bus_open_system(ret);

	if (r >= 0)
		return 0;
	connect_report(r);
	report_line("There is no system bus to reach the server by; is dbus running?");
	return r;
}

/* The name has no owner, or its owner could not be started. */
static bool is_away(const sd_bus_error *error)
{
	return sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
	       sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
	       (error->name && strncmp(error->name, "org.freedesktop.DBus.Error.Spawn.",
				       strlen("org.freedesktop.DBus.Error.Spawn.")) == 0);
}

bool connect_is_cut_off(const sd_bus_error *error)
{
	return is_away(error) || sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED);
}

void connect_report_call(const sd_bus_error *error, int r)
{
	const char *detail = error->message && *error->message ? error->message : error->name;

	if (is_away(error)) {
		report_line("Could not connect to Mandos server: %s", detail);
		report_line("If it does not run, start it with 'systemctl start mandos'.");
		return;
	}
	if (!detail) {
		connect_report(r);
		return;
	}
	report_line("Failed to access Mandos server through D-Bus:");
	report_line("%s", detail);
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED))
		report_line("Only root and the group _mandos may; try it as root.");
}

int connect_list(sd_bus *bus, struct admin_clients *ret)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = admin_clients_load(ret, bus, &error);

	if (r < 0)
		connect_report_call(&error, r);
	return r;
}
