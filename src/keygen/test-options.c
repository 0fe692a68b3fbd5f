/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-KEY-1, CLI-KEY-3, CLI-GEN-1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "keygen/options.h"

#define WORDS_MAX 80

/* Parses "PROGRAM words..."; the words must stay where they are as long as @ret is used. */
static enum options_result parse(const char *const *words, struct options *ret)
{
	static char *argv[WORDS_MAX + 2];
	int argc = 1;

	argv[0] = (char *)"mandos-keygen";
	for (; *words; words++) {
		assert_true(argc <= WORDS_MAX);
		argv[argc++] = (char *)(uintptr_t)*words;
	}
	argv[argc] = NULL;
	return options_parse(argc, argv, ret);
}

#define PARSE(ret, ...) parse((const char *const[]){ __VA_ARGS__, NULL }, ret)

static void test_options_parse__nothing_given__defaults(void **state)
{
	struct options o;

	assert_int_equal(parse((const char *const[]){ NULL }, &o), OPTIONS_OK);
	assert_int_equal(o.mode, OPTIONS_MAKE_KEYS);
	assert_null(o.dir);
	assert_null(o.name);
	assert_string_equal(o.type, "RSA");
	assert_string_equal(o.length, "4096");
	assert_string_equal(o.subtype, "RSA");
	assert_string_equal(o.sublength, "4096");
	assert_string_equal(o.email, "");
	assert_string_equal(o.comment, "");
	assert_string_equal(o.expire, "0");
	assert_string_equal(o.tls_key_type, "ed25519");
	assert_null(o.passfile);
	assert_int_equal(o.n_words, 0);
	assert_false(o.force);
	assert_false(o.no_ssh);
}

static void test_options_parse__short_options__all_taken(void **state)
{
	struct options o;

	assert_int_equal(PARSE(&o, "-d", "dir", "-tDSA", "-l1024", "-s", "ELG-E", "-L2048",
			       "-nname", "-e", "a@b", "-c", "text", "-x1y", "-T", "rsa", "-fS"),
			 OPTIONS_OK);
	assert_string_equal(o.dir, "dir");
	assert_string_equal(o.type, "DSA");
	assert_string_equal(o.length, "1024");
	assert_string_equal(o.subtype, "ELG-E");
	assert_string_equal(o.sublength, "2048");
	assert_string_equal(o.name, "name");
	assert_string_equal(o.email, "a@b");
	assert_string_equal(o.comment, "text");
	assert_string_equal(o.expire, "1y");
	assert_string_equal(o.tls_key_type, "rsa");
	assert_true(o.force);
	assert_true(o.no_ssh);
	assert_int_equal(o.mode, OPTIONS_MAKE_KEYS);
}

static void test_options_parse__abbreviated_and_mixed__taken(void **state)
{
	struct options o;

	assert_int_equal(PARSE(&o, "word", "--na=x", "--subt", "RSA", "--tls=ed448"), OPTIONS_OK);
	assert_string_equal(o.name, "x");
	assert_string_equal(o.subtype, "RSA");
	assert_string_equal(o.tls_key_type, "ed448");
	assert_string_equal(o.words[0], "word");
}

static void test_options_parse__key_type_is_a_curve__subkey_too_unless_named(void **state)
{
	struct options o;

	assert_int_equal(PARSE(&o, "-t", "ed25519"), OPTIONS_OK);
	assert_string_equal(o.subtype, "cv25519");
	assert_int_equal(PARSE(&o, "-s", "RSA", "-t", "ed25519"), OPTIONS_OK);
	assert_string_equal(o.subtype, "RSA");
	assert_int_equal(PARSE(&o, "-t", "DSA"), OPTIONS_OK);
	assert_string_equal(o.subtype, "RSA");
}

static void test_options_parse__passfile__implies_password_mode(void **state)
{
	struct options o;

	assert_int_equal(PARSE(&o, "-F", "-x"), OPTIONS_OK);
	assert_int_equal(o.mode, OPTIONS_MAKE_PASSWORD);
	assert_string_equal(o.passfile, "-x");
	assert_int_equal(PARSE(&o, "--password"), OPTIONS_OK);
	assert_int_equal(o.mode, OPTIONS_MAKE_PASSWORD);
	assert_null(o.passfile);
}

static void test_options_parse__double_dash__ends_options(void **state)
{
	struct options o;

	assert_int_equal(PARSE(&o, "--", "--force"), OPTIONS_OK);
	assert_string_equal(o.words[0], "--force");
	assert_false(o.force);
}

static void test_options_parse__bad_options__bad(void **state)
{
	struct options o;

	assert_int_equal(PARSE(&o, "--bogus"), OPTIONS_BAD);
	assert_int_equal(PARSE(&o, "-Z"), OPTIONS_BAD);
	assert_int_equal(PARSE(&o, "--dir"), OPTIONS_BAD);
	assert_int_equal(PARSE(&o, "-F"), OPTIONS_BAD);
	assert_int_equal(PARSE(&o, "--s", "RSA"), OPTIONS_BAD);
	assert_int_equal(PARSE(&o, "--pass"), OPTIONS_BAD);
	assert_int_equal(PARSE(&o, "--force=yes"), OPTIONS_BAD);
	assert_int_equal(PARSE(&o, "--version", "--bogus"), OPTIONS_BAD);
}

static void test_options_parse__version_and_help__first_counts(void **state)
{
	struct options o;

	assert_int_equal(PARSE(&o, "-v"), OPTIONS_SHOW_VERSION);
	assert_int_equal(PARSE(&o, "-h"), OPTIONS_SHOW_HELP);
	assert_int_equal(PARSE(&o, "-hv"), OPTIONS_SHOW_HELP);
	assert_int_equal(PARSE(&o, "word", "--dir", "/nonexistent", "--version"),
			 OPTIONS_SHOW_VERSION);
}

static bool check(struct options *o)
{
	char message[OPTION_MESSAGE_MAX] = "";
	bool good = options_check_texts(o, message);

	assert_int_equal(good, message[0] == '\0');
	return good;
}

static struct options defaults(void)
{
	struct options o;

	assert_int_equal(PARSE(&o, "-n", "name"), OPTIONS_OK);
	return o;
}

static void test_options_parse__abbreviations_of_the_reference__as_before(void **state)
{
	struct options o;

	/* --device and --secfile came later. */
	assert_int_equal(PARSE(&o, "--d", "x", "--di=y"), OPTIONS_OK);
	assert_string_equal(o.dir, "y");
	assert_int_equal(o.n_devices, 0);
	assert_int_equal(PARSE(&o, "--fo", "--no", "--ty=z", "--exp=0"), OPTIONS_OK);
	assert_true(o.force);
}

static void test_options_parse__test__words_are_the_clients(void **state)
{
	struct options o;

	assert_int_equal(PARSE(&o, "--test", "--device", "a", "--device=b", "--wait=86400", "--",
			       "--connect=x:1", "word"),
			 OPTIONS_OK);
	assert_int_equal(o.mode, OPTIONS_TEST);
	assert_int_equal(o.n_devices, 2);
	assert_string_equal(o.devices[1], "b");
	assert_int_equal(o.wait, 86400 * USEC_PER_SEC);
	assert_int_equal(o.n_words, 2);
	assert_string_equal(o.words[0], "--connect=x:1");
}

static void test_options_check_texts__devices_at_the_bound__one_more_is_refused(void **state)
{
	const char *words[OPTION_DEVICES_MAX + 3] = { "--test" };
	struct options o;

	for (size_t i = 0; i < OPTION_DEVICES_MAX; i++)
		words[i + 1] = "--device=x";
	assert_int_equal(parse(words, &o), OPTIONS_OK);
	assert_int_equal(o.n_devices, OPTION_DEVICES_MAX);
	assert_true(check(&o));
	words[OPTION_DEVICES_MAX + 1] = "--device=x";
	assert_int_equal(parse(words, &o), OPTIONS_OK);
	assert_false(check(&o));
}

static void test_options_check_texts__empty_values__refused(void **state)
{
	struct options o = defaults();

	assert_true(check(&o));
	o.type = "";
	assert_false(check(&o));
	o = defaults();
	o.name = "";
	assert_false(check(&o));
	o.mode = OPTIONS_MAKE_PASSWORD;
	assert_false(check(&o));
	o = defaults();
	o.expire = "";
	assert_false(check(&o));
}

static void test_options_check_texts__lengths__512_to_six_digits(void **state)
{
	static const char *const good[] = { "512", "0512", "4096", "999999" };
	static const char *const bad[] = { "",	    "511",     "0",
					   "-4096", "abc",     "1e3",
					   "4096 ", "1000000", "99999999999999999999" };
	struct options o = defaults();

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		o.length = good[i];
		assert_true(check(&o));
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		o.length = bad[i];
		assert_false(check(&o));
	}
	/* A curve has only one. */
	o.type = "ed25519";
	assert_true(check(&o));
	/* The subkey's is GnuPG's to judge. */
	o = defaults();
	o.sublength = "1";
	assert_true(check(&o));
}

static void test_options_check_texts__at_the_bound__one_more_is_refused(void **state)
{
	char text[OPTION_TEXT_MAX + 2];
	struct options o = defaults();

	memset(text, 'x', sizeof(text));
	text[OPTION_TEXT_MAX] = '\0';
	o.comment = text;
	assert_true(check(&o));
	text[OPTION_TEXT_MAX] = 'x';
	text[OPTION_TEXT_MAX + 1] = '\0';
	assert_false(check(&o));
}

static void test_options_check_texts__line_feed__never_reaches_gnupg_or_clients_conf(void **state)
{
	static const char evil[] = "x\nchecker = evil";
	struct options o = defaults();

	o.email = evil;
	assert_false(check(&o));
	o.mode = OPTIONS_MAKE_PASSWORD; /* where only the name matters */
	assert_true(check(&o));
	o.name = evil;
	assert_false(check(&o));
	o = defaults();
	o.type = "RSA\nPassphrase: x";
	assert_false(check(&o));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_parse__nothing_given__defaults),
		cmocka_unit_test(test_options_parse__short_options__all_taken),
		cmocka_unit_test(test_options_parse__abbreviated_and_mixed__taken),
		cmocka_unit_test(test_options_parse__key_type_is_a_curve__subkey_too_unless_named),
		cmocka_unit_test(test_options_parse__passfile__implies_password_mode),
		cmocka_unit_test(test_options_parse__double_dash__ends_options),
		cmocka_unit_test(test_options_parse__bad_options__bad),
		cmocka_unit_test(test_options_parse__version_and_help__first_counts),
		cmocka_unit_test(test_options_parse__abbreviations_of_the_reference__as_before),
		cmocka_unit_test(test_options_parse__test__words_are_the_clients),
		cmocka_unit_test(
			test_options_check_texts__devices_at_the_bound__one_more_is_refused),
		cmocka_unit_test(test_options_check_texts__empty_values__refused),
		cmocka_unit_test(test_options_check_texts__lengths__512_to_six_digits),
		cmocka_unit_test(test_options_check_texts__at_the_bound__one_more_is_refused),
		cmocka_unit_test(
			test_options_check_texts__line_feed__never_reaches_gnupg_or_clients_conf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
