/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-KEY-11; the dialogue itself is tested on a pseudo-terminal, in tests/system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/util.h"
#include "keygen/prompt.h"

static void test_prompt_strip__white_space__only_at_the_ends(void **state)
{
	static const struct {
		const char *line, *want;
	} cases[] = {
		{ "", "" },
		{ "x", "x" },
		{ " \t ", "" },
		{ " \tpass phrase\t ", "pass phrase" },
		{ "\\ x\\", "\\ x\\" },
		{ "x\r", "x\r" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct secret *s =
			prompt_strip((const uint8_t *)cases[i].line, strlen(cases[i].line));

		assert_non_null(s);
		assert_int_equal(s->size, strlen(cases[i].want));
		assert_memory_equal(s->data, cases[i].want, s->size);
		secret_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prompt_strip__white_space__only_at_the_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
