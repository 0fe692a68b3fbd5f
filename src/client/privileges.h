/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The two identities of a set-user-ID root program: the user who started it, and root for moments.
 *
 * Started by root itself, or without the set-user-ID bit, all calls change nothing.
 */

/**
 * privileges_start() - first thing in main(): from here on the program is the user who started it
 *
 * Errors: errno of setgid(2), seteuid(2). Source: CLI-PRIV-1, CLI-PRIV-2.
 */
int privileges_start(void);

/** privileges_raise()/privileges_lower() - around one thing that needs root (CLI-PRIV-3) */
int privileges_raise(void);
void privileges_lower(void);

/** privileges_drop() - for good; errors: errno of setresuid(2). Source: CLI-PRIV-6 */
int privileges_drop(void);
