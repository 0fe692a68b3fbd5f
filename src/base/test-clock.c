/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums that do not wrap, and the two clocks seen from one moment. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct instant now = { .boot = 1000, .real = 500000 };

static void test_usec_add__beyond_the_end_of_time__stays_there(void **state)
{
	/* A duration of two hundred million days (SRV-DUR-6), twice, and once more. */
	const usec_t long_time = (usec_t)200000000 * 86400 * USEC_PER_SEC;

	assert_true(usec_add(2, 3) == 5);
	assert_true(usec_add(long_time, now.boot) == long_time + 1000);
	assert_true(usec_add(long_time, long_time) == USEC_NEVER);
	assert_true(usec_add(USEC_NEVER - 5, 4) == USEC_NEVER - 1);
	assert_true(usec_add(USEC_NEVER - 5, 6) == USEC_NEVER);
	assert_true(usec_add(USEC_NEVER, USEC_NEVER) == USEC_NEVER);
}

static void test_usec_sub__more_than_there_is__is_zero(void **state)
{
	assert_true(usec_sub(5, 3) == 2);
	assert_true(usec_sub(3, 3) == 0);
	assert_true(usec_sub(3, 5) == 0);
	assert_true(usec_sub(USEC_NEVER, 5) == USEC_NEVER);
}

static void test_instant_to_real__past_and_future__keep_their_distance(void **state)
{
	assert_true(instant_to_real(now, 1000) == 500000);
	assert_true(instant_to_real(now, 1500) == 500500);
	assert_true(instant_to_real(now, 400) == 499400);
	assert_true(instant_to_real(now, USEC_NEVER) == USEC_NEVER);
	assert_true(instant_to_real(now, USEC_NEVER - 1) == USEC_NEVER);
}

static void test_instant_to_boot__before_this_boot__is_zero(void **state)
{
	assert_true(instant_to_boot(now, 500000) == 1000);
	assert_true(instant_to_boot(now, 500500) == 1500);
	assert_true(instant_to_boot(now, 499000) == 0);
	assert_true(instant_to_boot(now, 1) == 0);
	assert_true(instant_to_boot(now, USEC_NEVER) == USEC_NEVER);
	assert_true(instant_to_boot(now, USEC_NEVER - 1) == USEC_NEVER - 1 - 499000);
}

static void test_instant_to_boot__clock_set_to_1970__keeps_deadlines(void **state)
{
	const struct instant early = { .boot = 7 * USEC_PER_SEC, .real = 3 };

	assert_true(instant_to_real(early, 0) == 0);
	assert_true(instant_to_boot(early, 0) == 7 * USEC_PER_SEC - 3);
}

static void test_instant_now__two_readings__do_not_go_back(void **state)
{
	struct instant a = instant_now(), b = instant_now();

	assert_true(a.boot > 0);
	assert_true(b.boot >= a.boot);
	/* 2020-01-01: a real clock is later, and the two fields are not mixed up. */
	assert_true(a.real > (usec_t)1577836800 * USEC_PER_SEC);
	assert_true(a.boot < a.real);
}

static void test_monotonic_now__twice__not_backwards(void **state)
{
	usec_t first = monotonic_now();

	assert_true(first > 0);
	assert_true(monotonic_now() >= first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usec_add__beyond_the_end_of_time__stays_there),
		cmocka_unit_test(test_usec_sub__more_than_there_is__is_zero),
		cmocka_unit_test(test_instant_to_real__past_and_future__keep_their_distance),
		cmocka_unit_test(test_instant_to_boot__before_this_boot__is_zero),
		cmocka_unit_test(test_monotonic_now__twice__not_backwards),
		cmocka_unit_test(test_instant_to_boot__clock_set_to_1970__keeps_deadlines),
		cmocka_unit_test(test_instant_now__two_readings__do_not_go_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
