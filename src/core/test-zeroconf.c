/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a real Avahi daemon cannot be made to do on demand: a bus that is played by the test, with
 * one peer on it that answers for the bus and for Avahi. The rest is in tests/netns.
 */
#include "core/zeroconf.h"

#include <errno.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/log.h"

#define DEADLINE_USEC (60 * USEC_PER_SEC)

#define AVAHI	     ":1.7"
#define STRANGER     ":1.66"
#define GROUP	     "/Client0/EntryGroup0"
#define AVAHI_SERVER "org.freedesktop.Avahi.Server"
#define AVAHI_GROUP  "org.freedesktop.Avahi.EntryGroup"
#define BUS	     "org.freedesktop.DBus"

enum {
	INVALID,
	REGISTERING,
	RUNNING,
	COLLISION,
	FAILURE,
	NEWER
};
enum {
	UNCOMMITTED,
	GROUP_REGISTERING,
	ESTABLISHED,
	GROUP_COLLISION,
	GROUP_FAILURE
};

static struct {
	sd_event *event;
	char folder[64];
	char path[96];
	int listen_fd;
	sd_event_source *source;
	sd_bus *peer;
	sd_bus_slot *slot;

	/* how it behaves */
	int state;
	const char *no_answer;	/* this member is not answered */
	const char *bad_answer; /* this one is answered by something else */
	const char *error;	/* AddService fails so... */
	unsigned int n_errors;	/* ... this many times */
	int commit_state;	/* told after Commit */

	/* what it was told */
	unsigned int n_connections, n_get_state, n_groups, n_added, n_committed, n_reset, n_freed,
		n_renames;
	char name[256];
	char signature[32];
	int32_t interface, protocol;
	uint16_t port;
} fake;

static struct bus bus;
static struct zeroconf *zeroconf;
static char *said;
static size_t said_size;
static FILE *said_file;

/* ---- the other side ---- */

static void send_from(sd_bus_message *m, const char *sender)
{
	assert_return_code(sd_bus_message_set_sender(m, sender), 0);
	assert_return_code(sd_bus_send(fake.peer, m, NULL), 0);
}

static void signal_state(const char *sender, const char *path, const char *interface, int state)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

	assert_return_code(sd_bus_message_new_signal(fake.peer, &m, path, interface,
						     "StateChanged"),
			   0);
	assert_return_code(sd_bus_message_append(m, "is", state, "details"), 0);
	send_from(m, sender);
}

static void signal_server(int state)
{
	signal_state(AVAHI, "/", AVAHI_SERVER, state);
}

static void signal_group(int state)
{
	signal_state(AVAHI, GROUP, AVAHI_GROUP, state);
}

static void signal_owner(const char *sender, const char *before, const char *after)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

	assert_return_code(sd_bus_message_new_signal(fake.peer, &m, "/org/freedesktop/DBus", BUS,
						     "NameOwnerChanged"),
			   0);
	assert_return_code(sd_bus_message_append(m, "sss", "org.freedesktop.Avahi", before, after),
			   0);
	send_from(m, sender);
}

static void answer(sd_bus_message *call, const char *types, ...)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	const char *member = sd_bus_message_get_member(call);
	va_list ap;

	if (fake.no_answer && strcmp(member, fake.no_answer) == 0)
		return;
	assert_return_code(sd_bus_message_new_method_return(call, &m), 0);
	va_start(ap, types);
	if (fake.bad_answer && strcmp(member, fake.bad_answer) == 0)
		assert_return_code(sd_bus_message_append(m, "b", 1), 0);
	else
		assert_return_code(sd_bus_message_appendv(m, types, ap), 0);
	va_end(ap);
	send_from(m, strcmp(sd_bus_message_get_interface(call), BUS) == 0 ? BUS : AVAHI);
}

static void on_add_service(sd_bus_message *call)
{
	const char *name, *type, *domain, *host;
	uint32_t flags;

	(void)snprintf(fake.signature, sizeof(fake.signature), "%s",
		       sd_bus_message_get_signature(call, 1));
	assert_return_code(sd_bus_message_read(call, "iiussssqaay", &fake.interface, &fake.protocol,
					       &flags, &name, &type, &domain, &host, &fake.port, 0),
			   0);
	assert_int_equal(flags, 0);
	assert_string_equal(type, "_mandos._tcp");
	assert_string_equal(domain, "");
	assert_string_equal(host, "");
	(void)snprintf(fake.name, sizeof(fake.name), "%s", name);
	fake.n_added++;
	if (fake.n_errors > 0) {
		_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

		fake.n_errors--;
		assert_return_code(sd_bus_message_new_method_errorf(call, &m, fake.error, "why"),
				   0);
		send_from(m, AVAHI);
		return;
	}
	answer(call, "");
}

static void on_avahi_call(sd_bus_message *call, const char *member)
{
	char name[32];

	if (strcmp(member, "GetState") == 0) {
		fake.n_get_state++;
		answer(call, "i", fake.state);
	} else if (strcmp(member, "EntryGroupNew") == 0) {
		fake.n_groups++;
		answer(call, "o", GROUP);
	} else if (strcmp(member, "AddService") == 0) {
		on_add_service(call);
	} else if (strcmp(member, "Commit") == 0) {
		fake.n_committed++;
		answer(call, "");
		signal_group(fake.commit_state);
	} else if (strcmp(member, "Reset") == 0) {
		fake.n_reset++;
	} else if (strcmp(member, "Free") == 0) {
		fake.n_freed++;
		answer(call, "");
	} else if (strcmp(member, "GetAlternativeServiceName") == 0) {
		(void)snprintf(name, sizeof(name), "Other %u", ++fake.n_renames);
		answer(call, "s", name);
	} else {
		fail_msg("%s() is none of SRV-ZC-2", member);
	}
}

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *member = sd_bus_message_get_member(m);

	if (!member)
		return 0;
	if (strcmp(member, "Hello") == 0)
		answer(m, "s", ":1.42");
	else if (strcmp(member, "AddMatch") == 0 || strcmp(member, "RemoveMatch") == 0)
		answer(m, "");
	else
		on_avahi_call(m, member);
	return 1;
}

static void hang_up(void)
{
	fake.slot = sd_bus_slot_unref(fake.slot);
	fake.peer = sd_bus_close_unref(fake.peer);
}

static int on_connection(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	assert_return_code(peer, errno);
	hang_up();
	fake.n_connections++;
	assert_return_code(sd_bus_new(&fake.peer), 0);
	assert_return_code(sd_bus_set_fd(fake.peer, peer, peer), 0);
	assert_return_code(sd_bus_set_server(fake.peer, 1, (sd_id128_t){ .qwords = { 1, 2 } }), 0);
	assert_return_code(sd_bus_add_filter(fake.peer, &fake.slot, on_call, NULL), 0);
	assert_return_code(sd_bus_start(fake.peer), 0);
	assert_return_code(sd_bus_attach_event(fake.peer, fake.event, 0), 0);
	return 0;
}

static void start_bus(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", fake.path);
	fake.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_return_code(bind(fake.listen_fd, (struct sockaddr *)&sa, sizeof(sa)), errno);
	assert_return_code(listen(fake.listen_fd, 5), errno);
	assert_return_code(sd_event_add_io(fake.event, &fake.source, fake.listen_fd, EPOLLIN,
					   on_connection, NULL),
			   0);
}

/* ---- set-up, and one turn after the other ---- */

static int set_up(void **state)
{
	char address[128];

	memset(&fake, 0, sizeof(fake));
	fake.listen_fd = -1;
	fake.state = RUNNING;
	fake.commit_state = ESTABLISHED;
	strcpy(fake.folder, "/tmp/test-zeroconf-XXXXXX");
	if (!mkdtemp(fake.folder) || sd_event_new(&fake.event) < 0)
		return -1;
	(void)snprintf(fake.path, sizeof(fake.path), "%s/bus", fake.folder);
	(void)snprintf(address, sizeof(address), "unix:path=%s", fake.path);
	if (setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1) < 0)
		return -1;
	said_file = open_memstream(&said, &said_size);
	if (!said_file || fflush(said_file) != 0)
		return -1;
	log_set_threshold(LOG_LEVEL_ERROR);
	bus_init(&bus, fake.event);
	return 0;
}

static int tear_down(void **state)
{
	zeroconf = zeroconf_free(zeroconf);
	bus_deinit(&bus);
	hang_up();
	fake.source = sd_event_source_disable_unref(fake.source);
	fake.listen_fd = fd_close(fake.listen_fd);
	fake.event = sd_event_unref(fake.event);
	(void)unlink(fake.path);
	(void)rmdir(fake.folder);
	(void)fclose(said_file);
	free(said);
	said = NULL;
	return 0;
}

/* Before log_open(), records go to stderr; cmocka's own words must not be lost with them. */
static int run_once(uint64_t usec)
{
	FILE *real = stderr;
	int r;

	stderr = said_file;
	r = sd_event_run(fake.event, usec);
	stderr = real;
	(void)fflush(said_file);
	assert_return_code(r, -r);
	return r;
}

#define run_until(condition)                                             \
	do {                                                             \
		usec_t _end = instant_now().boot + DEADLINE_USEC;        \
		while (!(condition)) {                                   \
			if (instant_now().boot >= _end)                  \
				fail_msg("not in time: %s", #condition); \
			(void)run_once(USEC_PER_SEC);                    \
		}                                                        \
	} while (0)

/* Both sides of the bus are in this loop: when nothing is ready, nothing is under way. */
static void run_until_quiet(void)
{
	while (run_once(0) > 0)
		;
}

static unsigned int n_said(const char *text)
{
	unsigned int n = 0;

	for (const char *found = said; found && (found = strstr(found, text)); found++)
		n++;
	return n;
}

static void announce(const char *interface, bool ipv6)
{
	const struct zeroconf_options options = {
		.name = "Mandos",
		.interface = interface,
		.port = 65535,
		.ipv6 = ipv6,
	};

	assert_return_code(zeroconf_new(&bus, &options, &zeroconf), 0);
}

static void start_announced(void)
{
	start_bus();
	announce("", true);
	run_until(fake.n_committed == 1);
	run_until_quiet();
}

/* ---- the tests ---- */

/* SRV-ZC-1, SRV-ZC-2 */
static void test_zeroconf_new__avahi_runs__adds_one_service(void **state)
{
	start_announced();
	assert_string_equal(fake.signature, "iiussssqaay");
	assert_string_equal(fake.name, "Mandos");
	assert_int_equal(fake.interface, -1);
	assert_int_equal(fake.protocol, 1);
	assert_int_equal(fake.port, 65535);
	assert_int_equal(fake.n_groups, 1);
	assert_int_equal(fake.n_added, 1);
	assert_int_equal(fake.n_reset, 0);
	assert_string_equal(said, "");
}

/* SRV-ZC-1 */
static void test_zeroconf_new__one_interface_ipv4__adds_its_index(void **state)
{
	start_bus();
	announce("lo", false);
	run_until(fake.n_committed == 1);
	assert_int_equal(fake.interface, if_nametoindex("lo"));
	assert_int_equal(fake.protocol, 0);
}

/* SRV-ZC-9 */
static void test_zeroconf_new__no_such_interface__adds_for_all(void **state)
{
	start_bus();
	announce("nonesuch0", true);
	run_until(fake.n_committed == 1);
	assert_int_equal(fake.interface, -1);
}

/* SRV-ZC-10 */
static void test_zeroconf_free__announced__frees_the_group(void **state)
{
	start_announced();
	/* Its call waits for an answer, which the same thread would have to give. */
	zeroconf = zeroconf_free(zeroconf);
	run_until_quiet();
	assert_int_equal(fake.n_freed, 1);
}

/* SRV-ZC-10, SRV-PROC-10: there, nobody answers, and it takes ZEROCONF_GOODBYE_USEC and no more. */
static void test_zeroconf_free__avahi_is_stuck__does_not_wait_for_long(void **state)
{
	usec_t began;

	start_announced();
	began = instant_now().boot;
	zeroconf = zeroconf_free(zeroconf);
	assert_in_range(instant_now().boot - began, ZEROCONF_GOODBYE_USEC,
			ZEROCONF_GOODBYE_USEC + 5 * USEC_PER_SEC);
}

/* SRV-ZC-3 */
static void test_server_state__not_running__withdraws_until_it_runs(void **state)
{
	static const struct {
		int state;
		const char *text;
	} cases[] = {
		{ REGISTERING, "" },
		{ COLLISION, "Zeroconf server name collision: details\n" },
		{ FAILURE, "Zeroconf server failure: details\n" },
		{ INVALID, "Zeroconf server invalid: details\n" },
	};

	start_announced();
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		signal_server(cases[i].state);
		run_until_quiet();
		assert_int_equal(fake.n_reset, i + 1);
		assert_int_equal(fake.n_added, i + 1);
		assert_non_null(strstr(said, cases[i].text));
		signal_server(cases[i].state);
		run_until_quiet();
		assert_int_equal(fake.n_reset, i + 1);
		signal_server(RUNNING);
		run_until_quiet();
		assert_int_equal(fake.n_added, i + 2);
		assert_int_equal(fake.n_committed, i + 2);
	}
	assert_int_equal(fake.n_groups, 1);
}

/* SRV-ZC-3 */
static void test_server_state__not_running_at_start__waits(void **state)
{
	fake.state = REGISTERING;
	start_bus();
	announce("", true);
	run_until(fake.n_groups == 1);
	run_until_quiet();
	assert_int_equal(fake.n_added, 0);
	signal_server(RUNNING);
	run_until(fake.n_committed == 1);
}

/* SRV-ZC-3 */
static void test_server_state__unknown__changes_nothing(void **state)
{
	start_announced();
	signal_server(NEWER);
	signal_server(-1);
	run_until_quiet();
	assert_int_equal(fake.n_reset, 0);
	assert_int_equal(fake.n_added, 1);
	assert_string_equal(said, "");
}

/* SRV-ZC-3: what was asked before is undone, and its answer, if it comes, means nothing. */
static void test_server_state__changes_under_a_call__starts_over(void **state)
{
	fake.no_answer = "AddService";
	start_bus();
	announce("", true);
	run_until(fake.n_added == 1);
	run_until_quiet();
	signal_server(REGISTERING);
	run_until_quiet();
	assert_int_equal(fake.n_reset, 1);
	fake.no_answer = NULL;
	signal_server(RUNNING);
	run_until(fake.n_committed == 1);
	assert_int_equal(fake.n_added, 2);
}

/* SRV-ZC-4, SRV-ZC-6 */
static void test_group_state__collision__takes_another_name(void **state)
{
	start_announced();
	signal_group(GROUP_COLLISION);
	run_until_quiet();
	assert_int_equal(fake.n_renames, 1);
	assert_int_equal(fake.n_reset, 1);
	assert_int_equal(fake.n_added, 2);
	assert_int_equal(fake.n_committed, 2);
	assert_string_equal(fake.name, "Other 1");
}

/* SRV-ZC-4, W-49: said once, and tried again. */
static void test_group_state__failure__is_tried_again(void **state)
{
	fake.commit_state = GROUP_FAILURE;
	start_announced();
	assert_int_equal(n_said("Zeroconf service failure: details\n"), 1);
	run_until(fake.n_committed == 2);
	fake.commit_state = ESTABLISHED;
	run_until(fake.n_committed == 3);
	run_until_quiet();
	assert_int_equal(n_said("Zeroconf service failure"), 1);
	assert_int_equal(fake.n_groups, 1);
	assert_int_equal(fake.n_reset, 2);
	signal_group(GROUP_FAILURE);
	run_until_quiet();
	assert_int_equal(n_said("Zeroconf service failure"), 2);
}

/* Only Avahi is believed, and only about our group. */
static void test_signals__from_others_or_about_others__are_ignored(void **state)
{
	start_announced();
	signal_state(STRANGER, "/", AVAHI_SERVER, REGISTERING);
	signal_state(STRANGER, GROUP, AVAHI_GROUP, GROUP_COLLISION);
	signal_state(BUS, GROUP, AVAHI_GROUP, GROUP_COLLISION);
	signal_state(AVAHI, "/Client9/EntryGroup0", AVAHI_GROUP, GROUP_COLLISION);
	signal_owner(STRANGER, AVAHI, "");
	signal_owner(AVAHI, AVAHI, STRANGER);
	run_until_quiet();
	assert_int_equal(fake.n_reset, 0);
	assert_int_equal(fake.n_renames, 0);
	assert_int_equal(fake.n_get_state, 1);
	assert_string_equal(said, "");
}

/* What was said about the group as it was before says nothing about the one under way. */
static void test_group_state__late__is_ignored(void **state)
{
	fake.no_answer = "AddService";
	start_bus();
	announce("", true);
	run_until(fake.n_added == 1);
	signal_group(GROUP_COLLISION);
	signal_group(GROUP_FAILURE);
	run_until_quiet();
	assert_int_equal(fake.n_renames, 0);
	assert_string_equal(said, "");
}

/* SRV-ZC-7 */
static void test_owner__changes__starts_over_with_the_new_one(void **state)
{
	start_announced();
	signal_owner(BUS, AVAHI, "");
	run_until_quiet();
	assert_int_equal(n_said("The Avahi daemon: it has left the system bus"), 1);
	assert_int_equal(fake.n_get_state, 1);
	signal_owner(BUS, "", AVAHI);
	run_until(fake.n_committed == 2);
	run_until_quiet();
	assert_int_equal(fake.n_get_state, 2);
	assert_int_equal(fake.n_groups, 2);
	assert_int_equal(fake.n_reset, 0);
	assert_int_equal(n_said("\n"), 1);
}

/* SRV-ZC-11, W-49: said once, and tried again. */
static void test_call__refused__is_tried_again(void **state)
{
	fake.error = "org.freedesktop.Avahi.InvalidServiceNameError";
	fake.n_errors = 2;
	start_bus();
	announce("", true);
	run_until(fake.n_committed == 1);
	run_until_quiet();
	assert_int_equal(fake.n_added, 3);
	assert_string_equal(said, "test-core-zeroconf: D-Bus Exception: "
				  "org.freedesktop.Avahi.InvalidServiceNameError: why\n");
}

static void test_call__malformed_answer__is_tried_again(void **state)
{
	static const char *const members[] = { "GetState", "EntryGroupNew" };

	start_bus();
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		fake.bad_answer = members[i];
		announce("", true);
		run_until(n_said(members[i]) == 1);
		fake.bad_answer = NULL;
		run_until(fake.n_committed == i + 1);
		zeroconf = zeroconf_free(zeroconf);
	}
}

/* SRV-ZC-5, SRV-ZC-6, W-49: at the bound; and one more time with each new Avahi. */
static void test_rename__at_the_bound__gives_up(void **state)
{
	fake.error = "org.freedesktop.Avahi.CollisionError";
	fake.n_errors = UINT32_MAX;
	start_bus();
	announce("", true);
	run_until(said[0]);
	run_until_quiet();
	assert_int_equal(fake.n_renames, ZEROCONF_RENAMES_MAX);
	assert_int_equal(fake.n_added, ZEROCONF_RENAMES_MAX + 1);
	assert_string_equal(fake.name, "Other 32768");
	assert_int_equal(n_said("changed 32768 times"), 1);
	signal_server(REGISTERING);
	signal_server(RUNNING);
	run_until_quiet();
	assert_int_equal(fake.n_added, ZEROCONF_RENAMES_MAX + 1);
	signal_owner(BUS, AVAHI, AVAHI);
	run_until(fake.n_added == ZEROCONF_RENAMES_MAX + 2);
	run_until_quiet();
	assert_int_equal(fake.n_renames, ZEROCONF_RENAMES_MAX);
	assert_int_equal(n_said("changed 32768 times"), 2);
	fake.n_errors = 0;
	signal_owner(BUS, AVAHI, AVAHI);
	run_until(fake.n_committed == 1);
}

/* SRV-ZC-8 */
static void test_bus__comes_late_and_hangs_up__is_tried_again(void **state)
{
	announce("", true);
	run_until(said[0]);
	start_bus();
	run_until(fake.n_committed == 1);
	run_until_quiet();
	assert_int_equal(n_said("No connection to the system bus"), 1);
	for (unsigned int i = 1; i <= 3; i++) {
		hang_up();
		run_until(fake.n_committed == i + 1);
		run_until_quiet();
	}
	assert_int_equal(fake.n_connections, 4);
	assert_int_equal(n_said("No connection to the system bus: it was closed"), 3);
	assert_int_equal(n_said("\n"), 4);
}

/* SRV-ZC-8: a listening socket that nobody serves */
static void test_bus__does_not_greet__keeps_nothing_waiting(void **state)
{
	usec_t began = instant_now().boot;

	start_bus();
	(void)sd_event_source_set_enabled(fake.source, SD_EVENT_OFF);
	announce("", true);
	run_until_quiet();
	zeroconf = zeroconf_free(zeroconf);
	bus_deinit(&bus);
	assert_in_range(instant_now().boot - began, 0, 5 * USEC_PER_SEC);
}

/* DBUS-BUS-3 */
static void test_bus__nobody_joins__is_not_touched(void **state)
{
	start_bus();
	run_until_quiet();
	assert_int_equal(fake.n_connections, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_zeroconf_new__avahi_runs__adds_one_service),
		TEST(test_zeroconf_new__one_interface_ipv4__adds_its_index),
		TEST(test_zeroconf_new__no_such_interface__adds_for_all),
		TEST(test_zeroconf_free__announced__frees_the_group),
		TEST(test_zeroconf_free__avahi_is_stuck__does_not_wait_for_long),
		TEST(test_server_state__not_running__withdraws_until_it_runs),
		TEST(test_server_state__not_running_at_start__waits),
		TEST(test_server_state__unknown__changes_nothing),
		TEST(test_server_state__changes_under_a_call__starts_over),
		TEST(test_group_state__collision__takes_another_name),
		TEST(test_group_state__failure__is_tried_again),
		TEST(test_group_state__late__is_ignored),
		TEST(test_signals__from_others_or_about_others__are_ignored),
		TEST(test_owner__changes__starts_over_with_the_new_one),
		TEST(test_call__refused__is_tried_again),
		TEST(test_call__malformed_answer__is_tried_again),
		TEST(test_rename__at_the_bound__gives_up),
		TEST(test_bus__comes_late_and_hangs_up__is_tried_again),
		TEST(test_bus__does_not_greet__keeps_nothing_waiting),
		TEST(test_bus__nobody_joins__is_not_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
