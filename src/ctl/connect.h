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

/** connect_report_call() - the words for a call that the bus or the server refused */
void connect_report_call(const sd_bus_error *error, int r);

/** connect_is_cut_off() - the server is not there, or not for us: no call of it would succeed */
bool connect_is_cut_off(const sd_bus_error *error);

/** connect_report() - the words for an error of the bus without a reply of its own */
void connect_report(int error);
