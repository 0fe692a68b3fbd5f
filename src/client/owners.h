/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* What an image that was built with all files root's needs before a plain user can work in it. */

#include "client/options.h"

/**
 * owners_fix() - gives the default key files to the user who started the client; makes /dev/fd
 *
 * As root. Only files that are named by default, regular, and user 0's and group 0's. Failures are
 * reported and nothing more.
 * Source: CLI-PRIV-4, CLI-PRIV-5.
 */
void owners_fix(const struct options *o, unsigned int user, unsigned int group);
