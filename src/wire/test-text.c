/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

/* SRV-INI-7, -9: what blanks are, so that pasted text means what it does to the reference. */
static void test_text_blank_size__white_space__its_bytes(void **state)
{
	static const struct {
		const char *text;
		size_t size;
	} cases[] = {
		{ " ", 1 },
		{ "\t", 1 },
		{ "\n", 1 },
		{ "\v", 1 },
		{ "\f", 1 },
		{ "\r", 1 },
		{ "\x1c", 1 },
		{ "\x1f", 1 },
		{ "\xc2\x85", 2 },
		{ "\xc2\xa0", 2 },
		{ "\xe1\x9a\x80", 3 },
		{ "\xe2\x80\x80", 3 },
		{ "\xe2\x80\x8a", 3 },
		{ "\xe2\x80\xa8", 3 },
		{ "\xe2\x80\xa9", 3 },
		{ "\xe2\x80\xaf", 3 },
		{ "\xe2\x81\x9f", 3 },
		{ "\xe3\x80\x80", 3 },
		{ "", 0 },
		{ "a", 0 },
		{ "\x1b", 0 },
		{ "\x7f", 0 },
		{ "\xc2\x84", 0 },
		{ "\xc3\xa0", 0 },
		{ "\xe2\x80\x8b", 0 },
		{ "\xef\xbb\xbf", 0 },
		{ "\xc2", 0 },
		{ "\xe3\x80", 0 },
		{ "\xe2\x80 ", 0 },
		{ "\x85", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (text_blank_size(cases[i].text, strlen(cases[i].text)) != cases[i].size)
			fail_msg("case %zu", i);
}

static void test_text_strip__blanks_around__found(void **state)
{
	static const char text[] = " \xc2\xa0\t\xe3\x80\x80"
				   "a b\xe2\x80\xa8\n\xc2\xa0 ";

	assert_int_equal(text_strip_start(text, strlen(text)), 7);
	assert_int_equal(text_strip_end(text, strlen(text)), 10);
	assert_int_equal(text_strip_start(" \n", 2), 2);
	assert_int_equal(text_strip_end(" \n", 2), 0);
	assert_int_equal(text_strip_end("", 0), 0);
	assert_int_equal(text_strip_end("\x80\x80\x80\x80", 4), 4);
	assert_int_equal(text_strip_end("\xa0", 1), 1);
}

/* RFC 3629, section 4: the first and the last of each row, and their neighbours. */
static void test_text_is_utf8__edges__judged(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{ "", true },
		{ "\x7f", true },
		{ "\xc2\x80", true },
		{ "\xdf\xbf", true },
		{ "\xe0\xa0\x80", true },
		{ "\xed\x9f\xbf", true },
		{ "\xee\x80\x80", true },
		{ "\xef\xbf\xbf", true },
		{ "\xf0\x90\x80\x80", true },
		{ "\xf4\x8f\xbf\xbf", true },
		{ "1234567\xc3\xa9", true },
		{ "12345678\xc3\xa9", true },
		{ "\x80", false },
		{ "\xbf", false },
		{ "\xc0\x80", false },
		{ "\xc1\xbf", false },
		{ "\xc2", false },
		{ "\xc2\xc2", false },
		{ "\xc2\x41", false },
		{ "\xe0\x9f\xbf", false },
		{ "\xed\xa0\x80", false },
		{ "\xed\xbf\xbf", false },
		{ "\xe2\x82", false },
		{ "\xe2\x82\x41", false },
		{ "\xf0\x8f\xbf\xbf", false },
		{ "\xf0\x90\x80", false },
		{ "\xf0\x90\x80\xc0", false },
		{ "\xf4\x90\x80\x80", false },
		{ "\xf5\x80\x80\x80", false },
		{ "\xff", false },
		{ "1234567\x80", false },
		{ "12345678\x80", false },
		{ "1234567\xe2\x82", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (text_is_utf8(cases[i].text, strlen(cases[i].text)) != cases[i].good)
			fail_msg("case %zu", i);
}

static void test_text_compare_lower__pairs__ordered_as_strcmp_would(void **state)
{
	assert_int_equal(text_compare_lower("host", "HoSt", 4), 0);
	assert_true(text_compare_lower("host", "hos", 3) > 0);
	assert_true(text_compare_lower("hos", "host", 4) < 0);
	assert_true(text_compare_lower("a", "B", 1) < 0);
	assert_true(text_compare_lower("b", "A", 1) > 0);
	assert_true(text_compare_lower("\xc3", "z", 1) > 0);
	assert_int_equal(text_compare_lower("", "", 0), 0);
}

/* Against the encoding rule, for every code point; and nothing is read behind the NUL. */
static void test_text_decode__every_character__its_code(void **state)
{
	for (uint32_t code = 1; code < 0x110000; code++) {
		char text[5] = { 0 };
		uint32_t got = 0;
		size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
		uint32_t rest = code;

		for (size_t i = size; i-- > 1; rest >>= 6)
			text[i] = (char)(0x80 | (rest & 0x3f));
		text[0] = (char)(size == 1 ? rest : (0xf00u >> size & 0xff) | rest);
		if (code >= 0xd800 && code < 0xe000) {
			assert_int_equal(text_decode(text, &got), 0);
			continue;
		}
		assert_int_equal(text_decode(text, &got), size);
		assert_int_equal(got, code);
		text[size - 1] = '\0';
		if (size > 1)
			assert_int_equal(text_decode(text, &got), 0);
	}
}

static void test_text_decode__no_character__nothing(void **state)
{
	static const char *const cases[] = { "\x80", "\xc1\x80", "\xe0\x80\x80", "\xf5\x80\x80\x80",
					     "\xff" };
	uint32_t code = 77;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(text_decode(cases[i], &code), 0);
	assert_int_equal(code, 77);
	assert_int_equal(text_decode("", &code), 1);
	assert_int_equal(code, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_blank_size__white_space__its_bytes),
		cmocka_unit_test(test_text_strip__blanks_around__found),
		cmocka_unit_test(test_text_is_utf8__edges__judged),
		cmocka_unit_test(test_text_decode__every_character__its_code),
		cmocka_unit_test(test_text_decode__no_character__nothing),
		cmocka_unit_test(test_text_compare_lower__pairs__ordered_as_strcmp_would),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
