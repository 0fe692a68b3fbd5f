/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The environment of a plugin, put together from four sources. Pure. */

#include <stdbool.h>

#define ENVIRONMENT_HELPER_DIR "MANDOSPLUGINHELPERDIR"

/** struct environment_sources - lists that end with NULL, or are NULL */
struct environment_sources {
	char *const *own;	/* of this plugin */
	char *const *global;	/* of all plugins */
	char *const *inherited; /* the program's own */
	const char *helper_dir;
};

/** environment_same_name() - do two entries NAME=VALUE define the same variable? */
bool environment_same_name(const char *a, const char *b);

/**
 * environment_merge() - the first definition of a name wins: own, helper directory, global,
 * inherited
 *
 * Returns NULL without memory. Owner: the caller, with environment_free(); it holds no reference.
 * Source: CLI-RUN-20.
 */
char **environment_merge(const struct environment_sources *sources);

void environment_free(char **environment);
