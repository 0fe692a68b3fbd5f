/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-AGT-1, CLI-AGT-2, CLI-AGT-3. */
#include "agent/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

#define S(text) ((char *)(uintptr_t)(text))
#define PARSE(ret, ...)                                                     \
	({                                                                  \
		char *argv_[] = { S("password-agent"), __VA_ARGS__, NULL }; \
		options_parse((int)ARRAY_SIZE(argv_) - 1, argv_, (ret));    \
	})

static void assert_program(const struct options *o, const char *expected)
{
	char joined[256] = "";

	for (char **word = o->program; *word; word++) {
		(void)strcat(joined, *word);
		(void)strcat(joined, "|");
	}
	assert_string_equal(joined, expected);
}

static void test_options_parse__nothing__defaults(void **state)
{
	struct options o;

	assert_int_equal(PARSE(&o, S("--")), OPTIONS_OK);
	assert_string_equal(o.agent_dir, "/run/systemd/ask-password");
	assert_string_equal(o.helper_dir, "/lib/mandos/plugin-helpers");
	assert_int_equal(o.uid, 65534);
	assert_int_equal(o.gid, 65534);
	assert_program(&o, "/lib/mandos/plugins.d/mandos-client|");
	options_deinit(&o);
}

static void test_options_parse__all__taken(void **state)
{
	struct options o;

	assert_int_equal(PARSE(&o, S("-d/a"), S("--helper=/h"), S("-u"), S("7"), S("--group=8"),
			       S("--"), S("/p"), S("-x"), S("--user=9"), S("y")),
			 OPTIONS_OK);
	assert_string_equal(o.agent_dir, "/a");
	assert_string_equal(o.helper_dir, "/h");
	assert_int_equal(o.uid, 7);
	assert_int_equal(o.gid, 8);
	assert_program(&o, "/p|-x|--user=9|y|");
	options_deinit(&o);
	assert_int_equal(PARSE(&o, S("--plugin-helper-dir=/i"), S("--userid=9"), S("--groupid=10")),
			 OPTIONS_OK);
	assert_string_equal(o.helper_dir, "/i");
	assert_int_equal(o.uid, 9);
	assert_int_equal(o.gid, 10);
	options_deinit(&o);
}

static void test_options_parse__options_behind_the_program__the_agents(void **state)
{
	struct options o;

	assert_int_equal(PARSE(&o, S("/p"), S("-u7"), S("x")), OPTIONS_OK);
	assert_int_equal(o.uid, 7);
	assert_program(&o, "/p|x|");
	options_deinit(&o);
	assert_int_equal(PARSE(&o, S("/p"), S("--nonsense")), OPTIONS_BAD);
	options_deinit(&o);
}

static void test_options_parse__ids__rules(void **state)
{
	static const char *const bad[] = {
		"0", "-1", "x", "7x", "", "4294967295", "99999999999", "99999999999999999999999"
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct options o;

		assert_int_equal(PARSE(&o, S("-u"), S(bad[i])), OPTIONS_BAD);
		options_deinit(&o);
		assert_int_equal(PARSE(&o, S("-g"), S(bad[i])), OPTIONS_BAD);
		options_deinit(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_parse__nothing__defaults),
		cmocka_unit_test(test_options_parse__all__taken),
		cmocka_unit_test(test_options_parse__options_behind_the_program__the_agents),
		cmocka_unit_test(test_options_parse__ids__rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
