/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The command line of the plugins that have one: password-prompt and plymouth. */

#include <stdbool.h>

enum options_result {
	OPTIONS_OK = 0,
	OPTIONS_SHOWN, /* help, usage or version was printed */
	OPTIONS_BAD,   /* a message was printed */
};

/** struct options - strings point into the command line; NULL: not given */
struct options {
	const char *prefix;
	const char *prompt;
};

/** struct options_program - what differs between them */
struct options_program {
	const char *name; /* for --version */
	const char *doc;
	bool has_prefix;
};

/**
 * options_parse() - the whole command line; --debug is for report_debug()
 *
 * Errors: the results above. Source: CLI-GEN-1, CLI-GEN-2, CLI-PP-1, CLI-PLY-1.
 */
enum options_result options_parse(const struct options_program *program, int argc, char **argv,
				  struct options *ret);
