/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dispatch/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int tear_down(void **state)
{
	memory_deinit(*state);
	return 0;
}

static int set_up(void **state)
{
	static struct memory m;

	m = (struct memory){ 0 };
	*state = &m;
	return 0;
}

static void test_memory_see__disabled_once__is_news_once(void **state)
{
	struct memory *m = *state;

	assert_false(memory_see(m, "a", true));
	assert_false(memory_see(m, "b", true));
	assert_true(memory_see(m, "a", false));
	assert_false(memory_see(m, "a", false));
	assert_false(memory_see(m, "a", true));
	assert_true(memory_see(m, "a", false));
}

static void test_memory_see__disabled_at_first__is_none(void **state)
{
	assert_false(memory_see(*state, "a", false));
	assert_false(memory_see(*state, "a", false));
}

/* A server that was stopped, and started again: DBUS-BUS-6. */
static void test_memory_see__after_an_orderly_end__is_compared(void **state)
{
	struct memory *m = *state;

	(void)memory_see(m, "a", true);
	(void)memory_see(m, "b", true);
	memory_leave(m, "a");
	memory_leave(m, "b");
	memory_leave(m, "nobody");
	memory_interrupt(m);
	memory_settle(m);
	assert_true(memory_see(m, "a", false));
	assert_false(memory_see(m, "b", true));
	assert_int_equal(m->n_leaving, 0);
}

/* A client with another key: it was removed, and is a new one. */
static void test_memory_see__removed_and_added__is_new(void **state)
{
	struct memory *m = *state;

	(void)memory_see(m, "a", true);
	memory_leave(m, "a");
	memory_leave(m, "a");
	assert_int_equal(m->n_leaving, 1);
	memory_settle(m);
	assert_int_equal(m->n_leaving, 0);
	assert_false(memory_see(m, "a", false));
}

static void test_memory_keep__not_listed__is_forgotten(void **state)
{
	struct memory *m = *state;
	char name[] = "a", path[] = "/clients/a";
	struct admin_client client = { .name = name, .path = path };
	struct admin_clients clients = { 0 };

	HASH_ADD_KEYPTR(hh, clients.by_path, client.path, strlen(path), &client);
	(void)memory_see(m, "a", true);
	(void)memory_see(m, "gone", true);
	memory_keep(m, &clients);
	assert_true(memory_see(m, "a", false));
	assert_false(memory_see(m, "gone", false));
	HASH_CLEAR(hh, clients.by_path);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_memory_see__disabled_once__is_news_once),
		TEST(test_memory_see__disabled_at_first__is_none),
		TEST(test_memory_see__after_an_orderly_end__is_compared),
		TEST(test_memory_see__removed_and_added__is_new),
		TEST(test_memory_keep__not_listed__is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
