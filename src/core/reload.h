/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * clients.conf and clients.d again, while the server runs: all of the new configuration, or
 * nothing.
 *
 * A client whose section has not changed keeps its timers, its checker and its sessions. A setting
 * that has changed in the file takes the file's value; one that has not keeps what was set at run
 * time (SRV-STATE-10). Any error, in any section, keeps the old configuration.
 */

#include "core/manager.h"

struct store;

/** struct reload_request - where the configuration is, and what of it is in force */
struct reload_request {
	struct manager *manager;
	struct store *store;
	const char *config_dir;
	const char *state_dir; /* clients that were added at run time (core/added.h) */
};

/**
 * reload_clients() - reads, compares, applies
 * @ret_problem: the first thing that is wrong, if it fails; the caller frees it; NULL without
 * memory
 *
 * Everything is logged, success too, and that only when the changes are durable.
 * Errors: negative errno; nothing has changed then.
 */
int reload_clients(const struct reload_request *request, struct instant now, char **ret_problem);
