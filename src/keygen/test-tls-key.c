/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-KEY-4, CLI-KEY-6, CLI-TLS-2, CLI-TLS-3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "keygen/tls-key.h"

/* The digest below is what "openssl pkey -pubin -outform der | sha256sum" prints. */
static const char known_pem[] = "-----BEGIN PUBLIC KEY-----\n"
				"MCowBQYDK2VwAyEAAjT6TmnAhUv0C3YiWVSMsZyAkaPyfJ3eTu5wvSbTP/8=\n"
				"-----END PUBLIC KEY-----\n";
static const char known_id[] = "266d9a0712bc4b6d505e5948a852022626545be7a59fba5581256debbc189cc9";

static void test_tls_key_id__known_key__lower_case_digest(void **state)
{
	char id[KEY_ID_TEXT_SIZE];
	const char *why = NULL;

	assert_int_equal(tls_key_id(known_pem, strlen(known_pem), id, &why), TLS_KEY_OK);
	assert_string_equal(id, known_id);
}

static void test_tls_key_id__no_key__failed_and_why(void **state)
{
	static const char *const bad[] = {
		"", "junk\n", "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n"
	};
	char id[KEY_ID_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *why = NULL;

		assert_int_equal(tls_key_id(bad[i], strlen(bad[i]), id, &why), TLS_KEY_FAILED);
		assert_non_null(why);
	}
}

static void test_tls_key_id__at_the_bound__more_is_refused(void **state)
{
	static char text[TLS_KEY_PEM_MAX + 1];
	char id[KEY_ID_TEXT_SIZE];
	const char *why = NULL;

	/* White space behind the key does no harm. */
	memset(text, '\n', sizeof(text));
	memcpy(text, known_pem, strlen(known_pem));
	assert_int_equal(tls_key_id(text, TLS_KEY_PEM_MAX, id, &why), TLS_KEY_OK);
	assert_string_equal(id, known_id);
	assert_int_equal(tls_key_id(text, TLS_KEY_PEM_MAX + 1, id, &why), TLS_KEY_FAILED);
}

static bool starts_with(const struct secret *s, const char *text)
{
	return s->size > strlen(text) && memcmp(s->data, text, strlen(text)) == 0;
}

static void test_tls_key_generate__types_that_sign__plain_pkcs8_and_spki(void **state)
{
	static const char *const types[] = { "ed25519", "ed448",     "ecdsa",	  "ecc",
					     "ED25519", "secp256r1", "secp384r1", "secp521r1" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct tls_key_pair pair = { 0 };
		char id[KEY_ID_TEXT_SIZE];
		const char *why = "";

		assert_int_equal(tls_key_generate(types[i], &pair, &why), TLS_KEY_OK);
		assert_true(starts_with(pair.private_pem, "-----BEGIN PRIVATE KEY-----\n"));
		assert_true(starts_with(pair.public_pem, "-----BEGIN PUBLIC KEY-----\n"));
		assert_int_equal(tls_key_id(pair.public_pem->data, pair.public_pem->size, id, &why),
				 TLS_KEY_OK);
		assert_int_equal(strspn(id, "0123456789abcdef"), 64);
		tls_key_pair_deinit(&pair);
	}
}

static void test_tls_key_generate__other_types__unknown(void **state)
{
	static const char *const types[] = { "", "bogus", "x25519", "dsa", "ed25519 " };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct tls_key_pair pair = { 0 };
		const char *why = NULL;

		assert_int_equal(tls_key_generate(types[i], &pair, &why), TLS_KEY_UNKNOWN_TYPE);
		assert_non_null(why);
		assert_null(pair.private_pem);
		assert_null(pair.public_pem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls_key_id__known_key__lower_case_digest),
		cmocka_unit_test(test_tls_key_id__no_key__failed_and_why),
		cmocka_unit_test(test_tls_key_id__at_the_bound__more_is_refused),
		cmocka_unit_test(test_tls_key_generate__types_that_sign__plain_pkcs8_and_spki),
		cmocka_unit_test(test_tls_key_generate__other_types__unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
