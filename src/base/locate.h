/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Where the other programs of this installation are. */

#include <limits.h>

/**
 * locate_program() - a program of ours, found from where this one is and never through PATH
 * @place:    of an installation, from the directory of this program; ends with a slash
 * @ret_path: absolute
 *
 * One beside this program wins: in a build directory all are.
 * Errors: -ENOENT if there is none that can be executed; errno of readlink(2).
 */
int locate_program(const char *place, const char *name, char ret_path[PATH_MAX]);
