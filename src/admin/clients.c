/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "admin/clients.h"

#include <errno.h>
#include <string.h>

#include "admin/names.h"

/* What texts point to before they are known: never freed, and never written to. */
static char nothing[] = "";

#define ROW(id, n, k, field) \
	[id] = { .name = (n), .kind = (k), .offset = offsetof(struct admin_client, field) }

const struct admin_property admin_properties[ADMIN_N_PROPERTIES] = {
	ROW(ADMIN_NAME, "Name", ADMIN_KIND_TEXT, name),
	ROW(ADMIN_ENABLED, "Enabled", ADMIN_KIND_BOOL, enabled),
	ROW(ADMIN_TIMEOUT, "Timeout", ADMIN_KIND_DURATION, timeout),
	ROW(ADMIN_LAST_CHECKED_OK, "LastCheckedOK", ADMIN_KIND_TIME, last_checked_ok),
	ROW(ADMIN_CREATED, "Created", ADMIN_KIND_TIME, created),
	ROW(ADMIN_INTERVAL, "Interval", ADMIN_KIND_DURATION, interval),
	ROW(ADMIN_HOST, "Host", ADMIN_KIND_TEXT, host),
	ROW(ADMIN_KEY_ID, "KeyID", ADMIN_KIND_TEXT, key_id),
	ROW(ADMIN_FINGERPRINT, "Fingerprint", ADMIN_KIND_TEXT, fingerprint),
	ROW(ADMIN_CHECKER_RUNNING, "CheckerRunning", ADMIN_KIND_BOOL, checker_running),
	ROW(ADMIN_LAST_ENABLED, "LastEnabled", ADMIN_KIND_TIME, last_enabled),
	ROW(ADMIN_APPROVAL_PENDING, "ApprovalPending", ADMIN_KIND_BOOL, approval_pending),
	ROW(ADMIN_APPROVED_BY_DEFAULT, "ApprovedByDefault", ADMIN_KIND_BOOL, approved_by_default),
	ROW(ADMIN_LAST_APPROVAL_REQUEST, "LastApprovalRequest", ADMIN_KIND_TIME,
	    last_approval_request),
	ROW(ADMIN_APPROVAL_DELAY, "ApprovalDelay", ADMIN_KIND_DURATION, approval_delay),
	ROW(ADMIN_APPROVAL_DURATION, "ApprovalDuration", ADMIN_KIND_DURATION, approval_duration),
	ROW(ADMIN_CHECKER, "Checker", ADMIN_KIND_TEXT, checker),
	ROW(ADMIN_EXTENDED_TIMEOUT, "ExtendedTimeout", ADMIN_KIND_DURATION, extended_timeout),
	ROW(ADMIN_EXPIRES, "Expires", ADMIN_KIND_TIME, expires),
	ROW(ADMIN_LAST_CHECKER_STATUS, "LastCheckerStatus", ADMIN_KIND_STATUS, last_checker_status),
	ROW(ADMIN_DISABLED_REASON, "DisabledReason", ADMIN_KIND_TEXT, disabled_reason),
	ROW(ADMIN_DISABLED_TIME, "DisabledTime", ADMIN_KIND_TIME, disabled_time),
};

enum admin_property_id admin_property_find(const char *name)
{
	enum admin_property_id id = 0;

	while (id < ADMIN_N_PROPERTIES && strcmp(admin_properties[id].name, name) != 0)
		id++;
	return id;
}

static void *field(struct admin_client *client, enum admin_property_id id)
{
	return (char *)client + admin_properties[id].offset;
}

const char *admin_client_text(const struct admin_client *client, enum admin_property_id id)
{
	return *(char *const *)((const void *)((const char *)client + admin_properties[id].offset));
}

bool admin_client_bool(const struct admin_client *client, enum admin_property_id id)
{
	return *(const bool *)((const void *)((const char *)client + admin_properties[id].offset));
}

uint64_t admin_client_duration(const struct admin_client *client, enum admin_property_id id)
{
	return *(const uint64_t *)((const void *)((const char *)client +
						  admin_properties[id].offset));
}

static int set_text(char **text, const char *value, bool *ret_changed)
{
	char *copy;

	*ret_changed = strncmp(*text, value, ADMIN_TEXT_MAX) != 0;
	if (!*ret_changed)
		return 0;
	copy = strndup(value, ADMIN_TEXT_MAX);
	if (!copy)
		return -ENOMEM;
	if (*text != nothing)
		free(*text);
	*text = copy;
	return 0;
}

/* What each kind is on the bus (DBUS-PROP-1 to DBUS-PROP-22). */
static const char *const kind_types[] = {
	[ADMIN_KIND_TEXT] = "s",     [ADMIN_KIND_TIME] = "s",	[ADMIN_KIND_BOOL] = "b",
	[ADMIN_KIND_DURATION] = "t", [ADMIN_KIND_STATUS] = "n",
};

static int take_value(struct admin_client *client, enum admin_property_id id, sd_bus_message *m,
		      bool *ret_changed)
{
	union {
		const char *s;
		int b;
		uint64_t t;
		int16_t n;
	} value;
	int r = sd_bus_message_read_basic(m, *kind_types[admin_properties[id].kind], &value);

	if (r < 0)
		return r;
	switch (admin_properties[id].kind) {
	case ADMIN_KIND_TEXT:
	case ADMIN_KIND_TIME:
		return set_text(field(client, id), value.s, ret_changed);
	case ADMIN_KIND_BOOL:
		*ret_changed = *(bool *)field(client, id) != (bool)value.b;
		*(bool *)field(client, id) = value.b;
		break;
	case ADMIN_KIND_DURATION:
		*ret_changed = *(uint64_t *)field(client, id) != value.t;
		*(uint64_t *)field(client, id) = value.t;
		break;
	case ADMIN_KIND_STATUS:
		*ret_changed = *(int16_t *)field(client, id) != value.n;
		*(int16_t *)field(client, id) = value.n;
		break;
	}
	return 0;
}

/* One entry's variant. A type that is not the property's leaves the property as it is. */
static int take_variant(struct admin_client *client, enum admin_property_id id, sd_bus_message *m,
			uint32_t *changed)
{
	const char *type = NULL;
	bool is_new = !(client->known & ADMIN_BIT(id)), differs = false;
	int r = sd_bus_message_peek_type(m, NULL, &type);

	if (r < 0)
		return r;
	if (r == 0 || !type || strcmp(type, kind_types[admin_properties[id].kind]) != 0)
		return sd_bus_message_skip(m, "v");
	r = sd_bus_message_enter_container(m, 'v', type);
	if (r < 0)
		return r;
	r = take_value(client, id, m, &differs);
	if (r < 0)
		return r;
	if (is_new || differs)
		*changed |= ADMIN_BIT(id);
	client->known |= ADMIN_BIT(id);
	return sd_bus_message_exit_container(m);
}

/* sd-bus says -ENXIO for a value of another type than asked for; to callers that is one thing. */
static int plain_errno(int r)
{
	return r == -ENXIO || r == -EINVAL || r == -EBUSY ? -EBADMSG : r;
}

int admin_client_update(struct admin_client *client, sd_bus_message *m, uint32_t *ret_changed)
{
	uint32_t changed = 0;
	int r = sd_bus_message_enter_container(m, 'a', "{sv}");

	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		const char *name;
		enum admin_property_id id;

		r = sd_bus_message_read_basic(m, 's', &name);
		if (r < 0)
			break;
		id = admin_property_find(name);
		r = id == ADMIN_N_PROPERTIES ? sd_bus_message_skip(m, "v")
					     : take_variant(client, id, m, &changed);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	if (ret_changed)
		*ret_changed = changed;
	return r < 0 ? plain_errno(r) : 0;
}

/* One interface's properties, if they are a client's. */
static int take_interface(struct admin_clients *clients, const char *path, sd_bus_message *m,
			  struct admin_client **client, uint32_t *changed)
{
	const char *interface;
	uint32_t more = 0;
	int r = sd_bus_message_read_basic(m, 's', &interface);

	if (r < 0)
		return r;
	if (strcmp(interface, ADMIN_CLIENT_INTERFACE) != 0 &&
	    strcmp(interface, ADMIN_STATUS_INTERFACE) != 0)
		return sd_bus_message_skip(m, "a{sv}");
	*client = admin_clients_add(clients, path);
	if (!*client)
		return -ENOMEM;
	r = admin_client_update(*client, m, &more);
	*changed |= more;
	return r;
}

int admin_clients_take(struct admin_clients *clients, const char *path, sd_bus_message *m,
		       struct admin_client **ret_client, uint32_t *ret_changed)
{
	int r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");

	*ret_client = NULL;
	*ret_changed = 0;
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
		r = take_interface(clients, path, m, ret_client, ret_changed);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

int admin_clients_decode(struct admin_clients *clients, sd_bus_message *reply)
{
	bool is_flat = sd_bus_message_has_signature(reply, "a{oa{sv}}") > 0;
	int r = sd_bus_message_enter_container(reply, 'a', is_flat ? "{oa{sv}}" : "{oa{sa{sv}}}");

	while (r >= 0 &&
	       (r = sd_bus_message_enter_container(reply, 'e', is_flat ? "oa{sv}" : "oa{sa{sv}}")) >
		       0) {
		const char *path;

		r = sd_bus_message_read_basic(reply, 'o', &path);
		if (r < 0)
			break;
		if (is_flat) {
			struct admin_client *client = admin_clients_add(clients, path);

			r = client ? admin_client_update(client, reply, NULL) : -ENOMEM;
		} else {
			struct admin_client *client;
			uint32_t changed;

			r = admin_clients_take(clients, path, reply, &client, &changed);
		}
		if (r >= 0)
			r = sd_bus_message_exit_container(reply);
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(reply);
	return r < 0 ? plain_errno(r) : 0;
}

static int new_call(sd_bus *bus, sd_bus_message **ret)
{
	return sd_bus_message_new_method_call(bus, ret, ADMIN_SERVICE, ADMIN_SERVER_PATH,
					      ADMIN_MANAGER_INTERFACE, "GetManagedObjects");
}

int admin_clients_load(struct admin_clients *clients, sd_bus *bus, sd_bus_error *ret_error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
	int r;

	admin_clients_clear(clients);
	r = new_call(bus, &call);
	if (r < 0)
		return r;
	r = sd_bus_call(bus, call, ADMIN_CALL_USEC, ret_error, &reply);
	if (r < 0)
		return r;
	return admin_clients_decode(clients, reply);
}

int admin_clients_load_async(sd_bus *bus, sd_bus_message_handler_t callback, void *data,
			     sd_bus_slot **ret_slot)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
	int r = new_call(bus, &call);

	if (r < 0)
		return r;
	return sd_bus_call_async(bus, ret_slot, call, callback, data, ADMIN_CALL_USEC);
}

struct admin_client *admin_clients_find(const struct admin_clients *clients, const char *path)
{
	struct admin_client *client;

	HASH_FIND_STR(clients->by_path, path, client);
	return client;
}

struct admin_client *admin_clients_add(struct admin_clients *clients, const char *path)
{
	struct admin_client *client = admin_clients_find(clients, path);

	if (client)
		return client;
	client = calloc(1, sizeof(*client));
	if (!client)
		return NULL;
	client->path = strdup(path);
	if (!client->path) {
		free(client);
		return NULL;
	}
	for (enum admin_property_id id = 0; id < ADMIN_N_PROPERTIES; id++) {
		if (*kind_types[admin_properties[id].kind] == 's')
			*(char **)field(client, id) = nothing;
	}
	HASH_ADD_KEYPTR(hh, clients->by_path, client->path, strlen(client->path), client);
	return client;
}

void admin_clients_remove(struct admin_clients *clients, struct admin_client *client)
{
	HASH_DEL(clients->by_path, client);
	for (enum admin_property_id id = 0; id < ADMIN_N_PROPERTIES; id++) {
		char **text = field(client, id);

		if (*kind_types[admin_properties[id].kind] == 's' && *text != nothing)
			free(*text);
	}
	free(client->path);
	free(client);
}

void admin_clients_clear(struct admin_clients *clients)
{
	struct admin_client *client, *next;

	ADMIN_FOREACH (clients, client, next)
		admin_clients_remove(clients, client);
}
