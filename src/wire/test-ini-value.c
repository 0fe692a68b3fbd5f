/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/ini.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

static void ini_freep(struct ini **ini)
{
	(void)ini_free(*ini);
}
#define _cleanup_ini_ _cleanup_(ini_freep)

static struct ini *parse_good(const char *text)
{
	struct ini *ini = NULL;

	assert_int_equal(ini_parse(text, strlen(text), NULL, NULL, &ini), 0);
	return ini;
}

static const struct ini_section *find_section(const struct ini *ini, const char *name)
{
	const struct ini_section *s = NULL;

	while ((s = ini_next_section(ini, s)))
		if (strcmp(ini_section_name(s), name) == 0)
			return s;
	return NULL;
}

static const struct ini_key_value built_in[] = {
	{ "timeout", "PT5M" }, { "checker", "fping -q -- %%(host)s" },
	{ "host", "" },	       { "both", "%(host)s/%(timeout)s" },
	{ NULL, NULL },
};

static void assert_expands(const char *text, const char *section, const char *key,
			   const char *value)
{
	_cleanup_ini_ struct ini *ini = parse_good(text);
	_cleanup_free_ char *expanded = NULL;

	assert_int_equal(ini_value(ini, find_section(ini, section), built_in, key, &expanded, NULL),
			 INI_VALUE_OK);
	assert_string_equal(expanded, value);
}

/* SRV-INI-13: the example. */
static void test_ini_value__example__expanded_in_the_inheriting_section(void **state)
{
	static const char text[] = "[DEFAULT]\n"
				   "host = fallback.example.net\n"
				   "checker = probe %(host)s %%(host)s\n"
				   "[web1]\n"
				   "host = web1.example.net\n"
				   "[web2]\n";

	assert_expands(text, "web1", "checker", "probe web1.example.net %(host)s");
	assert_expands(text, "web2", "checker", "probe fallback.example.net %(host)s");
}

/* SRV-INI-13 */
static void test_ini_value__references__replaced(void **state)
{
	assert_expands("[s]\n", "s", "timeout", "PT5M");
	assert_expands("[s]\n", "s", "checker", "fping -q -- %(host)s");
	assert_expands("[s]\nhost = h\n", "s", "both", "h/PT5M");
	assert_expands("[DEFAULT]\nhost = d\n[s]\n", "s", "both", "d/PT5M");
	assert_expands("[s]\na = %(HoSt)s\nhost = h\n", "s", "A", "h");
	assert_expands("[s]\na = %%%%\n", "s", "a", "%%");
	assert_expands("[s]\na = 100%%\n", "s", "a", "100%");
	assert_expands("[s]\na = <%(b)s%(b)s>\nb = (%(c)s)\nc = %%\n", "s", "a", "<(%)(%)>");
	assert_expands("[s]\na =\n", "s", "a", "");
	assert_expands("[s]\na = x\n  %(b)s\n  y\nb = 1\n  2\n", "s", "a", "x\n1\n2\ny");
	/* a replaced value is not looked at again for pieces of a reference */
	assert_expands("[s]\na = %%(b)s\nb = 1\n", "s", "a", "%(b)s");
	assert_expands("[s]\na = %(my key)s\nmy key = 1\n", "s", "a", "1");
}

static void test_ini_value__line__of_the_key_or_0(void **state)
{
	_cleanup_ini_ struct ini *ini = parse_good("[DEFAULT]\n\nd = 1\n[s]\nown = 2\n");
	static const struct {
		const char *key;
		unsigned int line;
	} cases[] = { { "d", 3 }, { "own", 5 }, { "timeout", 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *value = NULL;
		unsigned int line = 12345;

		assert_int_equal(ini_value(ini, find_section(ini, "s"), built_in, cases[i].key,
					   &value, &line),
				 INI_VALUE_OK);
		assert_int_equal(line, cases[i].line);
	}
}

static void assert_refused(const char *text, enum ini_value_result result)
{
	_cleanup_ini_ struct ini *ini = parse_good(text);
	char *value = NULL;

	if (ini_value(ini, ini_next_section(ini, NULL), built_in, "a", &value, NULL) != (int)result)
		fail_msg("another result than '%s':\n%s", ini_value_result_text(result), text);
	assert_null(value);
	assert_true(strlen(ini_value_result_text(result)) > 0);
}

/* SRV-INI-13: every refusal by its name. */
static void test_ini_value__bad_references__named_results(void **state)
{
	assert_refused("[s]\n", INI_VALUE_MISSING);
	assert_refused("[s]\na = 50% off\n", INI_VALUE_BAD_PERCENT);
	assert_refused("[s]\na = %\n", INI_VALUE_BAD_PERCENT);
	assert_refused("[s]\na = %%%\n", INI_VALUE_BAD_PERCENT);
	assert_refused("[s]\na = %s\n", INI_VALUE_BAD_PERCENT);
	assert_refused("[s]\na = %\n  (host)s\n", INI_VALUE_BAD_PERCENT);
	assert_refused("[s]\na = %(host\n", INI_VALUE_UNTERMINATED);
	assert_refused("[s]\na = %(host)\n", INI_VALUE_UNTERMINATED);
	assert_refused("[s]\na = %(\n", INI_VALUE_UNTERMINATED);
	assert_refused("[s]\na = %(host)d\n", INI_VALUE_BAD_CONVERSION);
	assert_refused("[s]\na = %(host)S\n", INI_VALUE_BAD_CONVERSION);
	assert_refused("[s]\na = %(host)-20s\n", INI_VALUE_BAD_CONVERSION);
	assert_refused("[s]\na = %(nowhere)s\n", INI_VALUE_UNKNOWN_KEY);
	assert_refused("[s]\na = %()s\n", INI_VALUE_UNKNOWN_KEY);
	assert_refused("[s]\na = %( host )s\n", INI_VALUE_UNKNOWN_KEY);
	/* another section's keys are nobody's business */
	assert_refused("[s]\na = %(b)s\n[t]\nb = 1\n", INI_VALUE_UNKNOWN_KEY);
	assert_refused("[s]\na = %(a)s\n", INI_VALUE_TOO_DEEP);
	assert_refused("[s]\na = %(b)s\nb = %(a)s\n", INI_VALUE_TOO_DEEP);
	/* also inside what is referred to */
	assert_refused("[s]\na = %(b)s\nb = 5%\n", INI_VALUE_BAD_PERCENT);
}

/* k1 refers to k2 and so on; the last is @last. */
static void make_chain(char *text, unsigned int n_keys, const char *last)
{
	text += sprintf(text, "[s]\na = %%(k2)s\n");
	for (unsigned int i = 2; i < n_keys; i++)
		text += sprintf(text, "k%u = %%(k%u)s\n", i, i + 1);
	(void)sprintf(text, "k%u = %s\n", n_keys, last);
}

/* SRV-INI-13: ten values that need expansion; a plain one behind them makes no level. */
static void test_ini_value__depth_at_the_bound__ok_and_one_more_too_deep(void **state)
{
	char text[1024];

	make_chain(text, INI_DEPTH_MAX + 1, "end");
	assert_expands(text, "s", "a", "end");
	make_chain(text, INI_DEPTH_MAX, "e%%nd");
	assert_expands(text, "s", "a", "e%nd");
	make_chain(text, INI_DEPTH_MAX + 1, "e%%nd");
	assert_refused(text, INI_VALUE_TOO_DEEP);
	make_chain(text, INI_DEPTH_MAX + 2, "end");
	assert_refused(text, INI_VALUE_TOO_DEEP);
}

/* A value of @size bytes, @tail behind them. */
static char *make_long(size_t size, const char *tail)
{
	char *text = malloc(size + 256);

	assert_non_null(text);
	memcpy(text, "[s]\na = ", 8);
	memset(text + 8, 'x', size);
	strcpy(text + 8 + size, tail);
	return text;
}

static void test_ini_value__length_at_the_bound__ok_and_one_more_too_long(void **state)
{
	_cleanup_free_ char *plain = make_long(INI_VALUE_MAX, "\n");
	_cleanup_free_ char *longer = make_long(INI_VALUE_MAX + 1, "\n");
	_cleanup_free_ char *expanded = make_long(INI_VALUE_MAX - 3, "%%%(b)s\nb = 12\n");
	_cleanup_free_ char *too_long = make_long(INI_VALUE_MAX - 3, "%%%(b)s\nb = 123\n");
	_cleanup_ini_ struct ini *ini = parse_good(plain);
	_cleanup_ini_ struct ini *other = parse_good(expanded);
	_cleanup_free_ char *value = NULL;
	_cleanup_free_ char *other_value = NULL;

	assert_int_equal(ini_value(ini, ini_next_section(ini, NULL), NULL, "a", &value, NULL),
			 INI_VALUE_OK);
	assert_int_equal(strlen(value), INI_VALUE_MAX);
	assert_int_equal(ini_value(other, ini_next_section(other, NULL), NULL, "a", &other_value,
				   NULL),
			 INI_VALUE_OK);
	assert_int_equal(strlen(other_value), INI_VALUE_MAX);
	assert_refused(longer, INI_VALUE_TOO_LONG);
	assert_refused(too_long, INI_VALUE_TOO_LONG);
}

/* Exponential growth, of text and of mere work. Without the bounds this test does not end. */
static void test_ini_value__every_level_refers_many_times__too_long(void **state)
{
	static const char *const lasts[] = { "k9 = x\n", "k9 =\n" };

	for (size_t i = 0; i < ARRAY_SIZE(lasts); i++) {
		char text[8192];
		char *at = text;

		at += sprintf(at, "[s]\na = %%(k1)s\n");
		for (unsigned int level = 1; level < 9; level++) {
			at += sprintf(at, "k%u =", level);
			for (unsigned int n = 0; n < 64; n++)
				at += sprintf(at, "%%(k%u)s", level + 1);
			at += sprintf(at, "\n");
		}
		strcpy(at, lasts[i]);
		assert_refused(text, INI_VALUE_TOO_LONG);
	}
}

/* SRV-INI-14 */
static void test_ini_bool__words__in_any_case(void **state)
{
	static const char *const yes[] = { "1", "yes", "true", "on", "YES", "True", "oN" };
	static const char *const no[] = { "0", "no", "false", "off", "No", "FALSE", "Off" };
	static const char *const neither[] = { "",    "2",  "10", "y", "n",  "yess",
					       "tru", " 1", "1 ", "o", "-1", "disabled" };
	bool value;

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		value = false;
		assert_true(ini_bool(yes[i], &value));
		assert_true(value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		value = true;
		assert_true(ini_bool(no[i], &value));
		assert_false(value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(neither); i++)
		assert_false(ini_bool(neither[i], &value));
}

/* SRV-INI-15 */
static void test_ini_int__texts__number_or_refused(void **state)
{
	static const struct {
		const char *text;
		long long number;
	} cases[] = {
		{ "0", 0 },
		{ "1025", 1025 },
		{ "  7  ", 7 },
		{ "\n7", 7 },
		{ "+7", 7 },
		{ "-7", -7 },
		{ "-0", 0 },
		{ "007", 7 },
		{ "9223372036854775807", INT64_MAX },
		{ "-9223372036854775808", INT64_MIN },
	};
	static const char *const bad[] = { "",
					   " ",
					   "-",
					   "+",
					   "- 7",
					   "0x10",
					   "1.0",
					   "1e3",
					   "7 8",
					   "--7",
					   "seven",
					   "1_000",
					   "7;",
					   "9223372036854775808",
					   "-9223372036854775809" };
	long long number;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		number = 12345;
		assert_true(ini_int(cases[i].text, &number));
		assert_true(number == cases[i].number);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(ini_int(bad[i], &number));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ini_value__example__expanded_in_the_inheriting_section),
		cmocka_unit_test(test_ini_value__references__replaced),
		cmocka_unit_test(test_ini_value__line__of_the_key_or_0),
		cmocka_unit_test(test_ini_value__bad_references__named_results),
		cmocka_unit_test(test_ini_value__depth_at_the_bound__ok_and_one_more_too_deep),
		cmocka_unit_test(test_ini_value__length_at_the_bound__ok_and_one_more_too_long),
		cmocka_unit_test(test_ini_value__every_level_refers_many_times__too_long),
		cmocka_unit_test(test_ini_bool__words__in_any_case),
		cmocka_unit_test(test_ini_int__texts__number_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
