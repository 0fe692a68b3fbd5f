/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Names of files as administrators write them: "$NAME", "${NAME}", "~" and "~user" in that of a
 * secret file (SRV-CLNT-9), and names relative to some directory. For settings*.c.
 *
 * Bound: PATH_MAX bytes.
 */

/**
 * path_expand() - environment first, then a leading tilde; what is unknown stays as written
 *
 * Owner:  the caller frees @ret_path.
 * Errors: -ENAMETOOLONG beyond PATH_MAX, -ENOMEM.
 * Source: SRV-CLNT-9.
 */
int path_expand(const char *text, char **ret_path);

/**
 * path_make_absolute() - puts @directory before a relative path
 * @directory: NULL: the working directory
 * @path:      replaced by a new string if it is relative
 *
 * Owner:  the caller's string is freed when it is replaced.
 * Errors: errno of getcwd(3), -ENOMEM; @path is then unchanged.
 */
int path_make_absolute(const char *directory, char **path);
