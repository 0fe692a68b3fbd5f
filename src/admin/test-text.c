/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "admin/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

/* DBUS-PROP-30, MON-23 */
static void test_admin_time_parse__times_of_a_server__microseconds(void **state)
{
	static const struct {
		const char *text;
		usec_t usec;
	} cases[] = {
		{ "1970-01-01T00:00:00", 0 },
		{ "1970-01-01T00:00:00.000001", 1 },
		{ "2024-05-06T07:08:09.123456", 1714979289123456 },
		{ "2024-05-06T07:08:09.5", 1714979289500000 },
		{ "2000-02-29T23:59:59.999999", 951868799999999 },
		{ "2000-03-01T00:00:00", 951868800000000 },
		{ "2100-03-01T00:00:00", 4107542400000000 },
		{ "9999-12-31T23:59:59.000000", 253402300799000000 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		usec_t usec = 77;

		assert_true(admin_time_parse(cases[i].text, &usec));
		assert_int_equal(usec, cases[i].usec);
	}
}

static void test_admin_time_parse__anything_else__refused(void **state)
{
	static const char *const cases[] = {
		"",
		"2024",
		"2024-05-06",
		"2024-05-06 07:08:09",
		"2024-05-06T07:08:09.",
		"2024-05-06T07:08:09.1234567",
		"2024-05-06T07:08:09Z",
		"2024-02-30T00:00:00",
		"2100-02-29T00:00:00",
		"2024-13-01T00:00:00",
		"2024-00-01T00:00:00",
		"2024-01-00T00:00:00",
		"2024-01-01T24:00:00",
		"2024-01-01T23:60:00",
		"2024-01-01T23:59:60",
		"1969-12-31T23:59:59",
		"-024-01-01T00:00:00",
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		usec_t usec = 77;

		assert_false(admin_time_parse(cases[i], &usec));
		assert_int_equal(usec, 77);
	}
}

/* CTL-TAB-8 */
static void test_admin_show__what_terminals_act_on__escaped(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{ "", "" },
		{ "fping -q -- %(host)s", "fping -q -- %(host)s" },
		{ "r\xc3\xa4ksm\xc3\xb6rg\xc3\xa5s \xf0\x9f\x9a\x80",
		  "r\xc3\xa4ksm\xc3\xb6rg\xc3\xa5s \xf0\x9f\x9a\x80" },
		{ "a\nb\tc\rd", "a\\nb\\tc\\rd" },
		{ "\x1b[31mred\x7f", "\\x1b[31mred\\x7f" },
		{ "\xc2\x9b"
		  "31m",
		  "\\u009b31m" },
		{ "\xe2\x80\xae"
		  "gnp",
		  "\\u202egnp" },
		{ "\xff\xc3", "\\xff\\xc3" },
		{ "C:\\n", "C:\\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char shown[ADMIN_SHOWN_SIZE(64)];

		assert_int_equal(admin_show(cases[i].text, shown), strlen(cases[i].shown));
		assert_string_equal(shown, cases[i].shown);
	}
}

/* The bound of ADMIN_SHOWN_SIZE() is met by control characters. */
static void test_admin_show__nothing_but_controls__fills_its_room(void **state)
{
	char text[65], shown[ADMIN_SHOWN_SIZE(64)];

	memset(text, 1, 64);
	text[64] = '\0';
	assert_int_equal(admin_show(text, shown), sizeof(shown) - 1);
}

/* CTL-TAB-3 */
static void test_admin_characters__multibyte__counted_once(void **state)
{
	assert_int_equal(admin_characters(""), 0);
	assert_int_equal(admin_characters("web1"), 4);
	assert_int_equal(admin_characters("r\xc3\xa4k\xf0\x9f\x9a\x80"), 4);
}

static void test_admin_disabled_words__known_and_not__words_or_none(void **state)
{
	assert_string_equal(admin_disabled_words("timeout"), "it was not seen for its timeout");
	assert_non_null(admin_disabled_words("state-lost"));
	assert_null(admin_disabled_words("unknown"));
	assert_null(admin_disabled_words(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_admin_time_parse__times_of_a_server__microseconds),
		cmocka_unit_test(test_admin_time_parse__anything_else__refused),
		cmocka_unit_test(test_admin_show__what_terminals_act_on__escaped),
		cmocka_unit_test(test_admin_show__nothing_but_controls__fills_its_room),
		cmocka_unit_test(test_admin_characters__multibyte__counted_once),
		cmocka_unit_test(test_admin_disabled_words__known_and_not__words_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
