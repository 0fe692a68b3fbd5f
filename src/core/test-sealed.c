/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SRV-STATE-7, SRV-STATE-12, W-11: never in clear, and only for who has the configured secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above first. */
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/sealed.h"

static const uint8_t salt[SEALED_SALT_SIZE] = { 1, 2, 3 };

static struct sealed *seal_it(const char *text, const char *configured, const char *client)
{
	_cleanup_secret_ struct secret *plain = secret_copy(text, strlen(text));
	_cleanup_secret_ struct secret *key = secret_copy(configured, strlen(configured));
	const struct seal seal = { .configured = key, .client = client };
	struct sealed *s = NULL;

	assert_int_equal(sealed_close(plain, &seal, salt, &s), 0);
	assert_int_equal(s->size, strlen(text) + SEALED_OVERHEAD);
	return s;
}

/* The result, and on success the same text. */
static int open_it(const struct sealed *s, const char *configured, const char *client,
		   const char *text)
{
	_cleanup_secret_ struct secret *plain = NULL;
	_cleanup_secret_ struct secret *key = secret_copy(configured, strlen(configured));
	const struct seal seal = { .configured = key, .client = client };
	int r = sealed_open(s->data, s->size, &seal, &plain);

	assert_int_equal(plain != NULL, r == SEALED_OK);
	if (plain) {
		assert_int_equal(plain->size, strlen(text));
		assert_memory_equal(plain->data, text, plain->size);
	}
	return r;
}

static void test_sealed_open__same_secret_and_client__opens(void **state)
{
	static const char *const texts[] = {
		"", "x", "a new password, of more than a block of the cipher, of 64 bytes"
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct sealed *s = seal_it(texts[i], "hunter2", "web1");

		assert_int_equal(open_it(s, "hunter2", "web1", texts[i]), SEALED_OK);
		free(s);
	}
}

/* SRV-STATE-12: another secret in the file makes it void, on purpose. */
static void test_sealed_open__other_secret_or_client__wrong(void **state)
{
	struct sealed *s = seal_it("new", "hunter2", "web1");

	assert_int_equal(open_it(s, "hunter3", "web1", "new"), SEALED_WRONG);
	assert_int_equal(open_it(s, "hunter2 ", "web1", "new"), SEALED_WRONG);
	assert_int_equal(open_it(s, "", "web1", "new"), SEALED_WRONG);
	assert_int_equal(open_it(s, "hunter2", "web2", "new"), SEALED_WRONG);
	assert_int_equal(open_it(s, "hunter2", "", "new"), SEALED_WRONG);
	free(s);
}

static void test_sealed_open__any_bit_changed_or_byte_missing__wrong(void **state)
{
	struct sealed *s = seal_it("a new password", "hunter2", "web1");

	for (size_t bit = 0; bit < s->size * 8; bit++) {
		s->data[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_equal(open_it(s, "hunter2", "web1", ""), SEALED_WRONG);
		s->data[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	while (s->size-- > 0)
		assert_int_equal(open_it(s, "hunter2", "web1", ""), SEALED_WRONG);
	free(s);
}

/* SRV-STATE-7: neither of the two secrets stands in it, and another salt makes all of it another.
 */
static void test_sealed_close__any__shows_nothing(void **state)
{
	const uint8_t other_salt[SEALED_SALT_SIZE] = { 1, 2, 4 };
	struct sealed *a = seal_it("open sesame", "hunter2", "web1"), *b;
	_cleanup_secret_ struct secret *plain = secret_copy("open sesame", 11);
	_cleanup_secret_ struct secret *key = secret_copy("hunter2", 7);
	const struct seal seal = { .configured = key, .client = "web1" };
	size_t n_same = 0;

	assert_null(memmem(a->data, a->size, "open", 4));
	assert_null(memmem(a->data, a->size, "hunter2", 7));
	assert_int_equal(sealed_close(plain, &seal, other_salt, &b), 0);
	assert_int_equal(a->size, b->size);
	for (size_t i = 1 + SEALED_SALT_SIZE; i < a->size; i++)
		n_same += a->data[i] == b->data[i];
	assert_in_range(n_same, 0, 5);
	free(a);
	free(b);
}

/* The largest secret, and one more byte than that. */
static void test_sealed_open__at_the_bound__opens(void **state)
{
	_cleanup_secret_ struct secret *plain = secret_new(SECRET_SIZE_MAX);
	_cleanup_secret_ struct secret *key = secret_copy("hunter2", 7), *again = NULL;
	const struct seal seal = { .configured = key, .client = "web1" };
	struct sealed *s = NULL, *copy;

	assert_non_null(plain);
	assert_int_equal(sealed_close(plain, &seal, salt, &s), 0);
	assert_int_equal(s->size, SEALED_SIZE_MAX);
	copy = sealed_copy(s->data, s->size);
	assert_non_null(copy);
	assert_int_equal(sealed_open(copy->data, copy->size, &seal, &again), SEALED_OK);
	assert_int_equal(again->size, SECRET_SIZE_MAX);
	assert_null(sealed_copy(s->data, SEALED_SIZE_MAX + 1));
	again = secret_free(again);
	s = realloc(s, sizeof(*s) + SEALED_SIZE_MAX + 1);
	assert_non_null(s);
	assert_int_equal(sealed_open(s->data, SEALED_SIZE_MAX + 1, &seal, &again), SEALED_WRONG);
	free(s);
	free(copy);
}

/* The state of yesterday's version must open with today's: a known answer. */
static void test_sealed_close__known_salt__known_bytes(void **state)
{
	static const uint8_t expected[] = { 0x38, 0x35, 0xde, 0xda, 0xdd, 0xce, 0xf7,
					    0x45, 0xaf, 0x34, 0xee, 0xd7, 0xa0, 0x9d,
					    0x1e, 0xd1, 0xab, 0x24, 0x13 };
	struct sealed *s = seal_it("new", "hunter2", "web1");

	assert_int_equal(s->size, sizeof(expected) + 1 + SEALED_SALT_SIZE);
	assert_memory_equal(s->data + 1 + SEALED_SALT_SIZE, expected, sizeof(expected));
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sealed_open__same_secret_and_client__opens),
		cmocka_unit_test(test_sealed_open__other_secret_or_client__wrong),
		cmocka_unit_test(test_sealed_open__any_bit_changed_or_byte_missing__wrong),
		cmocka_unit_test(test_sealed_close__any__shows_nothing),
		cmocka_unit_test(test_sealed_open__at_the_bound__opens),
		cmocka_unit_test(test_sealed_close__known_salt__known_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
