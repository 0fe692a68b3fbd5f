/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The options of plugin-runner, from the command line and from its configuration file. */

#include "runner/settings.h"

enum options_result {
	OPTIONS_OK = 0,
	OPTIONS_SHOWN, /* help, usage or version was printed */
	OPTIONS_BAD,   /* a message was printed */
};

/** enum options_pass - CLI-RUN-7, CLI-RUN-12 */
enum options_pass {
	OPTIONS_FIND_FILE, /* the command line; only --config-file and --show-options count */
	OPTIONS_FROM_FILE, /* words of the file; those two do not count */
	OPTIONS_ALL,	   /* the command line */
};

/**
 * options_parse() - adds what @argv says to @settings
 * @argv: with a word 0; must outlive @settings
 *
 * Errors: the results above; -ENOMEM, -EOVERFLOW; -ERANGE for an ID beyond every integer type.
 * Source: CLI-GEN-1, CLI-GEN-2, CLI-RUN-1, CLI-RUN-2, CLI-RUN-3, CLI-RUN-5, CLI-RUN-6.
 */
int options_parse(int argc, char **argv, enum options_pass pass, struct settings *settings);
