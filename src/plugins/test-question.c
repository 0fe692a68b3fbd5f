/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-PROMPT-1, CLI-PROMPT-2. */
#include "plugins/question.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_question(enum question_style style, const char *source, const char *target,
			    const char *expected)
{
	char *text = question_make(style, source, target);

	assert_string_equal(text, expected);
	free(text);
}

static void test_question_make__terminal__table(void **state)
{
	const enum question_style style = QUESTION_TERMINAL;

	assert_question(style, NULL, NULL, "Enter passphrase to unlock the disk: ");
	assert_question(style, NULL, "t", "Unlocking the disk (t)\nEnter passphrase: ");
	assert_question(style, "s", NULL, "Unlocking the disk s\nEnter passphrase: ");
	assert_question(style, "s", "t", "Unlocking the disk s (t)\nEnter passphrase: ");
	assert_question(style, "", "", "Unlocking the disk  ()\nEnter passphrase: ");
}

static void test_question_make__plymouth__table(void **state)
{
	const enum question_style style = QUESTION_PLYMOUTH;

	assert_question(style, NULL, NULL, "Unlocking the disk\nEnter passphrase");
	assert_question(style, NULL, "t", "Unlocking the disk (t)\nEnter passphrase");
	assert_question(style, "s", NULL, "Unlocking the disk s\nEnter passphrase");
	assert_question(style, "s", "t", "Unlocking the disk s (t)\nEnter passphrase");
}

static void test_question_make__usplash_and_splashy__table(void **state)
{
	static const struct {
		const char *source, *target, *expected;
	} rows[] = {
		{ NULL, NULL, "getpass Enter passphrase to unlock the disk: " },
		{ NULL, "t", "getpass Enter passphrase to unlock the disk (t): " },
		{ "s", NULL, "getpass Enter passphrase to unlock the disk s: " },
		{ "s", "t", "getpass Enter passphrase to unlock the disk s (t): " },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_question(QUESTION_SPLASHY, rows[i].source, rows[i].target, rows[i].expected);
		assert_question(QUESTION_USPLASH, rows[i].source, rows[i].target,
				rows[i].expected + 8);
	}
}

/* D25: today's names count, then the old ones, each on its own. */
static void test_question_source__environment__new_names_first(void **state)
{
	assert_int_equal(unsetenv("CRYPTTAB_SOURCE") | unsetenv("CRYPTTAB_NAME"), 0);
	assert_int_equal(unsetenv("cryptsource") | unsetenv("crypttarget"), 0);
	assert_null(question_source());
	assert_null(question_target());
	assert_int_equal(setenv("cryptsource", "old-s", 1) | setenv("crypttarget", "old-t", 1), 0);
	assert_string_equal(question_source(), "old-s");
	assert_string_equal(question_target(), "old-t");
	assert_int_equal(setenv("CRYPTTAB_SOURCE", "", 1), 0);
	assert_string_equal(question_source(), "");
	assert_string_equal(question_target(), "old-t");
	assert_int_equal(setenv("CRYPTTAB_NAME", "new-t", 1), 0);
	assert_string_equal(question_target(), "new-t");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_question_make__terminal__table),
		cmocka_unit_test(test_question_make__plymouth__table),
		cmocka_unit_test(test_question_make__usplash_and_splashy__table),
		cmocka_unit_test(test_question_source__environment__new_names_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
