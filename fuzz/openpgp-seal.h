/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Encrypted data packets, for harnesses whose input is what is in one (RFC 4880, section 5.13). */

#include <nettle/aes.h>
#include <nettle/cfb.h>
#include <nettle/sha1.h>
#include <stdint.h>
#include <string.h>

#define SEAL_HEADER_SIZE 7
#define SEAL_PREFIX_SIZE (AES_BLOCK_SIZE + 2)
#define SEAL_SIZE(size)	 (SEAL_HEADER_SIZE + SEAL_PREFIX_SIZE + (size) + 2 + SHA1_DIGEST_SIZE)

/**
 * openpgp_seal() - @content as an integrity protected data packet of AES-128, with zeros for its
 * random part; returns its size, SEAL_SIZE(@size), for which @ret has room
 */
static inline size_t openpgp_seal(const uint8_t key[AES128_KEY_SIZE], const uint8_t *content,
				  size_t size, uint8_t *ret)
{
	uint8_t *body = ret + SEAL_HEADER_SIZE;
	uint8_t iv[AES_BLOCK_SIZE] = { 0 };
	size_t n = SEAL_PREFIX_SIZE + size + 2;
	struct aes128_ctx aes;
	struct sha1_ctx sha1;

	memset(body, 0, SEAL_PREFIX_SIZE);
	if (size > 0)
		memcpy(body + SEAL_PREFIX_SIZE, content, size);
	memcpy(body + n - 2, "\xd3\x14", 2);
	sha1_init(&sha1);
	sha1_update(&sha1, n, body);
	sha1_digest(&sha1, SHA1_DIGEST_SIZE, body + n);
	n += SHA1_DIGEST_SIZE;

	ret[0] = 0xd2;
	ret[1] = 0xff;
	for (int i = 0; i < 4; i++)
		ret[2 + i] = (uint8_t)((n + 1) >> (24 - 8 * i));
	ret[SEAL_HEADER_SIZE - 1] = 1;
	aes128_set_encrypt_key(&aes, key);
	cfb_encrypt(&aes, (nettle_cipher_func *)aes128_encrypt, AES_BLOCK_SIZE, iv, n, body, body);
	return SEAL_HEADER_SIZE + n;
}
