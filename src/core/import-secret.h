/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Secrets of the old state: was one changed at run time, and what becomes of it.
 *
 * Bound: IMPORT_SECRETS_USEC for all clients together; the old server made its keys so that each
 * takes a tenth of a second or two, and whoever started this one waits.
 */

#include "core/sealed.h"
#include "core/settings.h"
#include "wire/pickle-clients.h"

#define IMPORT_SECRETS_USEC (45 * USEC_PER_SEC)

struct import_secrets {
	usec_t deadline; /* boot time */
	size_t n_skipped;
};

/**
 * import_secret() - compares the saved secret with the configured one
 * @ret: the saved one, sealed for the store; NULL when it is the configured one or cannot be had
 *
 * The saved secret can be read with the configured secret only, so that a client whose configured
 * secret was changed has none (SRV-STATE-12, SRV-PKL-7). After the deadline nothing is read, but
 * counted.
 *
 * Owner:  the caller's, with free().
 * Errors: -ENOMEM, errno of getrandom(2).
 */
int import_secret(struct import_secrets *s, const struct pickled_client *c,
		  const struct client_settings *today, struct sealed **ret);

/** import_secrets_report() - says so if secrets had to be skipped */
void import_secrets_report(const struct import_secrets *s);
