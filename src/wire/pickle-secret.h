/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The secrets in the state of Debian's server, encrypted with what the configured secret makes. */

#include <stdint.h>

#include "base/secret.h"

/* Up to this size a passphrase is written in hexadecimal. */
#define PICKLED_PASSPHRASE_HEX_MAX 2048

/**
 * pickled_passphrase() - what the old server encrypted a client's secret with
 *
 * Owner:  secret_free().
 * Errors: -ENOMEM, also if it would be larger than SECRET_SIZE_MAX.
 * Source: SRV-PKL-6.
 */
int pickled_passphrase(const struct secret *configured, struct secret **ret);

/**
 * pickled_secret_decrypt() - a saved secret, with the configured one
 *
 * Owner:  secret_free().
 * Errors: enum openpgp_result; -ENOMEM.
 * Source: SRV-PKL-5, SRV-PKL-6.
 */
int pickled_secret_decrypt(const uint8_t *message, size_t size, const struct secret *configured,
			   struct secret **ret);
