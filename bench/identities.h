/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Clients of the benchmarks: key pair and secret of client number so-and-so, the same in every run,
 * so that a clients.conf and a load generator need not exchange files. Of no use for anything real:
 * everybody knows these keys.
 *
 * Bound: IDENTITY_SECRET_MAX bytes a secret.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/peer.h"

/* What gpg makes of a password of usual length, with a 4096-bit RSA key. */
#define IDENTITY_SECRET_SIZE ((size_t)1126)
#define IDENTITY_SECRET_MAX  ((size_t)1 << 20)

/** identity_keys() - Ed25519 pair of client @n; ends with test_keys_free(); false if GnuTLS cannot
 */
bool identity_keys(size_t n, struct test_keys *ret);

/** identity_secret() - the first @size bytes of client @n's secret */
void identity_secret(size_t n, uint8_t *ret, size_t size);
