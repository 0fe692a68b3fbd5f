/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-NET-1, CLI-NET-2, CLI-NET-3, CLI-NET-4, CLI-NET-7. */
#include "client/selection.h"

#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

#define ETHERNET (IFF_BROADCAST | IFF_MULTICAST)

/* The interfaces of these tests: eth0, eth1, lo, ppp0. */
static bool exists(void *userdata, const char *name)
{
	(void)userdata;
	return strcmp(name, "eth0") == 0 || strcmp(name, "eth1") == 0 || strcmp(name, "lo") == 0 ||
	       strcmp(name, "ppp0") == 0;
}

static void note_missing(void *userdata, const char *name)
{
	(void)strcat(userdata, name);
	(void)strcat(userdata, " ");
}

static enum selection_role role(const char *list, const char *name, uint32_t flags)
{
	struct selection s = selection_make(list, false, exists, NULL, NULL);

	return selection_role(&s, name, flags);
}

static void test_selection_role__no_list__by_flags(void **state)
{
	static const struct {
		uint32_t flags;
		enum selection_role without, with_connect;
	} cases[] = {
		{ ETHERNET, SELECTION_RAISE, SELECTION_RAISE },
		{ ETHERNET | IFF_UP, SELECTION_RAISE, SELECTION_RAISE },
		{ IFF_LOOPBACK | IFF_BROADCAST, SELECTION_NOT, SELECTION_NOT },
		{ IFF_LOOPBACK | IFF_POINTOPOINT, SELECTION_NOT, SELECTION_NOT },
		{ IFF_POINTOPOINT | IFF_NOARP, SELECTION_NOT, SELECTION_RAISE },
		{ IFF_MULTICAST, SELECTION_NOT, SELECTION_NOT },
		{ IFF_BROADCAST | IFF_NOARP, SELECTION_NOT, SELECTION_NOT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct selection s = selection_make("", false, exists, NULL, NULL);

		assert_int_equal(selection_role(&s, "x", cases[i].flags), cases[i].without);
		s = selection_make("", true, exists, NULL, NULL);
		assert_int_equal(selection_role(&s, "x", cases[i].flags), cases[i].with_connect);
	}
	assert_int_equal(role("", ".hidden", ETHERNET), SELECTION_NOT);
}

static void test_selection_role__named__without_a_look_at_flags(void **state)
{
	assert_int_equal(role("lo", "lo", IFF_LOOPBACK), SELECTION_RAISE);
	assert_int_equal(role("lo,ppp0", "ppp0", IFF_POINTOPOINT), SELECTION_RAISE);
	assert_int_equal(role("lo", "eth0", ETHERNET), SELECTION_NOT);
	assert_int_equal(role("eth", "eth0", ETHERNET), SELECTION_RAISE); /* "eth" does not exist */
	assert_int_equal(role(",,eth1,", "eth0", ETHERNET), SELECTION_NOT);
}

static void test_selection_role__none__ends_the_raising(void **state)
{
	assert_int_equal(role("eth0,none,eth1", "eth0", ETHERNET), SELECTION_RAISE);
	assert_int_equal(role("eth0,none,eth1", "eth1", ETHERNET), SELECTION_USE);
	assert_int_equal(role("eth0,none,eth1", "ppp0", ETHERNET), SELECTION_NOT);
	assert_int_equal(role("none", "eth0", ETHERNET), SELECTION_USE);
	assert_int_equal(role("none", "lo", IFF_LOOPBACK), SELECTION_NOT);
	assert_int_equal(role("none,br0", "eth0", ETHERNET), SELECTION_USE);
}

static void test_selection_make__missing_names__told_and_used_when_there(void **state)
{
	char missing[64] = "";
	struct selection s = selection_make("br0,eth9,,none", false, exists, note_missing, missing);

	assert_string_equal(missing, "br0 eth9 ");
	assert_true(s.is_free);
	s = selection_make("br0", false, exists, NULL, NULL);
	assert_true(s.is_automatic);
	assert_int_equal(selection_role(&s, "br0", 0), SELECTION_RAISE);
	assert_int_equal(selection_role(&s, "eth0", ETHERNET), SELECTION_RAISE);
	assert_int_equal(role("br0,eth0", "br0", 0), SELECTION_RAISE);
	assert_int_equal(role("br0,eth0", "eth1", ETHERNET), SELECTION_NOT);
}

static void test_selection_make__name_at_the_bound__one_more_names_nothing(void **state)
{
	assert_int_equal(role("eth0,fifteen-letters", "fifteen-letters", 0), SELECTION_RAISE);
	assert_int_equal(role("eth0,sixteen--letters", "sixteen--letter", 0), SELECTION_NOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_selection_role__no_list__by_flags),
		cmocka_unit_test(test_selection_role__named__without_a_look_at_flags),
		cmocka_unit_test(test_selection_role__none__ends_the_raising),
		cmocka_unit_test(test_selection_make__missing_names__told_and_used_when_there),
		cmocka_unit_test(test_selection_make__name_at_the_bound__one_more_names_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
