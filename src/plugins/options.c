/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plugins/options.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>

#include "plugins/report.h"

/* Codes of what the parser stops for; argp hands them through. */
#define STOP_SHOWN ECANCELED
#define STOP_BAD   EINVAL

enum key {
	KEY_USAGE = 256,
	KEY_PROMPT,
	KEY_DEBUG
};

/* The prefix comes first, so that it can be left out. */
static const struct argp_option option_table[] = {
	{ "prefix", 'p', "PREFIX", 0, "Text before the question", 1 },
	{ "prompt", KEY_PROMPT, "PROMPT", 0, "The question", 1 },
	{ "debug", KEY_DEBUG, NULL, 0, "Say what is done, on standard error", 1 },
	{ "help", '?', NULL, 0, "Show this help", 2 },
	{ "usage", KEY_USAGE, NULL, 0, "Show a short usage message", 2 },
	{ "version", 'V', NULL, 0, "Show name and version", 2 },
	{ 0 },
};

struct parse {
	const struct options_program *program;
	struct options *options;
};

static error_t show(const struct parse *parse, struct argp_state *state, int key)
{
	if (key == 'V')
		(void)printf("%s %s\n", parse->program->name, MANDOS_VERSION);
	else
		argp_state_help(state, stdout,
				key == '?' ? ARGP_HELP_LONG | ARGP_HELP_SHORT_USAGE | ARGP_HELP_DOC
					   : ARGP_HELP_USAGE);
	return STOP_SHOWN;
}

static error_t on_key(int key, char *arg, struct argp_state *state)
{
	struct parse *parse = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->name = state->argv[0];
		return 0;
	case 'p':
		parse->options->prefix = arg;
		return 0;
	case KEY_PROMPT:
		parse->options->prompt = arg;
		return 0;
	case KEY_DEBUG:
		report_set_debug(true);
		return 0;
	case '?':
	case 'V':
	case KEY_USAGE:
		return show(parse, state, key);
	case ARGP_KEY_ARG:
		report_error("unexpected word '%s'; there are only options", arg);
		return STOP_BAD;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

enum options_result options_parse(const struct options_program *program, int argc, char **argv,
				  struct options *ret)
{
	const struct argp argp = {
		.options = program->has_prefix ? option_table : option_table + 1,
		.parser = on_key,
		.doc = program->doc,
	};
	struct parse parse = { .program = program, .options = ret };

	*ret = (struct options){ 0 };
	switch (argp_parse(&argp, argc, argv, ARGP_IN_ORDER | ARGP_NO_HELP | ARGP_NO_EXIT, NULL,
			   &parse)) {
	case 0:
		return OPTIONS_OK;
	case STOP_SHOWN:
		return OPTIONS_SHOWN;
	default:
		return OPTIONS_BAD;
	}
}
