/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A GnuPG home of our own: a temporary directory, the processes GnuPG starts for it, and their end.
 *
 * GnuPG keeps secret keys in files and starts an agent that outlives it. The program makes itself
 * the reaper of all its descendants, so that every one of them can be found, ended and waited for
 * before the files are overwritten; the agent's absence is then a fact and not a hope.
 * Bounds: OPENPGP_END_WAIT until processes are killed, and as long again until they are given up.
 */

#include <limits.h>

#include "base/clock.h"

#define OPENPGP_END_WAIT (2 * USEC_PER_SEC)

/** struct openpgp_home - an empty @path means there is none */
struct openpgp_home {
	char path[PATH_MAX];
};

/**
 * openpgp_home_open() - makes the directory, under TMPDIR or else /tmp, and sets GNUPGHOME to it
 *
 * Errors: errno of mkdtemp(3) and write(2), reported; -ENAMETOOLONG.
 * Source: CLI-KEY-5, CLI-KEY-10.
 */
int openpgp_home_open(struct openpgp_home *ret);

/**
 * openpgp_home_close() - ends GnuPG's processes, overwrites and removes the directory
 *
 * What cannot be removed is reported: it may hold a secret key.
 */
void openpgp_home_close(struct openpgp_home *home);
