/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "openpgp/symmetric.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "openpgp/cipher.h"
#include "openpgp/content.h"
#include "openpgp/packet.h"
#include "openpgp/protected.h"

#define SALT_SIZE      8
#define S2K_CHUNK_SIZE ((size_t)64 * 1024)

enum s2k_mode {
	S2K_SIMPLE = 0,
	S2K_SALTED = 1,
	S2K_ITERATED = 3,
};

/* From a session key packet: how the passphrase becomes a key. */
struct s2k {
	const struct nettle_cipher *cipher;
	const struct nettle_hash *hash;
	uint8_t salt[SALT_SIZE];
	size_t salt_size;
	size_t count; /* bytes to hash, at least one whole salt and passphrase */
};

static int parse_session_key(const struct openpgp_packet *packet, struct s2k *ret)
{
	struct reader in = READER(packet->data, packet->size);
	uint8_t version = take_u8(&in);
	uint8_t cipher = take_u8(&in), mode = take_u8(&in), hash = take_u8(&in), coded;

	if (in.failed)
		return OPENPGP_MALFORMED;
	*ret = (struct s2k){ .cipher = openpgp_cipher_find(cipher),
			     .hash = openpgp_hash_find(hash) };
	if (version != 4 || !ret->cipher || !ret->hash ||
	    (mode != S2K_SIMPLE && mode != S2K_SALTED && mode != S2K_ITERATED))
		return OPENPGP_UNSUPPORTED;
	if (mode != S2K_SIMPLE) {
		const uint8_t *salt = take_bytes(&in, SALT_SIZE);

		if (salt)
			memcpy(ret->salt, salt, SALT_SIZE);
		ret->salt_size = SALT_SIZE;
	}
	if (mode == S2K_ITERATED) {
		coded = take_u8(&in);
		ret->count = ((size_t)16 + (coded & 15)) << ((coded >> 4) + 6);
	}
	if (in.failed)
		return OPENPGP_MALFORMED;
	/* What is left would be a session key of its own, encrypted with this key. */
	return reader_done(&in) ? OPENPGP_OK : OPENPGP_UNSUPPORTED;
}

/* As many whole repetitions as fit into a chunk: a hash is slow on many small pieces. */
static struct secret *repeat_salt_and_passphrase(const struct s2k *s2k,
						 const struct secret *passphrase)
{
	size_t once = s2k->salt_size + passphrase->size, size = once;
	struct secret *s;

	if (once > 0 && once < S2K_CHUNK_SIZE && s2k->count > once)
		size = S2K_CHUNK_SIZE / once * once;
	s = secret_new(size);
	if (!s || once == 0)
		return s;
	for (size_t at = 0; at < size; at += once) {
		memcpy(s->data + at, s2k->salt, s2k->salt_size);
		memcpy(s->data + at + s2k->salt_size, passphrase->data, passphrase->size);
	}
	return s;
}

static int make_key(const struct s2k *s2k, const struct secret *passphrase, uint8_t *ret_key)
{
	_cleanup_secret_ struct secret *chunk = repeat_salt_and_passphrase(s2k, passphrase);
	_cleanup_secret_ struct secret *context = secret_new(s2k->hash->context_size);
	size_t count = MAX_OF(s2k->count, s2k->salt_size + passphrase->size);
	size_t key_size = s2k->cipher->key_size, made = 0;

	if (!chunk || !context)
		return -ENOMEM;
	/* Each further piece of a key has one more zero byte before the same text. */
	for (size_t round = 0; made < key_size; round++) {
		size_t n = MIN_OF(key_size - made, s2k->hash->digest_size);

		s2k->hash->init(context->data);
		for (size_t i = 0; i < round; i++)
			s2k->hash->update(context->data, 1, (const uint8_t *)"");
		for (size_t left = count; left > 0;) {
			size_t part = MIN_OF(left, chunk->size);

			s2k->hash->update(context->data, part, chunk->data);
			left -= part;
		}
		s2k->hash->digest(context->data, n, ret_key + made);
		made += n;
	}
	return 0;
}

int openpgp_symmetric_decrypt(const uint8_t *message, size_t size, const struct secret *passphrase,
			      struct secret **ret)
{
	_cleanup_secret_ struct secret *copy = NULL;
	_cleanup_secret_ struct secret *key = secret_new(OPENPGP_KEY_SIZE_MAX);
	struct openpgp_packet whole, packet;
	struct s2k s2k;
	int r;

	if (size > OPENPGP_MESSAGE_MAX)
		return OPENPGP_TOO_LARGE;
	copy = secret_copy(message, size);
	if (!copy || !key)
		return -ENOMEM;
	whole = (struct openpgp_packet){ .data = copy->data, .size = copy->size };
	r = openpgp_packet_take(&whole, &packet);
	if (r == OPENPGP_OK && packet.tag != OPENPGP_SESSION_KEY)
		r = OPENPGP_UNSUPPORTED;
	if (r == OPENPGP_OK)
		r = parse_session_key(&packet, &s2k);
	if (r == OPENPGP_OK)
		r = openpgp_protected_take(&whole, &packet);
	/* All that is cheap comes first: a key costs a tenth of a second. */
	if (r == OPENPGP_OK)
		r = make_key(&s2k, passphrase, key->data);
	if (r == OPENPGP_OK)
		r = openpgp_protected_open(s2k.cipher, key->data, &packet);
	return r == OPENPGP_OK ? openpgp_content_read(&packet, ret) : r;
}
