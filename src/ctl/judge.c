/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which options may stand together: ctl_command_judge(). */
#include <stdarg.h>
#include <stdio.h>

#include "base/util.h"
#include "ctl/command.h"

static bool refuse(char *message, const char *format, ...) _printf_(2, 3);

static bool refuse(char *message, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(message, CTL_MESSAGE_SIZE, format, ap);
	va_end(ap);
	return false;
}

static size_t count(const struct ctl_command *command, enum ctl_class class)
{
	size_t n = 0;

	for (size_t i = 0; i < command->n_actions; i++)
		n += ctl_options[command->actions[i].op].class == class;
	return n;
}

/* What asks for another output than the table: at most one, but events may be JSON. */
static bool judge_show(const struct ctl_command *c, char *message)
{
	/* In the order in which mandos-ctl 1.8.16 finds fault; the option behind --verbose is told
	 * when two do not go together. */
	static const struct {
		enum ctl_op op;
		uint64_t fits;
	} shows[] = {
		{ CTL_VERBOSE, UINT64_MAX },
		{ CTL_DUMP_JSON, CTL_BIT(CTL_DUMP_JSON) | CTL_BIT(CTL_EVENTS) },
		{ CTL_NAMES, CTL_BIT(CTL_NAMES) },
		{ CTL_METRICS, CTL_BIT(CTL_METRICS) },
		{ CTL_EVENTS, CTL_BIT(CTL_DUMP_JSON) | CTL_BIT(CTL_EVENTS) },
	};
	uint64_t given = 0;

	for (size_t i = 0; i < ARRAY_SIZE(shows); i++)
		given |= c->given & CTL_BIT(shows[i].op);
	for (size_t i = 0; i < ARRAY_SIZE(shows); i++) {
		if (ctl_command_has(c, shows[i].op) &&
		    (c->n_actions > 0 || (given & ~shows[i].fits)))
			return refuse(message, "--%s can only be used alone.",
				      ctl_options[shows[i].op].name);
	}
	return true;
}

static bool judge_server(const struct ctl_command *c, char *message)
{
	for (size_t i = 0; i < c->n_actions; i++) {
		enum ctl_op op = c->actions[i].op;

		if (ctl_options[op].class == CTL_CLASS_SERVER &&
		    (c->n_actions > 1 || c->n_names > 0 || ctl_command_has(c, CTL_ALL)))
			return refuse(message, "--%s can only be used alone.",
				      ctl_options[op].name);
	}
	return true;
}

static bool judge_remove(const struct ctl_command *c, char *message)
{
	if (!ctl_command_has(c, CTL_REMOVE) || c->n_actions == 1)
		return true;
	/* Repeated or with anything else than one --deny: see CTL-ARG-19. */
	if (c->n_actions == 2 && ctl_command_has(c, CTL_DENY))
		return true;
	return refuse(message, "--remove can only be combined with --deny");
}

static bool judge_is_enabled(const struct ctl_command *c, char *message)
{
	if (ctl_command_has(c, CTL_STRICT) && !ctl_command_has(c, CTL_IS_ENABLED))
		return refuse(message, "--strict requires --is-enabled.");
	if (!ctl_command_has(c, CTL_IS_ENABLED))
		return true;
	if (c->n_names != 1 || ctl_command_has(c, CTL_ALL))
		return refuse(message, "--is-enabled requires exactly one client");
	if (c->n_actions > 1)
		return refuse(message, "--is-enabled can only be used alone.");
	return true;
}

bool ctl_command_judge(const struct ctl_command *c, char *message)
{
	size_t n_client = count(c, CTL_CLASS_CLIENT);

	if (n_client > 0 && c->n_names == 0 && !ctl_command_has(c, CTL_ALL))
		return refuse(message, "Options require clients names or --all.");
	if (!judge_show(c, message) || !judge_server(c, message))
		return false;
	if (ctl_command_has(c, CTL_ALL) && n_client == 0)
		return refuse(message, "--all requires an action.");
	if (!judge_is_enabled(c, message) || !judge_remove(c, message))
		return false;
	if (ctl_command_has(c, CTL_DRY_RUN) && c->n_actions == 0)
		return refuse(message, "--dry-run requires an action.");
	return true;
}
