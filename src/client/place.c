/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/place.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/util.h"
#include "client/privileges.h"
#include "client/report.h"

static bool is_roots(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == 0 &&
	       !(st.st_mode & (S_IWGRP | S_IWOTH));
}

/* From the root down: what lies in a directory that only root can change stays what it is. */
static bool are_all_roots(char *path)
{
	if (!is_roots("/"))
		return false;
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		bool is_good;

		*slash = '\0';
		is_good = is_roots(path);
		*slash = '/';
		if (!is_good)
			return false;
	}
	return is_roots(path);
}

char *place_of_programs(const char *path, const char *built_in)
{
	_cleanup_free_ char *real = NULL;

	if (!privileges_are_lent() || strcmp(path, built_in) == 0)
		return strdup(path);
	real = realpath(path, NULL);
	if (!real) {
		if (errno != ENOENT)
			report_error("cannot use %s: %s", path, strerror(errno));
		return NULL;
	}
	if (are_all_roots(real))
		return STEAL_PTR(real);
	report_error("%s is not used: to run programs as root from it, it and all above it must "
		     "belong to root and be writable by nobody else",
		     path);
	errno = EPERM;
	return NULL;
}
