/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * argp knows the rules of CLI-GEN-1 and writes the help. Its own help options are switched off,
 * because they would end the program from inside.
 */
#include "runner/options.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "runner/console.h"

/* Codes of what the parser stops for; argp hands them through. */
#define STOP_SHOWN ECANCELED
#define STOP_BAD   EINVAL

enum key {
	KEY_USAGE = 256,
	KEY_PLUGIN_DIR,
	KEY_HELPER_DIR,
	KEY_CONFIG_FILE,
	KEY_USERID,
	KEY_GROUPID,
	KEY_SHOW,
	KEY_DEBUG,
};

static const struct argp_option option_table[] = {
	{ "global-options", 'g', "OPT[,OPT...]", 0, "Pass these options to every plugin", 1 },
	{ "global-env", 'G', "VAR=VALUE", 0, "Environment entry for every plugin", 1 },
	{ "options-for", 'o', "PLUGIN:OPT[,OPT...]", 0, "Pass these options to one plugin", 1 },
	{ "env-for", 'E', "PLUGIN:VAR=VALUE", 0, "Environment entry for one plugin", 1 },
	{ "disable", 'd', "PLUGIN", 0, "Do not start this plugin", 1 },
	{ "enable", 'e', "PLUGIN", 0, "Undo an earlier --disable", 1 },
	{ "plugin-dir", KEY_PLUGIN_DIR, "DIR", 0, "Directory of the plugins", 1 },
	{ "plugin-helper-dir", KEY_HELPER_DIR, "DIR", 0, "Directory of the plugins' helpers", 1 },
	{ "config-file", KEY_CONFIG_FILE, "FILE", 0, "File with more options", 1 },
	{ "userid", KEY_USERID, "ID", 0, "User number to run the plugins as", 1 },
	{ "groupid", KEY_GROUPID, "ID", 0, "Group number to run the plugins as", 1 },
	{ "show-options", KEY_SHOW, "PLUGIN", 0, "Print this plugin's options, and run none", 1 },
	{ "debug", KEY_DEBUG, NULL, 0, "Say what is done, on standard error", 1 },
	{ "help", '?', NULL, 0, "Show this help", 2 },
	{ "usage", KEY_USAGE, NULL, 0, "Show a short usage message", 2 },
	{ "version", 'V', NULL, 0, "Show name and version", 2 },
	{ 0 },
};

struct parse {
	struct settings *settings;
	enum options_pass pass;
};

/* uid_t and gid_t are the same type; the number that means "no change" is none. */
static error_t set_id(const char *option, const char *text, uid_t *id)
{
	intmax_t value;
	char *end;

	errno = 0;
	value = strtoimax(text, &end, 10);
	if (errno == ERANGE) {
		report_error("--%s=%s is beyond every number", option, text);
		return ERANGE;
	}
	if (end == text || *end != '\0' || value < 0 || value >= (intmax_t)(uid_t)-1) {
		/* CLI-RUN-5. */
		report_error("--%s=%s is no number; it is ignored", option, text);
		return 0;
	}
	*id = (uid_t)value;
	return 0;
}

/* @arg is PLUGIN:REST. */
static error_t set_for_plugin(struct settings *s, int key, const char *arg)
{
	const char *colon = strchr(arg, ':');
	struct plugin_settings *plugin;
	int r;

	if (!colon || colon == arg) {
		report_error("-%c %s names no plugin; write PLUGIN:%s", key, arg,
			     key == 'o' ? "OPTION" : "VARIABLE=VALUE");
		return STOP_BAD;
	}
	r = settings_for(s, arg, (size_t)(colon - arg), &plugin);
	if (r < 0)
		return -r;
	return key == 'o' ? -words_add_list(&plugin->args, colon + 1)
			  : -words_set(&plugin->env, colon + 1);
}

static error_t set_disabled(struct settings *s, const char *name, bool disabled)
{
	struct plugin_settings *plugin;
	int r = settings_for(s, name, strlen(name), &plugin);

	if (r == 0)
		plugin->disabled = disabled;
	return -r;
}

static error_t show(struct argp_state *state, int key)
{
	static char program_name[] = "plugin-runner";

	state->name = program_name;
	if (key == 'V')
		(void)printf("plugin-runner %s\n", MANDOS_VERSION);
	else
		argp_state_help(state, stdout,
				key == '?' ? ARGP_HELP_LONG | ARGP_HELP_SHORT_USAGE | ARGP_HELP_DOC
					   : ARGP_HELP_USAGE);
	(void)fflush(stdout);
	return STOP_SHOWN;
}

static error_t set_option(struct settings *s, int key, char *arg)
{
	switch (key) {
	case 'g':
		return -words_add_list(&s->args, arg);
	case 'G':
		return -words_set(&s->env, arg);
	case 'o':
	case 'E':
		return set_for_plugin(s, key, arg);
	case 'd':
	case 'e':
		return set_disabled(s, arg, key == 'd');
	case KEY_PLUGIN_DIR:
		s->plugin_dir = arg;
		return 0;
	case KEY_HELPER_DIR:
		s->helper_dir = arg;
		return 0;
	case KEY_USERID:
		return set_id("userid", arg, &s->uid);
	case KEY_GROUPID:
		return set_id("groupid", arg, &s->gid);
	default: /* KEY_DEBUG */
		s->debug = true;
		return 0;
	}
}

static error_t on_key(int key, char *arg, struct argp_state *state)
{
	struct parse *parse = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		/* Its "Try ..." lines would come twice. */
		state->err_stream = NULL;
		return 0;
	case '?':
	case 'V':
	case KEY_USAGE:
		return show(state, key);
	case KEY_CONFIG_FILE:
		if (parse->pass == OPTIONS_FIND_FILE)
			parse->settings->config_file = arg;
		return 0;
	case KEY_SHOW:
		/* In a file it would take its password away from a boot. */
		if (parse->pass == OPTIONS_FIND_FILE)
			parse->settings->shown = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (*arg == '\0')
			return 0;
		report_error("unexpected word '%s'; plugin-runner takes only options", arg);
		return STOP_BAD;
	case ARGP_KEY_NO_ARGS:
	case ARGP_KEY_END:
	case ARGP_KEY_SUCCESS:
	case ARGP_KEY_ERROR:
	case ARGP_KEY_FINI:
	case ARGP_KEY_ARGS:
		return ARGP_ERR_UNKNOWN;
	default:
		if (parse->pass == OPTIONS_FIND_FILE)
			return 0;
		return set_option(parse->settings, key, arg);
	}
}

int options_parse(int argc, char **argv, enum options_pass pass, struct settings *settings)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = on_key,
		.doc = "Runs all plugins side by side and prints the password of the first that "
		       "has one.",
	};
	struct parse parse = { .settings = settings, .pass = pass };
	error_t r;

	r = argp_parse(&argp, argc, argv, ARGP_IN_ORDER | ARGP_NO_HELP | ARGP_NO_EXIT, NULL,
		       &parse);
	switch (r) {
	case 0:
		return OPTIONS_OK;
	case STOP_SHOWN:
		return OPTIONS_SHOWN;
	case ENOMEM:
	case EOVERFLOW:
	case ERANGE:
		return -r;
	default:
		return OPTIONS_BAD;
	}
}
