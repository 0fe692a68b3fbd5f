/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "admin/events.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "admin/names.h"
#include "admin/test-bus.h"

#define WEB "/clients/web"

struct fixture {
	struct test_bus bus;
	struct admin_clients clients;
	struct admin_client *web;
	sd_bus_message *m; /* the signal at hand; texts of events point into it */
	struct admin_event event;
};

static int set_up(void **state)
{
	static struct fixture f;

	f = (struct fixture){ 0 };
	*state = &f;
	f.web = admin_clients_add(&f.clients, WEB);
	return f.web ? test_bus_open(&f.bus) : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	sd_bus_message_unref(f->m);
	admin_clients_clear(&f->clients);
	test_bus_close(&f->bus);
	return 0;
}

static void begin(struct fixture *f, const char *path, const char *interface, const char *member)
{
	sd_bus_message_unref(f->m);
	f->m = test_bus_signal(&f->bus, path, interface, member);
	assert_non_null(f->m);
}

static int take(struct fixture *f)
{
	assert_true(test_bus_finish(f->m) >= 0);
	f->event = (struct admin_event){ 0 };
	return admin_event_take(&f->clients, f->m, &f->event);
}

/* DBUS-STD-11, MON-3 */
static void test_admin_event_take__interfaces_added__client_with_values(void **state)
{
	struct fixture *f = *state;

	begin(f, "/", ADMIN_MANAGER_INTERFACE, "InterfacesAdded");
	assert_true(sd_bus_message_append(f->m, "oa{sa{sv}}", "/clients/new", 3,
					  "org.example.Other", 1, "Name", "s", "wrong",
					  ADMIN_CLIENT_INTERFACE, 2, "Name", "s", "new", "Enabled",
					  "b", 1, ADMIN_PROPERTIES_INTERFACE, 0) >= 0);
	assert_int_equal(take(f), ADMIN_EVENT_IS);
	assert_int_equal(f->event.type, ADMIN_EVENT_ADDED);
	assert_string_equal(f->event.client->name, "new");
	assert_true(f->event.client->enabled);
	assert_int_equal(f->event.changed, ADMIN_BIT(ADMIN_NAME) | ADMIN_BIT(ADMIN_ENABLED));
	assert_int_equal(admin_clients_count(&f->clients), 2);

	/* Announced again: the same entry (MON-4). */
	begin(f, "/", ADMIN_MANAGER_INTERFACE, "InterfacesAdded");
	assert_true(sd_bus_message_append(f->m, "oa{sa{sv}}", WEB, 1, ADMIN_CLIENT_INTERFACE, 1,
					  "Name", "s", "web") >= 0);
	assert_int_equal(take(f), ADMIN_EVENT_IS);
	assert_ptr_equal(f->event.client, f->web);
	assert_int_equal(admin_clients_count(&f->clients), 2);

	begin(f, "/", ADMIN_MANAGER_INTERFACE, "InterfacesAdded");
	assert_true(sd_bus_message_append(f->m, "oa{sa{sv}}", "/x", 1, "org.example.Other", 0) >=
		    0);
	assert_int_equal(take(f), ADMIN_EVENT_IS_NOT);
	assert_int_equal(admin_clients_count(&f->clients), 2);
}

/* DBUS-STD-11, MON-43 */
static void test_admin_event_take__interfaces_removed__client_left_to_the_caller(void **state)
{
	struct fixture *f = *state;

	begin(f, "/", ADMIN_MANAGER_INTERFACE, "InterfacesRemoved");
	assert_true(sd_bus_message_append(f->m, "oas", WEB, 2, "org.example.Other",
					  ADMIN_CLIENT_INTERFACE) >= 0);
	assert_int_equal(take(f), ADMIN_EVENT_IS);
	assert_int_equal(f->event.type, ADMIN_EVENT_REMOVED);
	assert_ptr_equal(f->event.client, f->web);
	assert_int_equal(admin_clients_count(&f->clients), 1);

	begin(f, "/", ADMIN_MANAGER_INTERFACE, "InterfacesRemoved");
	assert_true(sd_bus_message_append(f->m, "oas", "/clients/unlisted", 1,
					  ADMIN_CLIENT_INTERFACE) >= 0);
	assert_int_equal(take(f), ADMIN_EVENT_IS);
	assert_null(f->event.client);
	assert_string_equal(f->event.path, "/clients/unlisted");

	begin(f, "/", ADMIN_MANAGER_INTERFACE, "InterfacesRemoved");
	assert_true(sd_bus_message_append(f->m, "oas", WEB, 1, "org.example.Other") >= 0);
	assert_int_equal(take(f), ADMIN_EVENT_IS_NOT);
}

/* DBUS-STD-4, DBUS-CHG-2, DBUS-CHG-3 */
static void test_admin_event_take__properties_changed__applied(void **state)
{
	struct fixture *f = *state;

	begin(f, WEB, ADMIN_PROPERTIES_INTERFACE, "PropertiesChanged");
	assert_true(sd_bus_message_append(f->m, "sa{sv}as", ADMIN_CLIENT_INTERFACE, 1, "Timeout",
					  "t", UINT64_C(7), 0) >= 0);
	assert_int_equal(take(f), ADMIN_EVENT_IS);
	assert_int_equal(f->event.type, ADMIN_EVENT_CHANGED);
	assert_int_equal(f->event.changed, ADMIN_BIT(ADMIN_TIMEOUT));
	assert_int_equal(f->web->timeout, 7);

	begin(f, WEB, ADMIN_PROPERTIES_INTERFACE, "PropertiesChanged");
	assert_true(sd_bus_message_append(f->m, "sa{sv}as", ADMIN_CLIENT_INTERFACE, 0, 1,
					  "Secret") >= 0);
	assert_int_equal(take(f), ADMIN_EVENT_IS);
	assert_int_equal(f->event.changed, 0);

	begin(f, WEB, ADMIN_PROPERTIES_INTERFACE, "PropertiesChanged");
	assert_true(sd_bus_message_append(f->m, "sa{sv}as", "org.example.Other", 1, "Timeout", "t",
					  UINT64_C(8), 0) >= 0);
	assert_int_equal(take(f), ADMIN_EVENT_IS_NOT);
	assert_int_equal(f->web->timeout, 7);
}

/* DBUS-SIG-1 to DBUS-SIG-5 */
static void test_admin_event_take__client_signals__their_arguments(void **state)
{
	struct fixture *f = *state;

	begin(f, WEB, ADMIN_CLIENT_INTERFACE, "CheckerStarted");
	assert_true(sd_bus_message_append(f->m, "s", "fping") >= 0);
	assert_int_equal(take(f), ADMIN_EVENT_IS);
	assert_int_equal(f->event.type, ADMIN_EVENT_CHECKER_STARTED);
	assert_ptr_equal(f->event.client, f->web);
	assert_string_equal(f->event.text, "fping");

	begin(f, WEB, ADMIN_CLIENT_INTERFACE, "CheckerCompleted");
	assert_true(sd_bus_message_append(f->m, "nxs", -1, INT64_C(9), "fping") >= 0);
	assert_int_equal(take(f), ADMIN_EVENT_IS);
	assert_int_equal(f->event.type, ADMIN_EVENT_CHECKER_COMPLETED);
	assert_int_equal(f->event.exit_status, -1);
	assert_int_equal(f->event.wait_status, 9);

	begin(f, WEB, ADMIN_CLIENT_INTERFACE, "NeedApproval");
	assert_true(sd_bus_message_append(f->m, "tb", UINT64_C(8000), 1) >= 0);
	assert_int_equal(take(f), ADMIN_EVENT_IS);
	assert_int_equal(f->event.type, ADMIN_EVENT_NEED_APPROVAL);
	assert_int_equal(f->event.timeout, 8000);
	assert_true(f->event.by_default);

	begin(f, WEB, ADMIN_CLIENT_INTERFACE, "GotSecret");
	assert_int_equal(take(f), ADMIN_EVENT_IS);
	assert_int_equal(f->event.type, ADMIN_EVENT_GOT_SECRET);

	begin(f, WEB, ADMIN_CLIENT_INTERFACE, "Rejected");
	assert_true(sd_bus_message_append(f->m, "s", "Denied") >= 0);
	assert_int_equal(take(f), ADMIN_EVENT_IS);
	assert_int_equal(f->event.type, ADMIN_EVENT_REJECTED);
	assert_string_equal(f->event.text, "Denied");
}

/* DBUS-SRV-12, MON-4 */
static void test_admin_event_take__server_signals__their_arguments(void **state)
{
	struct fixture *f = *state;

	begin(f, "/", ADMIN_SERVER_INTERFACE, "ClientNotFound");
	assert_true(sd_bus_message_append(f->m, "ss", "AB12", "2001:db8::1") >= 0);
	assert_int_equal(take(f), ADMIN_EVENT_IS);
	assert_int_equal(f->event.type, ADMIN_EVENT_CLIENT_NOT_FOUND);
	assert_string_equal(f->event.text, "AB12");
	assert_string_equal(f->event.address, "2001:db8::1");

	begin(f, ADMIN_BUS_PATH, ADMIN_BUS_INTERFACE, "NameOwnerChanged");
	assert_true(sd_bus_message_append(f->m, "sss", ADMIN_SERVICE, ":1.7", "") >= 0);
	assert_int_equal(take(f), ADMIN_EVENT_IS);
	assert_int_equal(f->event.type, ADMIN_EVENT_SERVER_GONE);

	begin(f, ADMIN_BUS_PATH, ADMIN_BUS_INTERFACE, "NameOwnerChanged");
	assert_true(sd_bus_message_append(f->m, "sss", ADMIN_SERVICE, "", ":1.8") >= 0);
	assert_int_equal(take(f), ADMIN_EVENT_IS);
	assert_int_equal(f->event.type, ADMIN_EVENT_SERVER_CAME);

	begin(f, ADMIN_BUS_PATH, ADMIN_BUS_INTERFACE, "NameOwnerChanged");
	assert_true(sd_bus_message_append(f->m, "sss", "org.example.Other", "", ":1.9") >= 0);
	assert_int_equal(take(f), ADMIN_EVENT_IS_NOT);
}

/* MON-61 */
static void test_admin_event_take__odd_signals__not_taken(void **state)
{
	struct fixture *f = *state;

	begin(f, WEB, ADMIN_CLIENT_INTERFACE, "NeedApproval");
	assert_true(sd_bus_message_append(f->m, "s", "soon") >= 0);
	assert_int_equal(take(f), -EBADMSG);

	begin(f, "/", ADMIN_MANAGER_INTERFACE, "InterfacesAdded");
	assert_int_equal(take(f), -EBADMSG);

	begin(f, "/clients/unlisted", ADMIN_CLIENT_INTERFACE, "GotSecret");
	assert_int_equal(take(f), ADMIN_EVENT_IS_NOT);

	begin(f, WEB, "se.bsnet.fukt.Mandos.Client", "GotSecret");
	assert_int_equal(take(f), ADMIN_EVENT_IS_NOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(test_admin_event_take__interfaces_added__client_with_values),
		TEST(test_admin_event_take__interfaces_removed__client_left_to_the_caller),
		TEST(test_admin_event_take__properties_changed__applied),
		TEST(test_admin_event_take__client_signals__their_arguments),
		TEST(test_admin_event_take__server_signals__their_arguments),
		TEST(test_admin_event_take__odd_signals__not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
