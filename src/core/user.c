/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <unistd.h>

#include "base/util.h"

#define NOBODY 65534

void user_find(struct server_user *ret)
{
	static const char *const names[] = { "_mandos", "mandos" };

	*ret = (struct server_user){ .uid = NOBODY, .gid = NOBODY };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct passwd *pw = getpwnam(names[i]);

		if (!pw)
			continue;
		*ret = (struct server_user){ .uid = pw->pw_uid, .gid = pw->pw_gid };
		return;
	}
}

int user_switch(const struct server_user *u)
{
	if (geteuid() == 0 && setgroups(0, NULL) < 0)
		return -errno;
	if (setresgid(u->gid, u->gid, u->gid) < 0)
		return -errno;
	if (setresuid(u->uid, u->uid, u->uid) < 0)
		return -errno;
	return 0;
}
