/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What the core gives up once it is the server's user: new privileges, all system calls but those
 * of its work (no program is executed, no process forked, no socket but UNIX ones), and writing
 * anywhere but into the state directory. Reading stays: a reload follows the administrator's paths.
 */

#include <stdbool.h>

/**
 * confine_core() - for good
 * @state_dir: the one directory below which files may be written; it exists
 *
 * A kernel without Landlock is logged at DEBUG, and only the rest is done.
 * Errors: errno of what the kernel refused; the server must not go on.
 */
int confine_core(const char *state_dir);
