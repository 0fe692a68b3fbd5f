/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-GEN-1, CLI-RUN-2, CLI-RUN-3, CLI-RUN-4, CLI-RUN-5, CLI-RUN-6, CLI-RUN-7, CLI-RUN-12. */
#include "runner/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

#define PARSE(s, pass, ...)                                                    \
	({                                                                     \
		char *argv_[] = { S("plugin-runner"), __VA_ARGS__, NULL };     \
		options_parse((int)ARRAY_SIZE(argv_) - 1, argv_, (pass), (s)); \
	})
#define S(text) ((char *)(uintptr_t)(text))

static void assert_list(const struct words *w, const char *expected)
{
	char joined[256] = "";

	for (size_t i = 0; i < w->n; i++) {
		(void)strcat(joined, w->list[i]);
		(void)strcat(joined, "|");
	}
	assert_string_equal(joined, expected);
}

static void test_options_parse__nothing__defaults(void **state)
{
	struct settings s;

	settings_init(&s);
	assert_int_equal(PARSE(&s, OPTIONS_ALL, S("")), OPTIONS_OK);
	assert_string_equal(s.plugin_dir, "/lib/mandos/plugins.d");
	assert_string_equal(s.helper_dir, "/lib/mandos/plugin-helpers");
	assert_string_equal(s.config_file, "/conf/conf.d/mandos/plugin-runner.conf");
	assert_int_equal(s.uid, 65534);
	assert_int_equal(s.gid, 65534);
	assert_false(s.debug);
	settings_deinit(&s);
}

static void test_options_parse__lists__split_at_every_comma(void **state)
{
	struct settings s;

	settings_init(&s);
	assert_int_equal(PARSE(&s, OPTIONS_ALL, S("-g"), S("--a,,b"), S("--global-o="),
			       S("--opt=p:--x=1:2,y"), S("-op:"), S("-Ep:A=1,2:3")),
			 OPTIONS_OK);
	assert_list(&s.args, "--a||b||");
	assert_list(&settings_find(&s, "p")->args, "--x=1:2|y||");
	assert_list(&settings_find(&s, "p")->env, "A=1,2:3|");
	assert_null(settings_find(&s, "q"));
	settings_deinit(&s);
}

static void test_options_parse__environment__later_replaces(void **state)
{
	struct settings s;

	settings_init(&s);
	assert_int_equal(PARSE(&s, OPTIONS_ALL, S("-GA=1"), S("-GB"), S("-GA=2"), S("-Ep:A=3"),
			       S("-Ep:A=4"), S("-Eq:A=5")),
			 OPTIONS_OK);
	assert_list(&s.env, "A=2|B|");
	assert_list(&settings_find(&s, "p")->env, "A=4|");
	assert_list(&settings_find(&s, "q")->env, "A=5|");
	settings_deinit(&s);
}

static void test_options_parse__disable_enable__last_counts(void **state)
{
	struct settings s;

	settings_init(&s);
	assert_int_equal(PARSE(&s, OPTIONS_ALL, S("-dp"), S("-dq"), S("--enable=p")), OPTIONS_OK);
	assert_false(settings_find(&s, "p")->disabled);
	assert_true(settings_find(&s, "q")->disabled);
	settings_deinit(&s);
}

static void test_options_parse__usage_errors__bad(void **state)
{
	static const char *const words[] = { "-o",	   "-ox",	 "-o:x", "-E:A=1", "-Ep",
					     "--nonsense", "--plugin=x", "word", "-Z" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct settings s;

		settings_init(&s);
		assert_int_equal(PARSE(&s, OPTIONS_ALL, S(words[i])), OPTIONS_BAD);
		settings_deinit(&s);
	}
}

/* D34: a bad number is only a message. */
static void test_options_parse__ids__bad_ones_ignored(void **state)
{
	struct settings s;

	settings_init(&s);
	assert_int_equal(PARSE(&s, OPTIONS_ALL, S("--userid=7"), S("--userid=x"), S("--userid=8x"),
			       S("--userid="), S("--userid=-1"), S("--userid=4294967295"),
			       S("--groupid=9"), S("--groupid=99999999999")),
			 OPTIONS_OK);
	assert_int_equal(s.uid, 7);
	assert_int_equal(s.gid, 9);
	assert_int_equal(PARSE(&s, OPTIONS_ALL, S("--userid=99999999999999999999")), -ERANGE);
	settings_deinit(&s);
}

static void test_options_parse__passes__each_takes_its_own(void **state)
{
	struct settings s;

	settings_init(&s);
	assert_int_equal(PARSE(&s, OPTIONS_FIND_FILE, S("-ga"), S("--config-file=/x")), OPTIONS_OK);
	assert_string_equal(s.config_file, "/x");
	assert_int_equal(s.args.n, 0);
	assert_int_equal(PARSE(&s, OPTIONS_FROM_FILE, S("-gb"), S("--config-file=/y")), OPTIONS_OK);
	assert_int_equal(PARSE(&s, OPTIONS_ALL, S("-ga"), S("--config-file=/x")), OPTIONS_OK);
	assert_string_equal(s.config_file, "/x");
	assert_list(&s.args, "b|a|");
	assert_int_equal(PARSE(&s, OPTIONS_FIND_FILE, S("--nonsense")), OPTIONS_BAD);
	settings_deinit(&s);
}

static void test_options_parse__plugins_at_the_bound__error(void **state)
{
	struct settings s;
	char name[16];

	settings_init(&s);
	for (int i = 0; i < SETTINGS_PLUGINS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "p%d", i);
		assert_int_equal(PARSE(&s, OPTIONS_ALL, S("-d"), name), OPTIONS_OK);
	}
	assert_int_equal(PARSE(&s, OPTIONS_ALL, S("-done-more")), -EOVERFLOW);
	settings_deinit(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_parse__nothing__defaults),
		cmocka_unit_test(test_options_parse__lists__split_at_every_comma),
		cmocka_unit_test(test_options_parse__environment__later_replaces),
		cmocka_unit_test(test_options_parse__disable_enable__last_counts),
		cmocka_unit_test(test_options_parse__usage_errors__bad),
		cmocka_unit_test(test_options_parse__ids__bad_ones_ignored),
		cmocka_unit_test(test_options_parse__passes__each_takes_its_own),
		cmocka_unit_test(test_options_parse__plugins_at_the_bound__error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
