/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

static void check(const char *text, size_t n, const char *const *expected)
{
	_cleanup_words_ struct words words = { 0 };

	assert_int_equal(words_split(text, &words), WORDS_OK);
	assert_int_equal(words.n, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(words.list[i], expected[i]);
	assert_null(words.list[n]);
}

#define CHECK(text, ...)                                                           \
	check(text, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *), \
	      (const char *const[]){ __VA_ARGS__ })

/* What a shell makes of the same text. */
static void test_words_split__quoting__as_a_shell(void **state)
{
	CHECK("mail -s Mandos root", "mail", "-s", "Mandos", "root");
	CHECK("  a\t b\n\tc\r\n", "a", "b", "c");
	CHECK("a 'b  c' d", "a", "b  c", "d");
	CHECK("a'b'\"c\"d", "abcd");
	CHECK("'' \"\" x", "", "", "x");
	CHECK("'it'\"'\"'s' it\\'s", "it's", "it's");
	CHECK("\"a \\\" \\\\ \\$ \\` \\x\"", "a \" \\ $ ` \\x");
	CHECK("a\\ b \\\\ \\;", "a b", "\\", ";");
	CHECK("'$HOME | `x`; \\'", "$HOME | `x`; \\");
	CHECK("\"|&;<>()\" *?[~#{}!", "|&;<>()", "*?[~#{}!");
	CHECK("\xc3\xa9 \xe2\x82\xac", "\xc3\xa9", "\xe2\x82\xac");
	check("", 0, NULL);
	check(" \n ", 0, NULL);
}

static void test_words_split__what_needs_a_shell__is_refused(void **state)
{
	static const char *const texts[] = { "a | b",	  "a&",	     "a; b", "a <b",
					     "a >b",	  "a (b",    "a )",  "$HOME",
					     "\"$HOME\"", "\"`a`\"", "`a`" };
	struct words words;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(words_split(texts[i], &words), WORDS_ACTIVE);
}

static void test_words_split__something_open__is_refused(void **state)
{
	struct words words;

	assert_int_equal(words_split("a 'b", &words), WORDS_OPEN_QUOTE);
	assert_int_equal(words_split("a \"b", &words), WORDS_OPEN_QUOTE);
	assert_int_equal(words_split("\"b\\\"", &words), WORDS_OPEN_QUOTE);
	assert_int_equal(words_split("a \\", &words), WORDS_OPEN_ESCAPE);
}

static void test_words_split__at_the_bounds__refused_behind(void **state)
{
	_cleanup_words_ struct words words = { 0 };
	_cleanup_free_ char *text = malloc(WORDS_TEXT_MAX + 2);

	assert_non_null(text);
	memset(text, 'x', WORDS_TEXT_MAX + 1);
	text[WORDS_TEXT_MAX + 1] = '\0';
	assert_int_equal(words_split(text, &words), WORDS_TOO_LONG);
	text[WORDS_TEXT_MAX] = '\0';
	assert_int_equal(words_split(text, &words), WORDS_OK);
	assert_int_equal(strlen(words.list[0]), WORDS_TEXT_MAX);
	words_deinit(&words);

	for (size_t i = 0; i <= WORDS_MAX; i++)
		memcpy(text + 2 * i, "x ", 3);
	assert_int_equal(words_split(text, &words), WORDS_TOO_MANY);
	text[2 * (size_t)WORDS_MAX] = '\0';
	assert_int_equal(words_split(text, &words), WORDS_OK);
	assert_int_equal(words.n, WORDS_MAX);
}

static void test_words_result_text__each__has_one(void **state)
{
	for (enum words_result r = WORDS_OK; r <= WORDS_TOO_MANY; r++)
		assert_true(strlen(words_result_text(r)) > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_split__quoting__as_a_shell),
		cmocka_unit_test(test_words_split__what_needs_a_shell__is_refused),
		cmocka_unit_test(test_words_split__something_open__is_refused),
		cmocka_unit_test(test_words_split__at_the_bounds__refused_behind),
		cmocka_unit_test(test_words_result_text__each__has_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
