/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-DIR-1, CLI-DIR-3, CLI-CONN-2. */
#include "client/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

static const struct {
	const char *text;
	enum address_result result;
	const char *address; /* as inet_ntop() writes it */
	uint16_t port;
} cases[] = {
	{ "192.0.2.7:4711", ADDRESS_OK, "192.0.2.7", 4711 },
	{ "[2001:db8::1]:4711", ADDRESS_OK, "2001:db8::1", 4711 },
	{ "2001:db8::1:4711", ADDRESS_OK, "2001:db8::1", 4711 },
	{ "::1:4711", ADDRESS_OK, "::1", 4711 },
	{ "[::1]:0", ADDRESS_OK, "::1", 0 },
	{ "[fe80::5054:ff:fe12:3456]:65535", ADDRESS_OK, "fe80::5054:ff:fe12:3456", 65535 },
	{ "::ffff:192.0.2.7:1", ADDRESS_OK, "::ffff:192.0.2.7", 1 },
	{ "1.2.3.4:00080", ADDRESS_OK, "1.2.3.4", 80 },
	{ "", ADDRESS_NO_PORT, NULL, 0 },
	{ "192.0.2.7", ADDRESS_NO_PORT, NULL, 0 },
	{ "192.0.2.7:", ADDRESS_NO_PORT, NULL, 0 },
	{ "[::1]", ADDRESS_BAD_PORT, NULL, 0 },
	{ "192.0.2.7:65536", ADDRESS_BAD_PORT, NULL, 0 },
	{ "192.0.2.7:99999999999999999999", ADDRESS_BAD_PORT, NULL, 0 },
	{ "192.0.2.7:-1", ADDRESS_BAD_PORT, NULL, 0 },
	{ "192.0.2.7:+1", ADDRESS_BAD_PORT, NULL, 0 },
	{ "192.0.2.7: 1", ADDRESS_BAD_PORT, NULL, 0 },
	{ "192.0.2.7:1x", ADDRESS_BAD_PORT, NULL, 0 },
	{ "192.0.2.7:http", ADDRESS_BAD_PORT, NULL, 0 },
	{ ":4711", ADDRESS_BAD_HOST, NULL, 0 },
	{ "localhost:4711", ADDRESS_BAD_HOST, NULL, 0 },
	{ "[192.0.2.7]:4711", ADDRESS_BAD_HOST, NULL, 0 },
	{ "192.0.2.256:4711", ADDRESS_BAD_HOST, NULL, 0 },
	{ "[::1:4711", ADDRESS_BAD_HOST, NULL, 0 },
	{ "::1]:4711", ADDRESS_BAD_HOST, NULL, 0 },
	{ "[[::1]]:4711", ADDRESS_BAD_HOST, NULL, 0 },
	{ "[]:4711", ADDRESS_BAD_HOST, NULL, 0 },
	{ "[fe80::1%lo]:4711", ADDRESS_BAD_HOST, NULL, 0 },
};

static void test_address_parse__table__as_written(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct peer p = { .family = PEER_IPV4, .port = 1 }, untouched = p;
		char text[PEER_ADDRESS_SIZE];

		print_message("%s\n", cases[i].text);
		assert_int_equal(address_parse(cases[i].text, &p), cases[i].result);
		if (cases[i].result != ADDRESS_OK) {
			assert_memory_equal(&p, &untouched, sizeof(p));
			assert_true(strlen(address_result_text(cases[i].result)) > 0);
			continue;
		}
		assert_int_equal(p.port, cases[i].port);
		assert_int_equal(p.scope_id, 0);
		assert_non_null(inet_ntop(p.family == PEER_IPV6 ? AF_INET6 : AF_INET, p.address,
					  text, sizeof(text)));
		assert_string_equal(text, cases[i].address);
	}
}

static void test_address_parse__at_the_bound__refused_beyond(void **state)
{
	/* 63 characters fit; no numeric address has more than 45, so both are refused unharmed. */
	char text[ADDRESS_TEXT_MAX + 8];
	struct peer p;

	memset(text, ':', sizeof(text));
	memcpy(text + ADDRESS_TEXT_MAX - 1, ":1", 3);
	assert_int_equal(address_parse(text, &p), ADDRESS_BAD_HOST);
	memset(text, ':', sizeof(text));
	memcpy(text + ADDRESS_TEXT_MAX, ":1", 3);
	assert_int_equal(address_parse(text, &p), ADDRESS_BAD_HOST);
}

static void test_address_needs_scope__families__only_ipv6_link_local(void **state)
{
	static const struct {
		const char *text;
		bool needs;
	} wanted[] = {
		{ "fe80::1:1", true },	    { "febf::1:1", true },	{ "fec0::1:1", false },
		{ "fe7f::1:1", false },	    { "::1:1", false },		{ "2001:db8::1:1", false },
		{ "169.254.1.1:1", false }, { "254.128.0.1:1", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct peer p;

		assert_int_equal(address_parse(wanted[i].text, &p), ADDRESS_OK);
		assert_int_equal(address_needs_scope(&p), wanted[i].needs);
	}
}

static void test_address_to_sockaddr__scope__only_for_link_local(void **state)
{
	struct sockaddr_storage sa;
	struct sockaddr_in6 in6;
	struct sockaddr_in in;
	struct peer p;

	assert_int_equal(address_parse("[fe80::1]:4711", &p), ADDRESS_OK);
	p.scope_id = 7;
	assert_int_equal(address_to_sockaddr(&p, &sa), sizeof(in6));
	memcpy(&in6, &sa, sizeof(in6));
	assert_int_equal(in6.sin6_family, AF_INET6);
	assert_int_equal(ntohs(in6.sin6_port), 4711);
	assert_int_equal(in6.sin6_scope_id, 7);

	assert_int_equal(address_parse("[::1]:4711", &p), ADDRESS_OK);
	p.scope_id = 7;
	assert_int_equal(address_to_sockaddr(&p, &sa), sizeof(in6));
	memcpy(&in6, &sa, sizeof(in6));
	assert_int_equal(in6.sin6_scope_id, 0);

	assert_int_equal(address_parse("192.0.2.7:80", &p), ADDRESS_OK);
	assert_int_equal(address_to_sockaddr(&p, &sa), sizeof(in));
	memcpy(&in, &sa, sizeof(in));
	assert_int_equal(in.sin_family, AF_INET);
	assert_int_equal(ntohs(in.sin_port), 80);
	assert_int_equal(ntohl(in.sin_addr.s_addr), 0xc0000207);
}

static void test_address_parse_server__names__told_from_bad_addresses(void **state)
{
	static const struct {
		const char *text;
		const char *host; /* NULL: refused */
	} names[] = {
		{ "localhost:4711", "localhost" },
		{ "mandos.example.org:4711", "mandos.example.org" },
		{ "mandos.example.org.:4711", "mandos.example.org." },
		{ "4711.a-b_c:4711", "4711.a-b_c" },
		{ "192.0.2.1:4711", "" },
		{ "[::1]:4711", "" },
		{ "192.0.2.256:4711", NULL },
		{ "192.0.2:4711", NULL },
		{ "example.1com:4711", NULL },
		{ "[localhost]:4711", NULL },
		{ "a b:4711", NULL },
		{ "a..b:4711", NULL },
		{ ".a:4711", NULL },
		{ ":4711", NULL },
		{ "[fe80::1%lo]:4711", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char host[ADDRESS_HOST_SIZE];
		struct peer p;
		enum address_result r = address_parse_server(names[i].text, &p, host);

		print_message("%s\n", names[i].text);
		assert_int_equal(r, names[i].host ? ADDRESS_OK : ADDRESS_BAD_HOST);
		if (!names[i].host)
			continue;
		assert_string_equal(host, names[i].host);
		assert_int_equal(p.port, 4711);
	}
}

static void test_address_parse_server__at_the_bound__refused_beyond(void **state)
{
	char text[ADDRESS_HOST_SIZE + 8], host[ADDRESS_HOST_SIZE];
	struct peer p;

	memset(text, 'a', sizeof(text));
	(void)strcpy(text + ADDRESS_HOST_SIZE - 1, ":1");
	assert_int_equal(address_parse_server(text, &p, host), ADDRESS_OK);
	assert_int_equal(strlen(host), ADDRESS_HOST_SIZE - 1);
	memset(text, 'a', sizeof(text));
	(void)strcpy(text + ADDRESS_HOST_SIZE, ":1");
	assert_int_equal(address_parse_server(text, &p, host), ADDRESS_BAD_HOST);
}

static void test_address_format__kinds__as_people_write_them(void **state)
{
	char text[ADDRESS_FORMAT_SIZE];
	struct peer p;

	assert_int_equal(address_parse("192.0.2.7:80", &p), ADDRESS_OK);
	address_format(&p, text);
	assert_string_equal(text, "192.0.2.7:80");
	assert_int_equal(address_parse("[2001:db8::1]:4711", &p), ADDRESS_OK);
	address_format(&p, text);
	assert_string_equal(text, "[2001:db8::1]:4711");
	assert_int_equal(address_parse("fe80:1111:2222:3333:4444:5555:6666:7777:65535", &p),
			 ADDRESS_OK);
	p.scope_id = UINT32_MAX;
	address_format(&p, text);
	assert_string_equal(text, "[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_parse__table__as_written),
		cmocka_unit_test(test_address_parse__at_the_bound__refused_beyond),
		cmocka_unit_test(test_address_needs_scope__families__only_ipv6_link_local),
		cmocka_unit_test(test_address_parse_server__names__told_from_bad_addresses),
		cmocka_unit_test(test_address_parse_server__at_the_bound__refused_beyond),
		cmocka_unit_test(test_address_format__kinds__as_people_write_them),
		cmocka_unit_test(test_address_to_sockaddr__scope__only_for_link_local),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
