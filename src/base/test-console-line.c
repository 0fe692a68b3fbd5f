/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/console-line.h"

#include <errno.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char read_back[4 * CONSOLE_LINE_MAX];

static void say(const char *prefix, const char *format, ...) _printf_(2, 3);
static void say(const char *prefix, const char *format, ...)
{
	int fds[2], real = dup(STDERR_FILENO);
	ssize_t n;
	va_list ap;

	assert_true(real >= 0);
	assert_int_equal(pipe(fds), 0);
	assert_true(dup2(fds[1], STDERR_FILENO) >= 0);
	va_start(ap, format);
	console_line(prefix, format, ap);
	va_end(ap);
	(void)dup2(real, STDERR_FILENO);
	(void)close(real);
	(void)close(fds[1]);
	n = read(fds[0], read_back, sizeof(read_back) - 1);
	(void)close(fds[0]);
	read_back[n > 0 ? n : 0] = '\0';
}

static void test_console_line__plain_text__prefixed_and_ended(void **state)
{
	say("a program", "%d things", 7);
	assert_string_equal(read_back, "a program: 7 things\n");
}

static void test_console_line__control_characters__are_harmless(void **state)
{
	say("p", "%s", "a\nb\033[2J\x7f");
	assert_string_equal(read_back, "p: a?b?[2J?\n");
}

static void test_console_line__longer_than_the_bound__is_cut(void **state)
{
	char text[2 * CONSOLE_LINE_MAX];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	say("p", "%s", text);
	assert_int_equal(strlen(read_back), CONSOLE_LINE_MAX);
	assert_int_equal(read_back[CONSOLE_LINE_MAX - 1], '\n');
	say(text, "lost");
	assert_int_equal(strlen(read_back), CONSOLE_LINE_MAX);
}

static void test_console_line__any_text__keeps_errno(void **state)
{
	errno = EXDEV;
	say("p", "text");
	assert_int_equal(errno, EXDEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_console_line__plain_text__prefixed_and_ended),
		cmocka_unit_test(test_console_line__control_characters__are_harmless),
		cmocka_unit_test(test_console_line__longer_than_the_bound__is_cut),
		cmocka_unit_test(test_console_line__any_text__keeps_errno),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
