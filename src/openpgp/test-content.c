/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-PGP-6; what gpg makes of such contents is in tests/system/test_openpgp.py. */
#include "openpgp/content.h"

#include "openpgp/test-data.h"

#define LITERAL    \
	"\xcb\x08" \
	"b\0\0\0\0\0hi"
#define LITERAL_SIZE ((size_t)10)
#define SIGNATURE    "\xc2\x01\x04"

static int read_content(const void *data, size_t size, struct secret **ret)
{
	_cleanup_free_ char *copy = (char *)exact_copy(data, size);
	struct openpgp_packet content = { .data = (uint8_t *)copy, .size = size };

	*ret = NULL;
	return openpgp_content_read(&content, ret);
}

static void assert_content(const void *data, size_t size, const char *plain)
{
	_cleanup_secret_ struct secret *s = NULL;

	assert_int_equal(read_content(data, size, &s), OPENPGP_OK);
	assert_int_equal(s->size, strlen(plain));
	assert_memory_equal(s->data, plain, s->size);
}

static void assert_refused(const void *data, size_t size, int result)
{
	_cleanup_secret_ struct secret *s = NULL;

	assert_int_equal(read_content(data, size, &s), result);
	assert_null(s);
}

static void test_openpgp_content_read__literal__its_data(void **state)
{
	assert_content(LITERAL, LITERAL_SIZE, "hi");
	assert_content("\xcb\x0a"
		       "t\0\0\0\0\0a\r\n\r",
		       12, "a\n");
	assert_content("\xcb\x0a"
		       "u\0\0\0\0\0a\r\n\r",
		       12, "a\n");
	assert_content("\xcb\x0a"
		       "b\0\0\0\0\0a\r\n\r",
		       12, "a\r\n\r");
	assert_content("\xcb\x07"
		       "b\1x\0\0\0\0",
		       9, "");
	/* In a compressed packet that is not compressed. */
	assert_content("\xc8\x0b\0" LITERAL, 3 + LITERAL_SIZE, "hi");
}

static void test_openpgp_content_read__not_one_literal__refused(void **state)
{
	assert_refused("", 0, OPENPGP_MALFORMED);
	assert_refused(LITERAL "\0", LITERAL_SIZE + 1, OPENPGP_MALFORMED);
	assert_refused(LITERAL LITERAL, 2 * LITERAL_SIZE, OPENPGP_MALFORMED);
	assert_refused("\xcb\x05"
		       "b\0\0\0\0",
		       7, OPENPGP_MALFORMED);
	assert_refused("\xcb\x03"
		       "b\1x",
		       5, OPENPGP_MALFORMED);
	assert_refused("\xcb\0", 2, OPENPGP_MALFORMED);
	assert_refused("\xca\3PGP" LITERAL, 5 + LITERAL_SIZE, OPENPGP_UNSUPPORTED);
	assert_refused("\xc8\x0b\0" LITERAL LITERAL, 3 + 2 * LITERAL_SIZE, OPENPGP_MALFORMED);
	assert_refused("\xc8\x0e\0\xc8\x0b\0" LITERAL, 6 + LITERAL_SIZE, OPENPGP_UNSUPPORTED);
	assert_refused("\xc8\0", 2, OPENPGP_MALFORMED);
}

static void read_signed(size_t n_before, size_t n_after, int expected)
{
	const size_t one = strlen(SIGNATURE);
	const size_t size = (n_before + n_after) * one + LITERAL_SIZE;
	_cleanup_free_ char *data = malloc(size);
	_cleanup_secret_ struct secret *s = NULL;
	char *at = data;

	assert_non_null(data);
	for (size_t i = 0; i < n_before; i++, at += one)
		memcpy(at, SIGNATURE, one);
	memcpy(at, LITERAL, LITERAL_SIZE);
	at += LITERAL_SIZE;
	for (size_t i = 0; i < n_after; i++, at += one)
		memcpy(at, SIGNATURE, one);
	assert_int_equal(read_content(data, size, &s), expected);
	assert_int_equal(s != NULL, expected == OPENPGP_OK);
}

static void test_openpgp_content_read__signatures__skipped_up_to_the_bound(void **state)
{
	read_signed(OPENPGP_SIGNATURES_MAX, OPENPGP_SIGNATURES_MAX, OPENPGP_OK);
	read_signed(OPENPGP_SIGNATURES_MAX + 1, 0, OPENPGP_TOO_LARGE);
	read_signed(0, OPENPGP_SIGNATURES_MAX + 1, OPENPGP_TOO_LARGE);
	/* One-pass signatures stand before, never behind. */
	assert_content("\xc4\1\3" LITERAL SIGNATURE, 6 + LITERAL_SIZE, "hi");
	assert_refused(LITERAL "\xc4\1\3", LITERAL_SIZE + 3, OPENPGP_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openpgp_content_read__literal__its_data),
		cmocka_unit_test(test_openpgp_content_read__not_one_literal__refused),
		cmocka_unit_test(test_openpgp_content_read__signatures__skipped_up_to_the_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
