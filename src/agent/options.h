/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The command line of password-agent. */

#include <sys/types.h>

/* CLI-AGT-1, CLI-AGT-2. */
#define OPTIONS_AGENT_DIR  "/run/systemd/ask-password"
#define OPTIONS_HELPER_DIR "/lib/mandos/plugin-helpers"
#define OPTIONS_PROGRAM	   "/lib/mandos/plugins.d/mandos-client"
#define OPTIONS_ID	   65534

enum options_result {
	OPTIONS_OK = 0,
	OPTIONS_SHOWN, /* help, usage or version was printed */
	OPTIONS_BAD,   /* a message was printed */
};

/** struct options - strings point into the command line */
struct options {
	const char *agent_dir;
	const char *helper_dir;
	uid_t uid; /* what the program is to have as its real user and group; never 0 */
	gid_t gid;
	char **program; /* its words, the path first; ends with NULL; owned, the words are not */
};

/**
 * options_parse() - the whole command line
 *
 * Owner:  options_deinit(), whatever is returned.
 * Errors: the results above; -ENOMEM.
 * Source: CLI-GEN-1, CLI-GEN-2, CLI-AGT-1, CLI-AGT-2, CLI-AGT-3.
 */
int options_parse(int argc, char **argv, struct options *ret);

void options_deinit(struct options *o);
