/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The move from Debian's server: its clients.pickle becomes records of a store that is still empty.
 *
 * Before restore_clients(), so that the rules for an ordinary restart decide what is kept. The file
 * itself is only ever read, and renamed when what came of it is durable. Blocking, for the start.
 *
 * Bounds: those of wire/pickle.h and wire/pickle-clients.h.
 */

#include "core/settings.h"
#include "core/store.h"

/** struct import_request - @file: today's clients.conf, still with its secrets */
struct import_request {
	const char *state_dir;
	const struct client_file *file;
	struct store *store;
};

enum import_result {
	IMPORT_NOTHING = 0, /* no such file */
	IMPORT_DONE,	    /* committed; import_finish() comes after restore_clients() */
	IMPORT_DAMAGED,	    /* left as it is, and reported: no client may be trusted */
};

/**
 * import_state() - the old state, if there is one, into the new store
 *
 * Every failure has been logged.
 * Errors: enum import_result; negative errno when the file cannot be read or the store not written:
 *         the server must not go on.
 * Source: SRV-STATE-10 to -18, SRV-PKL-1 to -7, SRV-PKG-9, W-25, W-33.
 */
int import_state(const struct import_request *request);

/** import_finish() - renames the file to clients.pickle.imported; a failure is logged */
void import_finish(const char *state_dir);

/** import_warn() - says so if there is an old state, but the store is no longer empty */
void import_warn(const char *state_dir);
