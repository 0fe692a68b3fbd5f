/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "monitor/options.h"

#include <getopt.h>

static const struct option long_options[] = {
	{ "mouse", no_argument, NULL, 'm' },
	{ "no-bell", no_argument, NULL, 'n' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ 0 },
};

enum options_result options_parse(int argc, char **argv, struct options *ret)
{
	struct options o = { 0 };
	enum options_result show = OPTIONS_OK;
	int option;

	optind = 0; /* glibc: start anew, for a second call in the same process */
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		switch (option) {
		case 'm':
			o.with_mouse = true;
			break;
		case 'n':
			o.no_bell = true;
			break;
		case 'h':
			show = show == OPTIONS_OK ? OPTIONS_SHOW_HELP : show;
			break;
		case 'v':
			show = show == OPTIONS_OK ? OPTIONS_SHOW_VERSION : show;
			break;
		default:
			return OPTIONS_BAD;
		}
	}
	*ret = o;
	return show;
}

void options_print_help(FILE *out, const char *program)
{
	(void)fprintf(
		out,
		"Usage: %s [OPTION...]\n"
		"Shows the clients of a Mandos server as they change, and lets you act on them.\n"
		"\n"
		"      --mouse     click to focus a client; the wheel scrolls\n"
		"      --no-bell   do not ring the bell when a client needs approval\n"
		"  -h, --help      print this and exit\n"
		"      --version   print the version and exit\n"
		"\n"
		"In it, press '?' for the usual keys and 'h' for all of them.\n",
		program);
}
