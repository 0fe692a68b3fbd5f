/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Of a client: why it is disabled, and since when. The reference does not know. */
#include <errno.h>

#include "base/util.h"
#include "core/dbus-private.h"

enum status_property {
	STATUS_DISABLED_REASON,
	STATUS_DISABLED_TIME,
};

/* Names for programs; an old state says of whom it disabled, but not why (DISABLE_NONE). */
static const char *reason(const struct client_life *life)
{
	if (life->enabled)
		return "";
	switch (life->disable_cause) {
	case DISABLE_CONFIGURED:
		return "configuration";
	case DISABLE_TIMEOUT:
		return "timeout";
	case DISABLE_ADMINISTRATOR:
		return "administrator";
	case DISABLE_STATE_LOST:
		return "state-lost";
	case DISABLE_LOCKDOWN:
		return "lockdown";
	case DISABLE_NONE:
		break;
	}
	return "unknown";
}

static int append(sd_bus_message *m, const struct dbus_view *view, unsigned int id)
{
	const struct client_life *life = &view->client->life;

	if (id == STATUS_DISABLED_REASON)
		return sd_bus_message_append_basic(m, SD_BUS_TYPE_STRING, reason(life));
	return dbus_append_stamp(m, life->disabled_at);
}

static const struct dbus_property properties[] = {
	{ "DisabledReason", "s", DBUS_READ, STATUS_DISABLED_REASON },
	{ "DisabledTime", "s", DBUS_READ, STATUS_DISABLED_TIME },
};

const struct dbus_interface dbus_status_interface = {
	.name = "se.recompile.Mandos.Client.Status",
	.is_ours = true,
	.properties = properties,
	.n_properties = ARRAY_SIZE(properties),
	.append = append,
};
