/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/hello.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

#define LINE(text) (text), sizeof(text) - 1

static enum hello_result parse(const char *line, size_t size, bool at_end)
{
	size_t used = 12345;
	enum hello_result r = hello_parse(line, size, at_end, &used);

	if (r == HELLO_OK)
		assert_int_equal(used, size);
	else
		assert_int_equal(used, 12345);
	return r;
}

/* SRV-PROTO-1, SRV-PROTO-2: the table of section 8.2, and its neighbours. */
static void test_hello_parse__whole_line__judged(void **state)
{
	static const struct {
		const char *line;
		size_t size;
		enum hello_result result;
	} cases[] = {
		{ LINE("1\r\n"), HELLO_OK },
		{ LINE("1\n"), HELLO_OK },
		{ LINE("1 future stuff\r\n"), HELLO_OK },
		{ LINE("1\tfuture\n"), HELLO_OK },
		{ LINE("  1\n"), HELLO_OK },
		{ LINE("0\n"), HELLO_OK },
		{ LINE("-5\n"), HELLO_OK },
		{ LINE("-99999999999999999999999999999\n"), HELLO_OK },
		{ LINE("01\n"), HELLO_OK },
		{ LINE("+1\n"), HELLO_OK },
		{ LINE("00000000000000000000000000000001\n"), HELLO_OK },
		{ LINE("1 \xc3\xa9t\xc3\xa9\n"), HELLO_OK },
		{ LINE("2\r\n"), HELLO_BAD },
		{ LINE("11\n"), HELLO_BAD },
		{ LINE("10\n"), HELLO_BAD },
		{ LINE("18446744073709551617\n"), HELLO_BAD },
		{ LINE("x\n"), HELLO_BAD },
		{ LINE("1x\n"), HELLO_BAD },
		{ LINE("1.0\n"), HELLO_BAD },
		{ LINE("- 1\n"), HELLO_BAD },
		{ LINE("-\n"), HELLO_BAD },
		{ LINE("+\n"), HELLO_BAD },
		{ LINE("--1\n"), HELLO_BAD },
		{ LINE("0x1\n"), HELLO_BAD },
		{ LINE("1\0\n"), HELLO_BAD },
		{ LINE("\r\n"), HELLO_BAD },
		{ LINE("\n"), HELLO_BAD },
		{ LINE("  \n"), HELLO_BAD },
		{ LINE("1 \xff\n"), HELLO_BAD },
		{ LINE("1 \xc3\n"), HELLO_BAD },
		{ LINE("\x16\x03\x01\x00\xa5\x01\n"), HELLO_BAD },
		{ LINE("GET / HTTP/1.0\r\n"), HELLO_BAD },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (parse(cases[i].line, cases[i].size, false) != cases[i].result)
			fail_msg("case %zu: %s", i, cases[i].line);
}

/* SRV-PROTO-1: nothing is decided before the line feed. */
static void test_hello_parse__every_part_of_a_line__more(void **state)
{
	static const char line[] = "  1 future stuff\r\n";

	for (size_t size = 0; size < sizeof(line) - 1; size++)
		assert_int_equal(parse(line, size, false), HELLO_MORE);
	assert_int_equal(parse("GET / HTTP/1.0", 14, false), HELLO_MORE);
}

/* SRV-PROTO-3 */
static void test_hello_parse__end_of_stream__ends_the_line(void **state)
{
	assert_int_equal(parse("1", 1, true), HELLO_OK);
	assert_int_equal(parse("1\r", 2, true), HELLO_OK);
	assert_int_equal(parse("1\n", 2, true), HELLO_OK);
	assert_int_equal(parse("2", 1, true), HELLO_BAD);
	assert_int_equal(parse("", 0, true), HELLO_BAD);
	assert_int_equal(hello_parse(NULL, 0, true, &(size_t){ 0 }), HELLO_BAD);
	assert_int_equal(hello_parse(NULL, 0, false, &(size_t){ 0 }), HELLO_MORE);
}

/* SRV-PROTO-3: a carriage return alone ends nothing. */
static void test_hello_parse__lone_carriage_return__more(void **state)
{
	assert_int_equal(parse("1\r", 2, false), HELLO_MORE);
	assert_int_equal(parse("1\rx", 3, false), HELLO_MORE);
}

/* SRV-PROTO-4: what follows the line is not part of it. */
static void test_hello_parse__bytes_after_the_line__not_used(void **state)
{
	static const char line[] = "1\r\n\x16\x03\x01\xff\n2\n";
	size_t used = 0;

	assert_int_equal(hello_parse(line, sizeof(line) - 1, false, &used), HELLO_OK);
	assert_int_equal(used, 3);
}

/* SRV-PROTO-5: HELLO_LINE_MAX counts the line feed. */
static void test_hello_parse__at_the_bound__ok_and_one_more_too_long(void **state)
{
	char line[HELLO_LINE_MAX + 2];
	size_t used = 0;

	memset(line, ' ', sizeof(line));
	line[0] = '1';
	line[HELLO_LINE_MAX - 1] = '\n';
	assert_int_equal(hello_parse(line, HELLO_LINE_MAX, false, &used), HELLO_OK);
	assert_int_equal(used, HELLO_LINE_MAX);
	assert_int_equal(hello_parse(line, HELLO_LINE_MAX + 2, false, &used), HELLO_OK);
	assert_int_equal(used, HELLO_LINE_MAX);
	assert_int_equal(hello_parse(line, HELLO_LINE_MAX - 1, false, &used), HELLO_MORE);
	assert_int_equal(hello_parse(line, HELLO_LINE_MAX - 1, true, &used), HELLO_OK);
	assert_int_equal(used, HELLO_LINE_MAX - 1);

	line[HELLO_LINE_MAX - 1] = ' ';
	line[HELLO_LINE_MAX] = '\n';
	assert_int_equal(hello_parse(line, HELLO_LINE_MAX, false, &used), HELLO_TOO_LONG);
	assert_int_equal(hello_parse(line, HELLO_LINE_MAX + 1, false, &used), HELLO_TOO_LONG);
	assert_int_equal(hello_parse(line, HELLO_LINE_MAX, true, &used), HELLO_TOO_LONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello_parse__whole_line__judged),
		cmocka_unit_test(test_hello_parse__every_part_of_a_line__more),
		cmocka_unit_test(test_hello_parse__end_of_stream__ends_the_line),
		cmocka_unit_test(test_hello_parse__lone_carriage_return__more),
		cmocka_unit_test(test_hello_parse__bytes_after_the_line__not_used),
		cmocka_unit_test(test_hello_parse__at_the_bound__ok_and_one_more_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
