/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SRV-NET-7, W-04: whose connection is refused or dropped. */
#include "gate/sources.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

#define MAX_PLACES     8
#define MAX_PER_SOURCE 3

static struct sources sources;
static struct place places[MAX_PLACES + 1];

static int setup(void **state)
{
	memset(places, 0, sizeof(places));
	return sources_init(&sources, MAX_PLACES, MAX_PER_SOURCE);
}

static int teardown(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		sources_remove(&sources, &places[i]);
	assert_null(sources.by_key);
	assert_int_equal(sources.n_places, 0);
	sources_deinit(&sources);
	return 0;
}

static struct peer peer_at(const char *text, uint32_t scope_id)
{
	struct peer p = { .family = PEER_IPV4, .scope_id = scope_id };

	if (inet_pton(AF_INET, text, p.address) != 1) {
		p.family = PEER_IPV6;
		assert_int_equal(inet_pton(AF_INET6, text, p.address), 1);
	}
	return p;
}

static int add(size_t i, const char *text)
{
	struct peer p = peer_at(text, 0);

	return sources_add(&sources, &p, &places[i]);
}

static int add_scoped(size_t i, const char *text, uint32_t scope_id)
{
	struct peer p = peer_at(text, scope_id);

	return sources_add(&sources, &p, &places[i]);
}

static void test_sources_add__at_the_share__is_refused(void **state)
{
	for (size_t i = 0; i < MAX_PER_SOURCE; i++)
		assert_int_equal(add(i, "192.0.2.1"), SOURCES_OK);
	assert_int_equal(add(3, "192.0.2.1"), SOURCES_SOURCE_FULL);
	assert_null(places[3].source);
	assert_int_equal(add(3, "192.0.2.2"), SOURCES_OK);
	sources_remove(&sources, &places[0]);
	assert_int_equal(add(4, "192.0.2.1"), SOURCES_OK);
}

static void test_sources_add__proved_connections__count_for_the_share(void **state)
{
	for (size_t i = 0; i < MAX_PER_SOURCE; i++) {
		assert_int_equal(add(i, "192.0.2.1"), SOURCES_OK);
		sources_set_expendable(&sources, &places[i], false);
	}
	assert_int_equal(add(3, "192.0.2.1"), SOURCES_SOURCE_FULL);
}

static void test_sources_add__all_taken__is_full(void **state)
{
	static const char *const from[] = { "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4",
					    "192.0.2.5", "192.0.2.6", "192.0.2.7", "192.0.2.8" };

	for (size_t i = 0; i < MAX_PLACES; i++)
		assert_int_equal(add(i, from[i]), SOURCES_OK);
	assert_int_equal(add(MAX_PLACES, "192.0.2.9"), SOURCES_FULL);
	assert_int_equal(sources.n_places, MAX_PLACES);
}

static void test_sources_add__mapped_address__is_the_ipv4_source(void **state)
{
	assert_int_equal(add(0, "192.0.2.1"), SOURCES_OK);
	assert_int_equal(add(1, "::ffff:192.0.2.1"), SOURCES_OK);
	assert_ptr_equal(places[0].source, places[1].source);
}

static void test_sources_add__ipv6__source_is_the_64_network(void **state)
{
	assert_int_equal(add(0, "2001:db8:0:1::1"), SOURCES_OK);
	assert_int_equal(add(1, "2001:db8:0:1:ffff::2"), SOURCES_OK);
	assert_int_equal(add(2, "2001:db8:0:2::1"), SOURCES_OK);
	assert_ptr_equal(places[0].source, places[1].source);
	assert_ptr_not_equal(places[0].source, places[2].source);
}

static void test_sources_add__link_local__source_is_address_and_zone(void **state)
{
	assert_int_equal(add_scoped(0, "fe80::1", 2), SOURCES_OK);
	assert_int_equal(add_scoped(1, "fe80::2", 2), SOURCES_OK);
	assert_int_equal(add_scoped(2, "fe80::1", 3), SOURCES_OK);
	assert_int_equal(add_scoped(3, "fe80::1", 2), SOURCES_OK);
	assert_ptr_not_equal(places[0].source, places[1].source);
	assert_ptr_not_equal(places[0].source, places[2].source);
	assert_ptr_equal(places[0].source, places[3].source);
}

static void test_sources_victim__several__is_oldest_of_the_heaviest(void **state)
{
	assert_null(sources_victim(&sources));
	assert_int_equal(add(0, "192.0.2.1"), SOURCES_OK);
	assert_int_equal(add(1, "192.0.2.2"), SOURCES_OK);
	assert_int_equal(add(2, "192.0.2.2"), SOURCES_OK);
	assert_ptr_equal(sources_victim(&sources), &places[1]);
	sources_remove(&sources, &places[1]);
	assert_ptr_equal(sources_victim(&sources), &places[0]);
}

static void test_sources_victim__proved_connections__are_spared(void **state)
{
	assert_int_equal(add(0, "192.0.2.2"), SOURCES_OK);
	assert_int_equal(add(1, "192.0.2.2"), SOURCES_OK);
	assert_int_equal(add(2, "192.0.2.1"), SOURCES_OK);
	sources_set_expendable(&sources, &places[0], false);
	sources_set_expendable(&sources, &places[1], false);
	assert_ptr_equal(sources_victim(&sources), &places[2]);
	sources_set_expendable(&sources, &places[2], false);
	assert_null(sources_victim(&sources));
	sources_set_expendable(&sources, &places[1], true);
	assert_ptr_equal(sources_victim(&sources), &places[1]);
}

static uint32_t slot(const char *text, uint32_t scope_id, uint32_t seed)
{
	struct peer p = peer_at(text, scope_id);

	return source_hash(&p, seed) >> 24;
}

/* W-56: one source is one whatever its port and form; who shares with whom depends on the seed. */
static void test_source_hash__one_source__one_number(void **state)
{
	unsigned int n_shared = 0, n_seeds = 4096;

	assert_int_equal(slot("192.0.2.1", 0, 7), slot("::ffff:192.0.2.1", 0, 7));
	assert_int_equal(slot("2001:db8::1", 0, 7), slot("2001:db8::ffff:1", 0, 7));
	assert_int_equal(slot("fe80::1", 2, 7), slot("fe80::1", 2, 7));
	/* One of 256 for a pair that shares nothing; far from it either way is a bad mixture. */
	for (uint32_t i = 0; i < n_seeds; i++)
		n_shared += slot("192.0.2.1", 0, i * 2654435761u) ==
			    slot("192.0.2.2", 0, i * 2654435761u);
	assert_in_range(n_shared, 0, n_seeds / 256 * 4);
	for (uint32_t i = n_shared = 0; i < n_seeds; i++)
		n_shared +=
			slot("fe80::1", 2, i * 2654435761u) == slot("fe80::1", 3, i * 2654435761u);
	assert_in_range(n_shared, 0, n_seeds / 256 * 4);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_sources_add__at_the_share__is_refused),
		T(test_sources_add__proved_connections__count_for_the_share),
		T(test_sources_add__all_taken__is_full),
		T(test_sources_add__mapped_address__is_the_ipv4_source),
		T(test_sources_add__ipv6__source_is_the_64_network),
		T(test_sources_add__link_local__source_is_address_and_zone),
		T(test_sources_victim__several__is_oldest_of_the_heaviest),
		T(test_sources_victim__proved_connections__are_spared),
		cmocka_unit_test(test_source_hash__one_source__one_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
