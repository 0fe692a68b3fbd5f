/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/user.h"

#include <pwd.h>
#include <stddef.h>

#include "base/user.h"
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
	return user_become(u->uid, u->gid);
}
