/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/privileges.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

static bool is_lent;

int privileges_start(void)
{
	uid_t real, effective, saved;

	if (getresuid(&real, &effective, &saved) < 0)
		return -errno;
	is_lent = real != 0 && (effective == 0 || saved == 0);
	if (setgid(getgid()) < 0 || seteuid(getuid()) < 0)
		return -errno;
	return 0;
}

/* What this process may no longer have, no program it executes can have either. */
static int close_way_back(void)
{
	/* Only a process that has CAP_SETPCAP may; for any other the next line is enough. */
	for (cap_value_t cap = 0; cap_get_bound(cap) >= 0; cap++)
		(void)cap_drop_bound(cap);
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

int privileges_drop(void)
{
	uid_t user = getuid();
	gid_t group = getgid();
	bool was_raised = seteuid(0) == 0;
	int r = close_way_back();

	if (was_raised && user != 0 && setgroups(0, NULL) < 0)
		r = -errno;
	if (setresgid(group, group, group) < 0 || setresuid(user, user, user) < 0)
		return -errno;
	/* Going on as root without meaning to is worse than no password. */
	if (user != 0 && (seteuid(0) == 0 || setuid(0) == 0))
		abort();
	return r;
}

int privileges_drop_capabilities(void)
{
	cap_t none = cap_init();
	int r;

	if (!none)
		return -ENOMEM;
	r = cap_set_proc(none) < 0 ? -errno : 0;
	(void)cap_free(none);
	return r;
}

bool privileges_become_root(void)
{
	if (seteuid(0) < 0)
		return false;
	if (setgroups(0, NULL) == 0 && setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0)
		return true;
	/* A name space without groups, say: half an identity is none. */
	if (seteuid(getuid()) < 0)
		abort();
	return false;
}

bool privileges_are_lent(void)
{
	return is_lent;
}
