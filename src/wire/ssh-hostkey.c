/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/ssh-hostkey.h"

#include <string.h>

#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <nettle/ecdsa.h>
#include <nettle/eddsa.h>
#include <nettle/nettle-meta.h>
#include <nettle/rsa.h>
#include <nettle/sha2.h>

#include "base/util.h"

static const struct ssh_signature_scheme schemes[] = {
	{ "ssh-ed25519", "ssh-ed25519", SSH_KEY_ED25519 },
	{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", SSH_KEY_ECDSA_256 },
	{ "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", SSH_KEY_ECDSA_384 },
	{ "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", SSH_KEY_ECDSA_521 },
	{ "rsa-sha2-512", "ssh-rsa", SSH_KEY_RSA },
	{ "rsa-sha2-256", "ssh-rsa", SSH_KEY_RSA },
};

const struct ssh_signature_scheme *ssh_schemes(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(schemes);
	return schemes;
}

struct ssh_bytes ssh_take_string(struct reader *r)
{
	struct ssh_bytes s = { .size = take_u32(r) };

	s.data = take_bytes(r, s.size);
	if (!s.data)
		s.size = 0;
	return s;
}

bool ssh_bytes_are(struct ssh_bytes bytes, const char *text)
{
	return bytes.size == strlen(text) && memcmp(bytes.data, text, bytes.size) == 0;
}

void ssh_fingerprint(struct ssh_bytes key, uint8_t ret[SSH_FINGERPRINT_SIZE])
{
	struct sha256_ctx hash;

	sha256_init(&hash);
	sha256_update(&hash, key.size, key.data);
	sha256_digest(&hash, SSH_FINGERPRINT_SIZE, ret);
}

/* RFC 4251, 5; none of the numbers here may be negative, and none of them is 0. */
static bool take_number(struct reader *r, mpz_t number)
{
	struct ssh_bytes s = ssh_take_string(r);

	if (s.size == 0 || s.size > SSH_RSA_BITS_MAX / 8 + 1 || s.data[0] > 0x7f)
		return false;
	nettle_mpz_set_str_256_u(number, s.size, s.data);
	return mpz_sgn(number) > 0;
}

static bool ed25519_is_good(struct reader *key, struct ssh_bytes signature,
			    struct ssh_bytes message)
{
	struct ssh_bytes point = ssh_take_string(key);

	return reader_done(key) && point.size == ED25519_KEY_SIZE &&
	       signature.size == ED25519_SIGNATURE_SIZE &&
	       ed25519_sha512_verify(point.data, message.size, message.data, signature.data);
}

/** struct curve - of one ECDSA key type */
struct curve {
	const char *name;
	const struct ecc_curve *curve;
	size_t size; /* of a coordinate */
	const struct nettle_hash *hash;
};

static struct curve curve_of(enum ssh_key_type type)
{
	if (type == SSH_KEY_ECDSA_256)
		return (struct curve){ "nistp256", nettle_get_secp_256r1(), 32, &nettle_sha256 };
	if (type == SSH_KEY_ECDSA_384)
		return (struct curve){ "nistp384", nettle_get_secp_384r1(), 48, &nettle_sha384 };
	return (struct curve){ "nistp521", nettle_get_secp_521r1(), 66, &nettle_sha512 };
}

static bool take_point(struct reader *key, const struct curve *c, struct ecc_point *point)
{
	struct ssh_bytes name = ssh_take_string(key), bytes = ssh_take_string(key);
	mpz_t x, y;
	bool good;

	/* Uncompressed is the only form in use (RFC 5656, 3.1). */
	if (!reader_done(key) || !ssh_bytes_are(name, c->name) || bytes.size != 1 + 2 * c->size ||
	    bytes.data[0] != 4)
		return false;
	nettle_mpz_init_set_str_256_u(x, c->size, bytes.data + 1);
	nettle_mpz_init_set_str_256_u(y, c->size, bytes.data + 1 + c->size);
	/* Also refuses what is not on the curve. */
	good = ecc_point_set(point, x, y);
	mpz_clear(x);
	mpz_clear(y);
	return good;
}

static bool ecdsa_is_good(enum ssh_key_type type, struct reader *key, struct ssh_bytes signature,
			  struct ssh_bytes message)
{
	struct reader numbers = READER(signature.data, signature.size);
	const struct curve c = curve_of(type);
	uint8_t digest[SHA512_DIGEST_SIZE];
	union {
		struct sha256_ctx sha256;
		struct sha512_ctx sha512;
	} hash;
	struct dsa_signature s;
	struct ecc_point point;
	bool good;

	ecc_point_init(&point, c.curve);
	dsa_signature_init(&s);
	c.hash->init(&hash);
	c.hash->update(&hash, message.size, message.data);
	c.hash->digest(&hash, c.hash->digest_size, digest);
	good = take_point(key, &c, &point) && take_number(&numbers, s.r) &&
	       take_number(&numbers, s.s) && reader_done(&numbers) &&
	       ecdsa_verify(&point, c.hash->digest_size, digest, &s);
	dsa_signature_clear(&s);
	ecc_point_clear(&point);
	return good;
}

static bool rsa_verifies(const struct rsa_public_key *key, const struct ssh_bytes message,
			 const mpz_t signature, bool is_sha512)
{
	struct sha256_ctx sha256;
	struct sha512_ctx sha512;

	if (is_sha512) {
		sha512_init(&sha512);
		sha512_update(&sha512, message.size, message.data);
		return rsa_sha512_verify(key, &sha512, signature);
	}
	sha256_init(&sha256);
	sha256_update(&sha256, message.size, message.data);
	return rsa_sha256_verify(key, &sha256, signature);
}

static bool rsa_is_good(bool is_sha512, struct reader *key, struct ssh_bytes signature,
			struct ssh_bytes message)
{
	struct rsa_public_key k;
	mpz_t s;
	bool good;

	rsa_public_key_init(&k);
	mpz_init(s);
	good = take_number(key, k.e) && take_number(key, k.n) && reader_done(key) &&
	       mpz_sizeinbase(k.n, 2) >= SSH_RSA_BITS_MIN &&
	       mpz_sizeinbase(k.n, 2) <= SSH_RSA_BITS_MAX &&
	       /* An exponent is small; a long one would only be there to cost time. */
	       mpz_sizeinbase(k.e, 2) <= 64 && mpz_odd_p(k.n) && mpz_odd_p(k.e) &&
	       rsa_public_key_prepare(&k) && signature.size <= k.size;
	if (good) {
		nettle_mpz_set_str_256_u(s, signature.size, signature.data);
		good = rsa_verifies(&k, message, s, is_sha512);
	}
	mpz_clear(s);
	rsa_public_key_clear(&k);
	return good;
}

bool ssh_signature_is_good(const struct ssh_signature_scheme *scheme, struct ssh_bytes key,
			   struct ssh_bytes signature, struct ssh_bytes message)
{
	struct reader k = READER(key.data, key.size), s = READER(signature.data, signature.size);
	struct ssh_bytes key_name = ssh_take_string(&k), scheme_name = ssh_take_string(&s);
	struct ssh_bytes inner = ssh_take_string(&s);

	if (k.failed || !reader_done(&s) || !ssh_bytes_are(key_name, scheme->key_name) ||
	    !ssh_bytes_are(scheme_name, scheme->name))
		return false;
	switch (scheme->type) {
	case SSH_KEY_ED25519:
		return ed25519_is_good(&k, inner, message);
	case SSH_KEY_ECDSA_256:
	case SSH_KEY_ECDSA_384:
	case SSH_KEY_ECDSA_521:
		return ecdsa_is_good(scheme->type, &k, inner, message);
	case SSH_KEY_RSA:
		return rsa_is_good(strcmp(scheme->name, "rsa-sha2-512") == 0, &k, inner, message);
	}
	return false;
}
