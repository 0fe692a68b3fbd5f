/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Whether a directory that somebody chose may hold programs that are run as root. */

/**
 * place_of_programs() - the directory's path to use
 * @path:     as chosen
 * @built_in: the path that the program would use by itself; always good
 *
 * Where root's power is lent to a user who is not root (privileges_are_lent()), any other directory
 * and all above it must be root's and writable by nobody else. The path then has no symbolic link
 * in it. Anybody else has no more power through it than without, and gets a copy of @path.
 *
 * Owner:  the caller frees it. NULL after a message, or with errno ENOENT and without one if there
 *         is no such directory.
 */
char *place_of_programs(const char *path, const char *built_in);
