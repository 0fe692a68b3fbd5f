/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 *	version (1 byte, 1) | salt (32) | ciphertext | tag (16)
 *
 * ChaCha20-Poly1305 under a key of its own for each sealing: HKDF-SHA256 of the configured secret,
 * with the salt, bound to the client's name. A nonce that never varies is right for a key that is
 * never used twice; it comes from the same derivation. The configured secret is an OpenPGP message
 * and as hard to guess as its session key; a plain password in its place gets no stronger by this.
 */
#include "core/sealed.h"

#include <errno.h>
#include <nettle/chacha-poly1305.h>
#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <stdlib.h>
#include <string.h>

#define VERSION	  1
#define TAG_SIZE  CHACHA_POLY1305_DIGEST_SIZE
#define HEAD_SIZE (1 + SEALED_SALT_SIZE)

_Static_assert(SEALED_OVERHEAD == HEAD_SIZE + TAG_SIZE, "sealed.h says what it adds");

/* The name goes in as its digest, so that it needs no bound. */
static void derive(const struct seal *seal, const uint8_t *salt, struct chacha_poly1305_ctx *ret)
{
	static const char purpose[] = "mandos: secret set at run time";
	uint8_t info[sizeof(purpose) + SHA256_DIGEST_SIZE], prk[SHA256_DIGEST_SIZE];
	uint8_t key[CHACHA_POLY1305_KEY_SIZE + CHACHA_POLY1305_NONCE_SIZE];
	struct hmac_sha256_ctx hmac;
	struct sha256_ctx name;

	sha256_init(&name);
	sha256_update(&name, strlen(seal->client), (const uint8_t *)seal->client);
	memcpy(info, purpose, sizeof(purpose));
	sha256_digest(&name, SHA256_DIGEST_SIZE, info + sizeof(purpose));

	hmac_sha256_set_key(&hmac, SEALED_SALT_SIZE, salt);
	hkdf_extract(&hmac, (nettle_hash_update_func *)hmac_sha256_update,
		     (nettle_hash_digest_func *)hmac_sha256_digest, sizeof(prk),
		     seal->configured->size, seal->configured->data, prk);
	hmac_sha256_set_key(&hmac, sizeof(prk), prk);
	hkdf_expand(&hmac, (nettle_hash_update_func *)hmac_sha256_update,
		    (nettle_hash_digest_func *)hmac_sha256_digest, SHA256_DIGEST_SIZE, sizeof(info),
		    info, sizeof(key), key);
	chacha_poly1305_set_key(ret, key);
	chacha_poly1305_set_nonce(ret, key + CHACHA_POLY1305_KEY_SIZE);
	secret_erase(key, sizeof(key));
	secret_erase(prk, sizeof(prk));
	secret_erase(&hmac, sizeof(hmac));
}

int sealed_close(const struct secret *plain, const struct seal *seal,
		 const uint8_t salt[SEALED_SALT_SIZE], struct sealed **ret)
{
	struct sealed *s = malloc(sizeof(*s) + plain->size + SEALED_OVERHEAD);
	struct chacha_poly1305_ctx cipher;

	if (!s)
		return -ENOMEM;
	s->size = plain->size + SEALED_OVERHEAD;
	s->data[0] = VERSION;
	memcpy(s->data + 1, salt, SEALED_SALT_SIZE);
	derive(seal, salt, &cipher);
	chacha_poly1305_encrypt(&cipher, plain->size, s->data + HEAD_SIZE, plain->data);
	chacha_poly1305_digest(&cipher, TAG_SIZE, s->data + HEAD_SIZE + plain->size);
	secret_erase(&cipher, sizeof(cipher));
	*ret = s;
	return 0;
}

struct sealed *sealed_copy(const uint8_t *data, size_t size)
{
	struct sealed *s;

	if (size > SEALED_SIZE_MAX)
		return NULL;
	s = malloc(sizeof(*s) + size);
	if (!s)
		return NULL;
	s->size = size;
	memcpy(s->data, data, size);
	return s;
}

int sealed_open(const uint8_t *data, size_t size, const struct seal *seal, struct secret **ret)
{
	_cleanup_secret_ struct secret *plain = NULL;
	struct chacha_poly1305_ctx cipher;
	uint8_t tag[TAG_SIZE];
	int same;

	if (size < SEALED_OVERHEAD || size > SEALED_SIZE_MAX || data[0] != VERSION)
		return SEALED_WRONG;
	plain = secret_new(size - SEALED_OVERHEAD);
	if (!plain)
		return -ENOMEM;
	derive(seal, data + 1, &cipher);
	chacha_poly1305_decrypt(&cipher, plain->size, plain->data, data + HEAD_SIZE);
	chacha_poly1305_digest(&cipher, TAG_SIZE, tag);
	secret_erase(&cipher, sizeof(cipher));
	same = memeql_sec(tag, data + size - TAG_SIZE, TAG_SIZE);
	if (!same)
		return SEALED_WRONG;
	*ret = STEAL_PTR(plain);
	return SEALED_OK;
}
