/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What happens in the core, told on D-Bus. Each of these does nothing when there is no door, or
 * nobody at it; otherwise the signals leave at the end of the turn, in the order of the calls.
 */

#include "core/client.h"
#include "core/dbus-client.h"

struct client;
struct dbus_door;
struct key_id;
struct peer;

/** dbus_signal_changed() - EFFECT_CHANGED; a value that is what the bus knows already is not told
 */
void dbus_signal_changed(struct dbus_door *d, struct client *c, enum client_property property,
			 struct instant now);

/** dbus_signal_property() - the same for what is no part of a client's life */
void dbus_signal_property(struct dbus_door *d, struct client *c, enum dbus_client_property id,
			  struct instant now);

/** dbus_signal_server() - a property of the server itself has changed */
void dbus_signal_server(struct dbus_door *d, enum dbus_server_property id, struct instant now);

/** dbus_signal_added(), _removed() - a client came, is going (DBUS-SRV-10, -11, DBUS-STD-11) */
void dbus_signal_added(struct dbus_door *d, struct client *c);
void dbus_signal_removed(struct dbus_door *d, struct client *c);

void dbus_signal_checker_started(struct dbus_door *d, struct client *c, const char *command);
/** @status: as of the client; @wait_status: as of waitpid(2) (SRV-CHK-11) */
void dbus_signal_checker_completed(struct dbus_door *d, struct client *c, int16_t status,
				   int64_t wait_status, const char *command);
/** @left: of the approval delay (SRV-APR-3) */
void dbus_signal_need_approval(struct dbus_door *d, struct client *c, usec_t left);
void dbus_signal_got_secret(struct dbus_door *d, struct client *c);
void dbus_signal_rejected(struct dbus_door *d, struct client *c, const char *reason);
void dbus_signal_not_found(struct dbus_door *d, const struct key_id *id, const struct peer *peer);
