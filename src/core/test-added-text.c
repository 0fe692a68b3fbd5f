/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/added-text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

#define SECRET "a secret of more than forty-eight bytes, so that it takes two lines"

static char name[] = "web/1 ü";
static char host[] = "host%100";
static char checker[] = "if a\n\nthen 'b' = \"c\" ; # no comment\nfi";
static char fingerprint[] = "0123456789ABCDEF0123456789ABCDEF01234567";

static struct client_settings settings(void)
{
	return (struct client_settings){
		.name = name,
		.host = host,
		.checker = checker,
		.fingerprint = fingerprint,
		.has_key_id = true,
		.key_id = { { 1, 2, 255 } },
		.secret = secret_copy(SECRET, strlen(SECRET)),
		.rules = { 1 * USEC_PER_SEC, 2 * USEC_PER_SEC, 3 * USEC_PER_SEC, 0,
			   5 * USEC_PER_SEC, true },
		.enabled = false,
	};
}

static int make(struct client_settings s)
{
	_cleanup_secret_ struct secret *text = NULL;
	int r = added_text_make(&s, &text);

	if (r == 0) {
		assert_non_null(memmem(text->data, text->size, "\n[", 2));
		assert_null(memmem(text->data, text->size, "\0", 1));
	}
	(void)secret_free(s.secret);
	return r;
}

/* That the same comes of it again is what the function itself looks at; see the failures below. */
static void test_added_text_make__any_values__a_text_for_them(void **state)
{
	struct client_settings s = settings();

	assert_int_equal(make(s), 0);
	s = settings();
	s.has_key_id = false;
	s.host = s.checker = s.fingerprint = (char[]){ "" };
	s.rules.timeout = (usec_t)213503982 * 86400 * USEC_PER_SEC;
	(void)secret_free(s.secret);
	s.secret = secret_new(0);
	assert_int_equal(make(s), 0);
}

static void test_added_text_make__what_the_syntax_cannot_say__is_refused(void **state)
{
	static const struct {
		const char *checker;
		usec_t timeout;
	} cases[] = {
		{ "a\n# a comment there", USEC_PER_SEC },
		{ " blanks around ", USEC_PER_SEC },
		{ "a", USEC_PER_SEC / 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct client_settings s = settings();

		s.checker = (char *)(uintptr_t)cases[i].checker;
		s.rules.timeout = cases[i].timeout;
		assert_int_equal(make(s), -EINVAL);
	}
}

static void test_added_text_make__too_long__is_efbig(void **state)
{
	struct client_settings s = settings();

	(void)secret_free(s.secret);
	s.secret = secret_new(SECRET_SIZE_MAX);
	assert_int_equal(make(s), -EFBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_added_text_make__any_values__a_text_for_them),
		cmocka_unit_test(test_added_text_make__what_the_syntax_cannot_say__is_refused),
		cmocka_unit_test(test_added_text_make__too_long__is_efbig),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
