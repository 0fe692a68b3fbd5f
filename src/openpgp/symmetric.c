/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/openpgp-symmetric.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <nettle/cfb.h>
#include <nettle/memops.h>
#include <nettle/nettle-meta.h>
#include <nettle/sha1.h>

#include "wire/openpgp-inflate.h"
#include "wire/openpgp-packet.h"

#define KEY_MAX	       32
#define BLOCK_SIZE     16 /* of AES */
#define SALT_SIZE      8
#define PREFIX_SIZE    (BLOCK_SIZE + 2)
#define MDC_SIZE       (2 + SHA1_DIGEST_SIZE)
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

static const struct nettle_cipher *find_cipher(uint8_t id)
{
	switch (id) {
	case 7:
		return &nettle_aes128;
	case 8:
		return &nettle_aes192;
	case 9:
		return &nettle_aes256;
	default:
		return NULL;
	}
}

static const struct nettle_hash *find_hash(uint8_t id)
{
	switch (id) {
	case 2:
		return &nettle_sha1;
	case 8:
		return &nettle_sha256;
	case 9:
		return &nettle_sha384;
	case 10:
		return &nettle_sha512;
	default:
		return NULL;
	}
}

static int parse_session_key(const struct openpgp_packet *packet, struct s2k *ret)
{
	struct reader in = READER(packet->data, packet->size);
	uint8_t version = take_u8(&in);
	uint8_t cipher = take_u8(&in), mode = take_u8(&in), hash = take_u8(&in), coded;

	if (in.failed)
		return OPENPGP_MALFORMED;
	*ret = (struct s2k){ .cipher = find_cipher(cipher), .hash = find_hash(hash) };
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

/* In place. The first block and a repetition of its end are random, against known plain text. */
static int decrypt(const struct s2k *s2k, const uint8_t *key, struct openpgp_packet *data)
{
	_cleanup_secret_ struct secret *context = secret_new(s2k->cipher->context_size);
	uint8_t iv[BLOCK_SIZE] = { 0 }, mdc[SHA1_DIGEST_SIZE];
	struct sha1_ctx sha1;
	bool is_good;

	if (!context)
		return -ENOMEM;
	if (data->size < PREFIX_SIZE + MDC_SIZE)
		return OPENPGP_MALFORMED;
	s2k->cipher->set_encrypt_key(context->data, key);
	cfb_decrypt(context->data, s2k->cipher->encrypt, BLOCK_SIZE, iv, data->size, data->data,
		    data->data);
	sha1_init(&sha1);
	sha1_update(&sha1, data->size - SHA1_DIGEST_SIZE, data->data);
	sha1_digest(&sha1, sizeof(mdc), mdc);
	is_good = memeql_sec(mdc, data->data + data->size - SHA1_DIGEST_SIZE, sizeof(mdc)) != 0;
	is_good &= memeql_sec("\xd3\x14", data->data + data->size - MDC_SIZE, 2) != 0;
	secret_erase(&sha1, sizeof(sha1));
	secret_erase(mdc, sizeof(mdc));
	if (!is_good)
		return OPENPGP_WRONG;
	data->data += PREFIX_SIZE;
	data->size -= PREFIX_SIZE + MDC_SIZE;
	return OPENPGP_OK;
}

static int take_literal(struct openpgp_packet *message, struct secret **ret)
{
	struct openpgp_packet packet;
	struct reader in;
	const uint8_t *data;
	size_t size;
	int r = openpgp_packet_take(message, &packet);

	if (r != OPENPGP_OK)
		return r;
	if (packet.tag != OPENPGP_LITERAL)
		return OPENPGP_UNSUPPORTED;
	in = READER(packet.data, packet.size);
	(void)take_u8(&in); /* text or binary: GnuPG's own hint, which changes nothing */
	(void)take_bytes(&in, take_u8(&in));
	(void)take_u32(&in);
	size = reader_left(&in);
	data = take_bytes(&in, size);
	if (!data || message->size > 0)
		return OPENPGP_MALFORMED;
	*ret = secret_copy(data, size);
	return *ret ? OPENPGP_OK : -ENOMEM;
}

static int open_content(struct openpgp_packet *content, struct secret **ret)
{
	_cleanup_secret_ struct secret *inflated = NULL;
	struct openpgp_packet rest = *content, packet;
	int r = openpgp_packet_look(content);

	if (r != OPENPGP_COMPRESSED)
		return take_literal(content, ret);
	r = openpgp_packet_take(&rest, &packet);
	if (r != OPENPGP_OK)
		return r;
	if (rest.size > 0)
		return OPENPGP_MALFORMED;
	r = openpgp_inflate(packet.data, packet.size, &inflated, &packet.size);
	if (r != OPENPGP_OK)
		return r;
	packet.data = inflated->data;
	return take_literal(&packet, ret);
}

static int take_encrypted(struct openpgp_packet *message, struct openpgp_packet *ret)
{
	int r = openpgp_packet_take(message, ret);

	if (r != OPENPGP_OK)
		return r;
	if (ret->tag != OPENPGP_INTEGRITY_PROTECTED)
		return OPENPGP_UNSUPPORTED;
	if (message->size > 0 || ret->size < 1)
		return OPENPGP_MALFORMED;
	if (ret->data[0] != 1)
		return OPENPGP_UNSUPPORTED;
	ret->data++;
	ret->size--;
	return OPENPGP_OK;
}

int openpgp_symmetric_decrypt(const uint8_t *message, size_t size, const struct secret *passphrase,
			      struct secret **ret)
{
	_cleanup_secret_ struct secret *copy = NULL;
	_cleanup_secret_ struct secret *key = secret_new(KEY_MAX);
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
		r = take_encrypted(&whole, &packet);
	/* All that is cheap comes first: a key costs a tenth of a second. */
	if (r == OPENPGP_OK)
		r = make_key(&s2k, passphrase, key->data);
	if (r == OPENPGP_OK)
		r = decrypt(&s2k, key->data, &packet);
	return r == OPENPGP_OK ? open_content(&packet, ret) : r;
}
