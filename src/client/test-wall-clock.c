/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-PGP-5. */
#include "client/wall-clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_wall_clock_is_unset__around_january_1970__only_inside(void **state)
{
	const usec_t february = (usec_t)31 * 24 * 3600 * USEC_PER_SEC;

	assert_true(wall_clock_is_unset(0));
	assert_true(wall_clock_is_unset(february - 1));
	assert_false(wall_clock_is_unset(february));
	assert_false(wall_clock_is_unset((usec_t)1700000000 * USEC_PER_SEC));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wall_clock_is_unset__around_january_1970__only_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
