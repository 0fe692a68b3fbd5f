/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The properties of a client's object, by number (DBUS-PROP). */

#include "core/dbus-table.h"

enum dbus_client_property {
	DBUS_APPROVAL_DELAY,
	DBUS_APPROVAL_DURATION,
	DBUS_APPROVAL_PENDING,
	DBUS_APPROVED_BY_DEFAULT,
	DBUS_CHECKER,
	DBUS_CHECKER_RUNNING,
	DBUS_CREATED,
	DBUS_ENABLED,
	DBUS_EXPIRES,
	DBUS_EXTENDED_TIMEOUT,
	DBUS_FINGERPRINT,
	DBUS_HOST,
	DBUS_INTERVAL,
	DBUS_KEY_ID,
	DBUS_LAST_APPROVAL_REQUEST,
	DBUS_LAST_CHECKED_OK,
	DBUS_LAST_CHECKER_STATUS,
	DBUS_LAST_ENABLED,
	DBUS_NAME_OF_CLIENT,
	DBUS_OBJECT_PATH,
	DBUS_SECRET,
	DBUS_TIMEOUT,
	N_DBUS_CLIENT_PROPERTIES,
};

/** dbus_client_property() - the row of a property */
const struct dbus_property *dbus_client_property(enum dbus_client_property id);
