/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ctl/action.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "admin/names.h"
#include "admin/text.h"

/** enum argument - what a call carries, and where that comes from */
enum argument {
	ARGUMENT_NONE,
	ARGUMENT_TRUE,
	ARGUMENT_FALSE,
	ARGUMENT_EMPTY, /* a string */
	ARGUMENT_TEXT,	/* string */
	ARGUMENT_TIME,	/* unsigned 64 bits, milliseconds */
	ARGUMENT_BYTES, /* array of bytes */
	ARGUMENT_PATH,	/* of the client */
};

/** struct call - a row: an option, and what it calls (CTL-RUN-4) */
struct call {
	const char *interface;
	const char *member; /* a method, unless @is_property, which is set then */
	enum argument argument;
	bool is_property;
	bool is_of_server;
};

#define SET(name, argument)                                             \
	{                                                               \
		ADMIN_CLIENT_INTERFACE, (name), (argument), true, false \
	}
#define CONTROL(name, argument, is_property)                                     \
	{                                                                        \
		ADMIN_CONTROL_INTERFACE, (name), (argument), (is_property), true \
	}

static const struct call calls[CTL_N_OPTIONS] = {
	[CTL_ENABLE] = SET("Enabled", ARGUMENT_TRUE),
	[CTL_DISABLE] = SET("Enabled", ARGUMENT_FALSE),
	[CTL_BUMP_TIMEOUT] = SET("LastCheckedOK", ARGUMENT_EMPTY),
	[CTL_START_CHECKER] = SET("CheckerRunning", ARGUMENT_TRUE),
	[CTL_STOP_CHECKER] = SET("CheckerRunning", ARGUMENT_FALSE),
	[CTL_CHECKER] = SET("Checker", ARGUMENT_TEXT),
	[CTL_HOST] = SET("Host", ARGUMENT_TEXT),
	[CTL_TIMEOUT] = SET("Timeout", ARGUMENT_TIME),
	[CTL_EXTENDED_TIMEOUT] = SET("ExtendedTimeout", ARGUMENT_TIME),
	[CTL_INTERVAL] = SET("Interval", ARGUMENT_TIME),
	[CTL_APPROVAL_DELAY] = SET("ApprovalDelay", ARGUMENT_TIME),
	[CTL_APPROVAL_DURATION] = SET("ApprovalDuration", ARGUMENT_TIME),
	[CTL_APPROVE_BY_DEFAULT] = SET("ApprovedByDefault", ARGUMENT_TRUE),
	[CTL_DENY_BY_DEFAULT] = SET("ApprovedByDefault", ARGUMENT_FALSE),
	[CTL_SECRET] = SET("Secret", ARGUMENT_BYTES),
	[CTL_APPROVE] = { ADMIN_CLIENT_INTERFACE, "Approve", ARGUMENT_TRUE },
	[CTL_DENY] = { ADMIN_CLIENT_INTERFACE, "Approve", ARGUMENT_FALSE },
	[CTL_REMOVE] = { ADMIN_SERVER_INTERFACE, "RemoveClient", ARGUMENT_PATH,
			 .is_of_server = true },
	[CTL_ADD] = CONTROL("AddClient", ARGUMENT_BYTES, false),
	[CTL_RELOAD] = CONTROL("Reload", ARGUMENT_NONE, false),
	[CTL_LOCKDOWN] = CONTROL("Lockdown", ARGUMENT_TRUE, true),
	[CTL_LIFT] = CONTROL("Lockdown", ARGUMENT_FALSE, true),
	[CTL_LOG_LEVEL] = CONTROL("SetLogLevel", ARGUMENT_TEXT, false),
};

const char *action_path(const struct ctl_action *action, const struct admin_client *client)
{
	return calls[action->op].is_of_server ? ADMIN_SERVER_PATH : client->path;
}

static const char *argument_type(enum argument argument)
{
	switch (argument) {
	case ARGUMENT_TRUE:
	case ARGUMENT_FALSE:
		return "b";
	case ARGUMENT_EMPTY:
	case ARGUMENT_TEXT:
		return "s";
	case ARGUMENT_TIME:
		return "t";
	case ARGUMENT_BYTES:
		return "ay";
	case ARGUMENT_PATH:
		return "o";
	case ARGUMENT_NONE:
		break;
	}
	return "";
}

static int append(sd_bus_message *m, enum argument argument, const struct ctl_action *action,
		  const struct admin_client *client)
{
	switch (argument) {
	case ARGUMENT_TRUE:
	case ARGUMENT_FALSE:
		return sd_bus_message_append(m, "b", argument == ARGUMENT_TRUE);
	case ARGUMENT_EMPTY:
		return sd_bus_message_append(m, "s", "");
	case ARGUMENT_TEXT:
		return sd_bus_message_append(m, "s", action->text);
	case ARGUMENT_TIME:
		return sd_bus_message_append(m, "t", action->milliseconds);
	case ARGUMENT_BYTES:
		return sd_bus_message_append_array(m, 'y', action->bytes->data,
						   action->bytes->size);
	case ARGUMENT_PATH:
		return sd_bus_message_append(m, "o", client->path);
	case ARGUMENT_NONE:
		break;
	}
	return 0;
}

static int append_set(sd_bus_message *m, const struct call *call, const struct ctl_action *action)
{
	int r = sd_bus_message_append(m, "ss", call->interface, call->member);

	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', argument_type(call->argument));
	if (r >= 0)
		r = append(m, call->argument, action, NULL);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

int action_message(sd_bus *bus, const struct ctl_action *action, const struct admin_client *client,
		   sd_bus_message **ret)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	const struct call *call = &calls[action->op];
	int r = sd_bus_message_new_method_call(bus, &m, ADMIN_SERVICE, action_path(action, client),
					       call->is_property ? ADMIN_PROPERTIES_INTERFACE
								 : call->interface,
					       call->is_property ? "Set" : call->member);

	if (r >= 0 && call->argument == ARGUMENT_BYTES)
		r = sd_bus_message_sensitive(m);
	if (r >= 0)
		r = call->is_property ? append_set(m, call, action)
				      : append(m, call->argument, action, client);
	if (r < 0)
		return r;
	*ret = STEAL_PTR(m);
	return 0;
}

/* In single quotes; what would end them, or move a terminal's cursor, is escaped. */
static void print_quoted(FILE *out, const char *text)
{
	_cleanup_free_ char *shown = malloc(ADMIN_SHOWN_SIZE(strlen(text)));

	if (!shown)
		return;
	(void)admin_show(text, shown);
	(void)fputc('\'', out);
	for (const char *c = shown; *c; c++)
		(void)fprintf(out, *c == '\'' ? "\\%c" : "%c", *c);
	(void)fputc('\'', out);
}

static void print_argument(FILE *out, enum argument argument, const struct ctl_action *action,
			   const struct admin_client *client)
{
	switch (argument) {
	case ARGUMENT_TRUE:
		(void)fputs("True", out);
		break;
	case ARGUMENT_FALSE:
		(void)fputs("False", out);
		break;
	case ARGUMENT_EMPTY:
		(void)fputs("''", out);
		break;
	case ARGUMENT_TEXT:
		print_quoted(out, action->text);
		break;
	case ARGUMENT_TIME:
		(void)fprintf(out, "%" PRIu64, action->milliseconds);
		break;
	case ARGUMENT_BYTES:
		(void)fprintf(out, "<%zu secret bytes>", action->bytes->size);
		break;
	case ARGUMENT_PATH:
		print_quoted(out, client->path);
		break;
	case ARGUMENT_NONE:
		break;
	}
}

void action_print(FILE *out, const struct ctl_action *action, const struct admin_client *client)
{
	const struct call *call = &calls[action->op];

	(void)fprintf(out, "%s:%s:", ADMIN_SERVICE, action_path(action, client));
	if (call->is_property)
		(void)fprintf(out, "%s.Set('%s', '%s', ", ADMIN_PROPERTIES_INTERFACE,
			      call->interface, call->member);
	else
		(void)fprintf(out, "%s.%s(", call->interface, call->member);
	print_argument(out, call->argument, action, client);
	(void)fputc(')', out);
}
