/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* What root does before the first plugin, and giving up being root. */

#include "runner/settings.h"

/**
 * identity_enter() - the plugin directory's owner, /dev/fd, and the configured user and group
 *
 * Whatever fails is reported, and the program goes on (CLI-RUN-14).
 * Source: CLI-RUN-13, CLI-RUN-14, CLI-RUN-15.
 */
void identity_enter(const struct settings *s);
