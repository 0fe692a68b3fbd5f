/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What the next boot will do, done now (--test): the password is fetched with the keys that are
 * there, and tried on the keyslots. Nothing on this machine is changed.
 */

#include "keygen/options.h"

/**
 * try_boot() - a line on standard output for each step that is well, and errors for the others
 * @dir: of the keys
 *
 * Returns the exit status: EXIT_SUCCESS if the password came and opens all that were tried, and at
 * least one was; EXIT_NO_PASSWORD, EXIT_NO_KEYSLOT; EXIT_FAILURE, also after a signal.
 */
int try_boot(const struct options *o, const char *dir);
