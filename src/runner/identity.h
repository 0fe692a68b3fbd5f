/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* What root does before the first plugin, and giving up being root. */

#include "runner/settings.h"

/**
 * identity_enter() - who may enter the plugin directory, /dev/fd, and the configured user and group
 *
 * Whatever fails is reported, and the program goes on (CLI-RUN-14).
 * A plugin directory that is root's goes to the configured group, not to the user: who may run
 * plugins may not change them.
 * Source: CLI-RUN-13, except for the owner (weaknesses, 5); CLI-RUN-14, CLI-RUN-15.
 */
void identity_enter(const struct settings *s);
