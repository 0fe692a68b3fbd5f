/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Which files of the plugin directory are plugins. */

#include <stdbool.h>

#include "runner/settings.h"

/** catalogue_is_name() - may a file of this name be a plugin? Pure; CLI-RUN-17. */
bool catalogue_is_name(const char *name);

/**
 * catalogue_read() - the names of the plugins to start, in byte order
 * @ret_names: appended to
 *
 * Reports what it skips. Errors: errno of opening the directory, negated; a positive errno for one
 * of reading it, or without memory.
 * Source: CLI-RUN-16, CLI-RUN-17, CLI-RUN-18, CLI-RUN-19.
 */
int catalogue_read(const struct settings *s, struct words *ret_names);
