/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ctl/interval.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "wire/duration.h"

/* The table of CTL-TIME-3, CTL-TIME-1, CTL-TIME-2, CTL-TIME-4, SRV-DUR-4. */
static void test_interval_parse__texts__as_required(void **state)
{
	static const struct {
		const char *text;
		enum interval_result result;
		uint64_t milliseconds;
	} cases[] = {
		{ "PT7M", INTERVAL_OK, 420000 },
		{ "P1YT1H", INTERVAL_OK, 31453200000 },
		{ "P60D", INTERVAL_OK, 5184000000 },
		{ "7m", INTERVAL_OLD, 420000 },
		{ "1h30m", INTERVAL_OLD, 5400000 },
		{ "1h 30m", INTERVAL_OLD, 5400000 },
		{ "1500", INTERVAL_OLD, 1500 },
		{ "1500 7m", INTERVAL_OLD, 421500 },
		{ "1w1d1h1m1s1", INTERVAL_OLD, 694861001 },
		{ "0", INTERVAL_OLD, 0 },
		{ "7 m", INTERVAL_MALFORMED, 0 },
		{ "pt7m", INTERVAL_MALFORMED, 0 },
		{ "xyz", INTERVAL_MALFORMED, 0 },
		{ "", INTERVAL_MALFORMED, 0 },
		{ "PT1H30S", INTERVAL_MALFORMED, 0 },
		{ "-5s", INTERVAL_MALFORMED, 0 },
		{ "2h junk 10m", INTERVAL_MALFORMED, 0 },
		{ "7m ", INTERVAL_MALFORMED, 0 },
		{ " 7m", INTERVAL_MALFORMED, 0 },
		{ "7M", INTERVAL_MALFORMED, 0 },
		{ "7x", INTERVAL_MALFORMED, 0 },
		{ "P", INTERVAL_MALFORMED, 0 },
		{ "P1000000000D", INTERVAL_OVERFLOW, 0 },
		{ "99999999999999999999w", INTERVAL_OVERFLOW, 0 },
		{ "99999999999999999999wx", INTERVAL_MALFORMED, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t ms = 77;

		assert_int_equal(interval_parse(cases[i].text, &ms), cases[i].result);
		assert_int_equal(ms,
				 cases[i].result == INTERVAL_OK || cases[i].result == INTERVAL_OLD
					 ? cases[i].milliseconds
					 : 77);
	}
}

/* The bounds: the longest time, and the longest text. */
static void test_interval_parse__bounds__last_accepted(void **state)
{
	char text[DURATION_TEXT_MAX + 2];
	uint64_t ms = 0;

	assert_int_equal(interval_parse("213503982d", &ms), INTERVAL_OLD);
	assert_int_equal(ms, DURATION_MAX_USEC / USEC_PER_MSEC);
	assert_int_equal(interval_parse("213503982d1", &ms), INTERVAL_OVERFLOW);
	memset(text, '0', sizeof(text));
	text[DURATION_TEXT_MAX] = '\0';
	assert_int_equal(interval_parse(text, &ms), INTERVAL_OLD);
	text[DURATION_TEXT_MAX] = '0';
	text[DURATION_TEXT_MAX + 1] = '\0';
	assert_int_equal(interval_parse(text, &ms), INTERVAL_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interval_parse__texts__as_required),
		cmocka_unit_test(test_interval_parse__bounds__last_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
