/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What the service manager hears of the server: sd_notify(3). Where nobody listens, nothing is
 * sent.
 *
 * A notification is never waited for and its loss is nobody's failure; a lost READY=1 shows as a
 * start that times out, of which the manager tells.
 */

#include <stdbool.h>

#include <systemd/sd-event.h>

/* How the service manager names the socket that it keeps for us. */
#define NOTIFY_SOCKET_NAME "mandos-kept"

/**
 * notify_watch() - sends WATCHDOG=1 from the event loop, at half the time that WATCHDOG_USEC asks
 * for
 *
 * Errors: negative errno of sd_event_set_watchdog(3); a watchdog that is not asked for is none.
 */
int notify_watch(sd_event *event);

/** notify_ready() - READY=1, and a STATUS= that names the descriptor's port and @n_clients */
void notify_ready(int listen_fd, unsigned int n_clients);

/** notify_reloading() - RELOADING=1; a notify_reloaded() follows */
void notify_reloading(void);

/**
 * notify_reloaded() - READY=1 again, and a STATUS= as notify_ready()
 * @is_new: the new configuration is in force; else the status says that it is not
 */
void notify_reloaded(int listen_fd, unsigned int n_clients, bool is_new);

/** notify_stopping() - STOPPING=1 */
void notify_stopping(void);

/**
 * notify_keep_socket() - has the listening socket kept over a restart, or a crash
 *
 * Whoever connects meanwhile is not refused, but served by the next run, on the same port. The
 * manager must be told to keep descriptors (FileDescriptorStoreMax=).
 */
void notify_keep_socket(int listen_fd);

/** notify_drop_socket() - the one that is kept is of no use any more */
void notify_drop_socket(void);
