/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The values of a command's actions: times are parsed, files are read. */

#include "ctl/command.h"

/**
 * prepare_values() - everything that can be wrong with them, before the bus is asked (CTL-ARG-4)
 * @ret_message: why not; at least CTL_MESSAGE_SIZE bytes
 *
 * Reads files, and standard input for "-", as bytes (CTL-RUN-6). Warns of times in the older form.
 * Before it reads a secret it makes the process undumpable.
 *
 * Returns 0; or -EINVAL, a usage error that @ret_message explains.
 * Source: CTL-ARG-18, CTL-TIME-2, CTL-RUN-6, SRV-LOG-4.
 */
int prepare_values(struct ctl_command *command, char *ret_message);
