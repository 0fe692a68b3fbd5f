/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The command line of mandos-monitor. */

#include <stdbool.h>
#include <stdio.h>

enum options_result {
	OPTIONS_OK = 0,
	OPTIONS_SHOW_HELP,
	OPTIONS_SHOW_VERSION,
	OPTIONS_BAD, /* it has been said why, on standard error */
};

struct options {
	bool with_mouse;
	bool no_bell;
};

/**
 * options_parse() - argv to options
 *
 * A bad option wins over --help and --version, of which the first counts. Words that are no options
 * are ignored, as they always were (MON-1).
 */
enum options_result options_parse(int argc, char **argv, struct options *ret);

/** options_print_help() - to @out, with the program's name as invoked */
void options_print_help(FILE *out, const char *program);
