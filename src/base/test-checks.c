/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static bool yes(void)
{
	return true;
}

static bool no(void)
{
	return false;
}

static void assert_run(const struct check *checks, size_t n, int status, const char *said)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(checks_run(checks, n, out), status);
	(void)fclose(out);
	assert_string_equal(text, said);
	free(text);
}

/* SRV-CLI-9 */
static void test_checks_run__all_hold__ok(void **state)
{
	static const struct check checks[] = { { "a", yes }, { "b", yes } };

	assert_run(checks, 2, EXIT_SUCCESS, "Ran 2 checks\n\nOK\n");
}

/* SRV-CLI-9: each that fails is named, and those behind it run. */
static void test_checks_run__some_fail__named(void **state)
{
	static const struct check checks[] = { { "a", no }, { "b", yes }, { "c", no } };

	assert_run(checks, 3, EXIT_FAILURE, "failed: a\nfailed: c\nRan 3 checks\n\nFAILED\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_checks_run__all_hold__ok),
		cmocka_unit_test(test_checks_run__some_fail__named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
