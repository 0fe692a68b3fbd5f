/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ctl/options.h"

#include <stdio.h>
#include <string.h>

#define SHOW(op, l, n, new, h)            \
	[op] = { .class = CTL_CLASS_SHOW, \
		 .letter = (l),           \
		 .name = (n),             \
		 .is_new = (new),         \
		 .help = (h),             \
		 .opposite = (op) }
#define ACTION(op, l, n, h, other)          \
	[op] = { .class = CTL_CLASS_CLIENT, \
		 .letter = (l),             \
		 .name = (n),               \
		 .help = (h),               \
		 .opposite = (other) }
#define SETTING(op, l, n, v, h)             \
	[op] = { .class = CTL_CLASS_CLIENT, \
		 .letter = (l),             \
		 .name = (n),               \
		 .value = (v),              \
		 .help = (h),               \
		 .opposite = (op) }
#define SERVER(op, n, v, h)                 \
	[op] = { .class = CTL_CLASS_SERVER, \
		 .name = (n),               \
		 .value = (v),              \
		 .is_new = true,            \
		 .help = (h),               \
		 .opposite = (op) }
#define PROGRAM(op, l, n, new, h)            \
	[op] = { .class = CTL_CLASS_PROGRAM, \
		 .letter = (l),              \
		 .name = (n),                \
		 .is_new = (new),            \
		 .help = (h),                \
		 .opposite = (op) }

const struct ctl_option ctl_options[CTL_N_OPTIONS] = {
	SHOW(CTL_VERBOSE, 'v', "verbose", false, "list all columns"),
	SHOW(CTL_DUMP_JSON, 'j', "dump-json", false, "list as JSON"),
	SHOW(CTL_NAMES, 0, "names", true, "list nothing but names, one a line"),
	SHOW(CTL_METRICS, 0, "metrics", true, "print figures for monitoring, as OpenMetrics"),
	SHOW(CTL_EVENTS, 0, "events", true,
	     "print what happens until interrupted; with --dump-json as lines of JSON"),

	ACTION(CTL_ALL, 'a', "all", "select all clients", CTL_ALL),
	ACTION(CTL_IS_ENABLED, 'V', "is-enabled", "tell by the exit status whether it is enabled",
	       CTL_IS_ENABLED),
	ACTION(CTL_ENABLE, 'e', "enable", "enable", CTL_DISABLE),
	ACTION(CTL_DISABLE, 'd', "disable", "disable", CTL_ENABLE),
	ACTION(CTL_BUMP_TIMEOUT, 'b', "bump-timeout", "go on as if a check had just succeeded",
	       CTL_BUMP_TIMEOUT),
	ACTION(CTL_START_CHECKER, 0, "start-checker", "start a check now", CTL_STOP_CHECKER),
	ACTION(CTL_STOP_CHECKER, 0, "stop-checker", "abort a check that is under way",
	       CTL_START_CHECKER),
	ACTION(CTL_REMOVE, 'r', "remove", "remove from the server", CTL_REMOVE),
	SETTING(CTL_CHECKER, 'c', "checker", CTL_VALUE_COMMAND, "set the checker command"),
	SETTING(CTL_TIMEOUT, 't', "timeout", CTL_VALUE_TIME, "set the timeout"),
	SETTING(CTL_EXTENDED_TIMEOUT, 0, "extended-timeout", CTL_VALUE_TIME,
		"set the timeout after the password was given"),
	SETTING(CTL_INTERVAL, 'i', "interval", CTL_VALUE_TIME, "set the time between checks"),
	ACTION(CTL_APPROVE_BY_DEFAULT, 0, "approve-by-default",
	       "give the password if nobody decides", CTL_DENY_BY_DEFAULT),
	ACTION(CTL_DENY_BY_DEFAULT, 0, "deny-by-default", "refuse it if nobody decides",
	       CTL_APPROVE_BY_DEFAULT),
	SETTING(CTL_APPROVAL_DELAY, 0, "approval-delay", CTL_VALUE_TIME,
		"set the time to wait for a decision"),
	SETTING(CTL_APPROVAL_DURATION, 0, "approval-duration", CTL_VALUE_TIME,
		"set how long one decision counts"),
	SETTING(CTL_HOST, 'H', "host", CTL_VALUE_TEXT, "set the host for the checker"),
	SETTING(CTL_SECRET, 's', "secret", CTL_VALUE_FILE,
		"set the encrypted password to the bytes of a file"),
	ACTION(CTL_APPROVE, 'A', "approve", "give the password to those who wait for it", CTL_DENY),
	ACTION(CTL_DENY, 'D', "deny", "refuse it to those who wait for it", CTL_APPROVE),

	SERVER(CTL_ADD, "add", CTL_VALUE_FILE, "add the clients of a file in clients.conf's form"),
	SERVER(CTL_RELOAD, "reload", CTL_VALUE_NONE, "read the configured clients again"),
	SERVER(CTL_LOCKDOWN, "lockdown", CTL_VALUE_NONE, "give no password to anybody"),
	SERVER(CTL_LIFT, "lift", CTL_VALUE_NONE, "end a lockdown"),
	SERVER(CTL_LOG_LEVEL, "log-level", CTL_VALUE_LEVEL, "set what the server logs"),

	PROGRAM(CTL_HELP, 'h', "help", false, "print this and exit"),
	PROGRAM(CTL_VERSION, 0, "version", false, "print the version and exit"),
	PROGRAM(CTL_CHECK, 0, "check", false, "test the program itself and exit"),
	PROGRAM(CTL_DEBUG, 0, "debug", false, "show each call on the bus"),
	PROGRAM(CTL_DRY_RUN, 0, "dry-run", true, "print what would be called, and call nothing"),
	PROGRAM(CTL_STRICT, 0, "strict", true,
		"with --is-enabled: exit status 3 if it could not be found out"),
};

const char *ctl_value_name(enum ctl_value value)
{
	static const char *const names[] = {
		[CTL_VALUE_TIME] = "TIME",	 [CTL_VALUE_TEXT] = "STRING",
		[CTL_VALUE_COMMAND] = "COMMAND", [CTL_VALUE_FILE] = "FILENAME",
		[CTL_VALUE_LEVEL] = "LEVEL",
	};

	return names[value];
}

enum ctl_find_result ctl_option_find(const char *name, size_t length, enum ctl_op *ret_op,
				     uint64_t *ret_matches)
{
	uint64_t old = 0, matches = 0;
	enum ctl_op only = 0;

	for (enum ctl_op op = 0; op < CTL_N_OPTIONS; op++) {
		if (strncmp(ctl_options[op].name, name, length) != 0)
			continue;
		if (ctl_options[op].name[length] == '\0') {
			*ret_op = op;
			*ret_matches = CTL_BIT(op);
			return CTL_FIND_OK;
		}
		matches |= CTL_BIT(op);
		if (!ctl_options[op].is_new)
			old |= CTL_BIT(op);
	}
	*ret_matches = old ? old : matches;
	if (!*ret_matches)
		return CTL_FIND_UNKNOWN;
	if (*ret_matches & (*ret_matches - 1))
		return CTL_FIND_AMBIGUOUS;
	while (CTL_BIT(only) != *ret_matches)
		only++;
	*ret_op = only;
	return CTL_FIND_OK;
}

enum ctl_op ctl_option_by_letter(char letter)
{
	enum ctl_op op = 0;

	while (op < CTL_N_OPTIONS && (letter == '\0' || ctl_options[op].letter != letter))
		op++;
	return op;
}

const char *ctl_option_both(enum ctl_op op, char *ret, size_t size)
{
	if (ctl_options[op].letter)
		(void)snprintf(ret, size, "-%c/--%s", ctl_options[op].letter, ctl_options[op].name);
	else
		(void)snprintf(ret, size, "--%s", ctl_options[op].name);
	return ret;
}
