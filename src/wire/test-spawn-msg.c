/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/spawn-msg.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

static uint8_t data[SPAWN_MSG_MAX + 1];

static const struct spawn_msg samples[] = {
	{ .type = SPAWN_MSG_RUN, .run = 1, .start = { "", 0 } },
	{ .type = SPAWN_MSG_RUN, .run = UINT64_MAX, .start = { "true\n'x'", 8 } },
	{ .type = SPAWN_MSG_KILL, .run = 7 },
	{ .type = SPAWN_MSG_EXITED, .run = 7, .exited = { SPAWN_EXITED, 0 } },
	{ .type = SPAWN_MSG_EXITED, .run = 7, .exited = { SPAWN_EXITED, 255 } },
	{ .type = SPAWN_MSG_EXITED, .run = 7, .exited = { SPAWN_SIGNALLED, 15 } },
	{ .type = SPAWN_MSG_EXITED, .run = 7, .exited = { SPAWN_NOT_STARTED, UINT32_MAX } },
};

static void assert_same(const struct spawn_msg *a, const struct spawn_msg *b)
{
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->run, b->run);
	switch (a->type) {
	case SPAWN_MSG_RUN:
		assert_int_equal(a->start.command_size, b->start.command_size);
		assert_memory_equal(a->start.command, b->start.command, b->start.command_size);
		break;
	case SPAWN_MSG_EXITED:
		assert_int_equal(a->exited.outcome, b->exited.outcome);
		assert_int_equal(a->exited.value, b->exited.value);
		break;
	case SPAWN_MSG_KILL:
		break;
	}
}

static void test_spawn_msg_encode__exited__these_bytes(void **state)
{
	static const uint8_t expected[] = { 3, 1, 2, 3, 4, 5, 6, 7, 8, 1, 0, 0, 0, 0x80 };
	const struct spawn_msg m = { .type = SPAWN_MSG_EXITED,
				     .run = 0x0102030405060708,
				     .exited = { SPAWN_EXITED, 128 } };

	assert_int_equal(spawn_msg_encode(&m, data, sizeof(data)), sizeof(expected));
	assert_memory_equal(data, expected, sizeof(expected));
}

static void test_spawn_msg_decode__encoded_message__the_same(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		struct spawn_msg back;
		int size = spawn_msg_encode(&samples[i], data, SPAWN_MSG_MAX);

		assert_true(size > 0);
		assert_int_equal(spawn_msg_decode(data, (size_t)size, &back), 0);
		assert_same(&back, &samples[i]);
	}
}

/* A shorter command is another message; everything else has one size. */
static void test_spawn_msg_decode__truncated_anywhere__ebadmsg(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		int size = spawn_msg_encode(&samples[i], data, SPAWN_MSG_MAX);
		int whole = samples[i].type == SPAWN_MSG_RUN ? 9 : size;
		struct spawn_msg back;

		for (int shorter = 0; shorter < whole; shorter++)
			assert_int_equal(spawn_msg_decode(data, (size_t)shorter, &back), -EBADMSG);
	}
}

static void test_spawn_msg_decode__one_byte_too_many__ebadmsg(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		int size = spawn_msg_encode(&samples[i], data, SPAWN_MSG_MAX);
		struct spawn_msg back;

		if (samples[i].type == SPAWN_MSG_RUN)
			continue;
		assert_int_equal(spawn_msg_decode(data, (size_t)size + 1, &back), -EBADMSG);
	}
}

static void test_spawn_msg_encode__too_little_room__einval(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		int size = spawn_msg_encode(&samples[i], data, SPAWN_MSG_MAX);

		for (int room = 0; room < size; room++)
			assert_int_equal(spawn_msg_encode(&samples[i], data, (size_t)room),
					 -EINVAL);
	}
}

static void test_spawn_msg__command_at_the_bound__ok_and_one_more_refused(void **state)
{
	static char command[EXPAND_MAX + 1];
	struct spawn_msg m = { .type = SPAWN_MSG_RUN, .run = 1, .start = { command, EXPAND_MAX } };
	struct spawn_msg back;
	int size;

	memset(command, 'x', sizeof(command));
	size = spawn_msg_encode(&m, data, SPAWN_MSG_MAX);
	assert_true(size > 0);
	assert_int_equal(spawn_msg_decode(data, (size_t)size, &back), 0);
	assert_same(&back, &m);
	data[size] = 'x';
	assert_int_equal(spawn_msg_decode(data, (size_t)size + 1, &back), -EBADMSG);
	m.start.command_size++;
	assert_int_equal(spawn_msg_encode(&m, data, SPAWN_MSG_MAX), -EINVAL);
}

static void test_spawn_msg__nul_in_the_command__refused(void **state)
{
	struct spawn_msg m = { .type = SPAWN_MSG_RUN, .run = 1, .start = { "a\0b", 3 } };
	struct spawn_msg back;
	int size;

	assert_int_equal(spawn_msg_encode(&m, data, SPAWN_MSG_MAX), -EINVAL);
	m.start.command = "axb";
	size = spawn_msg_encode(&m, data, SPAWN_MSG_MAX);
	assert_int_equal(size, 12);
	data[10] = '\0';
	assert_int_equal(spawn_msg_decode(data, (size_t)size, &back), -EBADMSG);
}

static void test_spawn_msg__unknown_type__refused(void **state)
{
	for (unsigned int type = 0; type < 256; type++) {
		struct spawn_msg m = { .type = (enum spawn_msg_type)type };
		struct spawn_msg back;

		if (type >= SPAWN_MSG_RUN && type <= SPAWN_MSG_EXITED)
			continue;
		memset(data, 0, 32);
		data[0] = (uint8_t)type;
		for (size_t size = 0; size < 32; size++)
			assert_int_equal(spawn_msg_decode(data, size, &back), -EBADMSG);
		assert_int_equal(spawn_msg_encode(&m, data, SPAWN_MSG_MAX), -EINVAL);
	}
}

static void test_spawn_msg__outcome_out_of_bounds__refused(void **state)
{
	static const struct {
		unsigned int outcome;
		uint32_t value;
	} cases[] = { { 0, 0 }, { 4, 0 }, { 255, 0 }, { SPAWN_EXITED, 256 } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct spawn_msg m = { .type = SPAWN_MSG_EXITED, .run = 1 };
		struct spawn_msg back;
		uint8_t bytes[14] = {
			3, [9] = (uint8_t)cases[i].outcome, [12] = (uint8_t)(cases[i].value >> 8)
		};

		m.exited.outcome = (enum spawn_outcome)cases[i].outcome;
		m.exited.value = cases[i].value;
		assert_int_equal(spawn_msg_encode(&m, data, SPAWN_MSG_MAX), -EINVAL);
		assert_int_equal(spawn_msg_decode(bytes, sizeof(bytes), &back), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spawn_msg_encode__exited__these_bytes),
		cmocka_unit_test(test_spawn_msg_decode__encoded_message__the_same),
		cmocka_unit_test(test_spawn_msg_decode__truncated_anywhere__ebadmsg),
		cmocka_unit_test(test_spawn_msg_decode__one_byte_too_many__ebadmsg),
		cmocka_unit_test(test_spawn_msg_encode__too_little_room__einval),
		cmocka_unit_test(test_spawn_msg__command_at_the_bound__ok_and_one_more_refused),
		cmocka_unit_test(test_spawn_msg__nul_in_the_command__refused),
		cmocka_unit_test(test_spawn_msg__unknown_type__refused),
		cmocka_unit_test(test_spawn_msg__outcome_out_of_bounds__refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
