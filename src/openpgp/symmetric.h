/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * OpenPGP messages encrypted with a passphrase, as GnuPG writes them: one session key packet
 * (version 4, key from the passphrase), one integrity-protected packet (version 1), in it a literal
 * packet, compressed or not. Nothing of it comes out before its integrity was checked.
 *
 * Bounds: OPENPGP_MESSAGE_MAX bytes of message, SECRET_SIZE_MAX after decompression; a key takes at
 * most twice the hashing of 65011712 bytes.
 */

#include <stdint.h>

#include "base/secret.h"
#include "openpgp/result.h"

#define OPENPGP_MESSAGE_MAX SECRET_SIZE_MAX

/**
 * openpgp_symmetric_decrypt() - the literal data of a message
 * @ret: set for OPENPGP_OK
 *
 * Owner:  secret_free().
 * Errors: enum openpgp_result; -ENOMEM.
 * Source: RFC 4880 sections 3.7, 4, 5.3, 5.6, 5.9, 5.13, 5.14.
 */
int openpgp_symmetric_decrypt(const uint8_t *message, size_t size, const struct secret *passphrase,
			      struct secret **ret);
