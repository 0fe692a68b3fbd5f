/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What may reach a terminal, and how it is divided into rows. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "monitor/cells.h"

static void shown(const char *text, char *ret)
{
	struct glyph g;

	for (*ret = '\0'; *text != '\0'; ret += strlen(ret)) {
		text += glyph_next(text, &g);
		strcpy(ret, g.text);
	}
}

static void test_glyph_next__all_bytes__nothing_but_characters(void **state)
{
	char out[64];

	for (unsigned first = 1; first < 256; first++) {
		for (unsigned second = 1; second < 256; second++) {
			const char text[] = { (char)first, (char)second, '\0' };

			shown(text, out);
			for (const char *p = out; *p; p++)
				assert_false((unsigned char)*p < ' ' || *p == 0x7f);
			/* No C1 controls either, which some terminals obey. */
			assert_null(strstr(out, "\xc2\x9b"));
		}
	}
}

static void test_glyph_next__samples__as_expected(void **state)
{
	static const struct {
		const char *text, *shown;
		size_t n_columns;
	} cases[] = {
		{ "web1.lan", "web1.lan", 8 },
		{ "\x1b[2J", "\\x1b[2J", 7 },
		{ "a\nb\t\x7f", "a\\nb\\t\\x7f", 10 },
		{ "\xc3\xa4\xe6\xbc\xa2", "\xc3\xa4\xe6\xbc\xa2", 3 },
		{ "\xff\xc0\x80\xed\xa0\x80", "\\xff\\xc0\\x80\\xed\\xa0\\x80", 24 },
		{ "\xc2\x9b\xe2\x80\xae\xef\xbb\xbf", "\\u009b\\u202e\\ufeff", 18 },
		{ "\xf3\xa0\x81\x81", "\\U000e0041", 10 },
		/* Two marks are enough for any letter; one without a letter is none. */
		{ "e\xcc\x81\xcc\x82\xcc\x83", "e\xcc\x81\xcc\x82\\u0303", 7 },
		{ "\xcc\x81", "\\u0301", 6 },
		{ "a\xc3", "a\\xc3", 5 },
	};
	char out[64];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		shown(cases[i].text, out);
		assert_string_equal(out, cases[i].shown);
		assert_int_equal(glyph_columns(cases[i].text), cases[i].n_columns);
	}
}

/* MON-10: and nothing but ASCII where the locale is. */
static void test_glyph_next__ascii_locale__escapes(void **state)
{
	char out[64];

	assert_non_null(setlocale(LC_CTYPE, "C"));
	shown("\xc3\xa4", out);
	assert_string_equal(out, "\\u00e4");
	assert_string_equal(glyph_rule(), "_");
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	assert_string_equal(glyph_rule(), "\xe2\x94\x80");
}

static void assert_rows(const char *text, unsigned n_columns, enum flow flow, const char *expected)
{
	struct cells cells = { 0 };
	char out[256] = "";

	assert_int_equal(cells_resize(&cells, 8, n_columns), 0);
	assert_int_equal(cells_text(&cells, (struct box){ 0, 0, 8, n_columns }, 0, text, flow, 0),
			 cells_height(text, n_columns, flow));
	for (unsigned y = 0; y < cells_height(text, n_columns, flow); y++) {
		for (unsigned x = 0; x < n_columns; x++)
			strcat(out, cells_row(&cells, y)[x].text);
		strcat(out, "|");
	}
	assert_string_equal(out, expected);
	cells_deinit(&cells);
}

static void test_cells_text__flows__divided(void **state)
{
	assert_rows("", 4, FLOW_ANY, "    |");
	assert_rows("abcd", 4, FLOW_ANY, "abcd|");
	assert_rows("abcdef", 4, FLOW_CLIP, "abcd|");
	assert_rows("abcdef", 4, FLOW_ANY, "abcd|ef  |");
	assert_rows("ab cdef", 4, FLOW_WORDS, "ab  |cdef|");
	assert_rows("abcd ef", 4, FLOW_WORDS, "abcd|ef  |");
	assert_rows("abcdef g", 4, FLOW_WORDS, "abcd|ef g|");
	/* Wide characters and escapes are never divided, but cut if a row cannot hold them. */
	assert_rows("a\xe6\xbc\xa2\xe6\xbc\xa2", 4, FLOW_ANY, "a\xe6\xbc\xa2 |\xe6\xbc\xa2  |");
	assert_rows("a\x01", 4, FLOW_ANY, "a   |\\x01|");
	assert_rows("\x01"
		    "b",
		    2, FLOW_ANY, "\\x|b |");
	assert_rows("\xe6\xbc\xa2", 1, FLOW_ANY, " |");
}

/* The bounds hold, whatever the terminal says. */
static void test_cells_resize__beyond_the_bounds__cut(void **state)
{
	struct cells cells = { 0 };

	assert_int_equal(cells_resize(&cells, CELLS_ROWS_MAX + 1, CELLS_COLUMNS_MAX + 1), 0);
	assert_int_equal(cells.n_rows, CELLS_ROWS_MAX);
	assert_int_equal(cells.n_columns, CELLS_COLUMNS_MAX);
	cells_fill(&cells, (struct box){ 500, 1000, UINT32_MAX, UINT32_MAX }, LOOK_BOLD);
	assert_int_equal(cells_row(&cells, CELLS_ROWS_MAX - 1)[CELLS_COLUMNS_MAX - 1].look,
			 LOOK_BOLD);
	cells_deinit(&cells);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_glyph_next__all_bytes__nothing_but_characters),
		cmocka_unit_test(test_glyph_next__samples__as_expected),
		cmocka_unit_test(test_glyph_next__ascii_locale__escapes),
		cmocka_unit_test(test_cells_text__flows__divided),
		cmocka_unit_test(test_cells_resize__beyond_the_bounds__cut),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
