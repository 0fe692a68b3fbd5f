/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The TLS key pair of a client, and its key ID. Made by GnuTLS, in memory.
 *
 * Generation cannot be interrupted from inside: an RSA key of the "ultra" strength takes minutes.
 * So it runs before anything exists that a signal would have to clean up.
 */

#include <stddef.h>

#include "base/secret.h"
#include "wire/keyid.h"

#define TLS_KEY_PEM_MAX ((size_t)64 * 1024)

enum tls_key_result {
	TLS_KEY_OK = 0,
	TLS_KEY_UNKNOWN_TYPE, /* no type that can sign in TLS 1.3 has this name */
	TLS_KEY_FAILED,	      /* GnuTLS says why */
};

/** struct tls_key_pair - the contents of the two files; zero-initialised is legal to deinit */
struct tls_key_pair {
	struct secret *private_pem; /* PKCS#8, not encrypted, no text before it */
	struct secret *public_pem;  /* SubjectPublicKeyInfo */
};

void tls_key_pair_deinit(struct tls_key_pair *pair);

/**
 * tls_key_generate() - a new pair of the strength GnuTLS calls "ultra"
 * @type:    as certtool(1) names it: ed25519, ed448, rsa, rsa-pss, ecdsa or ecc; or the name of a
 *           curve: secp256r1, secp384r1, secp521r1
 * @ret:     ends with tls_key_pair_deinit(); unchanged unless TLS_KEY_OK is returned
 * @ret_why: static text, set if not TLS_KEY_OK
 *
 * Types that certtool makes but TLS 1.3 cannot sign with (dsa, x25519, x448) are unknown here.
 * Errors: TLS_KEY_UNKNOWN_TYPE, TLS_KEY_FAILED; never negative.
 * Source: CLI-KEY-6, CLI-TLS-2.
 */
enum tls_key_result tls_key_generate(const char *type, struct tls_key_pair *ret,
				     const char **ret_why);

/**
 * tls_key_id() - SHA-256 of the SubjectPublicKeyInfo in @pem, as lower-case hexadecimal digits
 *
 * Errors: TLS_KEY_FAILED, with @ret_why, if there is no public key in @pem; never negative.
 * Source: CLI-TLS-3.
 */
enum tls_key_result tls_key_id(const void *pem, size_t size, char ret_text[KEY_ID_TEXT_SIZE],
			       const char **ret_why);
