/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The keys of a key file that can open messages.
 *
 * RSA, and ECDH with Curve25519; version 4; without a passphrase. Signatures on keys are not looked
 * at: the file is as trusted as the program, and a key that has expired still opens what was made
 * for it. A primary key is used only where there is no subkey.
 *
 * Bounds: OPENPGP_KEY_FILE_MAX bytes, OPENPGP_KEYS_MAX keys, OPENPGP_RSA_SIZE_MAX bytes a modulus.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"
#include "openpgp/result.h"

#define OPENPGP_KEY_FILE_MAX	 ((size_t)64 * 1024)
#define OPENPGP_KEYS_MAX	 16
#define OPENPGP_RSA_SIZE_MIN	 64   /* 512 bits, the least that mandos-keygen makes */
#define OPENPGP_RSA_SIZE_MAX	 2048 /* 16384 bits, the most that GnuPG reads */
#define OPENPGP_FINGERPRINT_SIZE 20
#define OPENPGP_KEY_ID_SIZE	 8

enum openpgp_algorithm {
	OPENPGP_RSA = 1,
	OPENPGP_RSA_ENCRYPT = 2,
	OPENPGP_ECDH = 18,
};

/* The name of the curve, 1.3.6.1.4.1.3029.1.5.1, with its length in front. RFC 9580 section 9.2. */
extern const uint8_t openpgp_curve25519[11];

/** struct openpgp_number - big-endian; in the key ring's memory */
struct openpgp_number {
	const uint8_t *data;
	size_t size;
};

/** struct openpgp_key - one that can open messages */
struct openpgp_key {
	uint8_t algorithm;
	uint8_t fingerprint[OPENPGP_FINGERPRINT_SIZE]; /* its end is the key ID */
	struct openpgp_number n, e, d, p, q, u; /* RSA, as RFC 4880 section 5.5.3 names them */
	uint8_t kdf_hash, kdf_cipher;		/* ECDH */
	struct openpgp_number scalar;
};

struct openpgp_keyring {
	struct secret *memory;
	size_t n_keys;
	struct openpgp_key keys[OPENPGP_KEYS_MAX];
};

/**
 * openpgp_keyring_read() - a file of secret keys, binary or armoured
 *
 * Owner:  openpgp_keyring_deinit(), whatever is returned.
 * Errors: enum openpgp_result: OPENPGP_OK if there is at least one key that can open messages;
 *         -ENOMEM.
 * Source: RFC 4880 sections 5.5, 12.2; RFC 6637 section 9; CLI-PGP-2, CLI-PGP-4.
 */
int openpgp_keyring_read(const uint8_t *data, size_t size, struct openpgp_keyring *ret);

/** openpgp_keyring_deinit() - erases the keys */
void openpgp_keyring_deinit(struct openpgp_keyring *ring);

/**
 * openpgp_public_check() - is there a public (or secret) key in the file?
 *
 * Errors: enum openpgp_result: OPENPGP_OK if there is; -ENOMEM. Source: CLI-PGP-4.
 */
int openpgp_public_check(const uint8_t *data, size_t size);
