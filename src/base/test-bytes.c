/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cursors: byte order, and staying put at the end. */
#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_put__every_width__is_big_endian(void **state)
{
	static const uint8_t expected[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09,
					    0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 'x',  'y',  0xff };
	uint8_t data[sizeof(expected)];
	struct writer w = WRITER(data, sizeof(data));

	put_u8(&w, 0x01);
	put_u16(&w, 0x0203);
	put_u32(&w, 0x04050607);
	put_u64(&w, 0x08090a0b0c0d0e0f);
	put_bytes(&w, "xy", 2);
	put_u8(&w, 0xff);
	assert_false(w.failed);
	assert_int_equal(w.used, sizeof(expected));
	assert_memory_equal(data, expected, sizeof(expected));
}

static void test_put__beyond_the_end__writes_nothing_and_stays_failed(void **state)
{
	uint8_t data[4] = { 9, 9, 9, 9 };
	struct writer w = WRITER(data, 3);

	put_u16(&w, 0);
	put_u16(&w, 0);
	assert_true(w.failed);
	put_u8(&w, 0); /* would fit, but what came before it is missing */
	put_bytes(&w, "", 0);
	assert_true(w.failed);
	assert_int_equal(w.used, 2);
	assert_int_equal(data[2], 9);
	assert_int_equal(data[3], 9);
}

static void test_put_bytes__exactly_full__is_no_failure(void **state)
{
	uint8_t data[3];
	struct writer w = WRITER(data, sizeof(data));

	put_bytes(&w, "abc", 3);
	put_bytes(&w, NULL, 0);
	assert_false(w.failed);
	put_bytes(&w, "d", 1);
	assert_true(w.failed);
}

static void test_put_bytes__size_that_would_wrap__fails(void **state)
{
	uint8_t data[8];
	struct writer w = WRITER(data, sizeof(data));

	put_u32(&w, 1);
	put_bytes(&w, data, SIZE_MAX);
	assert_true(w.failed);
	assert_int_equal(w.used, 4);
}

static void test_take__what_was_put__comes_back(void **state)
{
	uint8_t data[64];
	struct writer w = WRITER(data, sizeof(data));
	struct reader r;

	put_u64(&w, UINT64_MAX - 1);
	put_u8(&w, 200);
	put_u32(&w, 0x80000001);
	put_u16(&w, 0xfffe);
	put_bytes(&w, "tail", 4);
	r = READER(data, w.used);
	assert_true(take_u64(&r) == UINT64_MAX - 1);
	assert_int_equal(take_u8(&r), 200);
	assert_int_equal(take_u32(&r), 0x80000001);
	assert_int_equal(take_u16(&r), 0xfffe);
	assert_int_equal(reader_left(&r), 4);
	assert_false(reader_done(&r));
	assert_memory_equal(take_bytes(&r, 4), "tail", 4);
	assert_true(reader_done(&r));
	assert_non_null(take_bytes(&r, 0));
	assert_true(reader_done(&r));
}

static void test_take__beyond_the_end__gives_zero_and_stays_failed(void **state)
{
	static const uint8_t data[] = { 1, 2, 3 };
	struct reader r = READER(data, sizeof(data));

	assert_int_equal(take_u32(&r), 0);
	assert_true(r.failed);
	assert_int_equal(take_u8(&r), 0);
	assert_null(take_bytes(&r, 0));
	assert_int_equal(r.used, 0);
	assert_int_equal(reader_left(&r), 0);
	assert_false(reader_done(&r));
}

static void test_take_bytes__size_that_would_wrap__fails(void **state)
{
	static const uint8_t data[] = { 1, 2, 3 };
	struct reader r = READER(data, sizeof(data));

	assert_int_equal(take_u8(&r), 1);
	assert_null(take_bytes(&r, SIZE_MAX));
	assert_true(r.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put__every_width__is_big_endian),
		cmocka_unit_test(test_put__beyond_the_end__writes_nothing_and_stays_failed),
		cmocka_unit_test(test_put_bytes__exactly_full__is_no_failure),
		cmocka_unit_test(test_put_bytes__size_that_would_wrap__fails),
		cmocka_unit_test(test_take__what_was_put__comes_back),
		cmocka_unit_test(test_take__beyond_the_end__gives_zero_and_stays_failed),
		cmocka_unit_test(test_take_bytes__size_that_would_wrap__fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
