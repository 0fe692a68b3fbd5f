/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Integrity-protected data of version 1: a cipher in CFB mode, and a SHA-1 over the plain text. */

#include "openpgp/cipher.h"
#include "openpgp/packet.h"

/**
 * openpgp_protected_take() - the last packet of a message, without its version
 * @message: what is left of it; nothing, for OPENPGP_OK
 *
 * Errors: enum openpgp_result: OPENPGP_NO_INTEGRITY and OPENPGP_AEAD for the other ways to encrypt.
 * Source: RFC 4880 section 5.13.
 */
int openpgp_protected_take(struct openpgp_packet *message, struct openpgp_packet *ret);

/**
 * openpgp_protected_open() - decrypts it in place; what is in it is the caller's for OPENPGP_OK
 * only
 * @key: of the cipher's size
 *
 * Errors: OPENPGP_WRONG if the check fails, OPENPGP_MALFORMED; -ENOMEM.
 * Source: RFC 4880 sections 5.13, 5.14.
 */
int openpgp_protected_open(const struct nettle_cipher *cipher, const uint8_t *key,
			   struct openpgp_packet *data);
