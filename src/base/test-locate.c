/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/locate.h"

#define THIS "test-base-locate"

static void test_locate_program__beside__wins(void **state)
{
	char path[PATH_MAX], self[PATH_MAX] = "";

	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	assert_int_equal(locate_program("./", THIS, path), 0);
	assert_string_equal(path, self);
}

static void test_locate_program__in_its_place__found(void **state)
{
	char path[PATH_MAX];

	/* Up to the root from wherever this is, and down to a program that every system has. */
	assert_int_equal(locate_program("../../../../../../../../../../../../bin/", "sh", path), 0);
	assert_non_null(strstr(path, "/../bin/sh"));
}

static void test_locate_program__not_there__never_from_path(void **state)
{
	char path[PATH_MAX];

	assert_int_equal(locate_program("./", "sh", path), -ENOENT);
	assert_int_equal(locate_program("no-such-directory/", THIS "-x", path), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_locate_program__beside__wins),
		cmocka_unit_test(test_locate_program__in_its_place__found),
		cmocka_unit_test(test_locate_program__not_there__never_from_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
