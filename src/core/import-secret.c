/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/import-secret.h"

#include <errno.h>
#include <sys/random.h>

#include "base/log.h"
#include "openpgp/symmetric.h"
#include "wire/pickle-secret.h"

static int seal(const struct secret *saved, const struct pickled_client *c,
		const struct client_settings *today, struct sealed **ret)
{
	const struct seal seal = { .configured = today->secret, .client = c->name };
	uint8_t salt[SEALED_SALT_SIZE];
	int r;

	if (getrandom(salt, sizeof(salt), 0) != sizeof(salt))
		return -errno;
	r = sealed_close(saved, &seal, salt, ret);
	if (r == 0)
		log_info("The secret of client %s was changed at run time, and is carried over",
			 c->name);
	return r;
}

int import_secret(struct import_secrets *s, const struct pickled_client *c,
		  const struct client_settings *today, struct sealed **ret)
{
	_cleanup_secret_ struct secret *saved = NULL;
	int r;

	*ret = NULL;
	if (!c->encrypted_secret)
		return 0;
	if (instant_now().boot >= s->deadline) {
		s->n_skipped++;
		return 0;
	}
	r = pickled_secret_decrypt(c->encrypted_secret, c->encrypted_secret_size, today->secret,
				   &saved);
	if (r == OPENPGP_OK)
		return secret_equal(saved, today->secret) ? 0 : seal(saved, c, today, ret);
	log_debug("Failed to decrypt %s old secret", c->name);
	/* Another secret in the file is an ordinary reason; what cannot be read at all is not. */
	if (r != OPENPGP_WRONG)
		log_warning("The saved secret of client %s could not be read; the configured one "
			    "is used",
			    c->name);
	return 0;
}

void import_secrets_report(const struct import_secrets *s)
{
	if (s->n_skipped > 0)
		log_warning("There was no time to compare the saved secrets of %zu clients with "
			    "their configured ones; the configured ones are used",
			    s->n_skipped);
}
