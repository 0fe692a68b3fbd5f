/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/keyid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

#define DIGITS	   "0123456789ABCDEFFEDCBA987654321000112233445566778899AABBCCDDEEFF"
#define OF_NOTHING "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"

static const uint8_t bytes[KEY_ID_SIZE] = {
	0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba,
	0x98, 0x76, 0x54, 0x32, 0x10, 0x00, 0x11, 0x22, 0x33, 0x44, 0x55,
	0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
};

/* SRV-CLNT-5 */
static void test_key_id_parse__spellings_of_one_id__same_bytes(void **state)
{
	static const char *const spellings[] = {
		DIGITS,
		"0123456789abcdeffedcba987654321000112233445566778899aabbccddeeff",
		"0123456789AbCdEfFeDcBa987654321000112233445566778899aabbccddeeff",
		"  0123456789abcdef fedcba9876543210 0011223344556677 8899aabbccddeeff ",
		"01:23:45:67:89:ab:cd:ef:fe:dc:ba:98:76:54:32:10:"
		"00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff",
		"0123456789abcdef\nfedcba9876543210\t0011223344556677\xc2\xa0"
		"8899aabbccddeeff",
	};

	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
		struct key_id id = { { 0 } };

		assert_int_equal(key_id_parse(spellings[i], &id), KEY_ID_OK);
		assert_memory_equal(id.bytes, bytes, sizeof(bytes));
	}
}

/* SRV-CLNT-5: absent or empty is legal, and the caller must be able to tell. */
static void test_key_id_parse__nothing_left__empty(void **state)
{
	struct key_id id;

	assert_int_equal(key_id_parse("", &id), KEY_ID_EMPTY);
	assert_int_equal(key_id_parse(" : \n", &id), KEY_ID_EMPTY);
}

static void test_key_id_parse__wrong_text__malformed_and_untouched(void **state)
{
	static const char *const texts[] = {
		"0",
		"0123456789ABCDEFFEDCBA987654321000112233445566778899AABBCCDDEEF",
		DIGITS "0",
		DIGITS DIGITS,
		"G123456789ABCDEFFEDCBA987654321000112233445566778899AABBCCDDEEFF",
		"0123456789ABCDEFFEDCBA987654321000112233445566778899AABBCCDDEEFG",
		"0x23456789ABCDEFFEDCBA987654321000112233445566778899AABBCCDDEEFF",
		"\377123456789ABCDEFFEDCBA987654321000112233445566778899AABBCCDDEEFF",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct key_id id;
		struct key_id before;

		memset(&id, 0x5a, sizeof(id));
		before = id;
		assert_int_equal(key_id_parse(texts[i], &id), KEY_ID_MALFORMED);
		assert_memory_equal(&id, &before, sizeof(id));
	}
}

/* SRV-PROTO-11 */
static void test_key_id_format__any__upper_case_digits(void **state)
{
	struct key_id id;
	char text[KEY_ID_TEXT_SIZE];

	memcpy(id.bytes, bytes, sizeof(bytes));
	key_id_format(&id, text);
	assert_string_equal(text, DIGITS);
}

static void test_key_id_format__every_byte_value__parses_back(void **state)
{
	for (unsigned int first = 0; first < 256; first++) {
		struct key_id id;
		struct key_id back;
		char text[KEY_ID_TEXT_SIZE];

		for (size_t i = 0; i < KEY_ID_SIZE; i++)
			id.bytes[i] = (uint8_t)(first + i);
		key_id_format(&id, text);
		assert_int_equal(strlen(text), KEY_ID_TEXT_SIZE - 1);
		assert_int_equal(key_id_parse(text, &back), KEY_ID_OK);
		assert_true(key_id_equal(&id, &back));
	}
}

/* SRV-PROTO-13 */
static void test_key_id_is_of_nothing__hash_of_no_bytes__true(void **state)
{
	struct key_id id;

	assert_int_equal(key_id_parse(OF_NOTHING, &id), KEY_ID_OK);
	assert_true(key_id_is_of_nothing(&id));
}

static void test_key_id_is_of_nothing__one_bit_off__false(void **state)
{
	struct key_id id;

	assert_int_equal(key_id_parse(OF_NOTHING, &id), KEY_ID_OK);
	for (unsigned int bit = 0; bit < 8 * KEY_ID_SIZE; bit++) {
		struct key_id other = id;

		other.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(key_id_is_of_nothing(&other));
		assert_false(key_id_equal(&id, &other));
	}
	assert_true(key_id_equal(&id, &id));
}

/* SRV-CLNT-5 */
static void test_fingerprint_normalise__any_text__upper_case_and_judged(void **state)
{
	static const struct {
		const char *text;
		const char *normal;
		bool good;
	} cases[] = {
		{ "", "", true },
		{ " : ", "", true },
		{ "0123 4567 89ab cdef 0123  4567 89ab cdef 0123 4567",
		  "0123456789ABCDEF0123456789ABCDEF01234567", true },
		{ "01:23:45:67:89:ab:cd:ef:01:23:45:67:89:ab:cd:ef",
		  "0123456789ABCDEF0123456789ABCDEF", true },
		{ "0123456789abcdef0123456789abcdef0123456",
		  "0123456789ABCDEF0123456789ABCDEF0123456", false },
		{ "0123456789abcdef0123456789abcdef012345678",
		  "0123456789ABCDEF0123456789ABCDEF012345678", false },
		{ "0123456789abcdef0123456789abcdef0123456g",
		  "0123456789ABCDEF0123456789ABCDEF0123456G", false },
		{ "0123456789abcdef0123456789abcde", "0123456789ABCDEF0123456789ABCDE", false },
		{ "none", "NONE", false },
		{ "\xc3\xa9", "\xc3\xa9", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[128];

		strcpy(text, cases[i].text);
		assert_int_equal(fingerprint_normalise(text), cases[i].good);
		assert_string_equal(text, cases[i].normal);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_id_parse__spellings_of_one_id__same_bytes),
		cmocka_unit_test(test_key_id_parse__nothing_left__empty),
		cmocka_unit_test(test_key_id_parse__wrong_text__malformed_and_untouched),
		cmocka_unit_test(test_key_id_format__any__upper_case_digits),
		cmocka_unit_test(test_key_id_format__every_byte_value__parses_back),
		cmocka_unit_test(test_key_id_is_of_nothing__hash_of_no_bytes__true),
		cmocka_unit_test(test_key_id_is_of_nothing__one_bit_off__false),
		cmocka_unit_test(test_fingerprint_normalise__any_text__upper_case_and_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
