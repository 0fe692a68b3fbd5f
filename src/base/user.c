/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/user.h"

#include <errno.h>
#include <grp.h>
#include <stddef.h>
#include <unistd.h>

int user_become(uid_t uid, gid_t gid)
{
	if (geteuid() == 0 && setgroups(0, NULL) < 0)
		return -errno;
	if (setresgid(gid, gid, gid) < 0)
		return -errno;
	if (setresuid(uid, uid, uid) < 0)
		return -errno;
	return 0;
}
