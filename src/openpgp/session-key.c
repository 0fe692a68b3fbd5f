/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RSA by Nettle's function against timing and faults, blinded. RFC 4880's format of the content (a
 * cipher, a key of its size, a sum) makes an oracle of padding alone useless, and what fails here
 * is replaced by a random key in message.c all the same.
 */
#include "openpgp/session-key.h"

#include <errno.h>
#include <string.h>

#include <gmp.h>
#include <nettle/bignum.h>
#include <nettle/curve25519.h>
#include <nettle/nist-keywrap.h>
#include <nettle/rsa.h>
#include <nettle/sha2.h>

#include "openpgp/number.h"

#define VERSION	     3
#define HEAD_SIZE    (1 + OPENPGP_KEY_ID_SIZE + 1)
#define POINT_PREFIX 0x40
#define WRAP_EXTRA   8
#define CONTENT_MAX  48 /* cipher, key, sum; with the padding of ECDH */
#define UNWRAP_IV    "\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6"

/* An encrypted content of at most CONTENT_MAX bytes, decrypted. */
struct content {
	size_t size;
	uint8_t data[CONTENT_MAX];
};

/* In one piece of memory for secrets. */
struct ecdh {
	uint8_t scalar[CURVE25519_SIZE];
	uint8_t shared[CURVE25519_SIZE];
	uint8_t kek[SHA512_DIGEST_SIZE];
};

bool openpgp_session_key_is_for(const struct openpgp_packet *packet, const struct openpgp_key *key)
{
	static const uint8_t nobody[OPENPGP_KEY_ID_SIZE];
	const uint8_t *id = packet->data + 1;
	uint8_t algorithm;

	if (packet->size < HEAD_SIZE || packet->data[0] != VERSION)
		return false;
	algorithm = packet->data[HEAD_SIZE - 1];
	if ((algorithm == OPENPGP_ECDH) != (key->algorithm == OPENPGP_ECDH) ||
	    (algorithm != OPENPGP_ECDH && algorithm != OPENPGP_RSA &&
	     algorithm != OPENPGP_RSA_ENCRYPT))
		return false;
	return memcmp(id, nobody, OPENPGP_KEY_ID_SIZE) == 0 ||
	       memcmp(id, key->fingerprint + OPENPGP_FINGERPRINT_SIZE - OPENPGP_KEY_ID_SIZE,
		      OPENPGP_KEY_ID_SIZE) == 0;
}

/* ---- RSA ---- */

static void set_number(mpz_t ret, const struct openpgp_number *n)
{
	nettle_mpz_set_str_256_u(ret, n->size, n->data);
}

/* Nettle's c is the inverse of q to the modulus p, and OpenPGP's u that of p to q. */
static bool load_rsa(const struct openpgp_key *key, struct rsa_public_key *pub,
		     struct rsa_private_key *priv)
{
	bool is_good;
	mpz_t t;

	set_number(pub->n, &key->n);
	set_number(pub->e, &key->e);
	set_number(priv->p, &key->q);
	set_number(priv->q, &key->p);
	set_number(priv->c, &key->u);
	set_number(priv->d, &key->d);
	mpz_init(t);
	mpz_mul(t, priv->p, priv->q);
	is_good = mpz_cmp(t, pub->n) == 0 && mpz_cmp_ui(priv->p, 2) > 0 &&
		  mpz_cmp_ui(priv->q, 2) > 0 && mpz_cmp(priv->c, priv->p) < 0;
	if (is_good) {
		mpz_sub_ui(t, priv->p, 1);
		mpz_fdiv_r(priv->a, priv->d, t);
		mpz_sub_ui(t, priv->q, 1);
		mpz_fdiv_r(priv->b, priv->d, t);
		is_good = rsa_public_key_prepare(pub) && rsa_private_key_prepare(priv) &&
			  pub->size == priv->size;
	}
	mpz_clear(t);
	return is_good;
}

static bool open_rsa(struct reader *in, const struct openpgp_key *key,
		     const struct openpgp_random *random, struct content *ret)
{
	struct openpgp_number number = openpgp_number_take(in);
	struct rsa_public_key pub;
	struct rsa_private_key priv;
	bool is_good;
	mpz_t c;

	if (!reader_done(in))
		return false;
	rsa_public_key_init(&pub);
	rsa_private_key_init(&priv);
	mpz_init(c);
	set_number(c, &number);
	ret->size = sizeof(ret->data);
	is_good = load_rsa(key, &pub, &priv) && mpz_cmp(c, pub.n) < 0 &&
		  rsa_decrypt_tr(&pub, &priv, random->userdata, random->fill, &ret->size, ret->data,
				 c) != 0;
	mpz_clear(c);
	rsa_private_key_clear(&priv);
	rsa_public_key_clear(&pub);
	return is_good;
}

/* ---- ECDH ---- */

/* RFC 6637 section 7; the curve's name stands in the parameters with its length in front. */
static int make_kek(const struct openpgp_key *key, const uint8_t *shared, uint8_t *ret_kek)
{
	static const uint8_t one[] = { 0, 0, 0, 1 };
	static const char sender[] = "Anonymous Sender    ";
	const uint8_t kdf[] = { OPENPGP_ECDH, 3, 1, key->kdf_hash, key->kdf_cipher };
	const struct nettle_hash *hash = openpgp_hash_find(key->kdf_hash);
	_cleanup_secret_ struct secret *context = secret_new(hash->context_size);

	if (!context)
		return -ENOMEM;
	hash->init(context->data);
	hash->update(context->data, sizeof(one), one);
	hash->update(context->data, CURVE25519_SIZE, shared);
	hash->update(context->data, sizeof(openpgp_curve25519), openpgp_curve25519);
	hash->update(context->data, sizeof(kdf), kdf);
	hash->update(context->data, strlen(sender), (const uint8_t *)sender);
	hash->update(context->data, sizeof(key->fingerprint), key->fingerprint);
	hash->digest(context->data, hash->digest_size, ret_kek);
	return 0;
}

/* Returns true if what came out is what went in, with the padding taken away. */
static bool unwrap(const struct nettle_cipher *cipher, void *context, const uint8_t *kek,
		   const uint8_t *wrapped, struct content *ret)
{
	uint8_t padding;

	cipher->set_decrypt_key(context, kek);
	if (!nist_keyunwrap16(context, cipher->decrypt, (const uint8_t *)UNWRAP_IV, ret->size,
			      ret->data, wrapped))
		return false;
	padding = ret->data[ret->size - 1];
	if (padding == 0 || padding >= ret->size)
		return false;
	for (size_t i = ret->size - padding; i < ret->size; i++) {
		if (ret->data[i] != padding)
			return false;
	}
	ret->size -= padding;
	return true;
}

static int agree(const struct openpgp_key *key, const uint8_t *point, const uint8_t *wrapped,
		 struct content *ret)
{
	const struct nettle_cipher *cipher = openpgp_cipher_find(key->kdf_cipher);
	const struct nettle_hash *hash = openpgp_hash_find(key->kdf_hash);
	_cleanup_secret_ struct secret *memory = secret_new(sizeof(struct ecdh));
	_cleanup_secret_ struct secret *context = secret_new(cipher->context_size);
	struct ecdh *e;
	int r;

	if (!memory || !context)
		return -ENOMEM;
	/* The wrapping is made of blocks as large as those of AES. */
	if (cipher->block_size != 16 || hash->digest_size < cipher->key_size)
		return OPENPGP_WRONG;
	e = (struct ecdh *)(void *)memory->data;
	for (size_t i = 0; i < key->scalar.size; i++)
		e->scalar[i] = key->scalar.data[key->scalar.size - 1 - i];
	curve25519_mul(e->shared, e->scalar, point);
	r = make_kek(key, e->shared, e->kek);
	if (r < 0)
		return r;
	return unwrap(cipher, context->data, e->kek, wrapped, ret) ? OPENPGP_OK : OPENPGP_WRONG;
}

static int open_ecdh(struct reader *in, const struct openpgp_key *key, struct content *ret)
{
	struct openpgp_number point = openpgp_number_take(in);
	size_t size = take_u8(in);
	const uint8_t *wrapped = take_bytes(in, size);

	if (!reader_done(in) || point.size != 1 + CURVE25519_SIZE ||
	    point.data[0] != POINT_PREFIX || size % 8 != 0 || size < 3 * WRAP_EXTRA ||
	    size > CONTENT_MAX + WRAP_EXTRA)
		return OPENPGP_WRONG;
	ret->size = size - WRAP_EXTRA;
	return agree(key, point.data + 1, wrapped, ret);
}

/* ---- both ---- */

static int parse_content(const struct content *content, struct openpgp_session_key *ret)
{
	size_t key_size = content->size - 3;
	const uint8_t *key = content->data + 1;
	unsigned int sum = 0;

	if (content->size < 3 || key_size > sizeof(ret->key))
		return OPENPGP_WRONG;
	for (size_t i = 0; i < key_size; i++)
		sum += key[i];
	if ((sum & 0xffff) != ((unsigned int)key[key_size] << 8 | key[key_size + 1]))
		return OPENPGP_WRONG;
	ret->cipher = openpgp_cipher_find(content->data[0]);
	if (!ret->cipher)
		return OPENPGP_UNSUPPORTED;
	if (ret->cipher->key_size != key_size)
		return OPENPGP_WRONG;
	memcpy(ret->key, key, key_size);
	return OPENPGP_OK;
}

int openpgp_session_key_open(const struct openpgp_packet *packet, const struct openpgp_key *key,
			     const struct openpgp_random *random, struct openpgp_session_key *ret)
{
	_cleanup_secret_ struct secret *memory = secret_new(sizeof(struct content));
	struct reader in = READER(packet->data, packet->size);
	struct content *content;
	int r;

	if (!memory)
		return -ENOMEM;
	content = (struct content *)(void *)memory->data;
	(void)take_bytes(&in, HEAD_SIZE);
	if (key->algorithm == OPENPGP_ECDH)
		r = open_ecdh(&in, key, content);
	else
		r = open_rsa(&in, key, random, content) ? OPENPGP_OK : OPENPGP_WRONG;
	return r == OPENPGP_OK ? parse_content(content, ret) : r;
}
