/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "identities.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

#define KEY_SIZE 32

/* PKCS #8 around an Ed25519 private key, which follows (RFC 8410, section 7). */
static const uint8_t pkcs8_head[] = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
				      0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20 };

static void free_x509_privkey(gnutls_x509_privkey_t *key)
{
	if (*key)
		gnutls_x509_privkey_deinit(*key);
}

static void free_privkey(gnutls_privkey_t *key)
{
	if (*key)
		gnutls_privkey_deinit(*key);
}

static void free_pubkey(gnutls_pubkey_t *key)
{
	if (*key)
		gnutls_pubkey_deinit(*key);
}

static bool import_key(size_t n, gnutls_x509_privkey_t key)
{
	uint8_t der[sizeof(pkcs8_head) + KEY_SIZE];
	gnutls_datum_t datum = { .data = der, .size = sizeof(der) };
	char seed[64];
	int size = snprintf(seed, sizeof(seed), "benchmark client %zu", n);

	memcpy(der, pkcs8_head, sizeof(pkcs8_head));
	return gnutls_hash_fast(GNUTLS_DIG_SHA256, seed, (size_t)size, der + sizeof(pkcs8_head)) >=
		       0 &&
	       gnutls_x509_privkey_import2(key, &datum, GNUTLS_X509_FMT_DER, NULL,
					   GNUTLS_PKCS_PLAIN) >= 0;
}

static bool export_keys(gnutls_x509_privkey_t x509_key, gnutls_pubkey_t pubkey,
			struct test_keys *ret)
{
	gnutls_datum_t pem;
	size_t size = sizeof(ret->id.bytes);

	if (gnutls_x509_privkey_export2_pkcs8(x509_key, GNUTLS_X509_FMT_PEM, NULL,
					      GNUTLS_PKCS_PLAIN, &pem) < 0)
		return false;
	ret->privkey_pem = (char *)pem.data;
	ret->privkey_size = pem.size;
	if (gnutls_pubkey_export2(pubkey, GNUTLS_X509_FMT_PEM, &pem) < 0)
		return false;
	ret->pubkey_pem = (char *)pem.data;
	ret->pubkey_size = pem.size;
	return gnutls_pubkey_get_key_id(pubkey, GNUTLS_KEYID_USE_SHA256, ret->id.bytes, &size) >= 0;
}

bool identity_keys(size_t n, struct test_keys *ret)
{
	_cleanup_(free_x509_privkey) gnutls_x509_privkey_t x509_key = NULL;
	_cleanup_(free_privkey) gnutls_privkey_t key = NULL;
	_cleanup_(free_pubkey) gnutls_pubkey_t pubkey = NULL;
	const char *error;

	*ret = (struct test_keys){ 0 };
	if (gnutls_x509_privkey_init(&x509_key) < 0 || gnutls_privkey_init(&key) < 0 ||
	    gnutls_pubkey_init(&pubkey) < 0)
		return false;
	if (!import_key(n, x509_key) || gnutls_privkey_import_x509(key, x509_key, 0) < 0 ||
	    gnutls_pubkey_import_privkey(pubkey, key, 0, 0) < 0)
		return false;
	if (!export_keys(x509_key, pubkey, ret) ||
	    tls_context_new_claimant_side(TLS_DEFAULT_PRIORITY, ret->pubkey_pem, ret->pubkey_size,
					  ret->privkey_pem, ret->privkey_size, &ret->context,
					  &error) < 0) {
		test_keys_free(ret);
		return false;
	}
	return true;
}

void identity_secret(size_t n, uint8_t *ret, size_t size)
{
	/* Numerical Recipes' generator: a secret that got mixed up with another's does not match.
	 */
	uint32_t x = (uint32_t)n;

	for (size_t i = 0; i < size; i++) {
		x = x * 1664525 + 1013904223;
		ret[i] = (uint8_t)(x >> 24);
	}
}
