/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keygen/tls-key.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"

/* The curve's own size does for the named ones; 0 asks GnuTLS what "ultra" means for the type. */
static const struct {
	const char *name;
	gnutls_pk_algorithm_t algorithm;
	unsigned int bits;
} types[] = {
	{ "ed25519", GNUTLS_PK_EDDSA_ED25519, 0 },
	{ "ed448", GNUTLS_PK_EDDSA_ED448, 0 },
	{ "rsa", GNUTLS_PK_RSA, 0 },
	{ "rsa-pss", GNUTLS_PK_RSA_PSS, 0 },
	{ "ecdsa", GNUTLS_PK_ECDSA, 0 },
	{ "ecc", GNUTLS_PK_ECDSA, 0 },
	{ "secp256r1", GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1) },
	{ "secp384r1", GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1) },
	{ "secp521r1", GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP521R1) },
};

static void privkey_freep(gnutls_privkey_t *key)
{
	if (*key)
		gnutls_privkey_deinit(*key);
}

static void x509_privkey_freep(gnutls_x509_privkey_t *key)
{
	if (*key)
		gnutls_x509_privkey_deinit(*key);
}

static void pubkey_freep(gnutls_pubkey_t *key)
{
	if (*key)
		gnutls_pubkey_deinit(*key);
}

static void datum_erasep(gnutls_datum_t *datum)
{
	if (datum->data)
		secret_erase(datum->data, datum->size);
	gnutls_free(datum->data);
}

void tls_key_pair_deinit(struct tls_key_pair *pair)
{
	pair->private_pem = secret_free(pair->private_pem);
	pair->public_pem = secret_free(pair->public_pem);
}

static int take_datum(const gnutls_datum_t *datum, struct secret **ret)
{
	*ret = secret_copy(datum->data, datum->size);
	return *ret ? 0 : GNUTLS_E_MEMORY_ERROR;
}

static int export_private(gnutls_privkey_t key, struct secret **ret)
{
	_cleanup_(x509_privkey_freep) gnutls_x509_privkey_t plain = NULL;
	_cleanup_(datum_erasep) gnutls_datum_t pem = { 0 };
	int r;

	r = gnutls_privkey_export_x509(key, &plain);
	if (r < 0)
		return r;
	r = gnutls_x509_privkey_export2_pkcs8(plain, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN,
					      &pem);
	if (r < 0)
		return r;
	return take_datum(&pem, ret);
}

static int export_public(gnutls_privkey_t key, struct secret **ret)
{
	_cleanup_(pubkey_freep) gnutls_pubkey_t public = NULL;
	_cleanup_(datum_erasep) gnutls_datum_t pem = { 0 };
	int r;

	r = gnutls_pubkey_init(&public);
	if (r < 0)
		return r;
	r = gnutls_pubkey_import_privkey(public, key,
					 GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_ENCIPHERMENT,
					 0);
	if (r < 0)
		return r;
	r = gnutls_pubkey_export2(public, GNUTLS_X509_FMT_PEM, &pem);
	if (r < 0)
		return r;
	return take_datum(&pem, ret);
}

static int generate(gnutls_pk_algorithm_t algorithm, unsigned int bits, struct tls_key_pair *ret)
{
	_cleanup_(tls_key_pair_deinit) struct tls_key_pair pair = { 0 };
	_cleanup_(privkey_freep) gnutls_privkey_t key = NULL;
	int r;

	if (bits == 0)
		bits = gnutls_sec_param_to_pk_bits(algorithm, GNUTLS_SEC_PARAM_ULTRA);
	r = gnutls_privkey_init(&key);
	if (r < 0)
		return r;
	r = gnutls_privkey_generate2(key, algorithm, bits, 0, NULL, 0);
	if (r < 0)
		return r;
	r = export_private(key, &pair.private_pem);
	if (r < 0)
		return r;
	r = export_public(key, &pair.public_pem);
	if (r < 0)
		return r;
	ret->private_pem = STEAL_PTR(pair.private_pem);
	ret->public_pem = STEAL_PTR(pair.public_pem);
	return 0;
}

enum tls_key_result tls_key_generate(const char *type, struct tls_key_pair *ret,
				     const char **ret_why)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		int r;

		if (strcasecmp(types[i].name, type) != 0)
			continue;
		r = generate(types[i].algorithm, types[i].bits, ret);
		if (r < 0) {
			*ret_why = gnutls_strerror(r);
			return TLS_KEY_FAILED;
		}
		return TLS_KEY_OK;
	}
	*ret_why = "not a type of key that TLS 1.3 can sign with";
	return TLS_KEY_UNKNOWN_TYPE;
}

static int spki_digest(const gnutls_datum_t *pem, uint8_t *ret_digest)
{
	_cleanup_(pubkey_freep) gnutls_pubkey_t key = NULL;
	_cleanup_(datum_erasep) gnutls_datum_t der = { 0 };
	int r;

	r = gnutls_pubkey_init(&key);
	if (r < 0)
		return r;
	r = gnutls_pubkey_import(key, pem, GNUTLS_X509_FMT_PEM);
	if (r < 0)
		return r;
	r = gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &der);
	if (r < 0)
		return r;
	return gnutls_hash_fast(GNUTLS_DIG_SHA256, der.data, der.size, ret_digest);
}

enum tls_key_result tls_key_id(const void *pem, size_t size, char ret_text[KEY_ID_TEXT_SIZE],
			       const char **ret_why)
{
	static const char digits[] = "0123456789abcdef";
	/* GnuTLS only reads through this pointer; its datum has no const variant. */
	gnutls_datum_t datum = { .data = (void *)(uintptr_t)pem, .size = (unsigned int)size };
	uint8_t digest[KEY_ID_SIZE];
	int r;

	r = size > TLS_KEY_PEM_MAX ? GNUTLS_E_PARSING_ERROR : spki_digest(&datum, digest);
	if (r < 0) {
		*ret_why = gnutls_strerror(r);
		return TLS_KEY_FAILED;
	}
	for (size_t i = 0; i < KEY_ID_SIZE; i++) {
		ret_text[2 * i] = digits[digest[i] >> 4];
		ret_text[2 * i + 1] = digits[digest[i] & 15];
	}
	ret_text[(size_t)2 * KEY_ID_SIZE] = '\0';
	return TLS_KEY_OK;
}
