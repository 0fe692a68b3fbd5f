/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The first half of an SSH connection, as a client: versions, negotiation, and one key exchange, up
 * to the server's signature. It proves which host key the server holds, which is all that is asked.
 *
 * Nothing is ever encrypted and nobody logs in: the exchange ends where encryption would begin, and
 * so this needs curve25519-sha256 (RFC 8731; OpenSSH since 6.5, Dropbear since 2013) and no cipher.
 * The signature covers both sides' random numbers, so no recording and no relayed half of another
 * connection can stand in for the private key; a relay of the whole reaches the true host.
 *
 * Pure: bytes in, bytes out. Bounds: SSH_KEX_IN_MAX bytes a packet, SSH_KEX_LINES_MAX lines before
 * the version, SSH_KEX_SKIPPED_MAX packets without a meaning.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nettle/curve25519.h>
#include <nettle/sha2.h>

#include "wire/ssh-hostkey.h"

#define SSH_KEX_IN_MAX	    ((size_t)16384)
#define SSH_KEX_OUT_MAX	    ((size_t)1536)
#define SSH_KEX_LINES_MAX   64
#define SSH_KEX_SKIPPED_MAX 16
#define SSH_KEX_COOKIE_SIZE 16

enum ssh_kex_state {
	SSH_KEX_VERSION, /* the server's first line */
	SSH_KEX_NEGOTIATION,
	SSH_KEX_REPLY,
	SSH_KEX_OVER,
};

enum ssh_kex_result {
	SSH_KEX_MORE = 0,  /* the server has to say more */
	SSH_KEX_PROVEN,	   /* the server holds the key of @fingerprint */
	SSH_KEX_BAD_PROOF, /* it showed that key and does not hold it, or cannot sign */
	SSH_KEX_NO_COMMON, /* it has no key of the types asked for, or no curve25519-sha256 */
	SSH_KEX_BROKEN,	   /* it does not speak this protocol */
};

/** struct ssh_kex_random - what must be fresh and unpredictable for each exchange */
struct ssh_kex_random {
	uint8_t cookie[SSH_KEX_COOKIE_SIZE];
	uint8_t secret[CURVE25519_SIZE];
};

struct ssh_kex {
	enum ssh_kex_state state;
	const struct ssh_signature_scheme *scheme; /* negotiated */
	uint8_t fingerprint[SSH_FINGERPRINT_SIZE]; /* of the key that the server showed */

	unsigned int key_types;
	unsigned int n_lines;
	unsigned int n_skipped;
	bool skips_guess; /* the next packet was sent for an algorithm that was not chosen */
	struct sha256_ctx hash;
	uint8_t secret[CURVE25519_SIZE];
	uint8_t public[CURVE25519_SIZE];

	uint8_t out[SSH_KEX_OUT_MAX];
	size_t out_size;
	size_t out_sent;
	size_t kexinit_at; /* our own, in @out */
	size_t kexinit_size;

	size_t in_size;
	uint8_t in[SSH_KEX_IN_MAX];
};

/**
 * ssh_kex_init() - a new exchange, which begins by sending
 * @key_types: set of enum ssh_key_type that the server may prove, not empty
 */
void ssh_kex_init(struct ssh_kex *k, unsigned int key_types, const struct ssh_kex_random *random);

/** ssh_kex_deinit() - erases the secret of the exchange */
void ssh_kex_deinit(struct ssh_kex *k);

/** ssh_kex_output() - what is still to be sent; @ret_size may be 0 */
const uint8_t *ssh_kex_output(const struct ssh_kex *k, size_t *ret_size);

/** ssh_kex_sent() - so many bytes of it have been */
void ssh_kex_sent(struct ssh_kex *k, size_t size);

/**
 * ssh_kex_input() - takes what the server said, in pieces of any size
 *
 * With any other result than SSH_KEX_MORE the exchange is over; there may be a farewell to be sent.
 * Source: RFC 4253 4 to 8, RFC 5656 4, RFC 8731.
 */
enum ssh_kex_result ssh_kex_input(struct ssh_kex *k, const uint8_t *data, size_t size);
