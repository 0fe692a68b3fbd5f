/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* --events: what happens at the server, until somebody interrupts. */

#include <systemd/sd-bus.h>

#include "ctl/command.h"

/**
 * watch_events() - prints events of the clients that are named, or of all
 *
 * The server may come and go meanwhile, and may be away at first. Events without a client are
 * printed only if no client is named.
 *
 * Errors: errno once the bus is gone or standard output cannot be written; never returns 0.
 */
int watch_events(sd_bus *bus, const struct ctl_command *command);
