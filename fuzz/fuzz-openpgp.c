/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The input as a message, and as the content of a good message: only then is it looked at. */
#include "fuzz.h"
#include "openpgp-seal.h"
#include "openpgp/symmetric.h"

#define CONTENT_MAX  ((size_t)32768)
#define COUNT_OFFSET 14 /* of the coded count in the message that GnuPG makes */

/* Session key packet: AES-128, the SHA-1 of the passphrase is the key. */
static const uint8_t session_key[] = { 0xc3, 4, 4, 7, 0, 2 };

/* Encrypts @content as the passphrase "p" would. */
static size_t seal(const uint8_t *content, size_t size, uint8_t *ret)
{
	uint8_t digest[SHA1_DIGEST_SIZE];
	struct sha1_ctx sha1;

	sha1_init(&sha1);
	sha1_update(&sha1, 1, (const uint8_t *)"p");
	sha1_digest(&sha1, SHA1_DIGEST_SIZE, digest);
	memcpy(ret, session_key, sizeof(session_key));
	return sizeof(session_key) + openpgp_seal(digest, content, size, ret + sizeof(session_key));
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
	static uint8_t message[sizeof(session_key) + SEAL_SIZE(CONTENT_MAX)];
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
