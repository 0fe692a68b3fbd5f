/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/locate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

int locate_program(const char *place, const char *name, char ret_path[PATH_MAX])
{
	const char *const places[] = { "", place };
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n < 0)
		return -errno;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return -ENOENT;
	slash[1] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		n = snprintf(ret_path, PATH_MAX, "%s%s%s", self, places[i], name);
		if (n < PATH_MAX && access(ret_path, X_OK) == 0)
			return 0;
	}
	return -ENOENT;
}
