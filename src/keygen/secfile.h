/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The encrypted password in a file of its own, which the section names (secfile in
 * mandos-clients.conf(5)), as an alternative to the lines of base64 in it.
 *
 * Bounds: PATH_MAX; a name leaves room for those of a new file and of a backup (keygen/install.h).
 */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** struct secfile - where it will be */
struct secfile {
	char path[PATH_MAX]; /* absolute, as the section says it */
	char dir[PATH_MAX];
	const char *name; /* in @path */
};

/**
 * secfile_prepare() - checks that the file can be written, before anybody types a password for it
 * @given:   of the command line; a relative one is made absolute
 * @replace: it may exist
 * @ret:     must not move
 *
 * Errors: -EINVAL for a path that the server would not take as it is written, -EEXIST,
 *         -ENAMETOOLONG, as install_check_dir(); reported.
 * Source: SRV-CLNT-9.
 */
int secfile_prepare(const char *given, bool replace, struct secfile *ret);

/**
 * secfile_write() - the binary message, mode 0600; one that is replaced becomes a numbered backup
 *
 * Errors: as install_files(); reported.
 */
int secfile_write(const struct secfile *f, const uint8_t *message, size_t size, bool replace);
