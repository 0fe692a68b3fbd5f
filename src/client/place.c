/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/place.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/util.h"
#include "client/privileges.h"
#include "client/report.h"

static bool is_roots(const char *path, mode_t type)
{
	struct stat st;

	return lstat(path, &st) == 0 && (st.st_mode & S_IFMT) == type && st.st_uid == 0 &&
	       !(st.st_mode & (S_IWGRP | S_IWOTH));
}

/* From the root down: what lies in a directory that only root can change stays what it is. */
static bool are_all_roots(char *path, mode_t type)
{
	if (!is_roots("/", S_IFDIR))
		return false;
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		bool is_good;

		*slash = '\0';
		is_good = is_roots(path, S_IFDIR);
		*slash = '/';
		if (!is_good)
			return false;
	}
	return is_roots(path, type);
}

/* The path without symbolic links. */
static char *check(const char *path, mode_t type)
{
	_cleanup_free_ char *real = realpath(path, NULL);

	if (!real) {
		if (errno != ENOENT || type == S_IFREG)
			report_error("cannot use %s: %s", path, strerror(errno));
		return NULL;
	}
	if (are_all_roots(real, type))
		return STEAL_PTR(real);
	report_error("%s is not used: to be run as root, it and all above it must belong to root "
		     "and be writable by nobody else",
		     path);
	errno = EPERM;
	return NULL;
}

static bool is_trusted(const char *directory, const char *built_in)
{
	return !privileges_are_lent() || strcmp(directory, built_in) == 0;
}

char *place_of_programs(const char *path, const char *built_in)
{
	return is_trusted(path, built_in) ? strdup(path) : check(path, S_IFDIR);
}

char *place_of_program(const char *directory, const char *built_in, const char *name)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s/%s", directory, name) < 0) {
		path = NULL;
		report_error("out of memory; %s is not run", name);
		return NULL;
	}
	return is_trusted(directory, built_in) ? STEAL_PTR(path) : check(path, S_IFREG);
}
