/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "openpgp/cipher.h"

#include <stddef.h>

#include <nettle/des.h>

/* Whether a key is weak, which it tells, is for who makes keys. */
static void set_des3_key(void *context, const uint8_t *key)
{
	(void)des3_set_key(context, key);
}

static void encrypt_des3(const void *context, size_t size, uint8_t *to, const uint8_t *from)
{
	des3_encrypt(context, size, to, from);
}

static void decrypt_des3(const void *context, size_t size, uint8_t *to, const uint8_t *from)
{
	des3_decrypt(context, size, to, from);
}

/* Nettle has no such description of it. */
static const struct nettle_cipher des3 = {
	.name = "des3",
	.context_size = sizeof(struct des3_ctx),
	.block_size = DES3_BLOCK_SIZE,
	.key_size = DES3_KEY_SIZE,
	.set_encrypt_key = set_des3_key,
	.set_decrypt_key = set_des3_key,
	.encrypt = encrypt_des3,
	.decrypt = decrypt_des3,
};

const struct nettle_cipher *openpgp_cipher_find(uint8_t id)
{
	switch (id) {
	case 2:
		return &des3;
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

const struct nettle_hash *openpgp_hash_find(uint8_t id)
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
