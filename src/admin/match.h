/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Which clients are meant by names and patterns of fnmatch(3). Pure. */

#include <stdbool.h>
#include <stddef.h>

/** admin_is_pattern() - whether a name with *, ? or [ in it; some client may have it all the same
 */
bool admin_is_pattern(const char *name);

/** admin_match() - whether a client of that name is meant by one of @names; all are, without any */
bool admin_match(const char *name, const char *const *names, size_t n_names);
