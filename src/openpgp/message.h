/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * OpenPGP messages encrypted for public keys, as GnuPG writes them.
 *
 * What is read: session keys of version 3 for RSA or Curve25519, with or without a key ID, among
 * those for others; integrity-protected data of version 1 with AES or TripleDES; in it literal
 * data, signed or not, compressed with ZIP or ZLIB or not; binary or armoured. Everything else is
 * refused by name. Nothing of it comes out before its integrity was checked.
 *
 * Bounds: OPENPGP_ARMOUR_MAX bytes of message, SECRET_SIZE_MAX after decompression,
 * OPENPGP_TRIES_MAX operations with secret keys; those of content.h.
 */

#include "base/secret.h"
#include "openpgp/keyring.h"
#include "openpgp/session-key.h"

/* With 4096 bits one takes some hundredths of a second. */
#define OPENPGP_TRIES_MAX 16

/**
 * openpgp_message_decrypt() - the literal data of a message
 * @ret: set for OPENPGP_OK
 *
 * Owner:  secret_free().
 * Errors: enum openpgp_result; -ENOMEM.
 * Source: RFC 4880 sections 4, 5.1, 11.3; CLI-PGP-1, CLI-PGP-6, CLI-PGP-7.
 */
int openpgp_message_decrypt(const uint8_t *message, size_t size, const struct openpgp_keyring *ring,
			    const struct openpgp_random *random, struct secret **ret);
