/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* An action of the command line as a call on the bus. Nothing is sent here. */

#include <stdio.h>
#include <systemd/sd-bus.h>

#include "admin/clients.h"
#include "ctl/command.h"

/**
 * action_message() - the call
 * @client: whose; NULL for an action on the server
 *
 * A call that carries a secret is erased with its message.
 * Errors: errno of sd_bus_message_append(3): -EINVAL for a text that is no UTF-8.
 * Source: CTL-RUN-4, CTL-TIME-4.
 */
int action_message(sd_bus *bus, const struct ctl_action *action, const struct admin_client *client,
		   sd_bus_message **ret);

/**
 * action_print() - the call as --debug shows it, without a line feed
 *
 * Of secrets only the length. Source: CTL-RUN-11.
 */
void action_print(FILE *out, const struct ctl_action *action, const struct admin_client *client);

/** action_path() - of the object that is called */
const char *action_path(const struct ctl_action *action, const struct admin_client *client);
