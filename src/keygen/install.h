/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The key directory: what is in it, and putting new files there, all or none.
 *
 * New files are written beside their places, under names ending in '~' that image builders skip,
 * and flushed; only when all are there are they renamed into place. A file that is replaced stays
 * as a numbered backup (its inode gets that name, so there never is a second copy of an old secret
 * that would have to be overwritten). A step that fails takes the earlier ones back.
 * Bounds: INSTALL_FILES_MAX files, INSTALL_BACKUP_MAX the highest backup number.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/secret.h"

#define INSTALL_FILES_MAX  4
#define INSTALL_BACKUP_MAX 999999999UL
#define INSTALL_NAME_MAX   256 /* with the NUL: what a directory entry can have */
#define INSTALL_SUFFIX_MAX 22  /* what is put behind a name; ".new-0123456789abcdef~" */

#define FILE_SECKEY	 "seckey.txt"
#define FILE_PUBKEY	 "pubkey.txt"
#define FILE_TLS_PRIVKEY "tls-privkey.pem"
#define FILE_TLS_PUBKEY	 "tls-pubkey.pem"

/** struct install_file - @data NULL: leave the file alone */
struct install_file {
	const char *name;
	const struct secret *data;
};

/**
 * install_check_dir() - that @dir is a directory, readable, and writable if it @must_be_writable
 * @option: by which the user can name another
 *
 * Errors: -ENOTDIR, -EACCES, errno of stat(2); reported.
 * Source: CLI-KEY-3.
 */
int install_check_dir(const char *dir, const char *option, bool must_be_writable);

/** install_check_name() - that a file of that name can be installed; -ENAMETOOLONG */
int install_check_name(const char *name);

/**
 * install_check_absent() - that none of @n_names files is in @dir
 *
 * Errors: -EEXIST, errno of open(2) for @dir; reported.
 * Source: CLI-KEY-3.
 */
int install_check_absent(const char *dir, const char *const *names, size_t n_names);

/**
 * install_find_pair() - whether the two files of a key pair are in @dir
 * @ret_has: both are; false: none is
 *
 * Errors: -EBADMSG if only one is, errno of open(2) for @dir; reported.
 */
int install_find_pair(const char *dir, const char *first, const char *second, bool *ret_has);

/**
 * install_files() - @files into @dir, mode 0600
 * @replace: keep numbered backups of existing files; without it they are an error
 *
 * The names have passed install_check_name().
 * Errors: -EEXIST, errno of what failed; reported, and @dir is as it was.
 * Source: CLI-KEY-4, CLI-KEY-7, CLI-KEY-8.
 */
int install_files(const char *dir, const struct install_file *files, size_t n_files, bool replace);

/**
 * install_backup_number() - N if @entry is "NAME.~N~", without leading zeroes, else 0
 *
 * Also 0 above INSTALL_BACKUP_MAX.
 */
unsigned long install_backup_number(const char *name, const char *entry);
