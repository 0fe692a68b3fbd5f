/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* To the server, and what to say when that fails. */

#include "admin/clients.h"

/**
 * connect_bus() - to the system bus
 *
 * Returns 0, or -errno after it was reported (CTL-RUN-9 Fix).
 */
int connect_bus(sd_bus **ret);

/**
 * connect_list() - reads the clients
 *
 * Returns 0, or -errno after it was reported. Source: CTL-RUN-1, CTL-RUN-9.
 */
int connect_list(sd_bus *bus, struct admin_clients *ret);

/** connect_report() - the words for an error of the bus without a reply of its own */
void connect_report(int error);
