/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-KEY-16, CLI-KEY-18. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/util.h"
#include "keygen/ssh-key.h"

static void assert_parsed(const char *output, const char *want)
{
	char text[512];
	const char *got;

	assert_true(strlen(output) < sizeof(text));
	strcpy(text, output);
	got = ssh_key_parse(text);
	if (want) {
		assert_non_null(got);
		assert_string_equal(got, want);
	} else {
		assert_null(got);
	}
}

static void test_ssh_key_parse__one_line__without_the_host(void **state)
{
	assert_parsed("localhost ssh-ed25519 AAAAC3Nza+/==\n", "ssh-ed25519 AAAAC3Nza+/==");
	assert_parsed("localhost ssh-rsa AAAA", "ssh-rsa AAAA");
	assert_parsed("localhost ecdsa-sha2-nistp256 AAAA\r\n", "ecdsa-sha2-nistp256 AAAA");
}

static void test_ssh_key_parse__comments_of_openssh_9_8__skipped(void **state)
{
	assert_parsed("# localhost:22 SSH-2.0-OpenSSH_9.8\nlocalhost ssh-rsa AAAA\n",
		      "ssh-rsa AAAA");
	assert_parsed("# localhost:22 SSH-2.0-OpenSSH_9.8\n# localhost:22 SSH-2.0-OpenSSH_9.8\n",
		      NULL);
}

static void test_ssh_key_parse__several_keys__first(void **state)
{
	assert_parsed("localhost ssh-rsa AAAA\nlocalhost ssh-rsa BBBB\n", "ssh-rsa AAAA");
}

static void test_ssh_key_parse__anything_else__none(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		"localhost\n",
		"localhost \n",
		"localhost ssh-rsa\n",
		"localhost ssh-rsa \n",
		"localhost  ssh-rsa AAAA\n",
		"otherhost ssh-rsa AAAA\n",
		"localhost ssh-rsa AAAA comment\n",
		"localhost ssh-rsa AA%(host)s\n",
		"localhost ssh-rsa AAAA\t\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_parsed(bad[i], NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ssh_key_parse__one_line__without_the_host),
		cmocka_unit_test(test_ssh_key_parse__comments_of_openssh_9_8__skipped),
		cmocka_unit_test(test_ssh_key_parse__several_keys__first),
		cmocka_unit_test(test_ssh_key_parse__anything_else__none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
