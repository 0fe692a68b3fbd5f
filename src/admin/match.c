/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "admin/match.h"

#include <fnmatch.h>
#include <string.h>

bool admin_is_pattern(const char *name)
{
	return strpbrk(name, "*?[") != NULL;
}

bool admin_match(const char *name, const char *const *names, size_t n_names)
{
	for (size_t i = 0; i < n_names; i++) {
		if (strcmp(names[i], name) == 0 ||
		    (admin_is_pattern(names[i]) && fnmatch(names[i], name, 0) == 0))
			return true;
	}
	return n_names == 0;
}
