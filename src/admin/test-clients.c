/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "admin/clients.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "admin/names.h"
#include "admin/test-bus.h"

#define MANY 10000

static int set_up(void **state)
{
	static struct test_bus bus;

	*state = &bus;
	return test_bus_open(&bus);
}

static int tear_down(void **state)
{
	test_bus_close(*state);
	return 0;
}

/* The values of one client; any message will do to carry them. */
static void append_properties(sd_bus_message *m, const char *name)
{
	assert_true(sd_bus_message_append(m, "a{sv}", 9, "Name", "s", name, "Enabled", "b", 1,
					  "Timeout", "t", UINT64_C(300000), "Host", "s",
					  "h.example", "LastCheckerStatus", "n", -2,
					  "LastCheckedOK", "s", "2024-05-06T07:08:09.123456",
					  "Expires", "s", "", "ObjectPath", "o", "/clients/x",
					  "Unheard", "a{ss}", 1, "of", "it") >= 0);
}

static void append_empty(sd_bus_message *m, const char *interface)
{
	assert_true(sd_bus_message_append(m, "{sa{sv}}", interface, 0) >= 0);
}

static void append_managed(sd_bus_message *m, const char *path, const char *name)
{
	static const char *const interfaces[] = { "se.bsnet.fukt.Mandos.Client",
						  ADMIN_CLIENT_INTERFACE };

	assert_true(sd_bus_message_open_container(m, 'e', "oa{sa{sv}}") >= 0);
	assert_true(sd_bus_message_append(m, "o", path) >= 0);
	assert_true(sd_bus_message_open_container(m, 'a', "{sa{sv}}") >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++) {
		assert_true(sd_bus_message_open_container(m, 'e', "sa{sv}") >= 0);
		assert_true(sd_bus_message_append(m, "s", interfaces[i]) >= 0);
		append_properties(m, name);
		assert_true(sd_bus_message_close_container(m) >= 0);
	}
	append_empty(m, ADMIN_PROPERTIES_INTERFACE);
	assert_true(sd_bus_message_close_container(m) >= 0);
	assert_true(sd_bus_message_close_container(m) >= 0);
}

static sd_bus_message *managed(struct test_bus *bus, unsigned n)
{
	sd_bus_message *m = test_bus_signal(bus, "/", "test.Test", "Reply");

	assert_true(sd_bus_message_open_container(m, 'a', "{oa{sa{sv}}}") >= 0);
	for (unsigned i = n; i > 0; i--) {
		char path[32], name[32];

		(void)snprintf(path, sizeof(path), "/clients/c%u", i);
		(void)snprintf(name, sizeof(name), "c%u", i);
		append_managed(m, path, name);
	}
	/* What is no client is passed over (CTL-RUN-1). */
	assert_true(sd_bus_message_append(m, "{oa{sa{sv}}}", "/other", 1, "org.example.Other", 0) >=
		    0);
	assert_true(sd_bus_message_close_container(m) >= 0);
	assert_true(test_bus_finish(m) >= 0);
	return m;
}

/* CTL-RUN-1, CTL-RUN-2, DBUS-STD-10: the server's order, one entry a client, and every kind. */
static void test_admin_clients_decode__managed_objects__clients_in_order(void **state)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = managed(*state, 3);
	_cleanup_admin_clients_ struct admin_clients clients = { 0 };
	struct admin_client *c, *next;
	unsigned number = 3;

	assert_int_equal(admin_clients_decode(&clients, m), 0);
	assert_int_equal(admin_clients_count(&clients), 3);
	ADMIN_FOREACH (&clients, c, next) {
		char name[32];

		(void)snprintf(name, sizeof(name), "c%u", number--);
		assert_string_equal(c->name, name);
	}
	c = admin_clients_find(&clients, "/clients/c2");
	assert_non_null(c);
	assert_true(c->enabled);
	assert_int_equal(c->timeout, 300000);
	assert_int_equal(c->last_checker_status, -2);
	assert_string_equal(c->last_checked_ok, "2024-05-06T07:08:09.123456");
	assert_string_equal(admin_client_text(c, ADMIN_HOST), "h.example");
	assert_true(admin_client_bool(c, ADMIN_ENABLED));
	assert_int_equal(admin_client_duration(c, ADMIN_TIMEOUT), 300000);
	assert_string_equal(c->checker, "");
	assert_int_equal(c->known, ADMIN_BIT(ADMIN_NAME) | ADMIN_BIT(ADMIN_ENABLED) |
					   ADMIN_BIT(ADMIN_TIMEOUT) | ADMIN_BIT(ADMIN_HOST) |
					   ADMIN_BIT(ADMIN_LAST_CHECKER_STATUS) |
					   ADMIN_BIT(ADMIN_LAST_CHECKED_OK) |
					   ADMIN_BIT(ADMIN_EXPIRES));
}

/* DBUS-SRV-3 */
static void test_admin_clients_decode__all_clients_with_properties__the_same(void **state)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m =
		test_bus_signal(*state, "/", "test.Test", "Reply");
	_cleanup_admin_clients_ struct admin_clients clients = { 0 };

	assert_true(sd_bus_message_open_container(m, 'a', "{oa{sv}}") >= 0);
	assert_true(sd_bus_message_open_container(m, 'e', "oa{sv}") >= 0);
	assert_true(sd_bus_message_append(m, "o", "/clients/w") >= 0);
	append_properties(m, "w");
	assert_true(sd_bus_message_close_container(m) >= 0);
	assert_true(sd_bus_message_close_container(m) >= 0);
	assert_true(test_bus_finish(m) >= 0);
	assert_int_equal(admin_clients_decode(&clients, m), 0);
	assert_int_equal(admin_clients_count(&clients), 1);
	assert_string_equal(admin_clients_find(&clients, "/clients/w")->name, "w");
}

static void test_admin_clients_decode__another_type__bad_message(void **state)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m =
		test_bus_signal(*state, "/", "test.Test", "Reply");
	_cleanup_admin_clients_ struct admin_clients clients = { 0 };

	assert_true(sd_bus_message_append(m, "as", 1, "x") >= 0);
	assert_true(test_bus_finish(m) >= 0);
	assert_int_equal(admin_clients_decode(&clients, m), -EBADMSG);
	assert_int_equal(admin_clients_count(&clients), 0);
}

/* Ten thousand, and again: those that are known stay where they are. */
static void test_admin_clients_decode__many_twice__in_place(void **state)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = managed(*state, MANY);
	_cleanup_admin_clients_ struct admin_clients clients = { 0 };
	struct admin_client *first;

	assert_int_equal(admin_clients_decode(&clients, m), 0);
	assert_int_equal(admin_clients_count(&clients), MANY);
	first = clients.by_path;
	assert_true(sd_bus_message_rewind(m, 1) >= 0);
	assert_int_equal(admin_clients_decode(&clients, m), 0);
	assert_int_equal(admin_clients_count(&clients), MANY);
	assert_ptr_equal(clients.by_path, first);
}

static void test_admin_client_update__changes__only_what_differs_is_told(void **state)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m =
		test_bus_signal(*state, "/", "test.Test", "Reply");
	_cleanup_admin_clients_ struct admin_clients clients = { 0 };
	struct admin_client *c = admin_clients_add(&clients, "/clients/w");
	uint32_t changed = 0;

	append_properties(m, "w");
	assert_true(sd_bus_message_append(m, "a{sv}", 3, "Enabled", "b", 0, "Timeout", "t",
					  UINT64_C(300000), "Host", "s", "other") >= 0);
	/* A value of another type says nothing, and what follows it still counts. */
	assert_true(sd_bus_message_append(m, "a{sv}", 2, "Timeout", "s", "long", "Enabled", "b",
					  1) >= 0);
	assert_true(test_bus_finish(m) >= 0);
	assert_int_equal(admin_client_update(c, m, &changed), 0);
	assert_int_equal(changed, c->known);
	assert_int_equal(admin_client_update(c, m, &changed), 0);
	assert_int_equal(changed, ADMIN_BIT(ADMIN_ENABLED) | ADMIN_BIT(ADMIN_HOST));
	assert_string_equal(c->host, "other");
	assert_false(c->enabled);
	assert_int_equal(admin_client_update(c, m, &changed), 0);
	assert_int_equal(changed, ADMIN_BIT(ADMIN_ENABLED));
	assert_int_equal(c->timeout, 300000);
}

/* The bound of ADMIN_TEXT_MAX. */
static void test_admin_client_update__text_over_the_bound__cut(void **state)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m =
		test_bus_signal(*state, "/", "test.Test", "Reply");
	_cleanup_admin_clients_ struct admin_clients clients = { 0 };
	struct admin_client *c = admin_clients_add(&clients, "/clients/w");
	_cleanup_free_ char *text = malloc(ADMIN_TEXT_MAX + 2);

	memset(text, 'x', ADMIN_TEXT_MAX + 1);
	text[ADMIN_TEXT_MAX + 1] = '\0';
	assert_true(sd_bus_message_append(m, "a{sv}", 2, "Checker", "s", text, "Host", "s",
					  text + 1) >= 0);
	assert_true(test_bus_finish(m) >= 0);
	assert_int_equal(admin_client_update(c, m, NULL), 0);
	assert_int_equal(strlen(c->checker), ADMIN_TEXT_MAX);
	assert_int_equal(strlen(c->host), ADMIN_TEXT_MAX);
}

static void test_admin_clients_remove__while_walking__all_gone(void **state)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = managed(*state, 5);
	struct admin_clients clients = { 0 };
	struct admin_client *c, *next;

	assert_int_equal(admin_clients_decode(&clients, m), 0);
	ADMIN_FOREACH (&clients, c, next) {
		if (strcmp(c->name, "c3") != 0)
			admin_clients_remove(&clients, c);
	}
	assert_int_equal(admin_clients_count(&clients), 1);
	assert_null(admin_clients_find(&clients, "/clients/c1"));
	admin_clients_clear(&clients);
	assert_int_equal(admin_clients_count(&clients), 0);
	assert_non_null(admin_clients_add(&clients, "/clients/again"));
	admin_clients_clear(&clients);
}

static void test_admin_property_find__every_row__itself(void **state)
{
	for (enum admin_property_id id = 0; id < ADMIN_N_PROPERTIES; id++)
		assert_int_equal(admin_property_find(admin_properties[id].name), id);
	assert_int_equal(admin_property_find("Secret"), ADMIN_N_PROPERTIES);
	assert_int_equal(admin_property_find("ObjectPath"), ADMIN_N_PROPERTIES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_admin_clients_decode__managed_objects__clients_in_order),
		cmocka_unit_test(test_admin_clients_decode__all_clients_with_properties__the_same),
		cmocka_unit_test(test_admin_clients_decode__another_type__bad_message),
		cmocka_unit_test(test_admin_clients_decode__many_twice__in_place),
		cmocka_unit_test(test_admin_client_update__changes__only_what_differs_is_told),
		cmocka_unit_test(test_admin_client_update__text_over_the_bound__cut),
		cmocka_unit_test(test_admin_clients_remove__while_walking__all_gone),
		cmocka_unit_test(test_admin_property_find__every_row__itself),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
