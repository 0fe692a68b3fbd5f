/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/peer.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

static struct peer make_peer(enum peer_family family, const char *address)
{
	struct peer p = { .family = family, .port = 40112 };

	assert_int_equal(inet_pton(family == PEER_IPV4 ? AF_INET : AF_INET6, address, p.address),
			 1);
	return p;
}

static void test_peer_encode__ipv6__these_bytes(void **state)
{
	static const uint8_t expected[PEER_WIRE_SIZE] = {
		6,    0xfe, 0x80, 0,	0,    0,    0,	  0,	0,    0x50, 0x54, 0x00, 0xff, 0xfe,
		0x12, 0x34, 0x56, 0x9c, 0xb0, 0x01, 0x02, 0x03, 0x04, 0,    0,	  0,	2,
	};
	struct peer p = make_peer(PEER_IPV6, "fe80::5054:ff:fe12:3456");
	uint8_t data[PEER_WIRE_SIZE];
	struct writer w = WRITER(data, sizeof(data));

	p.flowinfo = 0x01020304;
	p.scope_id = 2;
	peer_encode(&w, &p);
	assert_false(w.failed);
	assert_int_equal(w.used, PEER_WIRE_SIZE);
	assert_memory_equal(data, expected, sizeof(expected));
}

static void test_peer_decode__encoded_peer__the_same(void **state)
{
	struct peer peers[] = { make_peer(PEER_IPV4, "192.0.2.7"), make_peer(PEER_IPV6, "::"),
				make_peer(PEER_IPV6, "ff02::1") };

	peers[1].scope_id = UINT32_MAX;
	peers[2].flowinfo = UINT32_MAX;
	peers[2].port = UINT16_MAX;
	for (size_t i = 0; i < ARRAY_SIZE(peers); i++) {
		uint8_t data[PEER_WIRE_SIZE];
		struct writer w = WRITER(data, sizeof(data));
		struct reader r = READER(data, sizeof(data));
		struct peer back;

		peer_encode(&w, &peers[i]);
		peer_decode(&r, &back);
		assert_true(reader_done(&r));
		assert_int_equal(back.family, peers[i].family);
		assert_memory_equal(back.address, peers[i].address, sizeof(back.address));
		assert_int_equal(back.port, peers[i].port);
		assert_int_equal(back.flowinfo, peers[i].flowinfo);
		assert_int_equal(back.scope_id, peers[i].scope_id);
	}
}

static void test_peer_decode__truncated_anywhere__failed(void **state)
{
	uint8_t data[PEER_WIRE_SIZE];
	struct writer w = WRITER(data, sizeof(data));
	struct peer p = make_peer(PEER_IPV6, "::1");

	peer_encode(&w, &p);
	for (size_t size = 0; size < PEER_WIRE_SIZE; size++) {
		struct reader r = READER(data, size);

		peer_decode(&r, &p);
		assert_true(r.failed);
	}
}

static void test_peer_decode__unknown_family__failed_both_ways(void **state)
{
	for (unsigned int family = 0; family < 256; family++) {
		uint8_t data[PEER_WIRE_SIZE] = { (uint8_t)family };
		bool known = family == PEER_IPV4 || family == PEER_IPV6;
		struct reader r = READER(data, sizeof(data));
		struct writer w = WRITER(data, sizeof(data));
		struct peer p;

		peer_decode(&r, &p);
		assert_int_equal(reader_done(&r), known);
		p = (struct peer){ .family = (enum peer_family)family };
		peer_encode(&w, &p);
		assert_int_equal(!w.failed, known);
	}
}

static void test_peer_encode__no_room__failed(void **state)
{
	struct peer p = make_peer(PEER_IPV6, "::1");

	for (size_t size = 0; size < PEER_WIRE_SIZE; size++) {
		uint8_t data[PEER_WIRE_SIZE + 1];
		struct writer w = WRITER(data, size);

		data[size] = 0x5a;
		peer_encode(&w, &p);
		assert_true(w.failed);
		assert_int_equal(data[size], 0x5a);
	}
}

/* SRV-PROTO-29 */
static void test_peer_format_address__any__bare_text(void **state)
{
	static const struct {
		enum peer_family family;
		const char *text;
	} cases[] = {
		{ PEER_IPV4, "192.0.2.7" },
		{ PEER_IPV4, "255.255.255.255" },
		{ PEER_IPV6, "fe80::1:2" },
		{ PEER_IPV6, "::ffff:192.0.2.7" },
		{ PEER_IPV6, "::" },
		{ PEER_IPV6, "fe80:1111:2222:3333:4444:5555:6666:7777" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct peer p = make_peer(cases[i].family, cases[i].text);
		char text[PEER_ADDRESS_SIZE];

		p.scope_id = 2;
		peer_format_address(&p, text);
		assert_string_equal(text, cases[i].text);
	}
}

/* SRV-LOG-8 */
static void test_peer_format__ipv6_and_ipv4__as_the_log_has_it(void **state)
{
	struct peer p = make_peer(PEER_IPV6, "fe80::5054:ff:fe12:3456");
	char text[PEER_TEXT_SIZE];

	p.scope_id = 2;
	peer_format(&p, text);
	assert_string_equal(text, "('fe80::5054:ff:fe12:3456', 40112, 0, 2)");
	p = make_peer(PEER_IPV4, "192.0.2.7");
	peer_format(&p, text);
	assert_string_equal(text, "('192.0.2.7', 40112)");
}

static void test_peer_format__longest__fits(void **state)
{
	struct peer p = make_peer(PEER_IPV6, "fe80:1111:2222:3333:4444:5555:6666:7777");
	char text[PEER_TEXT_SIZE];

	p.port = UINT16_MAX;
	p.flowinfo = UINT32_MAX;
	p.scope_id = UINT32_MAX;
	peer_format(&p, text);
	assert_string_equal(text, "('fe80:1111:2222:3333:4444:5555:6666:7777', 65535, 4294967295, "
				  "4294967295)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peer_encode__ipv6__these_bytes),
		cmocka_unit_test(test_peer_decode__encoded_peer__the_same),
		cmocka_unit_test(test_peer_decode__truncated_anywhere__failed),
		cmocka_unit_test(test_peer_decode__unknown_family__failed_both_ways),
		cmocka_unit_test(test_peer_encode__no_room__failed),
		cmocka_unit_test(test_peer_format_address__any__bare_text),
		cmocka_unit_test(test_peer_format__ipv6_and_ipv4__as_the_log_has_it),
		cmocka_unit_test(test_peer_format__longest__fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
