/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

static void check(usec_t real, const char *expected)
{
	char text[STAMP_SIZE];

	stamp_format(real, text);
	assert_string_equal(text, expected);
}

/* DBUS-PROP-30: six digits also when the fraction is zero. */
static void test_stamp_format__fraction__always_six_digits(void **state)
{
	check(0, "1970-01-01T00:00:00.000000");
	check(1, "1970-01-01T00:00:00.000001");
	check(1714979229 * USEC_PER_SEC, "2024-05-06T07:07:09.000000");
}

/* DBUS-PROP-30 */
static void test_stamp_format__none__empty(void **state)
{
	check(USEC_NEVER, "");
}

static void test_stamp_format__behind_all_years__last_moment(void **state)
{
	check((usec_t)253402300800 * USEC_PER_SEC, "9999-12-31T23:59:59.999999");
	check(USEC_NEVER - 1, "9999-12-31T23:59:59.999999");
}

/* Every day up to the year 10000, against the C library. */
static void test_stamp_format__every_day__as_the_c_library(void **state)
{
	for (time_t at = 0; at < 253402300800; at += 86400 + 61) {
		struct tm tm;
		char expected[STAMP_SIZE + 64], text[STAMP_SIZE];

		assert_non_null(gmtime_r(&at, &tm));
		(void)snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02d.%06d",
			       tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			       tm.tm_sec, (int)(at % 1000000));
		stamp_format((usec_t)at * USEC_PER_SEC + (usec_t)(at % 1000000), text);
		assert_string_equal(text, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stamp_format__fraction__always_six_digits),
		cmocka_unit_test(test_stamp_format__none__empty),
		cmocka_unit_test(test_stamp_format__behind_all_years__last_moment),
		cmocka_unit_test(test_stamp_format__every_day__as_the_c_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
