/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The user that the server becomes after it has opened what needs privilege. */

#include <sys/types.h>

struct server_user {
	uid_t uid;
	gid_t gid;
};

/** user_find() - _mandos, else mandos, else 65534 (SRV-PROC-5) */
void user_find(struct server_user *ret);

/**
 * user_switch() - becomes that user for good, without supplementary groups
 *
 * Errors: -EPERM if not started with privilege: the caller warns and goes on as it is. Anything
 *         else is fatal.
 * Source: SRV-PROC-6.
 */
int user_switch(const struct server_user *u);
