/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* What the warden does in its own process; see warden.h. */

#include "client/options.h"

/**
 * warden_work() - answers requests until the other end is closed, and undoes what is left
 * @fd: the warden's end of the channel
 *
 * Standard output is given up: the pipe of the password ends with the client, not with the warden.
 */
void warden_work(int fd, const struct options *o);
