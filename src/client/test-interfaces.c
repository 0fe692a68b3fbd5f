/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-NET-1, CLI-NET-4, CLI-NET-5, CLI-DIR-3, on a machine with eth0 (2) and eth1 (3). */
#include "client/interfaces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

static unsigned int lookup(const char *name)
{
	if (strcmp(name, "eth0") == 0)
		return 2;
	if (strcmp(name, "eth1") == 0)
		return 3;
	/* "none" is a word of ours; that a machine has such an interface does not matter. */
	return strcmp(name, "none") == 0 ? 9 : 0;
}

static void test_interfaces_scope__table__only_interface_or_zero(void **state)
{
	static const struct {
		const char *list;
		unsigned int scope;
	} cases[] = {
		{ "", 0 },	     { ",", 0 },
		{ "eth0", 2 },	     { ",eth1,", 3 },
		{ "eth0,eth1", 0 },  { "eth0,eth0", 2 },
		{ "eth0,none", 2 },  { "none", 0 },
		{ "wlan0,eth1", 3 }, { "wlan0", 0 },
		{ "eth0 ", 0 },	     { "a-name-that-is-too-long-for-any-interface,eth0", 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		print_message("'%s'\n", cases[i].list);
		assert_int_equal(interfaces_scope(cases[i].list, lookup), cases[i].scope);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interfaces_scope__table__only_interface_or_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
