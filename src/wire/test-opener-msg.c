/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/opener-msg.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/secret.h"

_Static_assert(OPENER_VALUE_MAX == SECRET_SIZE_MAX, "a plaintext is one secret");

static const struct opener_answer answer = { OPENER_PLAINTEXT, OPENER_MESSAGE, OPENER_VALUE_MAX };

static void encode(uint8_t ret_data[OPENER_ANSWER_SIZE])
{
	struct writer w = WRITER(ret_data, OPENER_ANSWER_SIZE);

	opener_answer_encode(&w, &answer);
	assert_false(w.failed);
	assert_int_equal(w.used, OPENER_ANSWER_SIZE);
}

static void test_opener_answer_decode__encoded__the_same(void **state)
{
	uint8_t data[OPENER_ANSWER_SIZE];
	struct opener_answer back;

	encode(data);
	assert_true(opener_answer_decode(data, sizeof(data), &back));
	assert_int_equal(back.outcome, answer.outcome);
	assert_int_equal(back.file, answer.file);
	assert_int_equal(back.value, answer.value);
}

static void test_opener_answer_decode__other_sizes__refused(void **state)
{
	uint8_t data[OPENER_ANSWER_SIZE + 1] = { 0 };
	struct opener_answer back;

	encode(data);
	for (size_t size = 0; size <= sizeof(data); size++)
		assert_int_equal(opener_answer_decode(data, size, &back),
				 size == OPENER_ANSWER_SIZE);
}

static void test_opener_answer_decode__unknown_numbers__refused(void **state)
{
	uint8_t data[OPENER_ANSWER_SIZE];
	struct opener_answer back;

	for (unsigned int value = 0; value <= UINT8_MAX; value++) {
		encode(data);
		data[0] = (uint8_t)value;
		assert_int_equal(opener_answer_decode(data, sizeof(data), &back),
				 value >= 1 && value <= OPENER_OUTCOME_LAST);
		encode(data);
		data[1] = (uint8_t)value;
		assert_int_equal(opener_answer_decode(data, sizeof(data), &back),
				 value >= 1 && value <= OPENER_FILE_LAST);
	}
}

static void test_opener_answer_decode__beyond_the_bound__refused(void **state)
{
	uint8_t data[OPENER_ANSWER_SIZE];
	struct opener_answer back;

	encode(data);
	data[5] = 1;
	assert_false(opener_answer_decode(data, sizeof(data), &back));
	data[2] = 0xff;
	assert_false(opener_answer_decode(data, sizeof(data), &back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opener_answer_decode__encoded__the_same),
		cmocka_unit_test(test_opener_answer_decode__other_sizes__refused),
		cmocka_unit_test(test_opener_answer_decode__unknown_numbers__refused),
		cmocka_unit_test(test_opener_answer_decode__beyond_the_bound__refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
