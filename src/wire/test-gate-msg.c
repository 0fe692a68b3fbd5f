/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/gate-msg.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

static uint8_t data[GATE_MSG_MAX + GATE_CHUNK_MAX];

#define PEER                                                                  \
	{                                                                     \
		.family = PEER_IPV6, .address = { 0xfe, 0x80 }, .port = 40112 \
	}

/* One of each, the trailing byte string as short as it may be: every byte is needed. */
static const struct gate_msg shortest[] = {
	{ .type = GATE_MSG_CONFIG, .config = { .max_connections = 1 } },
	{ .type = GATE_MSG_READY, .ready = { .ok = true } },
	{ .type = GATE_MSG_EVENT, .event = { .kind = GATE_EVENT_ACCEPTED, .peer = PEER } },
	{ .type = GATE_MSG_CLAIM, .session = 1, .claim = { .key_id = { { 1 } }, .peer = PEER } },
	{ .type = GATE_MSG_WAIT, .session = 1 },
	{ .type = GATE_MSG_GIVE,
	  .session = 1,
	  .give = { .total_size = 5, .offset = 4, .data = (const uint8_t *)"x", .data_size = 1 } },
	{ .type = GATE_MSG_REFUSE, .session = 1 },
	{ .type = GATE_MSG_SENT, .session = 1 },
	{ .type = GATE_MSG_FAILED, .session = 1, .end = { .reason = GATE_END_ERROR } },
	{ .type = GATE_MSG_GONE, .session = 1, .end = { .reason = GATE_END_CLOSED } },
	{ .type = GATE_MSG_LEVEL, .log_threshold = 7 },
};

/* Encodes, with the data of GIVE behind its header as channel_send() would. */
static int encode(const struct gate_msg *m)
{
	int size = gate_msg_encode(m, data, GATE_MSG_MAX);

	if (size > 0 && m->type == GATE_MSG_GIVE) {
		memcpy(data + size, m->give.data, m->give.data_size);
		size += (int)m->give.data_size;
	}
	return size;
}

static void assert_same_config(const struct gate_config *a, const struct gate_config *b)
{
	assert_int_equal(a->max_connections, b->max_connections);
	assert_int_equal(a->max_per_source, b->max_per_source);
	assert_int_equal(a->hello_usec, b->hello_usec);
	assert_int_equal(a->handshake_usec, b->handshake_usec);
	assert_int_equal(a->send_usec, b->send_usec);
	assert_int_equal(a->bye_usec, b->bye_usec);
	assert_int_equal(a->log_threshold, b->log_threshold);
	assert_int_equal(a->debug, b->debug);
	assert_string_equal(a->priority, b->priority);
}

static void assert_same_bytes(const void *a, size_t a_size, const void *b, size_t b_size)
{
	assert_int_equal(a_size, b_size);
	if (a_size > 0)
		assert_memory_equal(a, b, a_size);
}

static void assert_same(const struct gate_msg *a, const struct gate_msg *b)
{
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->session, b->session);
	switch (a->type) {
	case GATE_MSG_CONFIG:
		assert_same_config(&a->config, &b->config);
		break;
	case GATE_MSG_READY:
		assert_int_equal(a->ready.ok, b->ready.ok);
		assert_same_bytes(a->ready.detail, a->ready.detail_size, b->ready.detail,
				  b->ready.detail_size);
		break;
	case GATE_MSG_EVENT:
		assert_int_equal(a->event.kind, b->event.kind);
		assert_memory_equal(a->event.peer.address, b->event.peer.address, 16);
		assert_int_equal(a->event.peer.port, b->event.peer.port);
		assert_same_bytes(a->event.detail, a->event.detail_size, b->event.detail,
				  b->event.detail_size);
		break;
	case GATE_MSG_CLAIM:
		assert_true(key_id_equal(&a->claim.key_id, &b->claim.key_id));
		assert_memory_equal(a->claim.peer.address, b->claim.peer.address, 16);
		assert_int_equal(a->claim.peer.port, b->claim.peer.port);
		break;
	case GATE_MSG_GIVE:
		assert_int_equal(a->give.total_size, b->give.total_size);
		assert_int_equal(a->give.offset, b->give.offset);
		assert_same_bytes(a->give.data, a->give.data_size, b->give.data, b->give.data_size);
		break;
	case GATE_MSG_FAILED:
	case GATE_MSG_GONE:
		assert_int_equal(a->end.reason, b->end.reason);
		assert_same_bytes(a->end.detail, a->end.detail_size, b->end.detail,
				  b->end.detail_size);
		break;
	case GATE_MSG_LEVEL:
		assert_int_equal(a->log_threshold, b->log_threshold);
		break;
	case GATE_MSG_WAIT:
	case GATE_MSG_REFUSE:
	case GATE_MSG_SENT:
		break;
	}
}

static void assert_comes_back(const struct gate_msg *m)
{
	struct gate_msg back;
	int size = encode(m);

	assert_true(size > 0);
	assert_true((size_t)size <= GATE_MSG_MAX);
	assert_int_equal(gate_msg_decode(data, (size_t)size, &back), 0);
	assert_same(&back, m);
}

static void test_gate_msg_encode__claim__these_bytes(void **state)
{
	static const uint8_t expected[] = {
		4,    1,    2, 3, 4, 5, 6, 7, 8,		      /* type, session */
		0xaa, 0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* key ID */
		0,    0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xbb, 4,
		192,  0,    2, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* peer */
		0x9c, 0xb0, 0, 0, 0, 0, 0, 0, 0, 0,
	};
	const struct gate_msg m = {
		.type = GATE_MSG_CLAIM,
		.session = 0x0102030405060708,
		.claim = { .key_id = { { 0xaa, [31] = 0xbb } },
			   .peer = { .family = PEER_IPV4,
				     .address = { 192, 0, 2, 7 },
				     .port = 40112 } },
	};

	assert_int_equal(gate_msg_encode(&m, data, sizeof(data)), sizeof(expected));
	assert_memory_equal(data, expected, sizeof(expected));
}

static void test_gate_msg_decode__encoded_message__the_same(void **state)
{
	struct gate_msg m = {
		.type = GATE_MSG_CONFIG,
		.config = { .max_connections = UINT32_MAX,
			    .max_per_source = 2,
			    .hello_usec = 3,
			    .handshake_usec = USEC_NEVER,
			    .send_usec = 5,
			    .bye_usec = 6,
			    .log_threshold = 7,
			    .debug = true,
			    .priority = "SECURE128:+CTYPE-RAWPK" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(shortest); i++)
		assert_comes_back(&shortest[i]);
	assert_comes_back(&m);
	m = (struct gate_msg){ .type = GATE_MSG_READY, .ready = { false, "+FOO", 4 } };
	assert_comes_back(&m);
	m = (struct gate_msg){ .type = GATE_MSG_GIVE,
			       .session = UINT64_MAX,
			       .give = { 0, 0, (const uint8_t *)"", 0 } };
	assert_comes_back(&m);
	for (unsigned int kind = GATE_EVENT_ACCEPTED; kind <= GATE_EVENT_LIBRARY; kind++) {
		m = (struct gate_msg){ .type = GATE_MSG_EVENT,
				       .session = kind,
				       .event = { .kind = (enum gate_event)kind,
						  .peer = PEER,
						  .detail = "a\0b",
						  .detail_size = 3 } };
		assert_comes_back(&m);
	}
	for (unsigned int reason = GATE_END_CLOSED; reason <= GATE_END_REFUSED; reason++) {
		m = (struct gate_msg){ .type = GATE_MSG_GONE,
				       .session = 1,
				       .end = { (enum gate_end_reason)reason, "why", 3 } };
		assert_comes_back(&m);
	}
}

static void test_gate_msg_decode__truncated_anywhere__ebadmsg(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(shortest); i++) {
		int size = encode(&shortest[i]);

		for (int shorter = 0; shorter < size; shorter++) {
			struct gate_msg back = { .session = 12345 };

			assert_int_equal(gate_msg_decode(data, (size_t)shorter, &back), -EBADMSG);
			assert_int_equal(back.session, 12345);
		}
	}
}

/* Fills the trailing byte string up to its bound, if the type has one. */
static struct gate_msg longest(const struct gate_msg *m)
{
	static char filler[GATE_CHUNK_MAX + 1];
	struct gate_msg l = *m;

	memset(filler, 'x', sizeof(filler));
	if (m->type == GATE_MSG_CONFIG) {
		memset(l.config.priority, 'x', GATE_PRIORITY_MAX);
	} else if (m->type == GATE_MSG_READY) {
		l.ready.detail = filler;
		l.ready.detail_size = GATE_DETAIL_MAX;
	} else if (m->type == GATE_MSG_EVENT) {
		l.event.detail = filler;
		l.event.detail_size = GATE_DETAIL_MAX;
	} else if (m->type == GATE_MSG_FAILED || m->type == GATE_MSG_GONE) {
		l.end.detail = filler;
		l.end.detail_size = GATE_DETAIL_MAX;
	} else if (m->type == GATE_MSG_GIVE) {
		l.give.total_size = GATE_SECRET_MAX;
		l.give.data = (const uint8_t *)filler;
		l.give.data_size = GATE_CHUNK_MAX;
	}
	return l;
}

static void test_gate_msg_decode__at_the_bound__ok_and_one_byte_more_ebadmsg(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(shortest); i++) {
		struct gate_msg m = longest(&shortest[i]);
		struct gate_msg back;
		int size;

		assert_comes_back(&m);
		size = encode(&m);
		data[size] = 'x';
		assert_int_equal(gate_msg_decode(data, (size_t)size + 1, &back), -EBADMSG);
	}
}

static void test_gate_msg_encode__beyond_a_bound__einval(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(shortest); i++) {
		struct gate_msg m = longest(&shortest[i]);

		if (m.type == GATE_MSG_CONFIG)
			m.config.priority[GATE_PRIORITY_MAX] = 'x';
		else if (m.type == GATE_MSG_READY)
			m.ready.detail_size++;
		else if (m.type == GATE_MSG_EVENT)
			m.event.detail_size++;
		else if (m.type == GATE_MSG_FAILED || m.type == GATE_MSG_GONE)
			m.end.detail_size++;
		else if (m.type == GATE_MSG_GIVE)
			m.give.data_size++;
		else
			continue;
		assert_int_equal(gate_msg_encode(&m, data, sizeof(data)), -EINVAL);
	}
}

static void test_gate_msg_encode__too_little_room__einval(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(shortest); i++) {
		int size = gate_msg_encode(&shortest[i], data, sizeof(data));

		assert_true(size > 0);
		for (int room = 0; room < size; room++)
			assert_int_equal(gate_msg_encode(&shortest[i], data, (size_t)room),
					 -EINVAL);
	}
}

/* Chunks that no secret consists of, both ways. */
static void test_gate_msg__impossible_chunks__refused(void **state)
{
	static const struct {
		uint32_t total_size;
		uint32_t offset;
		uint8_t data_size;
		bool good;
	} cases[] = {
		{ 5, 0, 5, true },
		{ 5, 4, 1, true },
		{ 0, 0, 0, true },
		{ GATE_SECRET_MAX, GATE_SECRET_MAX - 1, 1, true },
		{ GATE_SECRET_MAX + 1, 0, 1, false },
		{ UINT32_MAX, 0, 1, false },
		{ 5, 0, 0, false }, /* could go on for ever */
		{ 5, 5, 0, false },
		{ 5, 5, 1, false },
		{ 5, 6, 1, false },
		{ 5, 0, 6, false },
		{ 5, UINT32_MAX, 6, false }, /* the sum wraps to 5 */
		{ 0, 0, 1, false },
		{ 0, 1, 0, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct gate_msg m = {
			.type = GATE_MSG_GIVE,
			.session = 1,
			.give = { cases[i].total_size, cases[i].offset, data, cases[i].data_size },
		};
		uint8_t bytes[32];
		struct writer w = WRITER(bytes, sizeof(bytes));
		struct gate_msg back;

		assert_int_equal(gate_msg_encode(&m, data, sizeof(data)),
				 cases[i].good ? 17 : -EINVAL);
		put_u8(&w, GATE_MSG_GIVE);
		put_u64(&w, 1);
		put_u32(&w, cases[i].total_size);
		put_u32(&w, cases[i].offset);
		assert_int_equal(gate_msg_decode(bytes, w.used + cases[i].data_size, &back),
				 cases[i].good ? 0 : -EBADMSG);
	}
}

/* Every value of every byte that is an enumeration or a truth value. */
static void test_gate_msg__values_out_of_range__refused(void **state)
{
	static const struct {
		enum gate_msg_type type;
		size_t at;
		unsigned int first;
		unsigned int last;
	} cases[] = {
		{ GATE_MSG_CONFIG, 50, 0, 1 }, /* debug, behind the log threshold */
		{ GATE_MSG_READY, 9, 0, 1 },
		{ GATE_MSG_EVENT, 9, GATE_EVENT_ACCEPTED, GATE_EVENT_LIBRARY },
		{ GATE_MSG_FAILED, 9, GATE_END_CLOSED, GATE_END_REFUSED },
		{ GATE_MSG_GONE, 9, GATE_END_CLOSED, GATE_END_REFUSED },
	};
	struct gate_msg m = { .type = GATE_MSG_EVENT };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (unsigned int value = 0; value < 256; value++) {
			bool good = value >= cases[i].first && value <= cases[i].last;
			int size = encode(&shortest[cases[i].type - 1]);

			data[cases[i].at] = (uint8_t)value;
			assert_int_equal(gate_msg_decode(data, (size_t)size, &m),
					 good ? 0 : -EBADMSG);
		}
	}
	m = shortest[GATE_MSG_EVENT - 1];
	m.event.kind = (enum gate_event)0;
	assert_int_equal(gate_msg_encode(&m, data, sizeof(data)), -EINVAL);
	m.event.kind = (enum gate_event)(GATE_EVENT_LIBRARY + 1);
	assert_int_equal(gate_msg_encode(&m, data, sizeof(data)), -EINVAL);
	m = shortest[GATE_MSG_GONE - 1];
	m.end.reason = (enum gate_end_reason)0;
	assert_int_equal(gate_msg_encode(&m, data, sizeof(data)), -EINVAL);
	m.end.reason = (enum gate_end_reason)(GATE_END_REFUSED + 1);
	assert_int_equal(gate_msg_encode(&m, data, sizeof(data)), -EINVAL);
}

static void test_gate_msg__unknown_type__refused(void **state)
{
	for (unsigned int type = 0; type < 256; type++) {
		struct gate_msg m = { .type = (enum gate_msg_type)type };

		if (type >= GATE_MSG_CONFIG && type <= GATE_MSG_LEVEL)
			continue;
		memset(data, 0, 128);
		data[0] = (uint8_t)type;
		for (size_t size = 0; size < 128; size++)
			assert_int_equal(gate_msg_decode(data, size, &m), -EBADMSG);
		m.type = (enum gate_msg_type)type;
		assert_int_equal(gate_msg_encode(&m, data, sizeof(data)), -EINVAL);
	}
}

static void test_gate_msg_decode__nul_in_the_priority__ebadmsg(void **state)
{
	struct gate_msg m = shortest[0];
	int size;

	strcpy(m.config.priority, "ab");
	size = encode(&m);
	data[size - 2] = '\0';
	assert_int_equal(gate_msg_decode(data, (size_t)size, &m), -EBADMSG);
}

static void test_gate_msg__unknown_family__refused(void **state)
{
	struct gate_msg m = shortest[GATE_MSG_CLAIM - 1];
	int size = encode(&m);

	data[9 + KEY_ID_SIZE] = 5;
	assert_int_equal(gate_msg_decode(data, (size_t)size, &m), -EBADMSG);
	m = shortest[GATE_MSG_EVENT - 1];
	m.event.peer.family = (enum peer_family)0;
	assert_int_equal(gate_msg_encode(&m, data, sizeof(data)), -EINVAL);
}

/* The whole table: a row for each type, a column for each phase. */
static void test_gate_msg_may__every_pair__as_the_table_says(void **state)
{
	static const struct {
		enum gate_msg_type type;
		/* NONE CLAIMED GIVING GIVEN REFUSED ENDED */
		const char *phases;
	} rows[] = {
		{ GATE_MSG_CONFIG, "x....." },
		{ GATE_MSG_READY, "x....." },
		{ GATE_MSG_EVENT, "xxxxxx" },
		{ GATE_MSG_CLAIM, "x....." },
		{ GATE_MSG_WAIT, ".x...." },
		{ GATE_MSG_GIVE, ".xx..." },
		{ GATE_MSG_REFUSE, ".xx..." },
		{ GATE_MSG_SENT, "...x.." },
		{ GATE_MSG_FAILED, "..xx.." },
		{ GATE_MSG_GONE, ".xxxx." },
		{ GATE_MSG_LEVEL, "x....." },
		{ (enum gate_msg_type)0, "......" },
		{ (enum gate_msg_type)(GATE_MSG_LEVEL + 1), "......" },
		{ (enum gate_msg_type)255, "......" },
	};

	assert_int_equal(ARRAY_SIZE(rows) - 3, GATE_MSG_LEVEL);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (unsigned int phase = GATE_PHASE_NONE; phase <= GATE_PHASE_ENDED; phase++)
			if (gate_msg_may(rows[i].type, (enum gate_phase)phase) !=
			    (rows[i].phases[phase] == 'x'))
				fail_msg("type %u in phase %u", (unsigned int)rows[i].type, phase);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gate_msg_encode__claim__these_bytes),
		cmocka_unit_test(test_gate_msg_decode__encoded_message__the_same),
		cmocka_unit_test(test_gate_msg_decode__truncated_anywhere__ebadmsg),
		cmocka_unit_test(test_gate_msg_decode__at_the_bound__ok_and_one_byte_more_ebadmsg),
		cmocka_unit_test(test_gate_msg_encode__beyond_a_bound__einval),
		cmocka_unit_test(test_gate_msg_encode__too_little_room__einval),
		cmocka_unit_test(test_gate_msg__impossible_chunks__refused),
		cmocka_unit_test(test_gate_msg__values_out_of_range__refused),
		cmocka_unit_test(test_gate_msg__unknown_type__refused),
		cmocka_unit_test(test_gate_msg_decode__nul_in_the_priority__ebadmsg),
		cmocka_unit_test(test_gate_msg__unknown_family__refused),
		cmocka_unit_test(test_gate_msg_may__every_pair__as_the_table_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
