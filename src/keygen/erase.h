/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Removing files so that their bytes are gone too, as far as a file system lets anybody do that.
 *
 * Regular files are overwritten once with zeroes and flushed before they are unlinked; symbolic
 * links are removed and never followed; other file systems mounted below are left alone. Bounds:
 * ERASE_DEPTH_MAX levels of directories (GnuPG's home has two), ERASE_FILE_MAX bytes overwritten of
 * one file.
 */

#include <stddef.h>

#define ERASE_DEPTH_MAX 8
#define ERASE_FILE_MAX	((size_t)16 << 20)

/**
 * erase_file_at() - overwrites (if it is a regular file with one name) and unlinks @name
 *
 * Errors: errno of unlinkat(2), or of writing; the file is unlinked even if writing failed.
 */
int erase_file_at(int dir_fd, const char *name);

/**
 * erase_tree() - the directory @path and everything below it
 *
 * Goes on past errors, so that one stubborn file does not save the others.
 * Errors: the first errno met.
 */
int erase_tree(const char *path);
