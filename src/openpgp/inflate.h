/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The body of an OpenPGP compressed data packet. zlib works in memory for secrets.
 *
 * Bound: SECRET_SIZE_MAX bytes come out.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"

/**
 * openpgp_inflate() - uncompressed, ZIP or ZLIB
 * @ret:      room of a fixed size, of which
 * @ret_size: bytes are the result
 *
 * Owner:  secret_free().
 * Errors: enum openpgp_result; -ENOMEM.
 * Source: RFC 4880 sections 5.6 and 9.3.
 */
int openpgp_inflate(const uint8_t *body, size_t size, struct secret **ret, size_t *ret_size);
