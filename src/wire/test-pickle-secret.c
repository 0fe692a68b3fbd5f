/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/pickle-secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_passphrase(const void *secret, size_t size, const char *expected, size_t n)
{
	_cleanup_secret_ struct secret *s = secret_copy(secret, size);
	_cleanup_secret_ struct secret *passphrase = NULL;

	assert_int_equal(pickled_passphrase(s, &passphrase), 0);
	assert_int_equal(passphrase->size, n);
	assert_memory_equal(passphrase->data, expected, n);
}

/* SRV-PKL-6 */
static void test_pickled_passphrase__small__in_hexadecimal(void **state)
{
	assert_passphrase("hi", 2, "mandos6869", 10);
	assert_passphrase("\xff\n", 2, "mandosff0a", 10);
	assert_passphrase("", 0, "mandos", 6);
}

/* SRV-PKL-6 */
static void test_pickled_passphrase__at_the_bound__hexadecimal_and_then_escaped(void **state)
{
	uint8_t secret[1022];
	char expected[2048] = "mandos";

	memset(secret, '0', sizeof(secret));
	for (size_t i = 6; i < sizeof(expected); i++)
		expected[i] = i % 2 ? '0' : '3';
	assert_passphrase(secret, 1021, expected, 2048);
	memcpy(secret, "\\\n\0x", 4);
	memset(expected + 6, '0', sizeof(expected) - 6);
	memcpy(expected + 6, "\\\\\\n\\x00x", 9);
	assert_passphrase(secret, 1022, expected, 6 + 9 + 1018);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pickled_passphrase__small__in_hexadecimal),
		cmocka_unit_test(
			test_pickled_passphrase__at_the_bound__hexadecimal_and_then_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
