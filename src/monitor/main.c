/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mandos-monitor: a full-screen view of the clients of a Mandos server.
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "monitor/monitor.h"
#include "monitor/options.h"

#define EXIT_USAGE 2

int main(int argc, char **argv)
{
	struct options o;

	/* Which characters can be shown, and how wide they are; nothing else of the locale. */
	(void)setlocale(LC_CTYPE, "");
	switch (options_parse(argc, argv, &o)) {
	case OPTIONS_BAD:
		return EXIT_USAGE;
	case OPTIONS_SHOW_HELP:
		options_print_help(stdout, program_invocation_short_name);
		return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	case OPTIONS_SHOW_VERSION:
		(void)printf("%s %s\n", program_invocation_short_name, MANDOS_VERSION);
		return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	case OPTIONS_OK:
		break;
	}
	return monitor_run(&o);
}
