/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dispatch/options.h"

#include <getopt.h>

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' }, { "user", required_argument, NULL, 'u' },
	{ "debug", no_argument, NULL, 'd' },	    { "foreground", no_argument, NULL, 'f' },
	{ "check-config", no_argument, NULL, 'C' }, { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },	    { 0 },
};

enum options_result options_parse(int argc, char **argv, struct options *ret)
{
	struct options o = { .config = OPTIONS_CONFIG, .user = OPTIONS_USER };
	enum options_result action = OPTIONS_OK, wanted;
	int option;

	optind = 0; /* glibc: start anew, for a second call in the same process */
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		wanted = OPTIONS_OK;
		switch (option) {
		case 'c':
			o.config = optarg;
			break;
		case 'u':
			o.user = optarg;
			break;
		case 'd':
			o.is_debug = true;
			break;
		case 'f': /* as it always is */
			break;
		case 'C':
			wanted = OPTIONS_CHECK_CONFIG;
			break;
		case 'h':
			wanted = OPTIONS_SHOW_HELP;
			break;
		case 'v':
			wanted = OPTIONS_SHOW_VERSION;
			break;
		default:
			return OPTIONS_BAD;
		}
		action = action == OPTIONS_OK ? wanted : action;
	}
	if (optind < argc) {
		(void)fprintf(stderr, "%s: there is an argument too many: '%s'\n", argv[0],
			      argv[optind]);
		return OPTIONS_BAD;
	}
	*ret = o;
	return action;
}

void options_print_help(FILE *out, const char *program)
{
	(void)fprintf(
		out,
		"Usage: %s [OPTION...]\n"
		"Runs the commands of mandos-dispatch.conf(5) when something happens at the Mandos "
		"server.\n"
		"\n"
		"      --config FILE   instead of " OPTIONS_CONFIG "\n"
		"      --user NAME     who to become when started by root; else " OPTIONS_USER "\n"
		"      --debug         log everything, and to standard error as well\n"
		"      --foreground    stay in the foreground, as it always does\n"
		"      --check-config  say what is wrong in the configuration, and exit\n"
		"  -h, --help          print this and exit\n"
		"      --version       print the version and exit\n",
		program);
}
