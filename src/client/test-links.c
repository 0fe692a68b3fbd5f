/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CLI-NET-10, CLI-NET-15: what is known of interfaces, and the sentence that is made of it. */
#include "client/links.h"

#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/status.h"

static struct links links; /* too large for a stack */

static bool link_event(enum rtnl_kind kind, uint32_t index, const char *name, uint32_t flags)
{
	struct rtnl_message m = { .kind = kind, .index = index, .flags = flags };

	(void)snprintf(m.name, sizeof(m.name), "%s", name);
	return links_apply(&links, &m);
}

static bool address_event(enum rtnl_kind kind, uint32_t index, uint8_t last, bool is_tentative)
{
	struct rtnl_message m = { .kind = kind, .index = index, .is_tentative = is_tentative };

	m.address = (struct peer){ .family = PEER_IPV6, .address = { 0xfe, 0x80 } };
	m.address.address[15] = last;
	return links_apply(&links, &m);
}

static int clear(void **state)
{
	(void)state;
	memset(&links, 0, sizeof(links));
	return 0;
}

static void test_links_apply__links__in_order_of_names(void **state)
{
	assert_true(link_event(RTNL_LINK, 1, "lo", IFF_UP));
	assert_true(link_event(RTNL_LINK, 2, "eth1", 0));
	assert_true(link_event(RTNL_LINK, 3, "eth0", 0));
	assert_int_equal(links.n_links, 3);
	assert_string_equal(links.links[0].name, "eth0");
	assert_string_equal(links.links[2].name, "lo");
	assert_false(link_event(RTNL_LINK, 3, "eth0", 0));
	assert_true(link_event(RTNL_LINK, 3, "wan", 0));
	assert_string_equal(links.links[2].name, "wan");
	assert_null(links_find_name(&links, "eth0"));
	assert_non_null(links_find_name(&links, "eth1"));
	assert_true(link_event(RTNL_LINK_GONE, 2, "eth1", 0));
	assert_false(link_event(RTNL_LINK_GONE, 2, "eth1", 0));
	assert_int_equal(links.n_links, 2);
}

static void test_links_apply__address__usable_when_detection_has_ended(void **state)
{
	const struct link *link;

	(void)link_event(RTNL_LINK, 2, "eth0", IFF_UP | IFF_RUNNING);
	link = links_find_name(&links, "eth0");
	assert_true(link_is_running(link));
	assert_true(address_event(RTNL_ADDRESS, 2, 1, true));
	assert_null(link_address(link, PEER_IPV6));
	assert_true(address_event(RTNL_ADDRESS, 2, 1, false));
	assert_false(address_event(RTNL_ADDRESS, 2, 1, false));
	assert_non_null(link_address(link, PEER_IPV6));
	assert_null(link_address(link, PEER_IPV4));
	/* A change of flags keeps the addresses. */
	assert_true(link_event(RTNL_LINK, 2, "eth0", IFF_UP));
	assert_false(link_is_running(links_find_name(&links, "eth0")));
	assert_non_null(link_address(links_find_name(&links, "eth0"), PEER_IPV6));
	assert_true(address_event(RTNL_ADDRESS_GONE, 2, 1, false));
	assert_false(address_event(RTNL_ADDRESS_GONE, 2, 1, false));
	assert_null(link_address(links_find_name(&links, "eth0"), PEER_IPV6));
	assert_false(address_event(RTNL_ADDRESS, 9, 1, false));
}

static void test_links_apply__at_the_bounds__the_rest_is_not_looked_at(void **state)
{
	char name[RTNL_NAME_SIZE];

	for (uint32_t i = 1; i <= LINKS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "eth%u", i);
		assert_true(link_event(RTNL_LINK, i, name, 0));
	}
	assert_false(link_event(RTNL_LINK, LINKS_MAX + 1, "eth", 0));
	assert_int_equal(links.n_links, LINKS_MAX);
	for (uint8_t i = 1; i <= LINK_ADDRESSES_MAX; i++)
		assert_true(address_event(RTNL_ADDRESS, 1, i, false));
	assert_false(address_event(RTNL_ADDRESS, 1, LINK_ADDRESSES_MAX + 1, false));
}

static void test_status_format__each_state__in_one_sentence(void **state)
{
	struct selection s = { .list = "", .is_automatic = true };
	char text[STATUS_TEXT_SIZE];

	status_format(&links, &s, 0, text);
	assert_non_null(
		strstr(text, "there is no network interface yet: type the passphrase, or "));
	(void)link_event(RTNL_LINK, 1, "lo", IFF_UP | IFF_LOOPBACK);
	(void)link_event(RTNL_LINK, 2, "eth0", IFF_BROADCAST | IFF_UP | IFF_RUNNING);
	(void)link_event(RTNL_LINK, 3, "eth1", IFF_BROADCAST | IFF_UP);
	(void)link_event(RTNL_LINK, 4, "eth2", IFF_BROADCAST);
	(void)link_event(RTNL_LINK, 5, "eth3", IFF_BROADCAST | IFF_UP | IFF_RUNNING);
	(void)address_event(RTNL_ADDRESS, 2, 1, false);
	status_format(&links, &s, 1, text);
	assert_ptr_equal(strstr(text,
				"no server answered on eth0 (link up, fe80::1), no carrier on "
				"eth1, eth2 is down, no address on eth3 (link up) (1 server "
				"known): type the passphrase, or "),
			 text);
}

static void test_status_format__too_many__cut_between_two(void **state)
{
	struct selection s = { .list = "", .is_automatic = true };
	char text[STATUS_TEXT_SIZE], name[RTNL_NAME_SIZE];

	for (uint32_t i = 1; i <= 100; i++) {
		(void)snprintf(name, sizeof(name), "interface%u", i);
		(void)link_event(RTNL_LINK, i, name, IFF_BROADCAST | IFF_UP);
	}
	status_format(&links, &s, 0, text);
	assert_true(strlen(text) < STATUS_TEXT_SIZE);
	assert_non_null(strstr(text, ": type the passphrase, or connect this machine to a network "
				     "with its Mandos server"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_links_apply__links__in_order_of_names, clear),
		cmocka_unit_test_setup(test_links_apply__address__usable_when_detection_has_ended,
				       clear),
		cmocka_unit_test_setup(test_links_apply__at_the_bounds__the_rest_is_not_looked_at,
				       clear),
		cmocka_unit_test_setup(test_status_format__each_state__in_one_sentence, clear),
		cmocka_unit_test_setup(test_status_format__too_many__cut_between_two, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
