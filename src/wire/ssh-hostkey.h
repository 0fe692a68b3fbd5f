/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * SSH host keys: which there are, their fingerprints, and the check of a signature made with one.
 *
 * Bound: RSA keys of SSH_RSA_BITS_MIN to SSH_RSA_BITS_MAX.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define SSH_FINGERPRINT_SIZE 32
#define SSH_RSA_BITS_MIN     2048
#define SSH_RSA_BITS_MAX     16384

/** enum ssh_key_type - bits, so that a set of them is an unsigned int */
enum ssh_key_type {
	SSH_KEY_ED25519 = 1 << 0,
	SSH_KEY_ECDSA_256 = 1 << 1,
	SSH_KEY_ECDSA_384 = 1 << 2,
	SSH_KEY_ECDSA_521 = 1 << 3,
	SSH_KEY_RSA = 1 << 4,
};
#define SSH_KEY_ALL 31u

/** struct ssh_bytes - a string of the protocol, in place */
struct ssh_bytes {
	const uint8_t *data;
	size_t size;
};

/** ssh_take_string() - a length of four bytes and as many bytes; marks the reader failed */
struct ssh_bytes ssh_take_string(struct reader *r);

/** ssh_bytes_are() - whether a string of the protocol is @text */
bool ssh_bytes_are(struct ssh_bytes bytes, const char *text);

/**
 * struct ssh_signature_scheme - an algorithm by which a server can prove a key
 *
 * @name:     as it is negotiated, and as it stands in the signature
 * @key_name: as it stands in the key
 */
struct ssh_signature_scheme {
	const char *name;
	const char *key_name;
	enum ssh_key_type type;
};

/** ssh_schemes() - all of them, the best one first; @ret_n: how many */
const struct ssh_signature_scheme *ssh_schemes(size_t *ret_n);

/** ssh_fingerprint() - SHA-256 of a public key as it is sent, which ssh-keygen -l shows */
void ssh_fingerprint(struct ssh_bytes key, uint8_t ret[SSH_FINGERPRINT_SIZE]);

/**
 * ssh_signature_is_good() - whether @signature was made of @message by the owner of @key
 *
 * False too if either is malformed, or of another algorithm than @scheme.
 * Source: RFC 4253 6.6, RFC 5656 3.1, RFC 8332, RFC 8709.
 */
bool ssh_signature_is_good(const struct ssh_signature_scheme *scheme, struct ssh_bytes key,
			   struct ssh_bytes signature, struct ssh_bytes message);
