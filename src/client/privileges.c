/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/privileges.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int privileges_start(void)
{
	if (setgid(getgid()) < 0 || seteuid(getuid()) < 0)
		return -errno;
	return 0;
}

int privileges_raise(void)
{
	return seteuid(0) < 0 ? -errno : 0;
}

void privileges_lower(void)
{
	/* Going on as root without meaning to is worse than no password. */
	if (seteuid(getuid()) < 0)
		abort();
}

int privileges_drop(void)
{
	uid_t user = getuid();

	return setresuid(user, user, user) < 0 ? -errno : 0;
}
