/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Doing it: the calls of the actions.
 *
 * Bound: RUN_IN_FLIGHT_MAX calls that wait for their reply, half of what dbus-daemon(1) grants one
 * connection by default (max_replies_per_connection, 128).
 */

#include <systemd/sd-bus.h>

#include "ctl/command.h"
#include "ctl/select.h"

#define RUN_IN_FLIGHT_MAX 64

/**
 * run_actions() - each action on each selected client, in order (CTL-RUN-3)
 *
 * An action is finished before the next begins; its calls are under way together, since ten
 * thousand round trips one by one are a coffee break. After the first refusal no more calls are
 * made; those under way are waited for, and counted. With --dry-run nothing is called and
 * everything printed.
 *
 * Returns 0, or -ECANCELED after an error, which has been reported.
 * Source: CTL-RUN-3, CTL-RUN-7, CTL-RUN-9, CTL-RUN-11.
 */
int run_actions(sd_bus *bus, const struct ctl_command *command, const struct selection *selection);

/** run_show_connect() - the --debug line before the first call of an object (CTL-RUN-11) */
void run_show_connect(const char *path);
