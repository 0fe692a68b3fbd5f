/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/expand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

/* SRV-CHK-3: a few of the attributes; @userdata is the host. */
static bool lookup(void *userdata, const char *name, size_t name_size, const char **ret_text)
{
	static const struct {
		const char *name;
		const char *text;
	} attributes[] = {
		{ "name", "web1" },
		{ "empty", "" },
		{ "enabled", "True" },
		{ "timeout", "0:05:00" },
		{ "created", "2024-05-06 07:08:09" },
	};

	if (name_size == 4 && memcmp(name, "host", 4) == 0) {
		*ret_text = userdata;
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		if (name_size != strlen(attributes[i].name) ||
		    memcmp(name, attributes[i].name, name_size) != 0)
			continue;
		*ret_text = attributes[i].text;
		return true;
	}
	return false;
}

static void assert_expands(const char *template, const char *host, const char *command)
{
	char result[EXPAND_MAX + 1];
	char copy[256];

	(void)snprintf(copy, sizeof(copy), "%s", host);
	assert_int_equal(expand_template(template, lookup, copy, result, sizeof(result)),
			 EXPAND_OK);
	assert_string_equal(result, command);
}

/* SRV-CHK-2 */
static void test_expand_template__references__replaced(void **state)
{
	assert_expands("fping -q -- %(host)s", "web1.example.net", "fping -q -- web1.example.net");
	assert_expands("", "h", "");
	assert_expands("true", "h", "true");
	assert_expands("%%", "h", "%");
	assert_expands("date +%%s; %%(host)s", "h", "date +%s; %(host)s");
	assert_expands("%(host)s%(host)s", "h", "hh");
	assert_expands("%(name)s %(enabled)s %(timeout)s", "h", "web1 True 0:05:00");
	assert_expands("a\nb %(host)s\n", "h", "a\nb h\n");
	/* values are not looked at again */
	assert_expands("%(host)s", "%%(name)s", "'%%(name)s'");
	assert_expands("%(host)s", "%%", "%%");
}

/* SRV-CHK-5 */
static void test_expand_template__values__quoted_for_the_shell(void **state)
{
	assert_expands("%(host)s", "o'neill", "'o'\"'\"'neill'");
	assert_expands("%(empty)s", "h", "''");
	assert_expands("x%(empty)sy", "h", "x''y");
	assert_expands("%(created)s", "h", "'2024-05-06 07:08:09'");
	assert_expands("%(host)s", "AZaz09_@%+=:,./-", "AZaz09_@%+=:,./-");
	assert_expands("%(host)s", "fe80::1%eth0", "fe80::1%eth0");
	assert_expands("%(host)s", "'", "''\"'\"''");
	assert_expands("%(host)s", "\n", "'\n'");
	assert_expands("%(host)s", "\xc3\xa9", "'\xc3\xa9'");
}

/* SRV-CHK-5: every byte is either in the list or quoted. */
static void test_expand_template__every_byte__in_the_list_or_quoted(void **state)
{
	static const char list[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789_@%+=:,./-";

	for (int c = 1; c < 256; c++) {
		char host[2] = { (char)c, '\0' };
		char quoted[4] = { '\'', (char)c, '\'', '\0' };

		if (c == '\'')
			continue;
		assert_expands("%(host)s", host, strchr(list, c) ? host : quoted);
	}
}

/* SRV-CHK-5: what the shell makes of it is the value again, whatever it holds. */
static void test_expand_template__hostile_values__one_word_for_the_shell(void **state)
{
	static const char *const hosts[] = {
		"; false", "$(id)", "`id`",	     "a b", "*",       "~", "\\", "\"",
		"'\"'",	   "''''",  "a\nb",	     "-n",  "${HOME}", "&", "|",  "<",
		"#",	   "!",	    "a'b\"c\\d$e`f", "\t",  "\x7f",
	};

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		char command[1024];
		char copy[64];
		char out[128];
		FILE *shell;
		size_t n;

		(void)snprintf(copy, sizeof(copy), "%s", hosts[i]);
		assert_int_equal(expand_template("printf '[%%s]' %(host)s", lookup, copy, command,
						 sizeof(command)),
				 EXPAND_OK);
		shell = popen(command, "r");
		assert_non_null(shell);
		n = fread(out, 1, sizeof(out), shell);
		assert_int_equal(pclose(shell), 0);
		assert_int_equal(n, strlen(hosts[i]) + 2);
		assert_memory_equal(out + 1, hosts[i], n - 2);
	}
}

/* SRV-CHK-6: each error by its name. */
static void test_expand_template__bad_templates__named_results(void **state)
{
	static const struct {
		const char *template;
		enum expand_result result;
	} cases[] = {
		{ "%", EXPAND_BAD_PERCENT },
		{ "%s", EXPAND_BAD_PERCENT },
		{ "100% %(host)s", EXPAND_BAD_PERCENT },
		{ "%%%", EXPAND_BAD_PERCENT },
		{ "%-20s", EXPAND_BAD_PERCENT },
		{ "%(", EXPAND_UNTERMINATED },
		{ "%(host", EXPAND_UNTERMINATED },
		{ "%(host)", EXPAND_UNTERMINATED },
		{ "%(host)r", EXPAND_BAD_CONVERSION },
		{ "%(host)d", EXPAND_BAD_CONVERSION },
		{ "%(host)-20s", EXPAND_BAD_CONVERSION },
		{ "%(host)%", EXPAND_BAD_CONVERSION },
		{ "%(nothing)s", EXPAND_UNKNOWN_ATTRIBUTE },
		{ "%()s", EXPAND_UNKNOWN_ATTRIBUTE },
		{ "%(Host)s", EXPAND_UNKNOWN_ATTRIBUTE },
		{ "%(hos)s", EXPAND_UNKNOWN_ATTRIBUTE },
		{ "%(host )s", EXPAND_UNKNOWN_ATTRIBUTE },
		{ "%(secret)s", EXPAND_UNKNOWN_ATTRIBUTE },
	};
	char host[] = "h";

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char command[64];

		if (expand_template(cases[i].template, lookup, host, command, sizeof(command)) !=
		    cases[i].result)
			fail_msg("%s", cases[i].template);
		assert_true(strlen(expand_result_text(cases[i].result)) > 0);
	}
	assert_true(strlen(expand_result_text(EXPAND_OK)) > 0);
	assert_true(strlen(expand_result_text(EXPAND_TOO_LONG)) > 0);
}

static void test_expand_template__small_room__ok_to_the_last_byte(void **state)
{
	static const char template[] = "a%%%(host)s";
	static const char expected[] = "a%'x y'";
	char host[] = "x y";

	for (size_t room = 0; room <= sizeof(expected); room++) {
		char *command = malloc(room + 1);

		assert_non_null(command);
		command[room] = 'G';
		assert_int_equal(expand_template(template, lookup, host, command, room),
				 room < sizeof(expected) ? EXPAND_TOO_LONG : EXPAND_OK);
		assert_int_equal(command[room], 'G');
		if (room == sizeof(expected))
			assert_string_equal(command, expected);
		free(command);
	}
}

static void test_expand_template__at_the_bound__ok_and_one_more_too_long(void **state)
{
	static char template[EXPAND_MAX + 2];
	static char command[EXPAND_MAX + 16];
	static char host[EXPAND_MAX];

	memset(template, 'x', sizeof(template));
	template[EXPAND_MAX] = '\0';
	assert_int_equal(expand_template(template, lookup, host, command, sizeof(command)),
			 EXPAND_OK);
	assert_int_equal(strlen(command), EXPAND_MAX);
	template[EXPAND_MAX] = 'x';
	template[EXPAND_MAX + 1] = '\0';
	assert_int_equal(expand_template(template, lookup, host, command, sizeof(command)),
			 EXPAND_TOO_LONG);

	memset(host, 'y', sizeof(host) - 2);
	host[0] = ' ';
	assert_int_equal(expand_template("%(host)s", lookup, host, command, sizeof(command)),
			 EXPAND_OK);
	assert_int_equal(strlen(command), EXPAND_MAX);
	assert_int_equal(expand_template("%(host)s.", lookup, host, command, sizeof(command)),
			 EXPAND_TOO_LONG);
	/* many small values */
	strcpy(host, "'");
	for (size_t i = 0; i < 6000; i++)
		memcpy(template + 5 * i, "%%%%%", 5);
	template[29998] = '\0';
	assert_int_equal(expand_template(template, lookup, host, command, sizeof(command)),
			 EXPAND_OK);
	assert_int_equal(strlen(command), 14999);
}

/* SRV-CHK-4; SRV-CHK-3 names what is written so. */
static void test_expand_format_time__table__text(void **state)
{
	static const struct {
		usec_t real;
		const char *text;
	} cases[] = {
		{ USEC_NEVER, "None" },
		{ 0, "1970-01-01 00:00:00" },
		{ 1, "1970-01-01 00:00:00.000001" },
		{ (usec_t)1714979289 * USEC_PER_SEC + 123456, "2024-05-06 07:08:09.123456" },
		{ (usec_t)1714979289 * USEC_PER_SEC, "2024-05-06 07:08:09" },
		{ (usec_t)951782400 * USEC_PER_SEC + 500000, "2000-02-29 00:00:00.500000" },
		{ (usec_t)4294967296 * USEC_PER_SEC, "2106-02-07 06:28:16" },
		{ (usec_t)253402300799 * USEC_PER_SEC + 999999, "9999-12-31 23:59:59.999999" },
		{ USEC_NEVER - 1, "586524-01-19 08:01:49.551614" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[EXPAND_TIME_SIZE];

		expand_format_time(cases[i].real, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void test_expand_format_time__another_time_zone__still_utc(void **state)
{
	char text[EXPAND_TIME_SIZE];

	assert_int_equal(setenv("TZ", "Pacific/Kiritimati", 1), 0);
	expand_format_time(0, text);
	assert_int_equal(unsetenv("TZ"), 0);
	assert_string_equal(text, "1970-01-01 00:00:00");
}

/* SRV-CHK-4 */
static void test_expand_format_duration__table__text(void **state)
{
	static const struct {
		usec_t usec;
		const char *text;
	} cases[] = {
		{ 0, "0:00:00" },
		{ 300 * USEC_PER_SEC, "0:05:00" },
		{ 93784 * USEC_PER_SEC, "1 day, 2:03:04" },
		{ 604800 * USEC_PER_SEC, "7 days, 0:00:00" },
		{ 1, "0:00:00.000001" },
		{ 1500 * USEC_PER_MSEC, "0:00:01.500000" },
		{ 86399 * USEC_PER_SEC + 999999, "23:59:59.999999" },
		{ 86400 * USEC_PER_SEC, "1 day, 0:00:00" },
		{ 36000 * USEC_PER_SEC, "10:00:00" },
		{ USEC_NEVER, "213503982 days, 8:01:49.551615" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[EXPAND_TIME_SIZE];

		expand_format_duration(cases[i].usec, text);
		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expand_template__references__replaced),
		cmocka_unit_test(test_expand_template__values__quoted_for_the_shell),
		cmocka_unit_test(test_expand_template__every_byte__in_the_list_or_quoted),
		cmocka_unit_test(test_expand_template__hostile_values__one_word_for_the_shell),
		cmocka_unit_test(test_expand_template__bad_templates__named_results),
		cmocka_unit_test(test_expand_template__small_room__ok_to_the_last_byte),
		cmocka_unit_test(test_expand_template__at_the_bound__ok_and_one_more_too_long),
		cmocka_unit_test(test_expand_format_time__table__text),
		cmocka_unit_test(test_expand_format_time__another_time_zone__still_utc),
		cmocka_unit_test(test_expand_format_duration__table__text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
