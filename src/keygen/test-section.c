/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-KEY-15, CLI-KEY-17. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "keygen/section.h"

static char *format(const struct section *s)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	assert_int_equal(section_write(f, s), 0);
	assert_int_equal(fclose(f), 0);
	return text;
}

static const uint8_t message[96] = { 0 };

static void test_section_write__everything__in_the_order_of_the_reference(void **state)
{
	const struct section s = {
		.name = "client.example.org",
		.key_id = "788cd77115cd0bb7b2d5e0ae8496f6b48149d5e712c652076b1fd2d957ef7c1f",
		.fingerprint = "7788A8A7D0B5A4B1D0C0F5A8E2F3C1D2B3A49586",
		.message = message,
		.message_size = 49,
		.ssh_type = "ed25519",
		.ssh_key = "ssh-ed25519 AAAAC3Nza+/=",
	};
	char *text = format(&s);

	assert_string_equal(
		text,
		"[client.example.org]\n"
		"host = client.example.org\n"
		"key_id = 788cd77115cd0bb7b2d5e0ae8496f6b48149d5e712c652076b1fd2d957ef7c1f\n"
		"fingerprint = 7788A8A7D0B5A4B1D0C0F5A8E2F3C1D2B3A49586\n"
		"secret =\n"
		"    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
		"    AA==\n"
		"checker = ssh-keyscan -t ed25519 %%(host)s 2>/dev/null | grep --fixed-strings "
		"--line-regexp --quiet --regexp=%%(host)s\" %(ssh_fingerprint)s\"\n"
		"ssh_fingerprint = ssh-ed25519 AAAAC3Nza+/=\n");
	free(text);
}

static void test_section_write__no_key_id_no_ssh__lines_absent(void **state)
{
	const struct section s = {
		.name = "x", .fingerprint = "F", .message = message, .message_size = 1
	};
	char *text = format(&s);

	assert_string_equal(text, "[x]\nhost = x\nfingerprint = F\nsecret =\n    AA==\n");
	free(text);
}

static void test_section_write__full_lines__no_empty_line_behind(void **state)
{
	struct section s = {
		.name = "x", .fingerprint = "F", .message = message, .message_size = 96
	};
	char *text = format(&s);
	const char *secret = strstr(text, "secret =\n");

	assert_non_null(secret);
	/* 96 bytes are two lines of 64 characters. */
	assert_int_equal(strlen(secret), strlen("secret =\n") + 2 * (4 + 64 + 1));
	free(text);

	s.message_size = 0;
	text = format(&s);
	assert_string_equal(text, "[x]\nhost = x\nfingerprint = F\nsecret =\n");
	free(text);
}

static void test_section_write__percent_sign__doubled_for_the_server(void **state)
{
	const struct section s = {
		.name = "a%b", .fingerprint = "F", .message = message, .message_size = 0
	};
	char *text = format(&s);

	assert_string_equal(text, "[a%b]\nhost = a%%b\nfingerprint = F\nsecret =\n");
	free(text);
}

static void test_section_write__secfile__instead_of_the_secret(void **state)
{
	const struct section s = { .name = "x",
				   .fingerprint = "F",
				   .secfile = "/etc/mandos/100% x",
				   .message = message,
				   .message_size = 96 };
	char *text = format(&s);

	assert_string_equal(text,
			    "[x]\nhost = x\nfingerprint = F\nsecfile = /etc/mandos/100%% x\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_section_write__everything__in_the_order_of_the_reference),
		cmocka_unit_test(test_section_write__no_key_id_no_ssh__lines_absent),
		cmocka_unit_test(test_section_write__full_lines__no_empty_line_behind),
		cmocka_unit_test(test_section_write__percent_sign__doubled_for_the_server),
		cmocka_unit_test(test_section_write__secfile__instead_of_the_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
