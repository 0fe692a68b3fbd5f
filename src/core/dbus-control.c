/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server itself, on its object "/": what the reference's interface has no members for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "core/added.h"
#include "core/dbus-private.h"
#include "core/dbus-signals.h"
#include "core/manager.h"

/* ---- methods ---- */

/* Takes @problem over. */
static int fail(struct dbus_call *call, const char *error, char *problem, int r)
{
	(void)sd_bus_error_set(&call->error, error, problem ? problem : strerror(-r));
	free(problem);
	return r;
}

/* The last @n of the registry, in their order. */
static int answer_paths(struct dbus_call *call, int n)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const struct client_list *clients = &call->door->options.registry->clients;
	const struct client *c = TAILQ_LAST(clients, client_list);
	int r = sd_bus_message_new_method_return(call->message, &reply);

	for (int i = 1; i < n; i++)
		c = TAILQ_PREV(c, client_list, link);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, SD_BUS_TYPE_ARRAY, "o");
	for (; c && r >= 0; c = TAILQ_NEXT(c, link))
		r = sd_bus_message_append_basic(reply, SD_BUS_TYPE_OBJECT_PATH, c->path);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : dbus_answer(call, STEAL_PTR(reply), false);
}

static int on_add_client(struct dbus_call *call)
{
	const void *text;
	char *problem = NULL;
	size_t size;
	int r = sd_bus_message_read_array(call->message, SD_BUS_TYPE_BYTE, &text, &size);

	if (r < 0)
		return r;
	r = added_add(call->door->options.added, text, size, call->now, &problem);
	if (r == -EINVAL)
		return fail(call, SD_BUS_ERROR_INVALID_ARGS, problem, r);
	if (r == -EEXIST)
		return fail(call, SD_BUS_ERROR_FILE_EXISTS, problem, r);
	if (r < 0)
		return fail(call, SD_BUS_ERROR_FAILED, problem, r);
	free(problem);
	return answer_paths(call, r);
}

static int on_reload(struct dbus_call *call)
{
	const struct dbus_options *o = &call->door->options;
	char *problem = NULL;
	int r = o->reload(o->userdata, &problem);

	if (r < 0)
		return fail(call, SD_BUS_ERROR_FAILED, problem, r);
	free(problem);
	return 0;
}

static int on_set_log_level(struct dbus_call *call)
{
	const struct dbus_options *o = &call->door->options;
	enum log_level level;
	const char *name;
	int r = sd_bus_message_read(call->message, "s", &name);

	if (r < 0)
		return r;
	if (!log_level_parse(name, &level)) {
		(void)sd_bus_error_set(&call->error, SD_BUS_ERROR_INVALID_ARGS,
				       "The level must be CRITICAL, ERROR, WARNING, INFO or DEBUG");
		return -EINVAL;
	}
	o->set_log_level(o->userdata, level);
	return 0;
}

/* ---- properties ---- */

static int append_count(sd_bus_message *m, size_t n)
{
	uint32_t value = (uint32_t)MIN_OF(n, (size_t)UINT32_MAX);

	return sd_bus_message_append_basic(m, SD_BUS_TYPE_UINT32, &value);
}

static size_t count_clients(const struct registry *registry,
			    bool (*is)(const struct client_life *life))
{
	const struct client *c;
	size_t n = 0;

	TAILQ_FOREACH (c, &registry->clients, link) {
		n += is(&c->life) ? 1 : 0;
	}
	return n;
}

static bool is_enabled(const struct client_life *life)
{
	return life->enabled;
}

static bool is_waiting(const struct client_life *life)
{
	return life->n_pending > 0;
}

static bool is_checked(const struct client_life *life)
{
	return life->checker_running && !life->checker_waiting;
}

static bool is_to_be_checked(const struct client_life *life)
{
	return life->checker_waiting;
}

static int append(sd_bus_message *m, const struct dbus_view *view, unsigned int id)
{
	const struct dbus_options *o = &view->door->options;
	const struct sessions_tally *tally = &o->manager->sessions->tally;
	int flag = manager_is_locked_down(o->manager);

	switch ((enum dbus_server_property)id) {
	case DBUS_VERSION:
		return sd_bus_message_append_basic(m, SD_BUS_TYPE_STRING, MANDOS_VERSION);
	case DBUS_ADDRESS:
		return sd_bus_message_append_basic(m, SD_BUS_TYPE_STRING, o->address);
	case DBUS_PORT:
		return sd_bus_message_append_basic(m, SD_BUS_TYPE_UINT16, &o->port);
	case DBUS_STARTED:
		return dbus_append_stamp(m, o->started);
	case DBUS_LOG_LEVEL:
		return sd_bus_message_append_basic(m, SD_BUS_TYPE_STRING,
						   log_level_name(log_threshold()));
	case DBUS_LOCKDOWN:
		return sd_bus_message_append_basic(m, SD_BUS_TYPE_BOOLEAN, &flag);
	case DBUS_LOCKDOWN_TIME:
		return dbus_append_stamp(m, o->manager->lockdown);
	case DBUS_CLIENTS:
		return append_count(m, o->registry->n_clients);
	case DBUS_ENABLED_CLIENTS:
		return append_count(m, count_clients(o->registry, is_enabled));
	case DBUS_WAITING_CLIENTS:
		return append_count(m, count_clients(o->registry, is_waiting));
	case DBUS_CHECKERS_RUNNING:
		return append_count(m, count_clients(o->registry, is_checked));
	case DBUS_CHECKERS_WAITING:
		return append_count(m, count_clients(o->registry, is_to_be_checked));
	case DBUS_PASSWORDS_GIVEN:
		return sd_bus_message_append_basic(m, SD_BUS_TYPE_UINT64, &tally->given);
	case DBUS_PASSWORDS_REFUSED:
		return sd_bus_message_append_basic(m, SD_BUS_TYPE_UINT64, &tally->refused);
	case DBUS_UNKNOWN_KEYS:
		return sd_bus_message_append_basic(m, SD_BUS_TYPE_UINT64, &tally->unknown);
	case N_DBUS_SERVER_PROPERTIES:
		break;
	}
	return -EACCES;
}

static int set(struct dbus_call *call, unsigned int id)
{
	int on, r = sd_bus_message_read(call->message, "b", &on);

	if (id != DBUS_LOCKDOWN)
		return -EACCES;
	if (r < 0) {
		(void)sd_bus_error_set(&call->error, SD_BUS_ERROR_INVALID_ARGS,
				       "The value must be a boolean");
		return -EINVAL;
	}
	manager_set_lockdown(call->door->options.manager, on, call->now);
	return 0;
}

/* ---- tables ---- */

static const struct dbus_method methods[] = {
	{ .name = "AddClient", .in = "ay sections", .out = "ao clients", .call = on_add_client },
	{ .name = "Reload", .call = on_reload },
	{ .name = "SetLogLevel",
	  .in = "s level",
	  .flags = DBUS_ONLY_READS,
	  .call = on_set_log_level },
};

#define CONST	(DBUS_READ | DBUS_CONST)
#define COUNTER (DBUS_READ | DBUS_SILENT)

static const struct dbus_property properties[] = {
	{ "Version", "s", CONST, DBUS_VERSION },
	{ "Address", "s", CONST, DBUS_ADDRESS },
	{ "Port", "q", CONST, DBUS_PORT },
	{ "Started", "s", CONST, DBUS_STARTED },
	{ "LogLevel", "s", DBUS_READ | DBUS_SILENT, DBUS_LOG_LEVEL },
	{ "Lockdown", "b", DBUS_READ | DBUS_WRITE, DBUS_LOCKDOWN },
	{ "LockdownTime", "s", DBUS_READ, DBUS_LOCKDOWN_TIME },
	{ "Clients", "u", COUNTER, DBUS_CLIENTS },
	{ "EnabledClients", "u", COUNTER, DBUS_ENABLED_CLIENTS },
	{ "WaitingClients", "u", COUNTER, DBUS_WAITING_CLIENTS },
	{ "CheckersRunning", "u", COUNTER, DBUS_CHECKERS_RUNNING },
	{ "CheckersWaiting", "u", COUNTER, DBUS_CHECKERS_WAITING },
	{ "PasswordsGiven", "t", COUNTER, DBUS_PASSWORDS_GIVEN },
	{ "PasswordsRefused", "t", COUNTER, DBUS_PASSWORDS_REFUSED },
	{ "UnknownKeys", "t", COUNTER, DBUS_UNKNOWN_KEYS },
};
_Static_assert(ARRAY_SIZE(properties) == N_DBUS_SERVER_PROPERTIES, "one row a property, in order");

const struct dbus_interface dbus_control_interface = {
	.name = "se.recompile.Mandos.Server",
	.is_ours = true,
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
	.properties = properties,
	.n_properties = ARRAY_SIZE(properties),
	.append = append,
	.set = set,
};
