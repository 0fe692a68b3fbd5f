/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/object-path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

static void check(const char *name, const char *path)
{
	/* Exactly as much as is promised to be enough, so that a sanitizer sees one byte more. */
	_cleanup_free_ char *made = malloc(OBJECT_PATH_SIZE(strlen(name)));

	assert_non_null(made);
	object_path_format(name, made);
	assert_string_equal(made, path);
}

/* DBUS-PATH-1: these are the reference's own. */
static void test_object_path_format__usual_names__as_the_reference(void **state)
{
	check("web1", "/clients/web1");
	check("web-1.example.net", "/clients/web_1_example_net");
	check("site/a", "/clients/site/a");
	check("A_z09", "/clients/A_z09");
	check("-", "/clients/_");
}

/* DBUS-PATH-2 */
static void test_object_path_format__other_bytes__hexadecimal(void **state)
{
	check("my web", "/clients/my_20web");
	check("\xc3\xa5", "/clients/_c3_a5");
	check("a:b@c", "/clients/a_3ab_40c");
	check("\x7f\x01", "/clients/_7f_01");
}

/* DBUS-PATH-2: no empty element. */
static void test_object_path_format__slashes__no_empty_element(void **state)
{
	check("/", "/clients/_2f");
	check("/a", "/clients/_2fa");
	check("a/", "/clients/a_2f");
	check("a//b", "/clients/a/_2fb");
	check("//", "/clients/_2f_2f");
	check("", "/clients/_");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_object_path_format__usual_names__as_the_reference),
		cmocka_unit_test(test_object_path_format__other_bytes__hexadecimal),
		cmocka_unit_test(test_object_path_format__slashes__no_empty_element),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
