/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The input as a message for a key, and as the content of a good one: only then is it looked at. */
#include <nettle/aes.h>
#include <nettle/cfb.h>
#include <nettle/sha1.h>

#include "fuzz.h"
#include "openpgp/message.h"

#define PREFIX_SIZE (AES_BLOCK_SIZE + 2)
#define HEADER_SIZE 7
#define CONTENT_MAX ((size_t)32768)

/* A secret subkey, of tests/data/openpgp/keys/curve.sec. */
static const uint8_t key_file[] = {
	0x9c, 0x5d, 0x04, 0x6b, 0x05, 0x9e, 0xea, 0x12, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01,
	0x97, 0x55, 0x01, 0x05, 0x01, 0x01, 0x07, 0x40, 0x76, 0xd7, 0x67, 0xed, 0xf9, 0x2b,
	0x1e, 0x63, 0x2b, 0x85, 0xad, 0x70, 0xa6, 0xaf, 0x61, 0x1f, 0xf8, 0xa9, 0x20, 0xf7,
	0x2e, 0x4d, 0xe4, 0x42, 0x97, 0xb4, 0xc9, 0xc8, 0x5c, 0xf3, 0xdc, 0x37, 0x03, 0x01,
	0x08, 0x07, 0x00, 0x00, 0xff, 0x64, 0x1d, 0x61, 0x63, 0x93, 0xd9, 0x2a, 0x87, 0xfc,
	0xc4, 0xad, 0xcf, 0x69, 0x55, 0xd6, 0xd9, 0xac, 0x1e, 0x40, 0x40, 0xa9, 0x13, 0x36,
	0x7c, 0x13, 0xc2, 0x31, 0xff, 0xba, 0xf5, 0x05, 0xd0, 0x11, 0x4b
};

/* The start of tests/data/openpgp/curve-aes128, and its session key. */
static const uint8_t for_key[] = { 0x84, 0x4e, 0x03, 0x80, 0x94, 0x1d, 0x69, 0x5f, 0x6a, 0xc5,
				   0xdd, 0x12, 0x01, 0x07, 0x40, 0xeb, 0xaf, 0xff, 0x8b, 0xc8,
				   0x4e, 0x14, 0x27, 0xfc, 0x87, 0xd9, 0x20, 0x07, 0x00, 0x0f,
				   0xe3, 0xbe, 0xb6, 0x8e, 0xc6, 0x44, 0xb4, 0x6f, 0x83, 0x02,
				   0x5c, 0x64, 0x43, 0x84, 0xcc, 0xed, 0x0d, 0x20, 0x8e, 0x65,
				   0x51, 0xfc, 0x38, 0x58, 0x8d, 0xd9, 0x2c, 0x1a, 0xc4, 0xdf,
				   0x18, 0xfe, 0x32, 0xab, 0x70, 0x8d, 0xb7, 0xf1, 0xe2, 0x47,
				   0x74, 0x5e, 0x14, 0xf4, 0xd1, 0xe4, 0xc1, 0x16, 0x07, 0xb4 };
static const uint8_t session_key[] = { 0x38, 0x7f, 0x64, 0xaa, 0x3c, 0xa2, 0xd6, 0x23,
				       0x99, 0x2c, 0x4f, 0xff, 0x8a, 0xd8, 0x3a, 0xc2 };

static void fill(void *userdata, size_t size, uint8_t *to)
{
	memset(to, 0x5a, size);
}

static void put_length(uint8_t *at, size_t size)
{
	at[0] = 0xff;
	for (int i = 0; i < 4; i++)
		at[1 + i] = (uint8_t)(size >> (24 - 8 * i));
}

/* Whoever has the public key can make this of any content. */
static size_t seal(const uint8_t *content, size_t size, uint8_t *ret)
{
	uint8_t *header = ret + sizeof(for_key), *body = header + HEADER_SIZE;
	uint8_t iv[AES_BLOCK_SIZE] = { 0 };
	size_t n = PREFIX_SIZE + size + 2;
	struct aes128_ctx aes;
	struct sha1_ctx sha1;

	memcpy(ret, for_key, sizeof(for_key));
	header[0] = 0xd2;
	header[HEADER_SIZE - 1] = 1;
	memset(body, 0, PREFIX_SIZE);
	if (size > 0)
		memcpy(body + PREFIX_SIZE, content, size);
	memcpy(body + n - 2, "\xd3\x14", 2);
	sha1_init(&sha1);
	sha1_update(&sha1, n, body);
	sha1_digest(&sha1, SHA1_DIGEST_SIZE, body + n);
	n += SHA1_DIGEST_SIZE;
	put_length(header + 1, n + 1);
	aes128_set_encrypt_key(&aes, session_key);
	cfb_encrypt(&aes, (nettle_cipher_func *)aes128_encrypt, AES_BLOCK_SIZE, iv, n, body, body);
	return sizeof(for_key) + HEADER_SIZE + n;
}

static int open_message(const struct openpgp_keyring *ring, const uint8_t *message, size_t size)
{
	static const struct openpgp_random numbers = { .fill = fill };
	struct secret *secret = NULL;
	int r = openpgp_message_decrypt(message, size, ring, &numbers, &secret);

	REQUIRE(r >= 0 && r < OPENPGP_NO_KEY);
	REQUIRE((r == OPENPGP_OK) == (secret != NULL));
	(void)secret_free(secret);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t message[CONTENT_MAX + 256];
	struct openpgp_keyring ring;
	uint8_t *exact;
	size_t n;

	if (size > CONTENT_MAX)
		return 0;
	REQUIRE(openpgp_keyring_read(key_file, sizeof(key_file), &ring) == OPENPGP_OK);
	n = seal(data, size, message);
	exact = fuzz_exact(message, n);
	REQUIRE(open_message(&ring, exact, n) != OPENPGP_WRONG);
	exact[n - 1] ^= 1;
	REQUIRE(open_message(&ring, exact, n) == OPENPGP_WRONG);
	free(exact);
	exact = fuzz_exact(data, size);
	(void)open_message(&ring, exact, size);
	free(exact);
	openpgp_keyring_deinit(&ring);
	return 0;
}
