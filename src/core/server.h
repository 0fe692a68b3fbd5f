/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The running server: all rooms of the core around one event loop, in the order of SRV-PROC-1.
 */

#include "core/daemon.h"
#include "core/settings.h"

/**
 * server_run() - starts, serves until told to end, and shuts down
 * @settings: merged command line and mandos.conf
 * @daemon:   DAEMON_FOREGROUND, or from daemon_fork(); ended when the server serves
 *
 * Returns the exit status (SRV-PROC-10). Every failure has been logged.
 */
int server_run(struct server_settings *settings, struct daemon *daemon);
