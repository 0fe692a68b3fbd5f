/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "admin/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* CTL-RUN-2 */
static void test_admin_match__names_and_patterns__as_selected(void **state)
{
	const char *const names[] = { "db.lan", "web*", "[x]" };

	assert_true(admin_match("db.lan", names, 3));
	assert_true(admin_match("web7", names, 3));
	assert_true(admin_match("[x]", names, 3));
	assert_true(admin_match("x", names, 3));
	assert_false(admin_match("mail", names, 3));
	assert_true(admin_match("mail", NULL, 0));
}

static void test_admin_is_pattern__names_with_and_without__told_apart(void **state)
{
	assert_true(admin_is_pattern("web*"));
	assert_true(admin_is_pattern("web?"));
	assert_true(admin_is_pattern("web[12]"));
	assert_false(admin_is_pattern("web]\\"));
	assert_false(admin_is_pattern(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_admin_match__names_and_patterns__as_selected),
		cmocka_unit_test(test_admin_is_pattern__names_with_and_without__told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
