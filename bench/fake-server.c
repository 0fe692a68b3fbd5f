/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A played Mandos server on the bus: many clients, of which some change all the time. It sends what
 * a real one sends (DBUS-CHG-4), without the deprecated twins, which nobody subscribes to.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "base/clock.h"
#include "base/util.h"

#define CLIENT_INTERFACE  "se.recompile.Mandos.Client"
#define MANAGER_INTERFACE "org.freedesktop.DBus.ObjectManager"
#define STEP_USEC	  (10 * USEC_PER_MSEC)

struct server {
	sd_bus *bus;
	unsigned n_clients, rate;
	uint64_t n_sent, began;
};

static void format_time(usec_t when, char *ret, size_t size)
{
	time_t seconds = (time_t)(when / USEC_PER_SEC);
	struct tm tm = { 0 };
	size_t n;

	(void)gmtime_r(&seconds, &tm);
	n = strftime(ret, size, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(ret + n, size - n, ".%06u", (unsigned)(when % USEC_PER_SEC));
}

static int add_client(sd_bus_message *m, unsigned number)
{
	char path[64], name[64], when[64];

	(void)snprintf(path, sizeof(path), "/clients/client%05u", number);
	(void)snprintf(name, sizeof(name), "client%05u", number);
	format_time(instant_now().real + 3600 * USEC_PER_SEC, when, sizeof(when));
	return sd_bus_message_append(
		m, "{oa{sa{sv}}}", path, 1, CLIENT_INTERFACE, 14, "Name", "s", name, "Host", "s",
		"client.example.net", "KeyID", "s",
		"0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF", "Fingerprint",
		"s", "0123456789ABCDEF0123456789ABCDEF01234567", "Enabled", "b", 1,
		"CheckerRunning", "b", 0, "Checker", "s", "fping -q -- %(host)s", "Timeout", "t",
		UINT64_C(300000), "Interval", "t", UINT64_C(120000), "Expires", "s", when,
		"LastCheckedOK", "s", "", "LastCheckerStatus", "n", 0, "ApprovalPending", "b", 0,
		"ApprovedByDefault", "b", 1);
}

/* sd-bus keeps this interface for itself; so the call is taken as it comes. */
static int on_list(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct server *s = userdata;
	int r;

	if (!sd_bus_message_is_method_call(call, MANAGER_INTERFACE, "GetManagedObjects"))
		return 0;
	r = sd_bus_message_new_method_return(call, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "{oa{sa{sv}}}");
	for (unsigned i = 0; r >= 0 && i < s->n_clients; i++)
		r = add_client(reply, i);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	return r < 0 ? r : 1;
}

/* In turn: expiry moves, and checkers fail and succeed, also of what is on the first screen. */
static int send_change(struct server *s)
{
	uint64_t n = s->n_sent++;
	unsigned number = (unsigned)(n % 4 == 0 ? n / 4 % 12 : n * 7919 % s->n_clients);
	char path[64], when[64];

	(void)snprintf(path, sizeof(path), "/clients/client%05u", number);
	if (n % 2 == 0)
		return sd_bus_emit_signal(s->bus, path, "org.freedesktop.DBus.Properties",
					  "PropertiesChanged", "sa{sv}as", CLIENT_INTERFACE, 1,
					  "LastCheckerStatus", "n", (int)(n / 12 % 3 == 1), 0);
	format_time(instant_now().real + 3600 * USEC_PER_SEC, when, sizeof(when));
	return sd_bus_emit_signal(s->bus, path, "org.freedesktop.DBus.Properties",
				  "PropertiesChanged", "sa{sv}as", CLIENT_INTERFACE, 1, "Expires",
				  "s", when, 0);
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct server *s = userdata;

	while (s->n_sent < (usec - s->began) * s->rate / USEC_PER_SEC)
		if (send_change(s) < 0)
			return sd_event_exit(sd_event_source_get_event(source), EXIT_FAILURE);
	(void)sd_event_source_set_time(source, usec + STEP_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int main(int argc, char **argv)
{
	struct server s = { 0 };
	sd_event *event = NULL;
	sd_event_source *timer = NULL;
	int r;

	if (argc != 3) {
		(void)fputs("usage: fake-server CLIENTS CHANGES-PER-SECOND\n", stderr);
		return 2;
	}
	s.n_clients = (unsigned)strtoul(argv[1], NULL, 10);
	s.rate = (unsigned)strtoul(argv[2], NULL, 10);
	s.began = instant_now().boot;
	r = sd_event_new(&event);
	if (r >= 0)
		r = sd_bus_open_system(&s.bus);
	if (r >= 0)
		r = sd_bus_attach_event(s.bus, event, SD_EVENT_PRIORITY_NORMAL);
	if (r >= 0)
		r = sd_bus_add_object(s.bus, NULL, "/", on_list, &s);
	if (r >= 0)
		r = sd_bus_request_name(s.bus, "se.recompile.Mandos", 0);
	if (r >= 0)
		r = sd_event_add_time(event, &timer, CLOCK_BOOTTIME, s.began, 1, on_time, &s);
	if (r < 0) {
		(void)fprintf(stderr, "fake-server: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	(void)puts("ready");
	(void)fflush(stdout);
	return sd_event_loop(event) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
