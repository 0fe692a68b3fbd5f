/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-KEY-5. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "keygen/openpgp-text.h"

static const struct openpgp_params bare = {
	.type = "RSA",
	.length = "4096",
	.subtype = "RSA",
	.sublength = "2048",
	.name = "client",
	.email = "",
	.comment = "",
	.expire = "0",
};

static void test_openpgp_params_format__no_address__no_empty_lines(void **state)
{
	char *text = NULL;

	assert_int_equal(openpgp_params_format(&bare, &text), 0);
	assert_string_equal(text, "<GnupgKeyParms format=\"internal\">\n"
				  "%no-protection\n"
				  "Key-Type: RSA\n"
				  "Key-Length: 4096\n"
				  "Key-Usage: sign,auth\n"
				  "Subkey-Type: RSA\n"
				  "Subkey-Length: 2048\n"
				  "Subkey-Usage: encrypt\n"
				  "Name-Real: client\n"
				  "Expire-Date: 0\n"
				  "</GnupgKeyParms>\n");
	free(text);
}

static void test_openpgp_params_format__comment_and_address__given(void **state)
{
	struct openpgp_params p = bare;
	char *text = NULL;

	p.comment = "rack 5";
	p.email = "root@example.org";
	assert_int_equal(openpgp_params_format(&p, &text), 0);
	assert_non_null(strstr(text, "\nName-Real: client\n"
				     "Name-Comment: rack 5\n"
				     "Name-Email: root@example.org\n"));
	free(text);
}

static void test_openpgp_params_format__curves__named_and_without_lengths(void **state)
{
	static const char want[] = "Key-Type: EDDSA\n"
				   "Key-Curve: Ed25519\n"
				   "Key-Usage: sign,auth\n"
				   "Subkey-Type: ECDH\n"
				   "Subkey-Curve: Curve25519\n"
				   "Subkey-Usage: encrypt\n";
	static const char *const names[][2] = { { "ed25519", "cv25519" },
						{ "EDDSA", "ECDH" },
						{ "Ed25519", "Cv25519" } };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct openpgp_params p = bare;
		char *text = NULL;

		p.type = names[i][0];
		p.subtype = names[i][1];
		assert_int_equal(openpgp_params_format(&p, &text), 0);
		assert_non_null(strstr(text, want));
		free(text);
	}
}

static void test_openpgp_is_curve__other_types__are_none(void **state)
{
	static const char *const names[] = { "RSA", "", "ed2551", "ed25519x", "nistp256", "25519" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_false(openpgp_is_curve(names[i]));
}

static void test_openpgp_header_format__with_and_without_extras__as_the_reference(void **state)
{
	struct openpgp_params p = bare;
	char *text = NULL;

	assert_int_equal(openpgp_header_format(&p, &text), 0);
	assert_string_equal(text, "Comment: Mandos client key for client\n");
	free(text);
	p.comment = "rack 5";
	assert_int_equal(openpgp_header_format(&p, &text), 0);
	assert_string_equal(text, "Comment: Mandos client key for client (rack 5)\n");
	free(text);
	p.email = "a@b";
	assert_int_equal(openpgp_header_format(&p, &text), 0);
	assert_string_equal(text, "Comment: Mandos client key for client (rack 5) <a@b>\n");
	free(text);
	p.comment = "";
	assert_int_equal(openpgp_header_format(&p, &text), 0);
	assert_string_equal(text, "Comment: Mandos client key for client <a@b>\n");
	free(text);
}

static struct secret *secret_of(const char *text)
{
	struct secret *s = secret_copy(text, strlen(text));

	assert_non_null(s);
	return s;
}

static void test_openpgp_header_insert__armour__behind_its_first_line(void **state)
{
	static const char want[] = "-----BEGIN PGP PUBLIC KEY BLOCK-----\nComment: x\n\nmQ==\n";
	struct secret *armour = secret_of("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ==\n");
	struct secret *s = NULL;

	assert_int_equal(openpgp_header_insert(armour, "Comment: x\n", &s), 0);
	assert_int_equal(s->size, strlen(want));
	assert_memory_equal(s->data, want, strlen(want));
	secret_free(s);
	secret_free(armour);
}

static void test_openpgp_header_insert__no_armour__bad_message(void **state)
{
	static const char *const bad[] = { "", "x", "-----BEGIN PGP PUBLIC KEY BLOCK-----",
					   "-----BEGIN RSA PRIVATE KEY-----\n\n" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct secret *armour = secret_of(bad[i]), *s = NULL;

		assert_int_equal(openpgp_header_insert(armour, "Comment: x\n", &s), -EBADMSG);
		assert_null(s);
		secret_free(armour);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openpgp_params_format__no_address__no_empty_lines),
		cmocka_unit_test(test_openpgp_params_format__comment_and_address__given),
		cmocka_unit_test(test_openpgp_params_format__curves__named_and_without_lengths),
		cmocka_unit_test(test_openpgp_is_curve__other_types__are_none),
		cmocka_unit_test(
			test_openpgp_header_format__with_and_without_extras__as_the_reference),
		cmocka_unit_test(test_openpgp_header_insert__armour__behind_its_first_line),
		cmocka_unit_test(test_openpgp_header_insert__no_armour__bad_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
