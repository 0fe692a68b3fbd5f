/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/options.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/report.h"
#include "base/util.h"

/* Codes of what the parser stops for; argp hands them through. */
#define STOP_SHOWN ECANCELED
#define STOP_BAD   EINVAL

enum key {
	KEY_USAGE = 256,
	KEY_HELPER_DIR
};

static const struct argp_option option_table[] = {
	{ "agent-directory", 'd', "DIRECTORY", 0, "Where systemd's questions are", 1 },
	{ "helper-directory", KEY_HELPER_DIR, "DIRECTORY", 0, "The client's helpers", 1 },
	{ "plugin-helper-dir", 0, NULL, OPTION_ALIAS | OPTION_HIDDEN, NULL, 1 },
	{ "user", 'u', "USERID", 0, "Real user of the client", 1 },
	{ "userid", 0, NULL, OPTION_ALIAS | OPTION_HIDDEN, NULL, 1 },
	{ "group", 'g', "GROUPID", 0, "Real group of the client", 1 },
	{ "groupid", 0, NULL, OPTION_ALIAS | OPTION_HIDDEN, NULL, 1 },
	{ "help", '?', NULL, 0, "Show this help", 2 },
	{ "usage", KEY_USAGE, NULL, 0, "Show a short usage message", 2 },
	{ "version", 'V', NULL, 0, "Show name and version", 2 },
	{ 0 },
};

static error_t set_id(int option, const char *text, uid_t *id)
{
	uintmax_t value;
	char *end;

	errno = 0;
	value = strtoumax(text, &end, 10);
	/* strtoumax() takes "-1" for a very large number. */
	if (errno || end == text || *end != '\0' || strchr(text, '-') || value == 0 ||
	    value >= (uid_t)-1) {
		report_error("-%c %s is no number of a user or group other than root", option,
			     text);
		return STOP_BAD;
	}
	*id = (uid_t)value;
	return 0;
}

static error_t show(struct argp_state *state, int key)
{
	static char program_name[] = "password-agent";

	state->name = program_name;
	if (key == 'V')
		(void)printf("password-agent %s\n", MANDOS_VERSION);
	else
		argp_state_help(state, stdout,
				key == '?' ? ARGP_HELP_LONG | ARGP_HELP_SHORT_USAGE | ARGP_HELP_DOC
					   : ARGP_HELP_USAGE);
	return STOP_SHOWN;
}

static error_t on_key(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	size_t n = 0;

	switch (key) {
	case ARGP_KEY_INIT:
		state->name = state->argv[0];
		return 0;
	case 'd':
		o->agent_dir = arg;
		return 0;
	case KEY_HELPER_DIR:
		o->helper_dir = arg;
		return 0;
	case 'u':
		return set_id(key, arg, &o->uid);
	case 'g':
		return set_id(key, arg, &o->gid);
	case '?':
	case 'V':
	case KEY_USAGE:
		return show(state, key);
	case ARGP_KEY_ARG:
		/* There is room for all words of the command line. */
		while (o->program[n])
			n++;
		o->program[n] = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int options_parse(int argc, char **argv, struct options *ret)
{
	static char default_program[] = OPTIONS_PROGRAM;
	static const struct argp argp = {
		.options = option_table,
		.parser = on_key,
		.args_doc = "[--] [PROGRAM [ARG...]]",
		.doc = "Answers systemd's password questions with the password of the Mandos "
		       "client.",
	};
	error_t r;

	*ret = (struct options){
		.agent_dir = OPTIONS_AGENT_DIR,
		.helper_dir = OPTIONS_HELPER_DIR,
		.uid = OPTIONS_ID,
		.gid = OPTIONS_ID,
		.program = calloc((size_t)argc + 2, sizeof(char *)),
	};
	if (!ret->program)
		return -ENOMEM;
	r = argp_parse(&argp, argc, argv, ARGP_NO_HELP | ARGP_NO_EXIT, NULL, ret);
	if (!ret->program[0])
		ret->program[0] = default_program;
	if (r == 0)
		return OPTIONS_OK;
	if (r == STOP_SHOWN)
		return OPTIONS_SHOWN;
	return r == ENOMEM ? -ENOMEM : OPTIONS_BAD;
}

void options_deinit(struct options *o)
{
	free(o->program);
	o->program = NULL;
}
