/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "openpgp/armour.h"

#include "openpgp/test-data.h"

#define BEGIN "-----BEGIN PGP MESSAGE-----\n"
#define END   "-----END PGP MESSAGE-----\n"
#define BODY  "aGVsbG8=\n" /* "hello" */
#define CRC   "=R/WK\n"

static int strip(const void *data, size_t size, const char *expected)
{
	_cleanup_free_ char *copy = (char *)exact_copy(data, size);
	_cleanup_secret_ struct secret *memory = NULL;
	struct openpgp_packet all;
	int r = openpgp_armour_strip((uint8_t *)copy, size, &memory, &all);

	assert_int_equal(r == OPENPGP_OK, memory != NULL);
	if (r == OPENPGP_OK && expected) {
		assert_int_equal(all.size, strlen(expected));
		assert_memory_equal(all.data, expected, all.size);
	}
	return r;
}

static void test_openpgp_armour_strip__good_text__the_bytes(void **state)
{
	static const char *const texts[] = {
		BEGIN "\n" BODY CRC END,
		BEGIN "\n" BODY END,
		"something before\n" BEGIN "\n" BODY CRC END "and behind",
		BEGIN "Comment: x\nVersion: y\n\n" BODY CRC END,
		BEGIN " \t\n" BODY CRC END,
		"-----BEGIN PGP PRIVATE KEY BLOCK-----\r\n\r\naGVs\r\nbG8=\r\n=R/WK\r\n"
		"-----END PGP PRIVATE KEY BLOCK-----",
		BEGIN "\naGVs  \nbG8=\t\n" CRC END,
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		print_message("%zu\n", i);
		assert_int_equal(strip(texts[i], strlen(texts[i]), "hello"), OPENPGP_OK);
	}
	assert_int_equal(strip(BEGIN "\n" END, strlen(BEGIN "\n" END), ""), OPENPGP_OK);
}

static void test_openpgp_armour_strip__bad_text__malformed(void **state)
{
	static const char *const texts[] = {
		"x",
		"no armour",
		BEGIN,
		BEGIN "\n",
		BEGIN "\n" BODY,	       /* no end */
		BEGIN BODY CRC END,	       /* no blank line */
		BEGIN "\n" BODY "=R/WM\n" END, /* another sum */
		BEGIN "\n" BODY "=R/W\n" END,
		BEGIN "\n" BODY "=\n" END,
		BEGIN "\n" BODY CRC BODY END,
		BEGIN "\naGVsbG8\n" CRC END, /* no padding */
		BEGIN "\naGVsbG8\n" END,
		BEGIN "\naGV$bG8=\n" CRC END,
		BEGIN "\naGVs=bG8=\n" END,
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		print_message("%zu\n", i);
		assert_int_equal(strip(texts[i], strlen(texts[i]), NULL), OPENPGP_MALFORMED);
	}
}

static void test_openpgp_armour_strip__binary_or_nothing__the_same(void **state)
{
	assert_int_equal(strip("\x99\x01\x02", 3, "\x99\x01\x02"), OPENPGP_OK);
	assert_int_equal(strip("", 0, ""), OPENPGP_OK);
}

static void test_openpgp_armour_strip__size_at_the_bound__looked_at(void **state)
{
	_cleanup_free_ char *data = malloc(OPENPGP_ARMOUR_MAX + 1);

	assert_non_null(data);
	memset(data, 0xff, OPENPGP_ARMOUR_MAX + 1);
	assert_int_equal(strip(data, OPENPGP_ARMOUR_MAX, NULL), OPENPGP_OK);
	assert_int_equal(strip(data, OPENPGP_ARMOUR_MAX + 1, NULL), OPENPGP_TOO_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openpgp_armour_strip__good_text__the_bytes),
		cmocka_unit_test(test_openpgp_armour_strip__bad_text__malformed),
		cmocka_unit_test(test_openpgp_armour_strip__binary_or_nothing__the_same),
		cmocka_unit_test(test_openpgp_armour_strip__size_at_the_bound__looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
