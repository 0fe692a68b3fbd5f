/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Becoming another user for good. */

#include <sys/types.h>

/**
 * user_become() - that user and group in all three forms, without supplementary groups
 *
 * Errors: negative errno, -EPERM if not started with privilege; how much has changed by then is not
 *         said.
 * Source: SRV-PROC-6.
 */
int user_become(uid_t uid, gid_t gid);
