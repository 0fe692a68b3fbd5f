/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/import-secret.h"

#include <errno.h>
#include <string.h>

#include <nettle/memops.h>

#include "base/log.h"
#include "wire/openpgp-symmetric.h"
#include "wire/pickle-secret.h"

/* The one door for a secret that was changed at run time: the store has no place for it. */
static void keep_run_time_secret(const char *name, const struct secret *secret)
{
	log_warning("The secret of client %s was changed at run time and could not be carried "
		    "over; the configured one is used: set it anew, or put it into clients.conf",
		    name);
}

static bool is_same(const struct secret *a, const struct secret *b)
{
	return a->size == b->size && memeql_sec(a->data, b->data, a->size);
}

void import_secret(struct import_secrets *s, const struct pickled_client *c,
		   const struct client_settings *today)
{
	_cleanup_secret_ struct secret *saved = NULL;
	int r;

	if (!c->encrypted_secret)
		return;
	if (instant_now().boot >= s->deadline) {
		s->n_skipped++;
		return;
	}
	r = pickled_secret_decrypt(c->encrypted_secret, c->encrypted_secret_size, today->secret,
				   &saved);
	if (r == OPENPGP_OK) {
		if (!is_same(saved, today->secret))
			keep_run_time_secret(c->name, saved);
		return;
	}
	log_debug("Failed to decrypt %s old secret", c->name);
	/* Another secret in the file is an ordinary reason; what cannot be read at all is not. */
	if (r != OPENPGP_WRONG)
		log_warning("The saved secret of client %s could not be read; the configured one "
			    "is used",
			    c->name);
}

void import_secrets_report(const struct import_secrets *s)
{
	if (s->n_skipped > 0)
		log_warning("There was no time to compare the saved secrets of %zu clients with "
			    "their configured ones; the configured ones are used",
			    s->n_skipped);
}
