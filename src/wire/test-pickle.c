/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/pickle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/util.h"

#define PARSE(text) parse((const uint8_t *)(text), sizeof(text) - 1)

/* Of the last pickle parsed; freed by the next one, and at the end of the test. */
static struct pickle *parsed;

static int forget(void **state)
{
	parsed = pickle_free(parsed);
	return 0;
}

/* An exact copy would be better for sanitizers, but text points into the input. */
static int parse_within(const uint8_t *data, size_t size, size_t memory_max)
{
	size_t offset = SIZE_MAX;
	int r;

	(void)forget(NULL);
	r = pickle_parse(data, size, memory_max, &parsed, &offset);
	if (r > 0)
		assert_in_range(offset, 0, size);
	return r;
}

static int parse(const uint8_t *data, size_t size)
{
	return parse_within(data, size, PICKLE_MEMORY_MAX);
}

static const struct pickle_value *top(enum pickle_type type)
{
	const struct pickle_value *v = pickle_top(parsed);

	assert_int_equal(v->type, type);
	return v;
}

#define assert_top_integer(text, type_, expected)               \
	do {                                                    \
		assert_int_equal(PARSE(text), PICKLE_OK);       \
		assert_true(top(type_)->integer == (expected)); \
	} while (0)

/* SRV-PKL-2 */
static void test_pickle_parse__scalars__their_values(void **state)
{
	assert_int_equal(PARSE("\x80\2N."), PICKLE_OK);
	(void)top(PICKLE_NONE);
	assert_int_equal(PARSE("\x80\2\x88."), PICKLE_OK);
	assert_true(top(PICKLE_BOOL)->boolean);
	assert_int_equal(PARSE("\x80\2\x89."), PICKLE_OK);
	assert_false(top(PICKLE_BOOL)->boolean);
	assert_top_integer("\x80\2K\xff.", PICKLE_INT, 255);
	assert_top_integer("\x80\2M\xff\xfe.", PICKLE_INT, 65279);
	assert_top_integer("\x80\2J\xfe\xff\xff\xff.", PICKLE_INT, -2);
	assert_top_integer("\x80\2\x8a\0.", PICKLE_INT, 0);
	assert_top_integer("\x80\2\x8a\1\x80.", PICKLE_INT, -128);
	assert_top_integer("\x80\2\x8a\2\xff\0.", PICKLE_INT, 255);
	assert_top_integer("\x80\2\x8a\10\0\0\0\0\0\0\0\x80.", PICKLE_INT, INT64_MIN);
	assert_int_equal(PARSE("\x80\2\x8a\11\0\0\0\0\0\0\0\0\1."), PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2G@\x09!\xfbTD-\x18."), PICKLE_OK);
	(void)top(PICKLE_FLOAT);
}

/* SRV-PKL-2 */
static void test_pickle_parse__strings__their_bytes(void **state)
{
	static const char *const texts[] = { "\x80\2X\5\0\0\0hello.", "\x80\2U\5hello.",
					     "\x80\2T\5\0\0\0hello." };
	static const size_t sizes[] = { 13, 10, 13 };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(parse((const uint8_t *)texts[i], sizes[i]), PICKLE_OK);
		(void)top(i == 0 ? PICKLE_TEXT : PICKLE_BYTES);
		assert_true(pickle_is_text(pickle_top(parsed), "hello"));
		assert_false(pickle_is_text(pickle_top(parsed), "hell"));
		assert_false(pickle_is_text(pickle_top(parsed), "hellos"));
	}
	assert_int_equal(PARSE("\x80\2X\xff\xff\xff\xffhello."), PICKLE_DAMAGED);
}

/* SRV-PKL-2 */
static void test_pickle_parse__containers__their_items(void **state)
{
	const struct pickle_value *v;

	assert_int_equal(PARSE("\x80\2)."), PICKLE_OK);
	assert_int_equal(top(PICKLE_TUPLE)->size, 0);
	assert_int_equal(PARSE("\x80\2K\1\x85."), PICKLE_OK);
	assert_int_equal(top(PICKLE_TUPLE)->size, 1);
	assert_int_equal(PARSE("\x80\2K\1K\2\x86."), PICKLE_OK);
	assert_int_equal(top(PICKLE_TUPLE)->first->next->value->integer, 2);
	assert_int_equal(PARSE("\x80\2K\1K\2K\3\x87."), PICKLE_OK);
	assert_int_equal(top(PICKLE_TUPLE)->last->value->integer, 3);
	assert_int_equal(PARSE("\x80\2(K\1K\2K\3K\4t."), PICKLE_OK);
	assert_int_equal(top(PICKLE_TUPLE)->size, 4);
	assert_int_equal(PARSE("\x80\2](K\1K\2eK\3a."), PICKLE_OK);
	v = top(PICKLE_LIST);
	assert_int_equal(v->size, 3);
	assert_int_equal(v->last->value->integer, 3);
	assert_null(v->first->key);
	assert_int_equal(PARSE("\x80\2}(U\1aK\1U\1bK\2uU\1aK\3s."), PICKLE_OK);
	v = top(PICKLE_DICT);
	assert_int_equal(v->size, 3);
	assert_int_equal(pickle_find(v, "a")->integer, 3);
	assert_int_equal(pickle_find(v, "b")->integer, 2);
	assert_null(pickle_find(v, "c"));
}

/* SRV-PKL-2 */
static void test_pickle_parse__memo__fetches_what_was_stored(void **state)
{
	assert_int_equal(PARSE("\x80\2K\7q\0K\1\x86h\0\x86."), PICKLE_OK);
	assert_int_equal(top(PICKLE_TUPLE)->last->value->integer, 7);
	/* From 1, as Python 2 counts, and with four bytes. */
	assert_int_equal(PARSE("\x80\2K\7r\1\0\0\0j\1\0\0\0\x86."), PICKLE_OK);
	assert_int_equal(top(PICKLE_TUPLE)->last->value->integer, 7);
	assert_int_equal(PARSE("\x80\2K\7h\0\x86."), PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2q\0."), PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2K\7j\xff\xff\xff\xff\x86."), PICKLE_DAMAGED);
}

/* A list in itself is no reason to run for ever. */
static void test_pickle_parse__list_in_itself__a_list(void **state)
{
	assert_int_equal(PARSE("\x80\2]q\0h\0a."), PICKLE_OK);
	assert_ptr_equal(top(PICKLE_LIST)->first->value, pickle_top(parsed));
}

/* SRV-PKL-2 */
static void test_pickle_parse__pop__drops_value_or_mark(void **state)
{
	assert_top_integer("\x80\2K\1K\2"
			   "0.",
			   PICKLE_INT, 1);
	assert_top_integer("\x80\2K\1(K\2"
			   "00.",
			   PICKLE_INT, 1);
	assert_int_equal(PARSE("\x80\2"
			       "0K\1."),
			 PICKLE_DAMAGED);
}

#define ENCODE(length, text) "c_codecs\nencode\nX" length "\0\0\0" text "X\6\0\0\0latin1\x86R"
#define DATETIME	     "cdatetime\ndatetime\n"
#define TIMEDELTA	     "cdatetime\ntimedelta\n"

/* SRV-PKL-3 */
static void test_pickle_parse__byte_strings__one_byte_a_code_point(void **state)
{
	const struct pickle_value *v;

	assert_int_equal(PARSE("\x80\2" ENCODE("\7", "a\xc2\x80\xc3\xbf\0z") "."), PICKLE_OK);
	v = top(PICKLE_BYTES);
	assert_int_equal(v->size, 5);
	assert_memory_equal(v->data, "a\x80\xff\0z", 5);
	assert_int_equal(PARSE("\x80\2"
			       "c__builtin__\nbytes\n)R."),
			 PICKLE_OK);
	assert_int_equal(top(PICKLE_BYTES)->size, 0);
	assert_int_equal(PARSE("\x80\2" ENCODE("\2", "\xc4\x80") "."), PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2" ENCODE("\1", "\xc3") "."), PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2" ENCODE("\2", "\xc3z") "."), PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2" ENCODE("\1", "\x80") "."), PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2"
			       "c_codecs\nencode\nU\1aU\6latin1\x86R."),
			 PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2"
			       "c_codecs\nencode\nX\1\0\0\0aU\5utf-8\x86R."),
			 PICKLE_DAMAGED);
}

/* SRV-PKL-3 */
static void test_pickle_parse__datetime__microseconds_since_the_epoch(void **state)
{
	assert_top_integer("\x80\2" DATETIME "U\12\7\xb2\1\1\0\0\0\0\0\0\x85R.", PICKLE_DATETIME,
			   0);
	assert_top_integer("\x80\2" DATETIME "U\12\7\xd0\2\x1d\x17\x3b\x3b\xf\x42\x3f\x85R.",
			   PICKLE_DATETIME, INT64_C(951868799999999));
	assert_top_integer("\x80\2" DATETIME "U\12\0\1\1\1\0\0\0\0\0\0\x85R.", PICKLE_DATETIME,
			   INT64_C(-62135596800000000));
	assert_top_integer("\x80\2" DATETIME "U\12\x27\xf\xc\x1f\x17\x3b\x3b\xf\x42\x3f\x85R.",
			   PICKLE_DATETIME, INT64_C(253402300799999999));
}

static void test_pickle_parse__impossible_datetime__damaged(void **state)
{
	static const char fields[][10] = {
		{ 0, 0, 1, 1 },
		{ 0x27, 0x10, 1, 1 },
		{ 7, 0x6c, 2, 29 },
		{ 7, 1, 0, 1 },
		{ 7, 1, 13, 1 },
		{ 7, 1, 1, 0 },
		{ 7, 1, 4, 31 },
		{ 7, 1, 1, 1, 24 },
		{ 7, 1, 1, 1, 0, 60 },
		{ 7, 1, 1, 1, 0, 0, 60 },
		{ 7, 1, 1, 1, 0, 0, 0, 15, 66, 64 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		char text[] = "\x80\2" DATETIME "U\12..........\x85R.";

		memcpy(text + sizeof(text) - 1 - 13, fields[i], 10);
		assert_int_equal(PARSE(text), PICKLE_DAMAGED);
	}
	assert_int_equal(PARSE("\x80\2" DATETIME "U\11\7\xb2\1\1\0\0\0\0\0\x85R."), PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2" DATETIME "K\1\x85R."), PICKLE_DAMAGED);
}

/* SRV-PKL-3 */
static void test_pickle_parse__timedelta__microseconds(void **state)
{
	assert_top_integer("\x80\2" TIMEDELTA "K\1M\x10\x0eK\5\x87R.", PICKLE_TIMEDELTA,
			   INT64_C(90000000005));
	assert_top_integer("\x80\2" TIMEDELTA "J\xff\xff\xff\xffK\1K\0\x87R.", PICKLE_TIMEDELTA, 0);
	/* The longest that Python has: 999999999 days. */
	assert_top_integer("\x80\2" TIMEDELTA "J\xff\xc9\x9a;K\0K\0\x87R.", PICKLE_TIMEDELTA, -1);
	assert_top_integer("\x80\2" TIMEDELTA "J\1\x36\x65\xc4K\0K\0\x87R.", PICKLE_TIMEDELTA, 0);
	assert_int_equal(PARSE("\x80\2" TIMEDELTA "K\0J\x80\x51\1\0K\0\x87R."), PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2" TIMEDELTA "K\0J\xff\xff\xff\xffK\0\x87R."), PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2" TIMEDELTA "K\0K\0J\x40\x42\xf\0\x87R."), PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2" TIMEDELTA "K\0K\0\x86R."), PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2" TIMEDELTA "K\0K\0\x88\x87R."), PICKLE_DAMAGED);
}

/* SRV-PKL-3 */
static void test_pickle_parse__dbus_boolean__a_boolean(void **state)
{
	assert_int_equal(PARSE("\x80\2"
			       "cdbus\nBoolean\nK\1\x85\x81."),
			 PICKLE_OK);
	assert_true(top(PICKLE_BOOL)->boolean);
	assert_int_equal(PARSE("\x80\2"
			       "cdbus\nBoolean\nK\0\x85\x81}b."),
			 PICKLE_OK);
	assert_false(top(PICKLE_BOOL)->boolean);
	assert_int_equal(PARSE("\x80\2"
			       "cdbus\nBoolean\nK\2\x85\x81."),
			 PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2"
			       "cdbus\nBoolean\nK\1\x85R."),
			 PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2"
			       "K\1}b."),
			 PICKLE_DAMAGED);
}

/* SRV-PKL-1 */
static void test_pickle_parse__any_other_name__damaged(void **state)
{
	assert_int_equal(PARSE("\x80\2"
			       "cposix\nsystem\nU\4true\x85R."),
			 PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2"
			       "cos\nsystem\n."),
			 PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2"
			       "cdatetime\nencode\n."),
			 PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2"
			       "c_codecs\ndecode\n."),
			 PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2"
			       "c_codecs\nencode"),
			 PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2"
			       "K\1K\2R."),
			 PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2"
			       "c_codecs\nencode\n)\x81."),
			 PICKLE_DAMAGED);
}

/* SRV-PKL-1, SRV-PKL-2: with enough on the stack for any operation, and bytes behind it. */
static void test_pickle_parse__any_other_operation__damaged(void **state)
{
	static const char known[] = "(}])usaet\x85\x86\x87XKMJ\x8a\x88\x89NGqrhjcR\x81"
				    "b0.UT";

	for (int opcode = 0; opcode < 256; opcode++) {
		char text[] = "\x80\2]](K\1K\2?\0\0\0\0\0\0\0\0.";

		text[9] = (char)opcode;
		if (opcode != 0 && strchr(known, opcode))
			continue;
		assert_int_equal(PARSE(text), PICKLE_DAMAGED);
	}
}

static void test_pickle_parse__frame__damaged_unless_whole(void **state)
{
	assert_int_equal(PARSE(""), PICKLE_DAMAGED);
	assert_int_equal(PARSE("N."), PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\3N."), PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2N"), PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2N.N"), PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2."), PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2NN."), PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2(N."), PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2N\x80\2."), PICKLE_DAMAGED);
}

static void test_pickle_parse__wrong_stack__damaged(void **state)
{
	static const char *const texts[] = { "\x80\2\x85.", "\x80\2N(\x85.", "\x80\2N\x86.",
					     "\x80\2t.",    "\x80\2Na.",     "\x80\2NNa.",
					     "\x80\2]Ns.",  "\x80\2}(Nu.",   "\x80\2}(NNe.",
					     "\x80\2(NNu.", "\x80\2u.",	     "\x80\2](N(Ne.",
					     "\x80\2]e.",   "\x80\2NR.",     "\x80\2b." };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(parse((const uint8_t *)texts[i], strlen(texts[i])),
				 PICKLE_DAMAGED);
}

/* ---- bounds ---- */

static void test_pickle_parse__stack_at_the_bound__ok_and_one_more_too_large(void **state)
{
	static uint8_t text[PICKLE_STACK_MAX + 8];

	/* A list, a full stack on it, appended. */
	memcpy(text, "\x80\2](", 4);
	memset(text + 4, 'N', PICKLE_STACK_MAX);
	memcpy(text + 4 + PICKLE_STACK_MAX - 1, "e.", 2);
	assert_int_equal(parse(text, 4 + PICKLE_STACK_MAX + 1), PICKLE_OK);
	assert_int_equal(top(PICKLE_LIST)->size, PICKLE_STACK_MAX - 1);
	memcpy(text + 4 + PICKLE_STACK_MAX - 1, "Ne.", 3);
	assert_int_equal(parse(text, 4 + PICKLE_STACK_MAX + 2), PICKLE_TOO_LARGE);
}

static void test_pickle_parse__marks_at_the_bound__ok_and_one_more_too_large(void **state)
{
	for (size_t n = PICKLE_MARKS_MAX; n <= PICKLE_MARKS_MAX + 1; n++) {
		uint8_t text[2 * PICKLE_MARKS_MAX + 8] = { 0x80, 2 };

		memset(text + 2, '(', n);
		memset(text + 2 + n, 't', n);
		text[2 + 2 * n] = '.';
		assert_int_equal(parse(text, 3 + 2 * n),
				 n == PICKLE_MARKS_MAX ? PICKLE_OK : PICKLE_TOO_LARGE);
	}
}

static void test_pickle_parse__memory_at_the_bound__ok_and_less_too_large(void **state)
{
	static const char text[] = "\x80\2](K\1K\2K\3K\4K\5K\6K\7K\10K\11e.";
	size_t enough = 1;

	while (parse_within((const uint8_t *)text, sizeof(text) - 1, enough) == PICKLE_TOO_LARGE)
		enough++;
	assert_int_equal(top(PICKLE_LIST)->size, 9);
	/* Nine values and the list, nine items, and what blocks need. */
	assert_in_range(enough, 19 * sizeof(struct pickle_item), 2048);
	assert_int_equal(parse_within((const uint8_t *)text, sizeof(text) - 1, enough - 1),
			 PICKLE_TOO_LARGE);
}

static void test_pickle_parse__memo_index__at_most_the_number_of_values(void **state)
{
	assert_int_equal(PARSE("\x80\2K\7q\1."), PICKLE_OK);
	assert_int_equal(PARSE("\x80\2K\7q\2."), PICKLE_DAMAGED);
	assert_int_equal(PARSE("\x80\2K\7r\xff\xff\xff\xff."), PICKLE_DAMAGED);
}

static void test_pickle_parse__size_at_the_bound__ok_and_one_more_too_large(void **state)
{
	uint8_t *data = malloc(PICKLE_SIZE_MAX + 1);
	uint32_t size = PICKLE_SIZE_MAX - 8;

	assert_non_null(data);
	memcpy(data, "\x80\2X", 3);
	for (int i = 0; i < 4; i++)
		data[3 + i] = (uint8_t)(size >> (8 * i));
	data[PICKLE_SIZE_MAX - 1] = '.';
	assert_int_equal(parse(data, PICKLE_SIZE_MAX), PICKLE_OK);
	assert_int_equal(top(PICKLE_TEXT)->size, size);
	assert_int_equal(parse(data, PICKLE_SIZE_MAX + 1), PICKLE_TOO_LARGE);
	(void)forget(NULL);
	free(data);
}

/* ---- what Debian's server wrote ---- */

/* SRV-PKL-1: whole it is good, cut off anywhere it is damaged. */
static void test_pickle_parse__real_file_cut_anywhere__damaged(void **state)
{
	_cleanup_free_ char *data = NULL;
	size_t size;

	assert_int_equal(file_read(TEST_DATA "/pickle/changed.pickle", PICKLE_SIZE_MAX, &data,
				   &size),
			 0);
	assert_int_equal(parse((uint8_t *)data, size), PICKLE_OK);
	assert_int_equal(top(PICKLE_TUPLE)->size, 2);
	for (size_t cut = 0; cut < size; cut++) {
		uint8_t *exact = malloc(cut > 0 ? cut : 1);

		assert_non_null(exact);
		memcpy(exact, data, cut);
		assert_int_equal(parse(exact, cut), PICKLE_DAMAGED);
		free(exact);
	}
	(void)forget(NULL);
}

#define pickle_test(f) cmocka_unit_test_teardown(f, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		pickle_test(test_pickle_parse__scalars__their_values),
		pickle_test(test_pickle_parse__strings__their_bytes),
		pickle_test(test_pickle_parse__containers__their_items),
		pickle_test(test_pickle_parse__memo__fetches_what_was_stored),
		pickle_test(test_pickle_parse__list_in_itself__a_list),
		pickle_test(test_pickle_parse__pop__drops_value_or_mark),
		pickle_test(test_pickle_parse__byte_strings__one_byte_a_code_point),
		pickle_test(test_pickle_parse__datetime__microseconds_since_the_epoch),
		pickle_test(test_pickle_parse__impossible_datetime__damaged),
		pickle_test(test_pickle_parse__timedelta__microseconds),
		pickle_test(test_pickle_parse__dbus_boolean__a_boolean),
		pickle_test(test_pickle_parse__any_other_name__damaged),
		pickle_test(test_pickle_parse__any_other_operation__damaged),
		pickle_test(test_pickle_parse__frame__damaged_unless_whole),
		pickle_test(test_pickle_parse__wrong_stack__damaged),
		pickle_test(test_pickle_parse__stack_at_the_bound__ok_and_one_more_too_large),
		pickle_test(test_pickle_parse__marks_at_the_bound__ok_and_one_more_too_large),
		pickle_test(test_pickle_parse__memory_at_the_bound__ok_and_less_too_large),
		pickle_test(test_pickle_parse__memo_index__at_most_the_number_of_values),
		pickle_test(test_pickle_parse__size_at_the_bound__ok_and_one_more_too_large),
		pickle_test(test_pickle_parse__real_file_cut_anywhere__damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
