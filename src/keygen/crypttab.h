/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A line of /etc/crypttab, as far as it tells which keyslot a Mandos password has to open. Pure.
 *
 * Bound: CRYPTTAB_MAX bytes of the file.
 */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define CRYPTTAB_MAX ((size_t)1 << 20)

/** struct crypttab_entry - texts point into the line, or are constants */
struct crypttab_entry {
	const char *name;   /* of the mapping */
	const char *source; /* a path, or UUID=... and the like */
	const char *header; /* of a header that is elsewhere; or NULL */
	const char *slot;   /* the number of the only keyslot that counts; or NULL */
	const char
		*why_not; /* the boot does not open it by a password that is asked for; or NULL */
};

/**
 * crypttab_parse() - one line, without its line feed; changed in place
 *
 * Returns false for a comment, an empty line, and one without a source.
 * Source: crypttab(5).
 */
bool crypttab_parse(char *line, struct crypttab_entry *ret);

/**
 * crypttab_device() - the path that a source means
 *
 * Errors: -ENAMETOOLONG.
 */
int crypttab_device(const char *source, char ret_path[PATH_MAX]);
