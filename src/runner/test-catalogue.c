/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-RUN-17. */
#include "runner/catalogue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/util.h"

static void test_catalogue_is_name__ordinary__accepted(void **state)
{
	static const char *const names[] = { "mandos-client", "with space", "x.dpkg-dist", "README",
					     "a.dpkg-newer",  "#",	    "a#",	   "x~y" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_true(catalogue_is_name(names[i]));
}

static void test_catalogue_is_name__left_by_tools__refused(void **state)
{
	static const char *const names[] = {
		".hidden", ".",		 "..",	       "#a#",	     "##",	     "a~",
		"~",	   "a.dpkg-new", "a.dpkg-old", "a.dpkg-bak", "a.dpkg-divert"
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_false(catalogue_is_name(names[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_catalogue_is_name__ordinary__accepted),
		cmocka_unit_test(test_catalogue_is_name__left_by_tools__refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
