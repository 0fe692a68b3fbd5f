/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The event loop: notices of the server, to the hooks that want them, within their limits. */

/**
 * dispatcher_run() - until SIGTERM or SIGINT; SIGHUP reads the configuration again
 * @config: path of the configuration
 *
 * Returns an exit status of sysexits(3), after what went wrong was logged: EX_OK, EX_CONFIG,
 * EX_NOINPUT, EX_OSERR.
 */
int dispatcher_run(const char *config);

/** dispatcher_check() - says on standard error what is wrong in it; returns the exit status */
int dispatcher_check(const char *config);
