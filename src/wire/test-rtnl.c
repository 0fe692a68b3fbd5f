/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-ROUTE-3, CLI-NET-15; against what a kernel sent, written down as structs. */
#include "wire/rtnl.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

static void put_message(struct writer *w, uint16_t type, const void *body, size_t size)
{
	struct nlmsghdr head = { .nlmsg_len = (uint32_t)(sizeof(head) + size),
				 .nlmsg_type = type,
				 .nlmsg_seq = 7 };

	put_bytes(w, &head, sizeof(head));
	put_bytes(w, body, size);
	while (w->used % NLMSG_ALIGNTO)
		put_u8(w, 0);
}

static size_t put_attribute(uint8_t *at, uint16_t type, const void *value, size_t size)
{
	struct rtattr a = { .rta_len = (uint16_t)(sizeof(a) + size), .rta_type = type };

	memcpy(at, &a, sizeof(a));
	memcpy(at + sizeof(a), value, size);
	return RTA_ALIGN(sizeof(a) + size);
}

static size_t make_link(uint8_t *at, int index, unsigned char family, const char *name)
{
	struct ifinfomsg info = { .ifi_family = family,
				  .ifi_index = index,
				  .ifi_flags = IFF_UP | IFF_RUNNING };
	uint32_t mtu = 1500;
	size_t size = sizeof(info);

	memcpy(at, &info, sizeof(info));
	size += put_attribute(at + size, IFLA_MTU, &mtu, sizeof(mtu));
	size += put_attribute(at + size, IFLA_IFNAME, name, strlen(name) + 1);
	return size;
}

static size_t make_address(uint8_t *at, const char *text, uint32_t flags, bool is_peer_first)
{
	struct ifaddrmsg info = { .ifa_family = strchr(text, ':') ? AF_INET6 : AF_INET,
				  .ifa_prefixlen = 64,
				  .ifa_flags = (unsigned char)flags,
				  .ifa_index = 3 };
	size_t bytes = info.ifa_family == AF_INET ? 4 : 16, size = sizeof(info);
	uint8_t address[16], other[16] = { 9, 9, 9, 9 };

	memcpy(at, &info, sizeof(info));
	assert_int_equal(inet_pton(info.ifa_family, text, address), 1);
	if (is_peer_first) {
		size += put_attribute(at + size, IFA_ADDRESS, other, bytes);
		size += put_attribute(at + size, IFA_LOCAL, address, bytes);
	} else {
		size += put_attribute(at + size, IFA_ADDRESS, address, bytes);
	}
	return size + put_attribute(at + size, IFA_FLAGS, &flags, sizeof(flags));
}

static struct rtnl_message take_one(uint16_t type, const void *body, size_t size)
{
	uint8_t data[512];
	struct writer w = WRITER(data, sizeof(data));
	struct rtnl_message m;
	struct reader r;

	put_message(&w, type, body, size);
	r = READER(data, w.used);
	assert_int_equal(rtnl_take(&r, &m), RTNL_OK);
	assert_int_equal(m.sequence, 7);
	{
		struct rtnl_message end;

		assert_int_equal(rtnl_take(&r, &end), RTNL_END);
	}
	return m;
}

static void test_rtnl_take__link__name_flags_index(void **state)
{
	uint8_t body[128];
	size_t size = make_link(body, 3, AF_UNSPEC, "eth0");
	struct rtnl_message m = take_one(RTM_NEWLINK, body, size);

	assert_int_equal(m.kind, RTNL_LINK);
	assert_int_equal(m.index, 3);
	assert_int_equal(m.flags, IFF_UP | IFF_RUNNING);
	assert_string_equal(m.name, "eth0");
	assert_int_equal(take_one(RTM_DELLINK, body, size).kind, RTNL_LINK_GONE);
}

static void test_rtnl_take__bridge_port__of_no_interest(void **state)
{
	uint8_t body[128];
	size_t size = make_link(body, 3, AF_BRIDGE, "eth0");

	assert_int_equal(take_one(RTM_DELLINK, body, size).kind, RTNL_OTHER);
}

static void test_rtnl_take__long_name__cut(void **state)
{
	uint8_t body[128];
	size_t size = make_link(body, 3, AF_UNSPEC, "a-name-of-twenty-byt");

	assert_string_equal(take_one(RTM_NEWLINK, body, size).name, "a-name-of-twent");
}

static void test_rtnl_take__addresses__local_end_scope_and_detection(void **state)
{
	static const struct {
		const char *text;
		uint32_t flags;
		bool is_peer_first, is_tentative;
		uint32_t scope;
	} cases[] = {
		{ "fe80::1", IFA_F_PERMANENT | IFA_F_TENTATIVE, false, true, 3 },
		{ "fe80::1", IFA_F_PERMANENT, false, false, 3 },
		{ "fe80::1", IFA_F_TENTATIVE | IFA_F_OPTIMISTIC, false, false, 3 },
		{ "fe80::1", IFA_F_DADFAILED, false, true, 3 },
		{ "2001:db8::1", IFA_F_NOPREFIXROUTE, false, false, 0 },
		{ "192.0.2.1", IFA_F_PERMANENT, true, false, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t body[128];
		size_t size =
			make_address(body, cases[i].text, cases[i].flags, cases[i].is_peer_first);
		struct rtnl_message m = take_one(RTM_NEWADDR, body, size);
		char text[PEER_ADDRESS_SIZE];

		assert_int_equal(m.kind, RTNL_ADDRESS);
		peer_format_address(&m.address, text);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(m.is_tentative, cases[i].is_tentative);
		assert_int_equal(m.address.scope_id, cases[i].scope);
		assert_int_equal(m.index, 3);
		assert_int_equal(take_one(RTM_DELADDR, body, size).kind, RTNL_ADDRESS_GONE);
	}
}

static void test_rtnl_take__done_and_error__told(void **state)
{
	int error = -17;
	struct rtnl_message m = take_one(NLMSG_ERROR, &error, sizeof(error));

	assert_int_equal(m.kind, RTNL_ERROR);
	assert_int_equal(m.error, -17);
	assert_int_equal(take_one(NLMSG_DONE, &error, sizeof(error)).kind, RTNL_DONE);
}

static void test_rtnl_take__cut_anywhere__never_more_than_is_there(void **state)
{
	uint8_t data[256], body[128];
	struct writer w = WRITER(data, sizeof(data));

	put_message(&w, RTM_NEWLINK, body, make_link(body, 3, AF_UNSPEC, "eth0"));
	put_message(&w, RTM_NEWADDR, body, make_address(body, "fe80::1", 0, false));
	for (size_t size = 0; size < w.used; size++) {
		struct reader r = READER(data, size);
		struct rtnl_message m;
		size_t n = 0;

		while (rtnl_take(&r, &m) == RTNL_OK)
			n++;
		assert_true(n < 2);
	}
}

static void test_rtnl_take__lengths_that_lie__malformed(void **state)
{
	static const uint32_t lengths[] = { 0, 15, 17, 4096, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct nlmsghdr head = { .nlmsg_len = lengths[i], .nlmsg_type = RTM_NEWLINK };
		struct reader r = READER((const uint8_t *)&head, sizeof(head));
		struct rtnl_message m;

		assert_int_equal(rtnl_take(&r, &m), RTNL_MALFORMED);
		assert_int_equal(rtnl_take(&r, &m), RTNL_MALFORMED);
	}
}

static void test_rtnl_put__requests__fit_and_say_their_length(void **state)
{
	struct peer target = { .family = PEER_IPV6, .address = { 0x20, 0x01 } };
	uint8_t data[RTNL_REQUEST_MAX];
	struct nlmsghdr head;
	struct rtmsg route;

	for (int i = 0; i < 3; i++) {
		struct writer w = WRITER(data, sizeof(data));

		if (i == 0)
			rtnl_put_dump_links(&w, 5);
		else if (i == 1)
			rtnl_put_dump_addresses(&w, 5);
		else
			rtnl_put_route(&w, true, &target, 128, 3, 5);
		assert_false(w.failed);
		memcpy(&head, data, sizeof(head));
		assert_int_equal(NLMSG_ALIGN(head.nlmsg_len), w.used);
		assert_int_equal(head.nlmsg_seq, 5);
	}
	assert_int_equal(head.nlmsg_type, RTM_NEWROUTE);
	assert_int_equal(head.nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
	memcpy(&route, data + sizeof(head), sizeof(route));
	assert_int_equal(route.rtm_table, RT_TABLE_MAIN);
	assert_int_equal(route.rtm_protocol, RTPROT_BOOT);
	assert_int_equal(route.rtm_scope, RT_SCOPE_LINK);
	assert_int_equal(route.rtm_type, RTN_UNICAST);
	assert_int_equal(route.rtm_dst_len, rtnl_prefix_max(PEER_IPV6));
	assert_int_equal(rtnl_prefix_max(PEER_IPV4), 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rtnl_take__link__name_flags_index),
		cmocka_unit_test(test_rtnl_take__bridge_port__of_no_interest),
		cmocka_unit_test(test_rtnl_take__long_name__cut),
		cmocka_unit_test(test_rtnl_take__addresses__local_end_scope_and_detection),
		cmocka_unit_test(test_rtnl_take__done_and_error__told),
		cmocka_unit_test(test_rtnl_take__cut_anywhere__never_more_than_is_there),
		cmocka_unit_test(test_rtnl_take__lengths_that_lie__malformed),
		cmocka_unit_test(test_rtnl_put__requests__fit_and_say_their_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
