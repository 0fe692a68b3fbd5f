/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The ciphers and hashes of OpenPGP that are read: AES, TripleDES; SHA-1 and SHA-2. */

#include <stdint.h>

#include <nettle/nettle-meta.h>

#define OPENPGP_KEY_SIZE_MAX 32

/** openpgp_cipher_find() - by its number; NULL if it is not read. Source: RFC 4880 section 9.2. */
const struct nettle_cipher *openpgp_cipher_find(uint8_t id);

/** openpgp_hash_find() - by its number; NULL if it is not read. Source: RFC 4880 section 9.4. */
const struct nettle_hash *openpgp_hash_find(uint8_t id);
