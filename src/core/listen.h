/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The listening socket: made, bound and, at the very end of the start, opened for business. */

#include <stdint.h>

#include "core/settings.h"

/* SRV-NET-6 asks for 5 at least; a data centre that boots at once needs room while gates are busy.
 */
#define LISTEN_BACKLOG 4096

/**
 * listen_open() - a bound TCP socket as the settings ask for, non-blocking and close-on-exec
 *
 * Every failure has been logged when the call returns.
 * Owner:  the caller closes @ret_fd.
 * Errors: negative errno for what is fatal. A named interface that cannot be bound to is not.
 * Source: SRV-NET-1, SRV-NET-2, SRV-NET-3, SRV-NET-4, SRV-NET-5, SRV-LOG-8 L1 to L3.
 */
int listen_open(const struct server_settings *s, int *ret_fd);

/** listen_start() - opens the door; logs a failure (SRV-NET-6) */
int listen_start(int fd);

/** listen_port() - the port that @fd is bound to, 0 if that cannot be told */
uint16_t listen_port(int fd);

/** listen_announce() - logs the address listened on (L16, L17) */
void listen_announce(int fd);
