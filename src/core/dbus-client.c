/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The object of a client (DBUS-CLI, DBUS-PROP, DBUS-SET): calls become events of its life. */
#include "core/dbus-client.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/util.h"
#include "core/dbus-private.h"
#include "core/manager.h"
#include "core/settings-checker.h"
#include "core/store.h"
#include "wire/duration.h"
#include "wire/gate-msg.h"

#define MSEC_PER_DAY ((uint64_t)86400 * 1000)

static int apply(struct dbus_call *call, struct client_event event)
{
	manager_apply(call->door->options.manager, call->client, &event, call->now);
	return 0;
}

static int apply_type(struct dbus_call *call, enum client_event_type type)
{
	return apply(call, (struct client_event){ .type = type });
}

static int disable(struct dbus_call *call)
{
	return apply(call, (struct client_event){ .type = CLIENT_EVENT_DISABLE,
						  .cause = DISABLE_ADMINISTRATOR });
}

/* ---- methods ---- */

/* Some callers send the boolean in a variant. */
static int on_approve(struct dbus_call *call)
{
	int value, r;

	if (strcmp(sd_bus_message_get_signature(call->message, 1), "v") == 0)
		r = sd_bus_message_read(call->message, "v", "b", &value);
	else
		r = sd_bus_message_read(call->message, "b", &value);
	return r < 0 ? r : apply_type(call, value ? CLIENT_EVENT_APPROVE : CLIENT_EVENT_DENY);
}

static int on_checked_ok(struct dbus_call *call)
{
	return apply_type(call, CLIENT_EVENT_CHECKED_OK);
}

static int on_enable(struct dbus_call *call)
{
	return apply_type(call, CLIENT_EVENT_ENABLE);
}

static int on_start_checker(struct dbus_call *call)
{
	return apply_type(call, CLIENT_EVENT_CHECKER_START);
}

static int on_stop_checker(struct dbus_call *call)
{
	return apply_type(call, CLIENT_EVENT_CHECKER_STOP);
}

/* ---- reading ---- */

static int append_duration(sd_bus_message *m, usec_t usec)
{
	uint64_t msec = usec / USEC_PER_MSEC;

	return sd_bus_message_append_basic(m, SD_BUS_TYPE_UINT64, &msec);
}

static int append_boolean(sd_bus_message *m, bool flag)
{
	int value = flag;

	return sd_bus_message_append_basic(m, SD_BUS_TYPE_BOOLEAN, &value);
}

static int append_text(sd_bus_message *m, const char *text)
{
	return sd_bus_message_append_basic(m, SD_BUS_TYPE_STRING, text);
}

static int append_key_id(sd_bus_message *m, const struct client *c)
{
	char text[KEY_ID_TEXT_SIZE] = "";

	if (c->has_key_id)
		key_id_format(&c->key_id, text);
	return append_text(m, text);
}

static int append(sd_bus_message *m, const struct dbus_view *view, unsigned int id)
{
	struct client *c = view->client;
	const struct client_life *life = &c->life;

	switch ((enum dbus_client_property)id) {
	case DBUS_APPROVAL_DELAY:
		return append_duration(m, life->rules.approval_delay);
	case DBUS_APPROVAL_DURATION:
		return append_duration(m, life->rules.approval_duration);
	case DBUS_APPROVAL_PENDING:
		return append_boolean(m, life->n_pending > 0);
	case DBUS_APPROVED_BY_DEFAULT:
		return append_boolean(m, life->rules.approved_by_default);
	case DBUS_CHECKER:
		return append_text(m, c->checker);
	case DBUS_CHECKER_RUNNING:
		return append_boolean(m, life->checker_running);
	case DBUS_CREATED:
		return dbus_append_stamp(m, life->created);
	case DBUS_ENABLED:
		return append_boolean(m, life->enabled);
	case DBUS_EXPIRES:
		return dbus_append_stamp(m, dbus_expires(c, view->now));
	case DBUS_EXTENDED_TIMEOUT:
		return append_duration(m, life->rules.extended_timeout);
	case DBUS_FINGERPRINT:
		return append_text(m, c->fingerprint);
	case DBUS_HOST:
		return append_text(m, c->host);
	case DBUS_INTERVAL:
		return append_duration(m, life->rules.interval);
	case DBUS_KEY_ID:
		return append_key_id(m, c);
	case DBUS_LAST_APPROVAL_REQUEST:
		return dbus_append_stamp(m, life->last_approval_request);
	case DBUS_LAST_CHECKED_OK:
		return dbus_append_stamp(m, life->last_checked_ok);
	case DBUS_LAST_CHECKER_STATUS:
		return sd_bus_message_append_basic(m, SD_BUS_TYPE_INT16,
						   &life->last_checker_status);
	case DBUS_LAST_ENABLED:
		return dbus_append_stamp(m, life->last_enabled);
	case DBUS_NAME_OF_CLIENT:
		return append_text(m, c->name);
	case DBUS_OBJECT_PATH:
		return sd_bus_message_append_basic(m, SD_BUS_TYPE_OBJECT_PATH, c->path);
	case DBUS_TIMEOUT:
		return append_duration(m, life->rules.timeout);
	case DBUS_SECRET:
	case N_DBUS_CLIENT_PROPERTIES:
		break;
	}
	return -EACCES;
}

/* ---- setting ---- */

static int refuse(struct dbus_call *call, const char *wanted)
{
	(void)sd_bus_error_setf(&call->error, SD_BUS_ERROR_INVALID_ARGS, "The value must be %s",
				wanted);
	return -EINVAL;
}

static int read_type(struct dbus_call *call, const char *type, const char *wanted, void *ret)
{
	char given;
	const char *contents;
	int r = sd_bus_message_peek_type(call->message, &given, &contents);

	if (r < 0)
		return r;
	if (given != type[0])
		return refuse(call, wanted);
	return sd_bus_message_read_basic(call->message, given, ret);
}

/* Any integer type: mandos-ctl of the reference sends a signed one (DBUS-SET-10). */
static int read_msec(struct dbus_call *call, uint64_t *ret)
{
	union {
		uint8_t y;
		int16_t n;
		uint16_t q;
		int32_t i;
		uint32_t u;
		int64_t x;
		uint64_t t;
	} v;
	const char *contents;
	int64_t signed_value = 0;
	char type;
	int r = sd_bus_message_peek_type(call->message, &type, &contents);

	if (r >= 0 && !strchr("ynqiuxt", type))
		return refuse(call, "a number of milliseconds");
	if (r >= 0)
		r = sd_bus_message_read_basic(call->message, type, &v);
	if (r < 0)
		return r;
	switch (type) {
	case SD_BUS_TYPE_BYTE:
		*ret = v.y;
		break;
	case SD_BUS_TYPE_INT16:
		*ret = (uint64_t)(signed_value = v.n);
		break;
	case SD_BUS_TYPE_UINT16:
		*ret = v.q;
		break;
	case SD_BUS_TYPE_INT32:
		*ret = (uint64_t)(signed_value = v.i);
		break;
	case SD_BUS_TYPE_UINT32:
		*ret = v.u;
		break;
	case SD_BUS_TYPE_INT64:
		*ret = (uint64_t)(signed_value = v.x);
		break;
	default: /* a character of the protocol's; the only one left */
		*ret = v.t;
		break;
	}
	return signed_value < 0 ? refuse(call, "a number of milliseconds, not below zero") : 0;
}

static int set_duration(struct dbus_call *call, enum client_event_type type)
{
	uint64_t msec;
	int r = read_msec(call, &msec);

	if (r < 0)
		return r;
	if (msec > DURATION_MAX_DAYS * MSEC_PER_DAY)
		return refuse(call, "at most 999999999 days");
	/* What is longer than the clock reaches becomes as long as it, as in clients.conf. */
	return apply(call, (struct client_event){ .type = type,
						  .usec = msec > DURATION_MAX_USEC / USEC_PER_MSEC
								  ? DURATION_MAX_USEC
								  : msec * USEC_PER_MSEC });
}

static int set_approved_by_default(struct dbus_call *call)
{
	int value;
	int r = read_type(call, "b", "a boolean", &value);

	return r < 0 ? r
		     : apply(call,
			     (struct client_event){ .type = CLIENT_EVENT_SET_APPROVED_BY_DEFAULT,
						    .flag = value != 0 });
}

static int set_enabled(struct dbus_call *call)
{
	int value;
	int r = read_type(call, "b", "a boolean", &value);

	if (r < 0)
		return r;
	return value ? on_enable(call) : disable(call);
}

static int set_checker_running(struct dbus_call *call)
{
	int value;
	int r = read_type(call, "b", "a boolean", &value);

	if (r < 0)
		return r;
	return value ? on_start_checker(call) : on_stop_checker(call);
}

static int set_last_checked_ok(struct dbus_call *call)
{
	const char *ignored;
	int r = read_type(call, "s", "a string", &ignored);

	return r < 0 ? r : on_checked_ok(call);
}

/* What clients.conf would leave the client out for is refused here too. */
static int check_built_in(struct dbus_call *call, enum manager_text which, const char *text)
{
	const struct client *c = call->client;
	const struct client_settings proposed = {
		.name = c->name,
		.host = (char *)(uintptr_t)(which == MANAGER_HOST ? text : c->host),
		.checker = (char *)(uintptr_t)(which == MANAGER_CHECKER ? text : c->checker),
		.fingerprint = c->fingerprint,
		.has_key_id = c->has_key_id,
		.key_id = c->key_id,
	};
	const char *problem = checker_problem(&proposed);

	if (!problem)
		return 0;
	(void)sd_bus_error_setf(&call->error, SD_BUS_ERROR_INVALID_ARGS,
				"The checker \"%s\" could not work: %s", proposed.checker, problem);
	return -EINVAL;
}

static int set_text(struct dbus_call *call, enum manager_text which)
{
	const char *text;
	int r = read_type(call, "s", "a string", &text);

	if (r < 0)
		return r;
	if (strlen(text) > STORE_TEXT_MAX)
		return refuse(call, "a string of at most 65536 bytes");
	r = check_built_in(call, which, text);
	if (r < 0)
		return r;
	return manager_set_text(call->door->options.manager, call->client, which, text, call->now);
}

static int set_secret(struct dbus_call *call)
{
	_cleanup_secret_ struct secret *secret = NULL;
	const void *data;
	const char *contents;
	size_t size;
	char type;
	int r = sd_bus_message_peek_type(call->message, &type, &contents);

	if (r < 0)
		return r;
	if (type != SD_BUS_TYPE_ARRAY || strcmp(contents, "y") != 0)
		return refuse(call, "an array of bytes");
	r = sd_bus_message_read_array(call->message, SD_BUS_TYPE_BYTE, &data, &size);
	if (r < 0)
		return r;
	if (size > GATE_SECRET_MAX)
		return refuse(call, "an array of at most 1048576 bytes");
	secret = secret_copy(data, size);
	if (!secret)
		return -ENOMEM;
	if (secret_equal(secret, call->client->secret))
		return 0;
	r = manager_set_secret(call->door->options.manager, call->client, secret, call->now);
	if (r >= 0)
		(void)STEAL_PTR(secret);
	return r;
}

static int set(struct dbus_call *call, unsigned int id)
{
	switch ((enum dbus_client_property)id) {
	case DBUS_APPROVAL_DELAY:
		return set_duration(call, CLIENT_EVENT_SET_APPROVAL_DELAY);
	case DBUS_APPROVAL_DURATION:
		return set_duration(call, CLIENT_EVENT_SET_APPROVAL_DURATION);
	case DBUS_APPROVED_BY_DEFAULT:
		return set_approved_by_default(call);
	case DBUS_CHECKER:
		return set_text(call, MANAGER_CHECKER);
	case DBUS_CHECKER_RUNNING:
		return set_checker_running(call);
	case DBUS_ENABLED:
		return set_enabled(call);
	case DBUS_EXTENDED_TIMEOUT:
		return set_duration(call, CLIENT_EVENT_SET_EXTENDED_TIMEOUT);
	case DBUS_HOST:
		return set_text(call, MANAGER_HOST);
	case DBUS_INTERVAL:
		return set_duration(call, CLIENT_EVENT_SET_INTERVAL);
	case DBUS_LAST_CHECKED_OK:
		return set_last_checked_ok(call);
	case DBUS_SECRET:
		return set_secret(call);
	case DBUS_TIMEOUT:
		return set_duration(call, CLIENT_EVENT_SET_TIMEOUT);
	case DBUS_APPROVAL_PENDING:
	case DBUS_CREATED:
	case DBUS_EXPIRES:
	case DBUS_FINGERPRINT:
	case DBUS_KEY_ID:
	case DBUS_LAST_APPROVAL_REQUEST:
	case DBUS_LAST_CHECKER_STATUS:
	case DBUS_LAST_ENABLED:
	case DBUS_NAME_OF_CLIENT:
	case DBUS_OBJECT_PATH:
	case N_DBUS_CLIENT_PROPERTIES:
		break;
	}
	return -EACCES;
}

/* ---- tables ---- */

#define RW    (DBUS_READ | DBUS_WRITE)
#define RO    DBUS_READ
#define CONST (DBUS_READ | DBUS_CONST)

static const struct dbus_property properties[] = {
	{ "ApprovalDelay", "t", RW, DBUS_APPROVAL_DELAY },
	{ "ApprovalDuration", "t", RW, DBUS_APPROVAL_DURATION },
	{ "ApprovalPending", "b", RO, DBUS_APPROVAL_PENDING },
	{ "ApprovedByDefault", "b", RW, DBUS_APPROVED_BY_DEFAULT },
	{ "Checker", "s", RW, DBUS_CHECKER },
	{ "CheckerRunning", "b", RW, DBUS_CHECKER_RUNNING },
	{ "Created", "s", CONST, DBUS_CREATED },
	{ "Enabled", "b", RW, DBUS_ENABLED },
	{ "Expires", "s", RO, DBUS_EXPIRES },
	{ "ExtendedTimeout", "t", RW, DBUS_EXTENDED_TIMEOUT },
	{ "Fingerprint", "s", CONST, DBUS_FINGERPRINT },
	{ "Host", "s", RW, DBUS_HOST },
	{ "Interval", "t", RW, DBUS_INTERVAL },
	{ "KeyID", "s", CONST, DBUS_KEY_ID },
	{ "LastApprovalRequest", "s", RO, DBUS_LAST_APPROVAL_REQUEST },
	{ "LastCheckedOK", "s", RW, DBUS_LAST_CHECKED_OK },
	{ "LastCheckerStatus", "n", RO, DBUS_LAST_CHECKER_STATUS },
	{ "LastEnabled", "s", RO, DBUS_LAST_ENABLED },
	{ "Name", "s", CONST, DBUS_NAME_OF_CLIENT },
	{ "ObjectPath", "o", CONST | DBUS_DEPRECATED, DBUS_OBJECT_PATH },
	{ "Secret", "ay", DBUS_WRITE | DBUS_INVALIDATES, DBUS_SECRET },
	{ "Timeout", "t", RW, DBUS_TIMEOUT },
};
_Static_assert(ARRAY_SIZE(properties) == N_DBUS_CLIENT_PROPERTIES, "one row a property, in order");

const struct dbus_property *dbus_client_property(enum dbus_client_property id)
{
	return &properties[id];
}

static const struct dbus_method methods[] = {
	{ .name = "Approve", .in = "b value", .in_also = "v", .call = on_approve },
	{ .name = "CheckedOK", .call = on_checked_ok },
	{ .name = "Enable", .flags = DBUS_DEPRECATED, .call = on_enable },
	{ .name = "Disable", .flags = DBUS_DEPRECATED, .call = disable },
	{ .name = "StartChecker", .flags = DBUS_DEPRECATED, .call = on_start_checker },
	{ .name = "StopChecker", .flags = DBUS_DEPRECATED, .call = on_stop_checker },
};

static const struct dbus_signal signals[] = {
	{ .name = "CheckerStarted", .arguments = "s command" },
	{ .name = "CheckerCompleted", .arguments = "n exitcode, x waitstatus, s command" },
	{ .name = "NeedApproval", .arguments = "t timeout, b default" },
	{ .name = "GotSecret" },
	{ .name = "Rejected", .arguments = "s reason" },
	{ .name = "PropertyChanged", .arguments = "s property, v value", .flags = DBUS_DEPRECATED },
};

const struct dbus_interface dbus_client_interface = {
	.name = "se.recompile.Mandos.Client",
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
	.signals = signals,
	.n_signals = ARRAY_SIZE(signals),
	.properties = properties,
	.n_properties = ARRAY_SIZE(properties),
	.append = append,
	.set = set,
};

const struct dbus_interface dbus_old_client_interface = {
	.name = "se.bsnet.fukt.Mandos.Client",
	.is_deprecated = true,
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
	.signals = signals,
	.n_signals = ARRAY_SIZE(signals),
	.properties = properties,
	.n_properties = ARRAY_SIZE(properties),
	.append = append,
	.set = set,
};

static const struct dbus_interface *const interfaces[] = {
	&dbus_client_interface,	    &dbus_old_client_interface,	    &dbus_status_interface,
	&dbus_properties_interface, &dbus_introspectable_interface,
};

const struct dbus_object dbus_client_object = {
	.interfaces = interfaces,
	.n_interfaces = ARRAY_SIZE(interfaces),
};
