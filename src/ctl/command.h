/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A command line of mandos-ctl, parsed and judged. Pure: nothing is opened, printed or asked for.
 *
 * Bound: CTL_MESSAGE_SIZE. Actions and names are at most as many as there are arguments.
 */

#include "base/secret.h"
#include "ctl/options.h"

#define CTL_MESSAGE_SIZE 1024

/** struct ctl_action - one thing to do, to each selected client or to the server */
struct ctl_action {
	enum ctl_op op;
	const char *text;      /* the option's value as typed; NULL without one */
	uint64_t milliseconds; /* of a CTL_VALUE_TIME, once prepared (ctl/prepare.h) */
	struct secret *bytes;  /* of a CTL_VALUE_FILE, once prepared */
};

/**
 * struct ctl_command - all of it
 *
 * Owner: texts and names are argv's; the rest ends with ctl_command_deinit().
 */
struct ctl_command {
	uint64_t given; /* CTL_BIT() of each option */
	struct ctl_action *actions;
	size_t n_actions;
	const char **names;
	size_t n_names;
};

enum ctl_command_result {
	CTL_COMMAND_OK = 0,
	CTL_COMMAND_HELP,
	CTL_COMMAND_VERSION,
	CTL_COMMAND_CHECK,
	CTL_COMMAND_BAD, /* a usage error; the message says which */
};

/**
 * ctl_command_parse() - argv to a command
 * @ret:         to be given to ctl_command_deinit() in every case
 * @ret_message: at least CTL_MESSAGE_SIZE bytes; filled in for CTL_COMMAND_BAD
 *
 * --check wins wherever it stands (SRV-CLI-9); else the first of --help, --version and an error.
 * Errors: the results above; -ENOMEM.
 * Source: CTL-ARG-1 to CTL-ARG-3, CTL-ARG-10, CTL-ARG-17; observed: mandos-ctl 1.8.16.
 */
int ctl_command_parse(int argc, char *const argv[], struct ctl_command *ret, char *ret_message);

/**
 * ctl_command_judge() - may these options stand together?
 * @ret_message: why not; at least CTL_MESSAGE_SIZE bytes
 *
 * Source: CTL-ARG-11 to CTL-ARG-16, CTL-ARG-19.
 */
bool ctl_command_judge(const struct ctl_command *command, char *ret_message);

/** ctl_command_order() - moves --deny ahead of --remove (CTL-RUN-3) */
void ctl_command_order(struct ctl_command *command);

/** ctl_command_deinit() - frees, and erases secrets */
void ctl_command_deinit(struct ctl_command *command);

static inline bool ctl_command_has(const struct ctl_command *command, enum ctl_op op)
{
	return command->given & CTL_BIT(op);
}
