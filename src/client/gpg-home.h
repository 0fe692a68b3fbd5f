/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A private directory for GnuPG, which cannot work without one, and its end.
 *
 * Mode 0700 under /run/tmp, or under /tmp where /run/tmp does not exist. It is removed with all
 * that GnuPG put into it; symbolic links are removed, never followed. What still runs in it is
 * ended first.
 *
 * Bounds: GPG_HOME_DEPTH_MAX directories deep; GPG_HOME_GRACE_USEC for a process after SIGTERM and
 * again after SIGKILL.
 */

#include "base/clock.h"
#include "base/util.h"

#define GPG_HOME_PATH_MAX   64
#define GPG_HOME_DEPTH_MAX  4
#define GPG_HOME_GRACE_USEC (500 * USEC_PER_MSEC)

struct gpg_home {
	char path[GPG_HOME_PATH_MAX]; /* empty: there is none */
};

/**
 * gpg_home_make() - makes the directory and writes GnuPG's settings into it
 *
 * Owner:  gpg_home_remove(), whatever is returned.
 * Errors: errno of mkdtemp(3), open(2), write(2).
 * Source: CLI-PGP-3.
 */
int gpg_home_make(struct gpg_home *h);

/** gpg_home_make_under() - the same in other places: @other only if @place does not exist */
int gpg_home_make_under(struct gpg_home *h, const char *place, const char *other);

/**
 * gpg_home_remove() - ends what runs in it, erases the private keys in it, and removes it
 *
 * Does nothing if there is none. Errors: errno of what could not be removed; the rest is gone.
 * Source: CLI-PGP-9.
 */
int gpg_home_remove(struct gpg_home *h);
