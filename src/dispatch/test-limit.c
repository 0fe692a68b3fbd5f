/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dispatch/limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct limit_rule rule = { .n = 3, .period = 100 };

static void test_limit_pass__up_to_the_bound__told(void **state)
{
	struct limit l = { 0 };

	for (int i = 0; i < 3; i++)
		assert_true(limit_pass(&l, &rule, 1000));
	assert_int_equal(limit_due(&l), USEC_NEVER);
	assert_false(limit_pass(&l, &rule, 1099));
	assert_false(limit_pass(&l, &rule, 1099));
	assert_int_equal(limit_due(&l), 1100);
	assert_int_equal(l.n_suppressed, 2);
}

static void test_limit_pass__next_window__begins_with_an_event(void **state)
{
	struct limit l = { 0 };

	assert_true(limit_pass(&l, &rule, 1000));
	assert_true(limit_pass(&l, &rule, 1099));
	/* Not at 1100, when the last one ended. */
	for (int i = 0; i < 3; i++)
		assert_true(limit_pass(&l, &rule, 1150));
	assert_false(limit_pass(&l, &rule, 1249));
	assert_int_equal(limit_due(&l), 1250);
}

static void test_limit_take__before_the_end__nothing(void **state)
{
	struct limit l = { 0 };

	for (int i = 0; i < 5; i++)
		(void)limit_pass(&l, &rule, 1000);
	assert_int_equal(limit_take(&l, &rule, 1099), 0);
	assert_int_equal(l.n_suppressed, 2);
}

static void test_limit_take__at_the_end__number_and_counts_as_one(void **state)
{
	struct limit l = { 0 };

	for (int i = 0; i < 5; i++)
		(void)limit_pass(&l, &rule, 1000);
	assert_int_equal(limit_take(&l, &rule, 1100), 2);
	assert_int_equal(limit_take(&l, &rule, 1100), 0);
	assert_int_equal(limit_due(&l), USEC_NEVER);
	assert_true(limit_pass(&l, &rule, 1199));
	assert_true(limit_pass(&l, &rule, 1199));
	assert_false(limit_pass(&l, &rule, 1199));
	assert_int_equal(limit_due(&l), 1200);
}

/* One that comes between the end of the window and the timer is in the number. */
static void test_limit_pass__late_for_the_summary__is_counted(void **state)
{
	struct limit l = { 0 };

	for (int i = 0; i < 4; i++)
		(void)limit_pass(&l, &rule, 1000);
	assert_false(limit_pass(&l, &rule, 1105));
	assert_int_equal(limit_take(&l, &rule, 1106), 2);
}

static void test_limit_return__told_after_all_not__is_due_again(void **state)
{
	struct limit l = { 0 };

	assert_true(limit_pass(&l, &rule, 1000));
	limit_return(&l, &rule, 1, 1000);
	assert_int_equal(limit_due(&l), 1100);
	assert_int_equal(limit_take(&l, &rule, 1100), 1);
	limit_return(&l, &rule, 1, 1100);
	assert_int_equal(limit_due(&l), 1200);
	limit_return(&l, &rule, 7, 1300);
	assert_int_equal(limit_due(&l), 1400);
	assert_int_equal(limit_take(&l, &rule, 1400), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit_pass__up_to_the_bound__told),
		cmocka_unit_test(test_limit_pass__next_window__begins_with_an_event),
		cmocka_unit_test(test_limit_take__before_the_end__nothing),
		cmocka_unit_test(test_limit_take__at_the_end__number_and_counts_as_one),
		cmocka_unit_test(test_limit_pass__late_for_the_summary__is_counted),
		cmocka_unit_test(test_limit_return__told_after_all_not__is_due_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
