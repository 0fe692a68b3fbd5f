/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The command line of mandos-dispatch. */

#include <stdbool.h>
#include <stdio.h>

#define OPTIONS_CONFIG CONFIG_DIR "/mandos-dispatch.conf"
#define OPTIONS_USER   "_mandos-dispatch"

enum options_result {
	OPTIONS_OK = 0,
	OPTIONS_CHECK_CONFIG,
	OPTIONS_SHOW_HELP,
	OPTIONS_SHOW_VERSION,
	OPTIONS_BAD, /* it has been said why, on standard error */
};

/** struct options - borrowed from argv */
struct options {
	const char *config;
	const char *user;
	bool is_debug;
};

/** options_parse() - argv to options; a bad one wins over all others, of which the first counts */
enum options_result options_parse(int argc, char **argv, struct options *ret);

/** options_print_help() - to @out, with the program's name as invoked */
void options_print_help(FILE *out, const char *program);
