/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-RUN-8, CLI-RUN-9, CLI-RUN-10. */
#include "runner/config-file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* @expected: the words with a bar behind each */
static void assert_words(const char *text, const char *expected)
{
	struct words words = { 0 };
	char joined[256] = "";

	assert_int_equal(config_file_split(text, &words), 0);
	for (size_t i = 0; i < words.n; i++) {
		(void)strcat(joined, words.list[i]);
		(void)strcat(joined, "|");
	}
	assert_string_equal(joined, expected);
	words_deinit(&words);
}

static void test_config_file_split__grammar__words(void **state)
{
	assert_words("", "");
	assert_words("\n\n \t\n", "");
	assert_words("--a --b", "--a|--b|");
	assert_words("--a\n--b\r\n\f\v--c", "--a|--b|--c|");
	assert_words("# all of it\n--a", "--a|");
	assert_words("--a#b c\n--d", "--a|--d|");
	assert_words("--a # b\n#\n#x", "--a|");
	assert_words("\"a b\" \\\n'c'", "\"a|b\"|\\|'c'|");
	assert_words("--disable\n  splashy\n", "--disable|splashy|");
}

static void test_config_file_split__more_than_the_bound__error(void **state)
{
	struct words words = { 0 };
	char *text = malloc((size_t)2 * SETTINGS_WORDS_MAX + 3);

	assert_non_null(text);
	for (size_t i = 0; i <= SETTINGS_WORDS_MAX; i++)
		(void)memcpy(text + 2 * i, "a ", 3);
	assert_int_equal(config_file_split(text, &words), -EOVERFLOW);
	assert_int_equal(words.n, SETTINGS_WORDS_MAX);
	words_deinit(&words);
	text[2 * SETTINGS_WORDS_MAX] = '\0';
	assert_int_equal(config_file_split(text, &words), 0);
	words_deinit(&words);
	free(text);
}

static void test_config_file_read__missing__empty(void **state)
{
	struct words words = { 0 };

	assert_int_equal(config_file_read("/nonexistent/file", &words), 0);
	assert_int_equal(config_file_read("/", &words), 0);
	assert_int_equal(words.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config_file_split__grammar__words),
		cmocka_unit_test(test_config_file_split__more_than_the_bound__error),
		cmocka_unit_test(test_config_file_read__missing__empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
