/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The input as a message, and as the content of a good message: only then is it looked at. */
#include <nettle/aes.h>
#include <nettle/cfb.h>
#include <nettle/sha1.h>

#include "fuzz.h"
#include "openpgp/symmetric.h"

#define PREFIX_SIZE  18
#define CONTENT_MAX  ((size_t)32768)
#define COUNT_OFFSET 14 /* of the coded count in the message that GnuPG makes */

/* Session key packet: AES-128, the SHA-1 of the passphrase is the key. */
static const uint8_t session_key[] = { 0xc3, 4, 4, 7, 0, 2 };

static void put_length(uint8_t *at, size_t size)
{
	at[0] = 0xff;
	for (int i = 0; i < 4; i++)
		at[1 + i] = (uint8_t)(size >> (24 - 8 * i));
}

/* Encrypts @content as the passphrase "p" would. */
static size_t seal(const uint8_t *content, size_t size, uint8_t *ret)
{
	uint8_t *header = ret + sizeof(session_key), *body = header + 7, digest[SHA1_DIGEST_SIZE];
	uint8_t iv[AES_BLOCK_SIZE] = { 0 };
	size_t n = PREFIX_SIZE + size + 2;
	struct aes128_ctx aes;
	struct sha1_ctx sha1;

	memcpy(ret, session_key, sizeof(session_key));
	header[0] = 0xd2;
	header[6] = 1;
	memset(body, 0, PREFIX_SIZE);
	if (size > 0)
		memcpy(body + PREFIX_SIZE, content, size);
	memcpy(body + n - 2, "\xd3\x14", 2);
	sha1_init(&sha1);
	sha1_update(&sha1, n, body);
	sha1_digest(&sha1, SHA1_DIGEST_SIZE, body + n);
	n += SHA1_DIGEST_SIZE;
	put_length(header + 1, n + 1);
	sha1_update(&sha1, 1, (const uint8_t *)"p");
	sha1_digest(&sha1, SHA1_DIGEST_SIZE, digest);
	aes128_set_encrypt_key(&aes, digest);
	cfb_encrypt(&aes, (nettle_cipher_func *)aes128_encrypt, AES_BLOCK_SIZE, iv, n, body, body);
	return sizeof(session_key) + 7 + n;
}

static int open_message(const uint8_t *message, size_t size, const char *passphrase)
{
	struct secret *key = secret_copy(passphrase, strlen(passphrase)), *secret = NULL;
	int r = openpgp_symmetric_decrypt(message, size, key, &secret);

	REQUIRE(key && r >= 0);
	REQUIRE((r == OPENPGP_OK) == (secret != NULL));
	(void)secret_free(secret);
	(void)secret_free(key);
	return r;
}

static void look_at_content(const uint8_t *content, size_t size)
{
	static uint8_t message[CONTENT_MAX + 64];
	size_t n = seal(content, size, message);
	uint8_t *exact = fuzz_exact(message, n);
	int r = open_message(exact, n, "p");

	REQUIRE(r != OPENPGP_WRONG);
	exact[n - 1] ^= 1;
	REQUIRE(open_message(exact, n, "p") == OPENPGP_WRONG);
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *message;

	if (size > CONTENT_MAX)
		return 0;
	look_at_content(data, size);
	if (size <= COUNT_OFFSET || data[0] != 0x8c || data[1] != 0x0d)
		return 0;
	/* A made-up message must not take a tenth of a second. */
	message = fuzz_exact(data, size);
	message[COUNT_OFFSET] = 0;
	REQUIRE(open_message(message, size, "mandos6869") != OPENPGP_TOO_LARGE);
	free(message);
	return 0;
}
