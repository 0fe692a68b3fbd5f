/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * "$NAME", "${NAME}", "~" and "~user" in the name of a secret file (SRV-CLNT-9). For settings*.c.
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
