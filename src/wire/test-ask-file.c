/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-AGT-10. */
#include "wire/ask-file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define GOOD "[Ask]\nPID=7\nSocket=/s\n"

static enum ask_file_result parse(const char *text, struct ask_file *ret)
{
	return ask_file_parse(text, strlen(text), ret);
}

static void test_ask_file_parse__as_systemd_writes_it__ok(void **state)
{
	struct ask_file f;

	assert_int_equal(parse("[Ask]\nPID=4711\nSocket=/run/systemd/ask-password/sck.1\n"
			       "AcceptCached=0\nEcho=0\nNotAfter=123456789\nSilent=0\n"
			       "Message=Please enter = [Ask]\nIcon=drive\nId=x\n",
			       &f),
			 ASK_FILE_OK);
	assert_int_equal(f.pid, 4711);
	assert_string_equal(f.socket, "/run/systemd/ask-password/sck.1");
	assert_string_equal(f.id, "x");
	assert_int_equal(f.not_after, 123456789);
	assert_false(f.is_bad_not_after);
}

static void test_ask_file_parse__key_file_freedoms__ok(void **state)
{
	struct ask_file f;

	assert_int_equal(parse("PID=1\n# x\n;y\n\n [Other]\nSocket=/o\n[Ask]\r\n PID = 8 \r\n"
			       "Socket=/a\nnonsense\n=\nSocket= /b c \r\nNotAfter=0\n[More]\nPID=9",
			       &f),
			 ASK_FILE_OK);
	assert_int_equal(f.pid, 8);
	assert_string_equal(f.socket, "/b c");
	assert_int_equal(f.not_after, USEC_NEVER);
}

static void test_ask_file_parse__socket__rules(void **state)
{
	char text[256], path[ASK_FILE_SOCKET_SIZE + 1];
	struct ask_file f;

	assert_int_equal(parse("", &f), ASK_FILE_NO_SOCKET);
	assert_int_equal(parse("PID=7\nSocket=/s\n", &f), ASK_FILE_NO_SOCKET);
	assert_int_equal(parse("[Ask]\nPID=7\n", &f), ASK_FILE_NO_SOCKET);
	assert_int_equal(parse("[Ask]\nPID=7\nSocket=\n", &f), ASK_FILE_NO_SOCKET);
	assert_int_equal(parse("[Ask]\nPID=7\nSocket=s\n", &f), ASK_FILE_NO_SOCKET);
	assert_int_equal(parse("[Ask]\nPID=7\nsocket=/s\n", &f), ASK_FILE_NO_SOCKET);
	assert_int_equal(ask_file_parse("[Ask]\nPID=7\nSocket=/s\0t\n", 24, &f),
			 ASK_FILE_NO_SOCKET);

	(void)memset(path, 'p', sizeof(path));
	path[0] = '/';
	path[ASK_FILE_SOCKET_SIZE] = '\0';
	(void)snprintf(text, sizeof(text), "[Ask]\nPID=7\nSocket=%s\n", path);
	assert_int_equal(parse(text, &f), ASK_FILE_LONG_SOCKET);
	path[ASK_FILE_SOCKET_SIZE - 1] = '\0';
	(void)snprintf(text, sizeof(text), "[Ask]\nPID=7\nSocket=%s\n", path);
	assert_int_equal(parse(text, &f), ASK_FILE_OK);
	assert_string_equal(f.socket, path);
}

static void test_ask_file_parse__pid__rules(void **state)
{
	static const char *const bad[] = { "",	 "0",  "-1",	     "x",
					   "7x", "+7", "2147483648", "99999999999999999999999" };
	struct ask_file f;
	char text[128];

	assert_int_equal(parse("[Ask]\nSocket=/s\n", &f), ASK_FILE_NO_PID);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(text, sizeof(text), "[Ask]\nSocket=/s\nPID=%s\n", bad[i]);
		assert_int_equal(parse(text, &f), ASK_FILE_NO_PID);
	}
	assert_int_equal(parse("[Ask]\nSocket=/s\nPID=2147483647", &f), ASK_FILE_OK);
	assert_int_equal(f.pid, 2147483647);
}

static void test_ask_file_parse__not_after__rules(void **state)
{
	struct ask_file f;

	assert_int_equal(parse(GOOD "NotAfter=18446744073709551615", &f), ASK_FILE_OK);
	assert_int_equal(f.not_after, UINT64_MAX);
	assert_int_equal(parse(GOOD "NotAfter=18446744073709551616", &f), ASK_FILE_OK);
	assert_true(f.is_bad_not_after);
	assert_int_equal(f.not_after, USEC_NEVER);
	assert_int_equal(parse(GOOD "NotAfter=", &f), ASK_FILE_OK);
	assert_true(f.is_bad_not_after);
	assert_int_equal(parse(GOOD "NotAfter=-1", &f), ASK_FILE_OK);
	assert_true(f.is_bad_not_after);
}

static void test_ask_file_parse__id__whole_or_none(void **state)
{
	char text[ASK_FILE_ID_SIZE + 64], id[ASK_FILE_ID_SIZE + 1];
	struct ask_file f;

	assert_int_equal(parse(GOOD, &f), ASK_FILE_OK);
	assert_string_equal(f.id, "");
	memset(id, 'i', sizeof(id));
	id[ASK_FILE_ID_SIZE] = '\0';
	(void)snprintf(text, sizeof(text), GOOD "Id=%s\n", id);
	assert_int_equal(parse(text, &f), ASK_FILE_OK);
	assert_string_equal(f.id, "");
	(void)snprintf(text, sizeof(text), GOOD "Id=%s\n", id + 1);
	assert_int_equal(parse(text, &f), ASK_FILE_OK);
	assert_string_equal(f.id, id + 1);
	assert_int_equal(ask_file_parse(GOOD "Id=a\0b\n", sizeof(GOOD "Id=a\0b\n") - 1, &f),
			 ASK_FILE_OK);
	assert_string_equal(f.id, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ask_file_parse__as_systemd_writes_it__ok),
		cmocka_unit_test(test_ask_file_parse__key_file_freedoms__ok),
		cmocka_unit_test(test_ask_file_parse__socket__rules),
		cmocka_unit_test(test_ask_file_parse__pid__rules),
		cmocka_unit_test(test_ask_file_parse__not_after__rules),
		cmocka_unit_test(test_ask_file_parse__id__whole_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
