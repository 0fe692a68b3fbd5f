/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes as a sealed secret never open; a sealed secret opens, and with any one bit changed does
 * not. */
#include "core/sealed.h"
#include "fuzz.h"

static const char client[] = "web1";

static void check_stranger(const uint8_t *data, size_t size, const struct seal *seal)
{
	uint8_t *bytes = fuzz_exact(data, size);
	struct secret *plain = NULL;

	REQUIRE(sealed_open(bytes, size, seal, &plain) == SEALED_WRONG);
	REQUIRE(!plain);
	free(bytes);
}

static void check_own(const uint8_t *data, size_t size, const struct seal *seal)
{
	uint8_t salt[SEALED_SALT_SIZE] = { 0 };
	struct secret *plain = secret_copy(data, size), *again = NULL;
	struct sealed *sealed = NULL;
	size_t bit;

	REQUIRE(plain);
	memcpy(salt, data, size < sizeof(salt) ? size : sizeof(salt));
	REQUIRE(sealed_close(plain, seal, salt, &sealed) == 0);
	REQUIRE(sealed->size == size + SEALED_OVERHEAD);
	REQUIRE(sealed_open(sealed->data, sealed->size, seal, &again) == SEALED_OK);
	REQUIRE(again->size == size && memcmp(again->data, plain->data, size) == 0);
	again = secret_free(again);
	bit = (data[0] + 256U * data[size - 1]) % (sealed->size * 8);
	sealed->data[bit / 8] ^= (uint8_t)(1U << bit % 8);
	REQUIRE(sealed_open(sealed->data, sealed->size, seal, &again) == SEALED_WRONG);
	free(sealed);
	plain = secret_free(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t configured[] = { 's', 'e', 'c', 'r', 'e', 't' };
	struct secret *key = secret_copy(configured, sizeof(configured));
	const struct seal seal = { .configured = key, .client = client };

	REQUIRE(key);
	check_stranger(data, size, &seal);
	if (size > 0 && size <= SECRET_SIZE_MAX)
		check_own(data, size, &seal);
	key = secret_free(key);
	return 0;
}
