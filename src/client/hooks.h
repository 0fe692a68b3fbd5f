/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Network hooks: an administrator's programs that make a network usable, and take it back.
 *
 * One runs at a time, in the order of their names, for as long as it takes. A failure is reported
 * and does not keep the others from running. Bound: HOOKS_MAX.
 */

#include <stdbool.h>
#include <stddef.h>

#include "client/options.h"

#define HOOKS_MAX 256

enum hooks_mode {
	HOOKS_START = 0,
	HOOKS_STOP,
};

struct hooks {
	const struct options *options;
	char *directory; /* owned; NULL: there are none */
	char **names;	 /* owned */
	size_t n_names;
	size_t next[HOOKS_STOP + 1]; /* by mode */
};

/**
 * hooks_init() - looks which there are
 *
 * A directory that is not there has none; another that cannot be read is reported (CLI-HOOK-1). One
 * that was chosen by a user who is not root, and that is not root's, is refused.
 * Owner:  hooks_deinit().
 */
void hooks_init(struct hooks *h, const struct options *o);

void hooks_deinit(struct hooks *h);

/** hooks_run_next() - false if all of the mode have run. Source: CLI-HOOK-3 to CLI-HOOK-8 */
bool hooks_run_next(struct hooks *h, enum hooks_mode mode);

/** hooks_is_name() - whether a directory entry may be a hook (CLI-HOOK-2) */
bool hooks_is_name(const char *name);
