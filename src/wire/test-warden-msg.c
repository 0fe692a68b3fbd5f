/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/warden-msg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct warden_request request = {
	.kind = WARDEN_ROUTE_ADD,
	.index = 0x01020304,
	.target = { .family = PEER_IPV4, .address = { 192, 0, 2, 1 }, .port = 4711 },
	.seconds = UINT64_MAX,
};

static void test_warden_request_decode__encoded__the_same(void **state)
{
	uint8_t data[WARDEN_REQUEST_SIZE];
	struct writer w = WRITER(data, sizeof(data));
	struct warden_request back;

	warden_request_encode(&w, &request);
	assert_false(w.failed);
	assert_int_equal(w.used, WARDEN_REQUEST_SIZE);
	assert_true(warden_request_decode(data, sizeof(data), &back));
	assert_int_equal(back.kind, request.kind);
	assert_int_equal(back.index, request.index);
	assert_int_equal(back.seconds, request.seconds);
	assert_int_equal(back.target.port, 4711);
	assert_memory_equal(back.target.address, request.target.address, 16);
}

static void test_warden_request_decode__other_sizes__refused(void **state)
{
	uint8_t data[WARDEN_REQUEST_SIZE + 1] = { 0 };
	struct writer w = WRITER(data, sizeof(data));
	struct warden_request back;

	warden_request_encode(&w, &request);
	for (size_t size = 0; size <= sizeof(data); size++)
		assert_int_equal(warden_request_decode(data, size, &back),
				 size == WARDEN_REQUEST_SIZE);
}

static void test_warden_request_decode__unknown_kinds__refused(void **state)
{
	uint8_t data[WARDEN_REQUEST_SIZE];
	struct writer w = WRITER(data, sizeof(data));
	struct warden_request back;

	warden_request_encode(&w, &request);
	for (unsigned int kind = 0; kind <= UINT8_MAX; kind++) {
		data[0] = (uint8_t)kind;
		assert_int_equal(warden_request_decode(data, sizeof(data), &back),
				 kind >= 1 && kind <= WARDEN_REQUEST_KIND_LAST);
	}
}

static void test_warden_answer_decode__numbers__the_same(void **state)
{
	static const int numbers[] = { 0, 1, -1, -110, INT32_MAX, INT32_MIN };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		uint8_t data[WARDEN_ANSWER_SIZE + 1];
		struct writer w = WRITER(data, sizeof(data));
		int back;

		warden_answer_encode(&w, numbers[i]);
		assert_int_equal(w.used, WARDEN_ANSWER_SIZE);
		assert_true(warden_answer_decode(data, w.used, &back));
		assert_int_equal(back, numbers[i]);
		assert_false(warden_answer_decode(data, w.used - 1, &back));
		assert_false(warden_answer_decode(data, w.used + 1, &back));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_warden_request_decode__encoded__the_same),
		cmocka_unit_test(test_warden_request_decode__other_sizes__refused),
		cmocka_unit_test(test_warden_request_decode__unknown_kinds__refused),
		cmocka_unit_test(test_warden_answer_decode__numbers__the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
