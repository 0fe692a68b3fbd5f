/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Whether what somebody chose may be run as root.
 *
 * Where root's power is lent to a user who is not root (privileges_are_lent()), a directory that he
 * chose, the program in it and all above them, must be root's and writable by nobody else; the
 * paths to use then have no symbolic link in them. Anybody else has no more power through it than
 * without.
 */

#include <stdbool.h>

/**
 * place_of_programs() - the directory's path to use
 * @path:     as chosen
 * @built_in: the path that the program would use by itself; always good
 *
 * Owner:  the caller frees it. NULL after a message, or with errno ENOENT and without one if there
 *         is no such directory.
 */
char *place_of_programs(const char *path, const char *built_in);

/**
 * place_of_program() - the path to execute
 * @directory: of place_of_programs()
 * @built_in:  as there
 *
 * A directory of root's is not enough: what is in it can be a user's, or lead to a file of his, as
 * those in /proc do.
 * Owner:  the caller frees it. NULL after a message.
 */
char *place_of_program(const char *directory, const char *built_in, const char *name);
