/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What is called how on the bus (docs/dbus-api.md), for its callers.
 *
 * Bound: ADMIN_CALL_USEC.
 */

#include "base/clock.h"

#define ADMIN_SERVICE	       "se.recompile.Mandos"
#define ADMIN_SERVER_PATH      "/"
#define ADMIN_SERVER_INTERFACE "se.recompile.Mandos"
#define ADMIN_CLIENT_INTERFACE "se.recompile.Mandos.Client"

/* Not of a server of 1.8.16. */
#define ADMIN_CONTROL_INTERFACE "se.recompile.Mandos.Server"
#define ADMIN_STATUS_INTERFACE	"se.recompile.Mandos.Client.Status"

#define ADMIN_BUS_SERVICE	   "org.freedesktop.DBus"
#define ADMIN_BUS_PATH		   "/org/freedesktop/DBus"
#define ADMIN_BUS_INTERFACE	   "org.freedesktop.DBus"
#define ADMIN_MANAGER_INTERFACE	   "org.freedesktop.DBus.ObjectManager"
#define ADMIN_PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"

/* For one round trip: a server of 1.8.16 needs a dozen seconds to list ten thousand clients. */
#define ADMIN_CALL_USEC (180 * USEC_PER_SEC)
