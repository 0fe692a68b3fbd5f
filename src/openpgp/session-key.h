/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The key of one message, encrypted for a public key.
 *
 * What went wrong with it is told to nobody: every reason is OPENPGP_WRONG.
 */

#include <nettle/nettle-types.h>

#include "base/secret.h"
#include "openpgp/cipher.h"
#include "openpgp/keyring.h"
#include "openpgp/packet.h"

/** struct openpgp_random - good random numbers: blinding, and keys that fit nothing */
struct openpgp_random {
	nettle_random_func *fill;
	void *userdata;
};

/** struct openpgp_session_key - in memory for secrets */
struct openpgp_session_key {
	const struct nettle_cipher *cipher;
	uint8_t key[OPENPGP_KEY_SIZE_MAX];
};

/**
 * openpgp_session_key_is_for() - is the packet for the key, or may it be?
 *
 * A packet may leave out for whom it is. Never for a packet of another version or algorithm.
 */
bool openpgp_session_key_is_for(const struct openpgp_packet *packet, const struct openpgp_key *key);

/**
 * openpgp_session_key_open() - one operation with the secret key
 * @packet: openpgp_session_key_is_for() @key
 *
 * Errors: OPENPGP_WRONG; OPENPGP_UNSUPPORTED for the cipher of a key that was opened; -ENOMEM.
 * Source: RFC 4880 sections 5.1, 13.1; RFC 6637 sections 7, 8.
 */
int openpgp_session_key_open(const struct openpgp_packet *packet, const struct openpgp_key *key,
			     const struct openpgp_random *random, struct openpgp_session_key *ret);
