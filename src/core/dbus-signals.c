/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A client that the bus has not been told of yet sends no property changes: they are in what will
 * be told. Before any other signal of it, it is told of out of its turn.
 */
#include "core/dbus-signals.h"

#include <stdarg.h>

#include "base/util.h"
#include "core/dbus-private.h"
#include "core/turn.h"
#include "wire/keyid.h"
#include "wire/peer.h"

/* The two clocks are not read in one moment, and are slewed: less than this is no other time. */
#define SAME_TIME_USEC (100 * USEC_PER_MSEC)

static const char *const server_interfaces[] = { "se.recompile.Mandos", "se.bsnet.fukt.Mandos" };
static const char *const client_interfaces[] = { "se.recompile.Mandos.Client",
						 "se.bsnet.fukt.Mandos.Client" };

static bool is_up(const struct dbus_door *d)
{
	return d && d->state == DBUS_UP && !d->is_broken;
}

usec_t dbus_expires(struct client *c, struct instant now)
{
	struct dbus_told *told = &c->told;
	usec_t real = instant_to_real(now, c->life.expires);

	if (told->expires != c->life.expires || real > told->expires_real + SAME_TIME_USEC ||
	    real + SAME_TIME_USEC < told->expires_real) {
		told->expires = c->life.expires;
		told->expires_real = real;
	}
	return told->expires_real;
}

/* DBUS-OLD-2: everything is said twice, first under the name of today. */
static void emit(struct dbus_door *d, const char *path, const char *const interfaces[2],
		 const char *member, const char *types, ...)
{
	for (int i = 0; i < 2; i++) {
		sd_bus_message *m = NULL;
		int r = sd_bus_message_new_signal(d->connection, &m, path, interfaces[i], member);
		va_list ap;

		va_start(ap, types);
		if (r >= 0 && types[0])
			r = sd_bus_message_appendv(m, types, ap);
		va_end(ap);
		dbus_send_signal(d, m, r);
	}
}

/* ---- coming and going ---- */

static void emit_interfaces_added(struct dbus_door *d, struct client *c, struct instant now)
{
	const struct dbus_view view = { .door = d, .client = c, .now = now };
	sd_bus_message *m = NULL;
	int r = sd_bus_message_new_signal(d->connection, &m, "/",
					  dbus_object_manager_interface.name, "InterfacesAdded");

	if (r >= 0)
		r = sd_bus_message_append_basic(m, SD_BUS_TYPE_OBJECT_PATH, c->path);
	if (r >= 0)
		r = dbus_append_interfaces(m, &view, true);
	dbus_send_signal(d, m, r);
}

static void emit_property(struct dbus_door *d, struct client *c, enum dbus_client_property id,
			  struct instant now);

static void tell(struct dbus_door *d, struct client *c, struct instant now)
{
	TAILQ_REMOVE(&d->untold, c, untold_link);
	c->told.is_told = true;
	c->told.enabled = c->life.enabled;
	c->told.checker_running = c->life.checker_running;
	emit_interfaces_added(d, c, now);
	emit(d, "/", server_interfaces, "ClientAdded", "o", c->path);
	/* Not news, but DBUS-CHG-4 has it, and monitors may wait for it. */
	if (c->life.enabled)
		emit_property(d, c, DBUS_EXPIRES, now);
}

void dbus_tell_next(struct dbus_door *d, struct instant now)
{
	tell(d, TAILQ_FIRST(&d->untold), now);
}

/* True if a signal of @c can be sent, and then the bus knows @c. */
static bool introduce(struct dbus_door *d, struct client *c)
{
	if (!is_up(d) || c->life.removed)
		return false;
	if (!c->told.is_told)
		tell(d, c, instant_now());
	return true;
}

void dbus_signal_added(struct dbus_door *d, struct client *c)
{
	if (!d)
		return;
	c->told.is_told = false;
	TAILQ_INSERT_TAIL(&d->untold, c, untold_link);
	turn_request(d->options.turn);
}

void dbus_client_gone(struct dbus_door *d, struct client *c)
{
	sd_bus_message *m = NULL;
	int r;

	if (!c->told.is_told)
		return;
	c->told.is_told = false;
	r = sd_bus_message_new_signal(d->connection, &m, "/", dbus_object_manager_interface.name,
				      "InterfacesRemoved");
	if (r >= 0)
		r = sd_bus_message_append(m, "oas", c->path, 5, dbus_client_interface.name,
					  dbus_old_client_interface.name,
					  dbus_status_interface.name,
					  dbus_properties_interface.name,
					  dbus_introspectable_interface.name);
	dbus_send_signal(d, m, r);
	emit(d, "/", server_interfaces, "ClientRemoved", "os", c->path, c->name);
}

void dbus_signal_removed(struct dbus_door *d, struct client *c)
{
	if (!d)
		return;
	if (!c->told.is_told)
		TAILQ_REMOVE(&d->untold, c, untold_link);
	else if (is_up(d))
		dbus_client_gone(d, c);
}

/* ---- properties ---- */

static int append_changes(sd_bus_message *m, const struct dbus_interface *interface,
			  const struct dbus_property *property, const struct dbus_view *view)
{
	int r = sd_bus_message_append_basic(m, SD_BUS_TYPE_STRING, interface->name);

	if (r >= 0)
		r = sd_bus_message_open_container(m, SD_BUS_TYPE_ARRAY, "{sv}");
	if (r >= 0 && (property->flags & DBUS_READ))
		r = dbus_append_property(m, interface, property, view);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	if (r < 0)
		return r;
	if (property->flags & DBUS_READ)
		return sd_bus_message_append(m, "as", 0);
	return sd_bus_message_append(m, "as", 1, property->name);
}

static void emit_properties_changed(const struct dbus_view *view,
				    const struct dbus_interface *interface,
				    const struct dbus_property *property)
{
	sd_bus_message *m = NULL;
	int r = sd_bus_message_new_signal(view->door->connection, &m,
					  view->client ? view->client->path : "/",
					  dbus_properties_interface.name, "PropertiesChanged");

	if (r >= 0)
		r = append_changes(m, interface, property, view);
	dbus_send_signal(view->door, m, r);
}

static int append_changed(sd_bus_message *m, const struct dbus_property *property,
			  const struct dbus_view *view)
{
	int r = sd_bus_message_append_basic(m, SD_BUS_TYPE_STRING, property->name);

	if (r >= 0)
		r = sd_bus_message_open_container(m, SD_BUS_TYPE_VARIANT, property->type);
	if (r >= 0)
		r = dbus_client_interface.append(m, view, property->id);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

/* DBUS-CHG-1, DBUS-CHG-3 */
static void emit_property(struct dbus_door *d, struct client *c, enum dbus_client_property id,
			  struct instant now)
{
	const struct dbus_view view = { .door = d, .client = c, .now = now };
	const struct dbus_property *property = dbus_client_property(id);

	for (int i = 0; i < 2 && (property->flags & DBUS_READ); i++) {
		sd_bus_message *m = NULL;
		int r = sd_bus_message_new_signal(d->connection, &m, c->path, client_interfaces[i],
						  "PropertyChanged");

		if (r >= 0)
			r = append_changed(m, property, &view);
		dbus_send_signal(d, m, r);
	}
	emit_properties_changed(&view, &dbus_client_interface, property);
}

void dbus_signal_property(struct dbus_door *d, struct client *c, enum dbus_client_property id,
			  struct instant now)
{
	if (is_up(d) && c->told.is_told && !c->life.removed)
		emit_property(d, c, id, now);
}

static void emit_status(struct dbus_door *d, struct client *c, struct instant now)
{
	const struct dbus_view view = { .door = d, .client = c, .now = now };
	sd_bus_message *m = NULL;
	int r = sd_bus_message_new_signal(d->connection, &m, c->path,
					  dbus_properties_interface.name, "PropertiesChanged");

	if (r >= 0)
		r = sd_bus_message_append_basic(m, SD_BUS_TYPE_STRING, dbus_status_interface.name);
	if (r >= 0)
		r = dbus_append_properties(m, &dbus_status_interface, &view);
	if (r >= 0)
		r = sd_bus_message_append(m, "as", 0);
	dbus_send_signal(d, m, r);
}

/* One step of a life may change a value twice, and back. What is told is where it ends. */
static bool is_news(struct client *c, enum client_property property)
{
	const struct client_life *life = &c->life;
	struct dbus_told *told = &c->told;

	if (property == CLIENT_EXPIRES)
		return told->expires != life->expires;
	if (property == CLIENT_ENABLED) {
		bool is = told->enabled != life->enabled;

		told->enabled = life->enabled;
		return is;
	}
	if (property == CLIENT_CHECKER_RUNNING) {
		bool is = told->checker_running != life->checker_running;

		told->checker_running = life->checker_running;
		return is;
	}
	return true;
}

void dbus_signal_changed(struct dbus_door *d, struct client *c, enum client_property property,
			 struct instant now)
{
	static const enum dbus_client_property ids[] = {
		[CLIENT_ENABLED] = DBUS_ENABLED,
		[CLIENT_LAST_ENABLED] = DBUS_LAST_ENABLED,
		[CLIENT_EXPIRES] = DBUS_EXPIRES,
		[CLIENT_LAST_CHECKED_OK] = DBUS_LAST_CHECKED_OK,
		[CLIENT_LAST_CHECKER_STATUS] = DBUS_LAST_CHECKER_STATUS,
		[CLIENT_CHECKER_RUNNING] = DBUS_CHECKER_RUNNING,
		[CLIENT_APPROVAL_PENDING] = DBUS_APPROVAL_PENDING,
		[CLIENT_LAST_APPROVAL_REQUEST] = DBUS_LAST_APPROVAL_REQUEST,
		[CLIENT_TIMEOUT] = DBUS_TIMEOUT,
		[CLIENT_INTERVAL] = DBUS_INTERVAL,
		[CLIENT_EXTENDED_TIMEOUT] = DBUS_EXTENDED_TIMEOUT,
		[CLIENT_APPROVAL_DELAY] = DBUS_APPROVAL_DELAY,
		[CLIENT_APPROVAL_DURATION] = DBUS_APPROVAL_DURATION,
		[CLIENT_APPROVED_BY_DEFAULT] = DBUS_APPROVED_BY_DEFAULT,
	};

	if (!is_up(d) || !c->told.is_told || c->life.removed || !is_news(c, property))
		return;
	emit_property(d, c, ids[property], now);
	if (property == CLIENT_ENABLED)
		emit_status(d, c, now);
}

void dbus_signal_server(struct dbus_door *d, enum dbus_server_property id, struct instant now)
{
	const struct dbus_view view = { .door = d, .now = now };

	if (is_up(d))
		emit_properties_changed(&view, &dbus_control_interface,
					&dbus_control_interface.properties[id]);
}

/* ---- events ---- */

void dbus_signal_checker_started(struct dbus_door *d, struct client *c, const char *command)
{
	if (introduce(d, c))
		emit(d, c->path, client_interfaces, "CheckerStarted", "s", command);
}

void dbus_signal_checker_completed(struct dbus_door *d, struct client *c, int16_t status,
				   int64_t wait_status, const char *command)
{
	if (introduce(d, c))
		emit(d, c->path, client_interfaces, "CheckerCompleted", "nxs", (int)status,
		     wait_status, command);
}

void dbus_signal_need_approval(struct dbus_door *d, struct client *c, usec_t left)
{
	if (introduce(d, c))
		emit(d, c->path, client_interfaces, "NeedApproval", "tb",
		     (uint64_t)(left / USEC_PER_MSEC), (int)c->life.rules.approved_by_default);
}

void dbus_signal_got_secret(struct dbus_door *d, struct client *c)
{
	if (introduce(d, c))
		emit(d, c->path, client_interfaces, "GotSecret", "");
}

void dbus_signal_rejected(struct dbus_door *d, struct client *c, const char *reason)
{
	if (introduce(d, c))
		emit(d, c->path, client_interfaces, "Rejected", "s", reason);
}

void dbus_signal_not_found(struct dbus_door *d, const struct key_id *id, const struct peer *peer)
{
	char key[KEY_ID_TEXT_SIZE], address[PEER_ADDRESS_SIZE];

	if (!is_up(d))
		return;
	key_id_format(id, key);
	peer_format_address(peer, address);
	emit(d, "/", server_interfaces, "ClientNotFound", "ss", key, address);
}
