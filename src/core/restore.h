/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The server's start, as far as the clients are concerned: configured clients and saved state
 * become the registry, and what came of it becomes the new saved state.
 */

#include "core/manager.h"
#include "core/settings.h"

/**
 * struct restore_request - what to bring together
 *
 * @file:     the interpreted clients.conf; its secrets are taken over
 * @load:     read the saved state ("restore" is on)
 * @keep_all: the file was not seen, or a section of it was left out for an error; the state of
 *            unknown clients is kept, not dropped (SRV-STATE-17): a typing error mended later must
 *            not bring back whom it was refused to
 * @distrust: the state could not be read: every client starts disabled (SRV-STATE-5)
 */
struct restore_request {
	struct client_file *file;
	struct store *store;
	bool load;
	bool keep_all;
	bool distrust;
};

/**
 * restore_clients() - fills the manager's registry, starts every client, and commits
 *
 * Every failure has been logged. Errors: negative errno; the server must not go on.
 * Source: SRV-PROC-1 steps 11 and 12, SRV-STATE-10 to -19, SRV-LOG-8 L10 to L15.
 */
int restore_clients(struct manager *m, const struct restore_request *request, struct instant now);
