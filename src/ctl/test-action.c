/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ctl/action.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admin/names.h"
#include "admin/test-bus.h"
#include "base/secret.h"
#include "base/util.h"

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

/* CTL-RUN-4, CTL-RUN-5, CTL-TIME-4, CTL-RUN-11: each action's call, and what --debug says. */
static void test_action_message__every_client_action__its_call(void **state)
{
	static const struct {
		enum ctl_op op;
		const char *property, *type, *shown;
	} cases[] = {
		{ CTL_ENABLE, "Enabled", "b", "True" },
		{ CTL_DISABLE, "Enabled", "b", "False" },
		{ CTL_BUMP_TIMEOUT, "LastCheckedOK", "s", "''" },
		{ CTL_START_CHECKER, "CheckerRunning", "b", "True" },
		{ CTL_STOP_CHECKER, "CheckerRunning", "b", "False" },
		{ CTL_CHECKER, "Checker", "s", "'it\\'s %(host)s'" },
		{ CTL_HOST, "Host", "s", "'it\\'s %(host)s'" },
		{ CTL_TIMEOUT, "Timeout", "t", "5184000000" },
		{ CTL_EXTENDED_TIMEOUT, "ExtendedTimeout", "t", "5184000000" },
		{ CTL_INTERVAL, "Interval", "t", "5184000000" },
		{ CTL_APPROVAL_DELAY, "ApprovalDelay", "t", "5184000000" },
		{ CTL_APPROVAL_DURATION, "ApprovalDuration", "t", "5184000000" },
		{ CTL_APPROVE_BY_DEFAULT, "ApprovedByDefault", "b", "True" },
		{ CTL_DENY_BY_DEFAULT, "ApprovedByDefault", "b", "False" },
		{ CTL_SECRET, "Secret", "ay", "<4 secret bytes>" },
	};
	_cleanup_admin_clients_ struct admin_clients clients = { 0 };
	struct admin_client *client = admin_clients_add(&clients, "/clients/w");
	struct test_bus *bus = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
		_cleanup_secret_ struct secret *bytes = secret_copy("hush", 4);
		struct ctl_action action = { .op = cases[i].op,
					     .text = "it's %(host)s",
					     .milliseconds = 5184000000,
					     .bytes = bytes };
		const char *interface, *property, *type;
		char *shown = NULL, want[256];
		size_t size;
		FILE *out = open_memstream(&shown, &size);

		assert_int_equal(action_message(bus->bus, &action, client, &m), 0);
		assert_true(test_bus_finish(m) >= 0);
		assert_true(sd_bus_message_is_method_call(m, ADMIN_PROPERTIES_INTERFACE, "Set"));
		assert_string_equal(sd_bus_message_get_path(m), "/clients/w");
		assert_true(sd_bus_message_read(m, "ss", &interface, &property) > 0);
		assert_string_equal(interface, ADMIN_CLIENT_INTERFACE);
		assert_string_equal(property, cases[i].property);
		assert_true(sd_bus_message_peek_type(m, NULL, &type) > 0);
		assert_string_equal(type, cases[i].type);
		action_print(out, &action, client);
		(void)fclose(out);
		(void)snprintf(want, sizeof(want),
			       "se.recompile.Mandos:/clients/w:org.freedesktop.DBus.Properties.Set("
			       "'se.recompile.Mandos.Client', '%s', %s)",
			       cases[i].property, cases[i].shown);
		assert_string_equal(shown, want);
		free(shown);
	}
}

static void test_action_message__methods__their_object(void **state)
{
	static const struct {
		enum ctl_op op;
		const char *path, *interface, *member, *signature;
	} cases[] = {
		{ CTL_APPROVE, "/clients/w", ADMIN_CLIENT_INTERFACE, "Approve", "b" },
		{ CTL_DENY, "/clients/w", ADMIN_CLIENT_INTERFACE, "Approve", "b" },
		{ CTL_REMOVE, "/", ADMIN_SERVER_INTERFACE, "RemoveClient", "o" },
	};
	_cleanup_admin_clients_ struct admin_clients clients = { 0 };
	struct admin_client *client = admin_clients_add(&clients, "/clients/w");
	struct test_bus *bus = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
		struct ctl_action action = { .op = cases[i].op };
		int value = 0;

		assert_int_equal(action_message(bus->bus, &action, client, &m), 0);
		assert_true(test_bus_finish(m) >= 0);
		assert_true(sd_bus_message_is_method_call(m, cases[i].interface, cases[i].member));
		assert_string_equal(sd_bus_message_get_path(m), cases[i].path);
		assert_string_equal(sd_bus_message_get_signature(m, true), cases[i].signature);
		if (cases[i].op != CTL_REMOVE) {
			assert_true(sd_bus_message_read(m, "b", &value) > 0);
			assert_int_equal(value, cases[i].op == CTL_APPROVE);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_action_message__every_client_action__its_call),
		cmocka_unit_test(test_action_message__methods__their_object),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
