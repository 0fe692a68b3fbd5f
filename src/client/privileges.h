/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The identities of the program, and how each is given up.
 *
 * However it was started (set-user-ID root, real user changed as password-agent does, root, or a
 * plain user), it goes on as two processes: the warden (warden.h), which is root if there is any
 * root to be, and this program, which keeps nothing of it.
 */

#include <stdbool.h>

/**
 * privileges_start() - first thing in main(): from here on the program is the user who started it
 *
 * Errors: errno of setgid(2), seteuid(2). Source: CLI-PRIV-1, CLI-PRIV-2.
 */
int privileges_start(void);

/**
 * privileges_drop() - for good: real, effective and saved user, and the way back through exec
 *
 * A program that root itself started stays user 0, with its capabilities, until
 * privileges_drop_capabilities().
 * Errors: errno of setresuid(2) or prctl(2). Source: CLI-PRIV-6.
 */
int privileges_drop(void);

/**
 * privileges_drop_capabilities() - of user 0 only the number is left
 *
 * Errors: errno of capset(2).
 */
int privileges_drop_capabilities(void);

/**
 * privileges_become_root() - for processes that work as root: user, group and no other groups
 *
 * Returns false if that is not allowed; the identity is then unchanged. Source: CLI-PRIV-7.
 */
bool privileges_become_root(void);

/** privileges_are_lent() - root's power in the hands of a user who is not root */
bool privileges_are_lent(void);
