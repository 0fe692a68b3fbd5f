/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/ini.h"

#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

#define COMPLAINTS_MAX 32

struct complaints {
	unsigned int lines[COMPLAINTS_MAX];
	size_t n_lines;
};

static void on_complaint(void *userdata, unsigned int line, const char *text)
{
	struct complaints *c = userdata;

	assert_true(strlen(text) > 0);
	assert_true(c->n_lines < COMPLAINTS_MAX);
	c->lines[c->n_lines++] = line;
}

static void ini_freep(struct ini **ini)
{
	(void)ini_free(*ini);
}
#define _cleanup_ini_ _cleanup_(ini_freep)

static struct ini *parse_good_sized(const char *text, size_t size)
{
	struct complaints c = { .n_lines = 0 };
	struct ini *ini = NULL;
	char *copy = malloc(size + 1);

	assert_non_null(copy);
	memcpy(copy, text, size);
	if (ini_parse(copy, size, on_complaint, &c, &ini) != 0)
		fail_msg("line %u is refused:\n%s", c.lines[0], text);
	/* "need not be kept after the call" */
	memset(copy, 'X', size);
	free(copy);
	assert_int_equal(c.n_lines, 0);
	return ini;
}

static struct ini *parse_good(const char *text)
{
	return parse_good_sized(text, strlen(text));
}

static const struct ini_section *find_section(const struct ini *ini, const char *name)
{
	const struct ini_section *s = NULL;

	while ((s = ini_next_section(ini, s)))
		if (strcmp(ini_section_name(s), name) == 0)
			return s;
	return NULL;
}

static const char *raw(const struct ini *ini, const char *section, const char *key)
{
	const struct ini_section *s = find_section(ini, section);

	assert_non_null(s);
	return ini_raw(ini, s, key, NULL);
}

/* The value of "key" in "[s]\n" and these lines. */
static void assert_value(const char *lines, const char *value)
{
	_cleanup_ini_ struct ini *ini = NULL;
	char text[1024];

	(void)snprintf(text, sizeof(text), "[s]\n%s", lines);
	ini = parse_good(text);
	assert_non_null(raw(ini, "s", "key"));
	assert_string_equal(raw(ini, "s", "key"), value);
}

/* That exactly these lines are bad, in any order. @lines ends with 0. */
static void assert_bad_sized(const char *text, size_t size, const unsigned int *lines)
{
	_cleanup_ini_ struct ini *ini = NULL;
	struct complaints c = { .n_lines = 0 };
	size_t n_lines = 0;

	while (lines[n_lines] != 0)
		n_lines++;
	if (ini_parse(text, size, on_complaint, &c, &ini) != (int)n_lines || c.n_lines != n_lines)
		fail_msg("%zu bad lines instead of %zu:\n%s", c.n_lines, n_lines, text);
	assert_non_null(ini);
	for (size_t i = 0; i < n_lines; i++) {
		bool found = false;

		for (size_t j = 0; j < c.n_lines; j++)
			found = found || c.lines[j] == lines[i];
		if (!found)
			fail_msg("line %u is not reported:\n%s", lines[i], text);
	}
}

#define assert_bad(text, ...) \
	assert_bad_sized(text, sizeof(text) - 1, (const unsigned int[]){ __VA_ARGS__, 0 })

/* SRV-INI-1 */
static void test_ini_parse__line_ends_and_utf8__kept(void **state)
{
	_cleanup_ini_ struct ini *ini =
		parse_good("[\xc3\xa9t\xc3\xa9]\r\nkey = \xe2\x82\xac\xf0\x9f\x94\x91\r\nnext=1");

	assert_string_equal(raw(ini, "\xc3\xa9t\xc3\xa9", "key"), "\xe2\x82\xac\xf0\x9f\x94\x91");
	assert_string_equal(raw(ini, "\xc3\xa9t\xc3\xa9", "next"), "1");
	assert_value("key = a\r\n  b\r\n\r\n  c\r\n", "a\nb\n\nc");
	/* as the reference takes it */
	assert_value("key = a\rother = b\r", "a");
	assert_value("key = a\r\r  b", "a\n\nb");
}

/* SRV-INI-1 */
static void test_ini_parse__byte_order_mark__skipped(void **state)
{
	_cleanup_ini_ struct ini *ini = parse_good("\xef\xbb\xbf[s]\nkey = v\n");

	assert_string_equal(raw(ini, "s", "key"), "v");
	assert_bad("[s]\n\xef\xbb\xbfword\n", 2);
}

/* SRV-INI-1 */
static void test_ini_parse__not_utf8_or_nul__bad_line(void **state)
{
	assert_bad("[s]\nkey = \xff\n", 2);
	assert_bad("[s]\n# latin \xe9\nkey = 1\n", 2);
	assert_bad("[s]\nkey = \xc0\xaf\n", 2);
	assert_bad("[s]\nkey = \xe0\x80\xaf\n", 2);
	assert_bad("[s]\nkey = \xed\xa0\x80\n", 2);
	assert_bad("[s]\nkey = \xf4\x90\x80\x80\n", 2);
	assert_bad("[s]\nkey = \xf0\x8f\xbf\xbf\n", 2);
	assert_bad("[s]\nkey = \xe2\x82\n", 2);
	assert_bad("[s]\nkey = \x80\n", 2);
	assert_bad("[s]\nkey = \xf5\x80\x80\x80\n", 2);
	assert_bad("[s]\nkey = a\0b\n[t]\n\0", 2, 4);
}

/* SRV-INI-2: what the caller makes of a file that is not there. */
static void test_ini_parse__nothing__empty(void **state)
{
	static const char *const texts[] = { "", "\n", "\n\r\n  \n", "# only\n;comments" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_ini_ struct ini *ini = parse_good(texts[i]);

		assert_null(ini_next_section(ini, NULL));
		assert_non_null(ini_default_section(ini));
		assert_int_equal(ini_section_line(ini_default_section(ini)), 0);
		assert_null(ini_next_key(ini_default_section(ini), NULL));
		assert_null(ini_raw(ini, ini_default_section(ini), "key", NULL));
	}
	(void)ini_free(NULL);
}

/* SRV-INI-3 */
static void test_ini_parse__comments__only_whole_lines(void **state)
{
	assert_value("port = 2\n#key = 1\n;key = 2\n   # key = 3\n\t;key\nkey = 4\n", "4");
	assert_value("key = 1025 ; x\n", "1025 ; x");
	assert_value("key = 1025 # x\n", "1025 # x");
	assert_value("key = # x\n", "# x");
}

/* SRV-INI-4 */
static void test_ini_parse__headers__name_between_first_and_last_bracket(void **state)
{
	static const struct {
		const char *line;
		const char *name;
	} cases[] = {
		{ "[web1]", "web1" }, { "  [web1]  ", "web1" }, { "[ web 1 ]", " web 1 " },
		{ "[Web]", "Web" },   { "[a]b]", "a]b" },	{ "[a] ; no comment", "a" },
		{ "[a]=b", "a" },     { "[a = b]", "a = b" },	{ "[]]", "]" },
		{ "[[a]]", "[a]" },   { "[a] b] c", "a] b" },	{ "\t[x]", "x" },
		{ "[#]", "#" },	      { "[ ]", " " },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_ini_ struct ini *ini = parse_good(cases[i].line);
		const struct ini_section *s = ini_next_section(ini, NULL);

		assert_non_null(s);
		assert_string_equal(ini_section_name(s), cases[i].name);
		assert_null(ini_next_section(ini, s));
	}
	assert_bad("[s]\n[]\n", 2);
	assert_bad("[s]\n[open\n", 2);
	assert_bad("[s]\nx[y]\n", 2);
	assert_value("[] = 5\n[open = 1\nkey = 2\n", "2");
}

/* SRV-INI-5 */
static void test_ini_parse__default_section__serves_all_others(void **state)
{
	_cleanup_ini_ struct ini *ini = parse_good("[one]\n"
						   "own = 1\n"
						   "[DEFAULT]\n"
						   "key = d\n"
						   "own = never\n"
						   "[two]\n"
						   "[DEFAULT]\n"
						   "late = l\n"
						   "[default]\n"
						   "key = lower\n"
						   "[Default]\n");
	const struct ini_section *s = ini_next_section(ini, NULL);
	unsigned int line = 0;

	assert_string_equal(ini_section_name(s), "one");
	assert_string_equal(ini_raw(ini, s, "own", &line), "1");
	assert_int_equal(line, 2);
	assert_string_equal(ini_raw(ini, s, "key", &line), "d");
	assert_int_equal(line, 4);
	assert_string_equal(ini_raw(ini, s, "late", &line), "l");
	assert_int_equal(line, 8);
	s = ini_next_section(ini, s);
	assert_string_equal(ini_section_name(s), "two");
	assert_string_equal(ini_raw(ini, s, "own", NULL), "never");
	s = ini_next_section(ini, s);
	assert_string_equal(ini_section_name(s), "default");
	assert_string_equal(ini_raw(ini, s, "key", NULL), "lower");
	s = ini_next_section(ini, s);
	assert_string_equal(ini_section_name(s), "Default");
	assert_string_equal(ini_raw(ini, s, "key", NULL), "d");
	assert_null(ini_raw(ini, s, "nowhere", NULL));
	assert_null(ini_next_section(ini, s));

	s = ini_default_section(ini);
	assert_string_equal(ini_section_name(s), "DEFAULT");
	assert_int_equal(ini_section_line(s), 3);
	assert_string_equal(ini_raw(ini, s, "late", NULL), "l");
}

/* SRV-INI-6, SRV-INI-8, SRV-INI-12: all of them, and with the line of each. */
static void test_ini_parse__duplicates__bad_lines(void **state)
{
	assert_bad("[a]\n[b]\n[a]\n", 3);
	assert_bad("[a]\n[a]\n[a]\n", 2, 3);
	assert_bad("[a]\nkey = 1\nKEY = 2\n", 3);
	assert_bad("[a]\nkey = 1\nx = 1\nkey : 2\nkey=3\n", 4, 5);
	assert_bad("[DEFAULT]\nkey = 1\n[a]\nkey = 1\n[DEFAULT]\nkey = 2\n", 6);
	/* a duplicate takes its continuation lines with it */
	assert_bad("[a]\nkey = 1\nkey =\n  bare\n  [a]\n", 3);
}

/* SRV-INI-6, SRV-INI-8: what is no duplicate. */
static void test_ini_parse__same_name_elsewhere__good(void **state)
{
	_cleanup_ini_ struct ini *ini = parse_good("[a]\nkey = 1\n[A]\nkey = 2\n[ a]\nkey = 3\n"
						   "[DEFAULT]\nkey = 4\n[DEFAULT]\nk = 1\n");

	assert_string_equal(raw(ini, "a", "key"), "1");
	assert_string_equal(raw(ini, "A", "key"), "2");
	assert_string_equal(raw(ini, " a", "key"), "3");
}

/* SRV-INI-7 */
static void test_ini_parse__options__key_and_value(void **state)
{
	assert_value("key=v\n", "v");
	assert_value("key:v\n", "v");
	assert_value("key = v\n", "v");
	assert_value("  key  \t:\t v  \t\n", "v");
	assert_value("KeY = V\n", "V");
	assert_value("key = a = b : c\n", "a = b : c");
	assert_value("key : a = b\n", "a = b");
	assert_value("key =\n", "");
	assert_value("key =", "");
	assert_value("key:", "");
	assert_value("key = \"quoted\"\n", "\"quoted\"");
	assert_value("key = 'quoted'\n", "'quoted'");
	assert_value("key == v\n", "= v");
	assert_value("key\xc2\xa0=\xe3\x80\x80v\xc2\x85\n", "v");
	assert_bad("[s]\n = v\n", 2);
	assert_bad("[s]\n=\n:\n", 2, 3);
	{
		_cleanup_ini_ struct ini *ini = parse_good("[s]\nmy own  key = v\n");

		assert_string_equal(raw(ini, "s", "my own  key"), "v");
	}
}

/* SRV-INI-9 */
static void test_ini_parse__deeper_lines__continue_the_value(void **state)
{
	assert_value("key = a\n b\n", "a\nb");
	assert_value("key = a\n    b  \n\tc\n", "a\nb\nc");
	assert_value("key = a\n  [t]\n  x = y\n", "a\n[t]\nx = y");
	assert_value("  key = a\n   b\n", "a\nb");
	assert_value("  key = a\n  other = b\n", "a");
	assert_value("  key = a\n other = b\n", "a");
	/* one tab is one character, and so is a wider blank */
	assert_value("  key = a\n\tother = b\n", "a");
	assert_value(" key = a\n\t\tb\n", "a\nb");
	assert_value(" key = a\n\xc2\xa0other = b\n", "a");
	assert_value(" key = a\n\xc2\xa0\xc2\xa0"
		     "b\n",
		     "a\nb");
	/* deeper than the option line counts, not than the line before */
	assert_value("key = a\n    b\n  c\n", "a\nb\nc");
	/* indentation below a header is nothing to continue */
	assert_value("    key = a\n    other = b\n", "a");
	assert_bad("[s]\nkey = a\nbare\n", 3);
}

/* SRV-INI-10 */
static void test_ini_parse__comments_and_empty_lines_inside__dropped_and_kept(void **state)
{
	assert_value("key = a\n# comment\n  b\n", "a\nb");
	assert_value("key = a\n     ; comment\n  b\n", "a\nb");
	assert_value("key = a\n\n  b\n", "a\n\nb");
	assert_value("key = a\n\n   \n\n  b\n", "a\n\n\n\nb");
	assert_value("key = a\n\n# comment\n\n  b\n", "a\n\n\nb");
	assert_value("key = a\n\n\n", "a");
	assert_value("key = a\n  b\n\n\n[t]\n", "a\nb");
	assert_value("key = a\n\nother = b\n", "a");
	assert_value("key =\n  a\n  b\n", "\na\nb");
	assert_value("key =   \n\n  a\n", "\n\na");
	assert_value("key =\n\n\n", "");
	assert_value("key=\n a", "\na");
	assert_value("key=\r\n\r\n a\r\n\r\n b", "\n\na\n\nb");
}

/* SRV-INI-11, SRV-INI-12: every bad line is reported. */
static void test_ini_parse__neither_this_nor_that__bad_lines(void **state)
{
	assert_bad("key = v\n", 1);
	assert_bad("bare\n", 1);
	assert_bad("[s]\nbare\n", 2);
	assert_bad("[s]\nbare word\n\n# c\nanother\n= x\nkey = 1\nkey = 2\n[]\n", 2, 5, 6, 8, 9);
	assert_bad("key = v\nother = v\n[s]\nkey = v\n", 1, 2);
	/* a bad line takes what is indented below it along */
	assert_bad("[s]\nsecret\n  aGVsbG8\n  aGVsbG8=\nkey = 1\n", 2);
}

static void test_ini_parse__no_one_to_complain_to__counted(void **state)
{
	_cleanup_ini_ struct ini *ini = NULL;

	assert_int_equal(ini_parse("a\nb\n", 4, NULL, NULL, &ini), 2);
	assert_non_null(ini);
}

static void test_ini_parse__bad_lines__good_ones_still_there(void **state)
{
	_cleanup_ini_ struct ini *ini = NULL;
	static const char text[] = "[s]\nbare\nkey = 1\nkey = 2\n[s]\nx = 3\n";
	unsigned int line = 0;

	assert_int_equal(ini_parse(text, sizeof(text) - 1, NULL, NULL, &ini), 3);
	assert_string_equal(ini_raw(ini, ini_next_section(ini, NULL), "key", &line), "1");
	assert_int_equal(line, 3);
}

static void test_ini_parse__beyond_the_file_bound__efbig(void **state)
{
	struct ini *ini = NULL;

	/* The bound comes before the first look at the text. */
	assert_int_equal(ini_parse("", INI_FILE_MAX + 1, NULL, NULL, &ini), -EFBIG);
	assert_null(ini);
}

static void test_ini_next_key__sections__own_keys_in_file_order(void **state)
{
	_cleanup_ini_ struct ini *ini = parse_good("[a]\nz = 1\nB = 2\nm = 3\n"
						   "[DEFAULT]\nq = 1\n[empty]\n[b]\na = 1\n"
						   "[DEFAULT]\nc = 1\n");
	static const char *const expected[] = { "z", "b", "m" };
	const struct ini_section *s = find_section(ini, "a");
	const char *key = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		key = ini_next_key(s, key);
		assert_non_null(key);
		assert_string_equal(key, expected[i]);
	}
	assert_null(ini_next_key(s, key));
	assert_null(ini_next_key(find_section(ini, "empty"), NULL));
	key = ini_next_key(find_section(ini, "b"), NULL);
	assert_string_equal(key, "a");
	assert_null(ini_next_key(find_section(ini, "b"), key));
	key = ini_next_key(ini_default_section(ini), NULL);
	assert_string_equal(key, "q");
	key = ini_next_key(ini_default_section(ini), key);
	assert_string_equal(key, "c");
	assert_null(ini_next_key(ini_default_section(ini), key));
}

static void test_ini_raw__key_in_any_case__found(void **state)
{
	_cleanup_ini_ struct ini *ini = parse_good("[s]\nHost = a\nhos = b\nhostt = c\n");

	assert_string_equal(raw(ini, "s", "hOST"), "a");
	assert_string_equal(raw(ini, "s", "HOS"), "b");
	assert_null(raw(ini, "s", "ho"));
	assert_null(raw(ini, "s", "hosttt"));
	assert_null(raw(ini, "s", ""));
}

/* Many sections and many keys in one: found, and in time (a quadratic parser takes minutes). */
static void test_ini_parse__two_hundred_thousand_of_each__found(void **state)
{
	const unsigned int n = 200000;
	_cleanup_ini_ struct ini *ini = NULL;
	_cleanup_free_ char *text = malloc((size_t)n * 40);
	char *at = text;
	const struct ini_section *s = NULL;
	const char *key = NULL;
	unsigned int n_seen = 0;

	assert_non_null(text);
	at += sprintf(at, "[many]\n");
	for (unsigned int i = 0; i < n; i++)
		at += sprintf(at, "k%u=%u\n", i, i);
	for (unsigned int i = 0; i < n; i++)
		at += sprintf(at, "[s%u]\nk=%u\n", i, i);
	ini = parse_good_sized(text, (size_t)(at - text));
	s = ini_next_section(ini, NULL);
	while ((key = ini_next_key(s, key))) {
		char value[16];

		(void)snprintf(value, sizeof(value), "%u", n_seen++);
		assert_string_equal(ini_raw(ini, s, key, NULL), value);
	}
	assert_int_equal(n_seen, n);
	for (n_seen = 0; (s = ini_next_section(ini, s)); n_seen++)
		assert_int_equal(atoi(ini_raw(ini, s, "k", NULL)), (int)n_seen);
	assert_int_equal(n_seen, n);
}

/* Linked with --wrap=free: every block is looked at when it is given back. */
void __real_free(void *block);
void __wrap_free(void *block);

static const char *secret_to_watch;

void __wrap_free(void *block)
{
	if (block && secret_to_watch &&
	    memmem(block, malloc_usable_size(block), secret_to_watch, strlen(secret_to_watch)))
		fail_msg("freed memory holds the secret");
	__real_free(block);
}

/* Values are secrets: neither parsing nor expanding leaves a copy behind. */
static void test_ini_free__secrets__erased(void **state)
{
	static const char text[] = "[s]\n"
				   "secret = c2VjcmV0IHBpZWNl\n"
				   "   c2VjcmV0IHBpZWNl\n"
				   "a = %(secret)s%(secret)s%(secret)s%(secret)s\n"
				   "b = %(secret)s%(nowhere)s\n";
	struct ini *ini = NULL;
	const struct ini_section *s;
	char *value = NULL;

	secret_to_watch = "c2VjcmV0";
	assert_int_equal(ini_parse(text, sizeof(text) - 1, NULL, NULL, &ini), 0);
	s = ini_next_section(ini, NULL);
	assert_int_equal(ini_value(ini, s, NULL, "b", &value, NULL), INI_VALUE_UNKNOWN_KEY);
	assert_int_equal(ini_value(ini, s, NULL, "a", &value, NULL), INI_VALUE_OK);
	(void)ini_free(ini);
	secret_to_watch = NULL;
	free(value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ini_parse__line_ends_and_utf8__kept),
		cmocka_unit_test(test_ini_parse__byte_order_mark__skipped),
		cmocka_unit_test(test_ini_parse__not_utf8_or_nul__bad_line),
		cmocka_unit_test(test_ini_parse__nothing__empty),
		cmocka_unit_test(test_ini_parse__comments__only_whole_lines),
		cmocka_unit_test(test_ini_parse__headers__name_between_first_and_last_bracket),
		cmocka_unit_test(test_ini_parse__default_section__serves_all_others),
		cmocka_unit_test(test_ini_parse__duplicates__bad_lines),
		cmocka_unit_test(test_ini_parse__same_name_elsewhere__good),
		cmocka_unit_test(test_ini_parse__options__key_and_value),
		cmocka_unit_test(test_ini_parse__deeper_lines__continue_the_value),
		cmocka_unit_test(test_ini_parse__comments_and_empty_lines_inside__dropped_and_kept),
		cmocka_unit_test(test_ini_parse__neither_this_nor_that__bad_lines),
		cmocka_unit_test(test_ini_parse__no_one_to_complain_to__counted),
		cmocka_unit_test(test_ini_parse__bad_lines__good_ones_still_there),
		cmocka_unit_test(test_ini_parse__beyond_the_file_bound__efbig),
		cmocka_unit_test(test_ini_next_key__sections__own_keys_in_file_order),
		cmocka_unit_test(test_ini_raw__key_in_any_case__found),
		cmocka_unit_test(test_ini_parse__two_hundred_thousand_of_each__found),
		cmocka_unit_test(test_ini_free__secrets__erased),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
