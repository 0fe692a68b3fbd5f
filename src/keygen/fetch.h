/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Getting the password as a boot does: by mandos-client, with the options that plugin-runner would
 * give it.
 *
 * This machine's network is in use, and is not an initramfs's: the client is started without root's
 * capabilities, so that it can neither set an interface up or down nor change a route or the clock,
 * whatever its options are; and it is told to use interfaces as they are and to run no hooks.
 * Bounds: FETCH_OPTIONS_MAX bytes of options from the configuration; the time the caller allows.
 */

#include <stddef.h>

#include "base/clock.h"
#include "base/pieces.h"

#define FETCH_OPTIONS_MAX ((size_t)64 * 1024)
#define FETCH_CONFIG_FILE CONFIG_DIR "/plugin-runner.conf"

/** struct fetch_plan - of which keys, how, and how long */
struct fetch_plan {
	const char *dir;    /* of the keys */
	char *const *words; /* options for the client that win over those of the configuration */
	size_t n_words;
	usec_t wait;
};

/**
 * fetch_password() - runs the client until it has printed a password
 * @ret:      ends with pieces_deinit(), whatever is returned
 * @ret_time: how long the client took
 *
 * The client's own words go to standard error.
 * Errors: -ENOENT if a program is missing, -ENODATA if there was no password, -ETIMEDOUT,
 *         -ECANCELED after a signal; reported.
 */
int fetch_password(const struct fetch_plan *plan, struct pieces *ret, usec_t *ret_time);
