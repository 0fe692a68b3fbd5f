/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-RUN-4, CLI-RUN-20. */
#include "runner/environment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LIST(...) ((char *[]){ __VA_ARGS__, NULL })
#define S(text)	  ((char *)(uintptr_t)(text))

static void assert_merged(const struct environment_sources *sources, const char *expected)
{
	char joined[256] = "", **merged = environment_merge(sources);

	assert_non_null(merged);
	for (char **entry = merged; *entry; entry++) {
		(void)strcat(joined, *entry);
		(void)strcat(joined, "|");
	}
	assert_string_equal(joined, expected);
	environment_free(merged);
}

static void test_environment_merge__nothing__helper_directory(void **state)
{
	const struct environment_sources none = { .helper_dir = "/h" };

	assert_merged(&none, "MANDOSPLUGINHELPERDIR=/h|");
}

static void test_environment_merge__same_names__first_wins(void **state)
{
	const struct environment_sources all = {
		.own = LIST(S("A=own"), S("ODD")),
		.global = LIST(S("A=global"), S("B=global"), S("MANDOSPLUGINHELPERDIR=/g")),
		.inherited = LIST(S("A=old"), S("B=old"), S("C=old"), S("ODD=1"), S("AB=1")),
		.helper_dir = "/h",
	};
	const struct environment_sources mine = {
		.own = LIST(S("MANDOSPLUGINHELPERDIR=/own")),
		.helper_dir = "/h",
	};

	assert_merged(&all, "A=own|ODD|MANDOSPLUGINHELPERDIR=/h|B=global|C=old|AB=1|");
	assert_merged(&mine, "MANDOSPLUGINHELPERDIR=/own|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_environment_merge__nothing__helper_directory),
		cmocka_unit_test(test_environment_merge__same_names__first_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
