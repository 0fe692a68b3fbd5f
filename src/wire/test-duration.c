/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

#define UNTOUCHED ((usec_t)12345)

struct good {
	const char *text;
	usec_t seconds;
};

static void check_good(const struct good *cases, size_t n_cases)
{
	for (size_t i = 0; i < n_cases; i++) {
		usec_t usec = UNTOUCHED;

		if (duration_parse(cases[i].text, &usec) != DURATION_OK ||
		    usec != cases[i].seconds * USEC_PER_SEC)
			fail_msg("'%s' gives %llu us", cases[i].text, (unsigned long long)usec);
	}
}

static void check_bad(const char *const *texts, size_t n_texts, enum duration_result result)
{
	for (size_t i = 0; i < n_texts; i++) {
		usec_t usec = UNTOUCHED;

		if (duration_parse(texts[i], &usec) != result || usec != UNTOUCHED)
			fail_msg("'%s' is not refused as it should be", texts[i]);
	}
}

/* SRV-DUR-2, SRV-DUR-3: the table of section 4.1 and the missing combinations. */
static void test_duration_parse__rfc3339__seconds(void **state)
{
	static const struct good cases[] = {
		{ "PT90S", 90 },
		{ "P1DT12H", 129600 },
		{ "P2W", 1209600 },
		{ "P1Y2M3DT4H5M6S", 36561906 },
		{ "P1M", 2419200 },
		{ "P1Y", 364 * 86400 },
		{ "P1Y1M", (364 + 28) * 86400 },
		{ "P1M1D", 29 * 86400 },
		{ "PT0S", 0 },
		{ "P0D", 0 },
		{ "P0W", 0 },
		{ "PT1M", 60 },
		{ "PT1H1M", 3660 },
		{ "PT1M1S", 61 },
		{ "PT5M", 300 },
		{ "PT0005M", 300 },
		{ "P1DT1S", 86401 },
	};

	check_good(cases, ARRAY_SIZE(cases));
}

/* SRV-DUR-4 */
static void test_duration_parse__time_after_year_or_month__accepted(void **state)
{
	static const struct good cases[] = {
		{ "P1MT1H", 2422800 },
		{ "P1YT1H", 364 * 86400 + 3600 },
		{ "P1Y1MT1S", 392 * 86400 + 1 },
	};

	check_good(cases, ARRAY_SIZE(cases));
}

/* SRV-DUR-1, SRV-DUR-2, SRV-DUR-5 */
static void test_duration_parse__neither_form__malformed(void **state)
{
	static const char *const texts[] = {
		"P",	  "PT",	    "P1DT",  "P1W2D",  "PT1H30S", "P1Y1D",  "PT1.5S",
		"pt5m",	  "1h30m",  "90",    "5M",     "5x",	  "P1",	    "P1S",
		"P1H",	  "PT1D",   "PT1Y",  "PT1W",   "P1WT1H",  "P1D1M",  "P1M1Y",
		"PT1S1M", "PT1M1H", "P1D1D", "PT1S1S", "P1WT",	  "PTT1S",  "PT1ST1S",
		"P-1D",	  "P+1D",   "P 1D",  "P1D ",   " P1D",	  "P1D 1d", "P1d",
		"PT1s",	  "P1,5D",  "-P1D",  "PD",     "PW",	  "PTS",    "P1Y-",
		"PT1H ",  "PT1HX",  "1 h",   "h",      "-h",	  "+",	    "-",
		"+-1h",	  "1h,2h",  "1hh",   "0x1h",   "1.5h",	  "1h P1D", "1\xc2\xb2h",
		"1H",	  "1D",	    "1W",    "1S",     "1y",
	};

	check_bad(texts, ARRAY_SIZE(texts), DURATION_MALFORMED);
}

/* SRV-DUR-5 */
static void test_duration_parse__legacy_form__sum(void **state)
{
	static const struct good cases[] = {
		{ "1h 30m", 5400 },
		{ "30m 1h", 5400 },
		{ "", 0 },
		{ "   ", 0 },
		{ "1w", 604800 },
		{ "1d", 86400 },
		{ "1s", 1 },
		{ "+5m", 300 },
		{ "1h -30m", 1800 },
		{ "-30m 1h", 1800 },
		{ "-1s +1s", 0 },
		{ "-0s", 0 },
		{ "1d 1d 1d", 3 * 86400 },
		{ " 1h\t30m\n5s ", 5405 },
		{ "007s", 7 },
	};

	check_good(cases, ARRAY_SIZE(cases));
}

/* SRV-DUR-5, Fix */
static void test_duration_parse__negative_total__negative(void **state)
{
	static const char *const texts[] = { "-1s", "1h -61m", "-999999999d -999999999d" };

	check_bad(texts, ARRAY_SIZE(texts), DURATION_NEGATIVE);
}

/* SRV-DUR-6: 2^32 ms and far beyond are exact; beyond 64 bits of microseconds they stay there. */
static void test_duration_parse__long__accepted(void **state)
{
	static const struct good cases[] = {
		{ "PT4294968S", 4294968 },
		{ "P50D", 50 * 86400 },
		{ "P1000Y", (usec_t)1000 * 364 * 86400 },
		{ "P213503982D", (usec_t)213503982 * 86400 },
		{ "213503982d", (usec_t)213503982 * 86400 },
	};
	static const char *const beyond[] = {
		"P213503983D", "P213503982DT1S", "P999999999D", "999999999d", "PT86399999913600S",
	};

	check_good(cases, ARRAY_SIZE(cases));
	for (size_t i = 0; i < ARRAY_SIZE(beyond); i++) {
		usec_t usec = UNTOUCHED;

		assert_int_equal(duration_parse(beyond[i], &usec), DURATION_OK);
		assert_int_equal(usec, DURATION_MAX_USEC);
	}
	assert_true(DURATION_MAX_USEC < USEC_NEVER);
}

/* SRV-DUR-6 */
static void test_duration_parse__beyond_the_bound__overflow(void **state)
{
	static const char *const texts[] = {
		"P999999999DT1S",
		"P1000000000D",
		"PT86399999913601S",
		"999999999d 1s",
		"1000000000d",
		"P99999999999999999999999999999999Y",
		"PT18446744073709551617S",
		"18446744073709551617s",
		"P2747253YT1S",
		"1000000000d -1000000000d",
		"99999999999999999999w -99999999999999999999w",
		"-99999999999999999999w",
	};

	check_bad(texts, ARRAY_SIZE(texts), DURATION_OVERFLOW);
}

static void test_duration_parse__overflowing_but_malformed__malformed(void **state)
{
	static const char *const texts[] = { "P99999999999999999999X", "99999999999999999999",
					     "P99999999999999999999DT" };

	check_bad(texts, ARRAY_SIZE(texts), DURATION_MALFORMED);
}

static void test_duration_parse__at_the_text_bound__ok_and_one_more_malformed(void **state)
{
	char text[DURATION_TEXT_MAX + 2];
	usec_t usec = UNTOUCHED;

	memset(text, '0', sizeof(text));
	text[0] = 'P';
	text[1] = 'T';
	text[DURATION_TEXT_MAX - 2] = '7';
	text[DURATION_TEXT_MAX - 1] = 'S';
	text[DURATION_TEXT_MAX] = '\0';
	assert_int_equal(duration_parse(text, &usec), DURATION_OK);
	assert_int_equal(usec, 7 * USEC_PER_SEC);

	text[DURATION_TEXT_MAX - 1] = '7';
	text[DURATION_TEXT_MAX] = 'S';
	text[DURATION_TEXT_MAX + 1] = '\0';
	usec = UNTOUCHED;
	assert_int_equal(duration_parse(text, &usec), DURATION_MALFORMED);
	assert_int_equal(usec, UNTOUCHED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_duration_parse__rfc3339__seconds),
		cmocka_unit_test(test_duration_parse__time_after_year_or_month__accepted),
		cmocka_unit_test(test_duration_parse__neither_form__malformed),
		cmocka_unit_test(test_duration_parse__legacy_form__sum),
		cmocka_unit_test(test_duration_parse__negative_total__negative),
		cmocka_unit_test(test_duration_parse__long__accepted),
		cmocka_unit_test(test_duration_parse__beyond_the_bound__overflow),
		cmocka_unit_test(test_duration_parse__overflowing_but_malformed__malformed),
		cmocka_unit_test(test_duration_parse__at_the_text_bound__ok_and_one_more_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
