/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ctl/run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "admin/names.h"
#include "ctl/action.h"
#include "ctl/connect.h"
#include "ctl/report.h"

struct pipeline;

/** struct flight - one call that waits for its reply */
struct flight {
	struct pipeline *pipeline;
	const struct admin_client *client;
	struct flight *next_free;
};

/** struct pipeline - one action on its way through the clients */
struct pipeline {
	sd_bus *bus;
	const struct ctl_action *action;
	const struct selection *selection;
	size_t next, n_done, n_in_flight, n_failed;
	bool shows_calls;
	struct flight flights[RUN_IN_FLIGHT_MAX];
	struct flight *free;
	const struct admin_client *failed; /* the first */
	bool is_reported;		   /* in other words than the usual ones */
	bool is_unknown;		   /* the server has no such call */
	char detail[REPORT_LINE_MAX];
};

void run_show_connect(const char *path)
{
	(void)fprintf(stderr, "D-Bus: Connect to: (busname='%s', path='%s')\n", ADMIN_SERVICE,
		      path);
}

/* An object is connected to once, however many calls follow. */
static void show_call(const struct ctl_action *action, struct admin_client *client)
{
	static char connected[1]; /* its address is the mark */

	if (client && client->data != connected && strcmp(action_path(action, client), "/") != 0) {
		client->data = connected;
		run_show_connect(client->path);
	}
	(void)fputs("D-Bus: ", stderr);
	action_print(stderr, action, client);
	(void)fputc('\n', stderr);
}

static void note_failure(struct pipeline *p, const struct admin_client *client, const char *detail)
{
	if (p->n_failed++ > 0)
		return;
	p->failed = client;
	(void)snprintf(p->detail, sizeof(p->detail), "%s", detail);
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	struct flight *flight = userdata;
	struct pipeline *p = flight->pipeline;
	const sd_bus_error *error = sd_bus_message_get_error(reply);

	p->n_in_flight--;
	flight->next_free = p->free;
	p->free = flight;
	if (error && p->n_failed == 0)
		p->is_unknown = sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_METHOD);
	/* An action on the server may be the first call there is. */
	if (error && !p->selection && connect_is_cut_off(error)) {
		connect_report_call(error, 0);
		p->is_reported = true;
	}
	if (error)
		note_failure(p, flight->client,
			     error->message && *error->message ? error->message : error->name);
	else
		p->n_done++;
	return 0;
}

static void send_one(struct pipeline *p, struct admin_client *client)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	struct flight *flight = p->free;
	int r;

	if (p->shows_calls)
		show_call(p->action, client);
	r = action_message(p->bus, p->action, client, &m);
	if (r >= 0) {
		p->free = flight->next_free;
		*flight = (struct flight){ .pipeline = p, .client = client };
		r = sd_bus_call_async(p->bus, NULL, m, on_reply, flight, ADMIN_CALL_USEC);
	}
	if (r < 0)
		note_failure(p, client, strerror(-r));
	else
		p->n_in_flight++;
}

/* A server's action is called once, a client's once for each. */
static size_t n_calls(const struct pipeline *p)
{
	return p->selection ? p->selection->n : 1;
}

static struct admin_client *client_of(const struct pipeline *p, size_t i)
{
	return p->selection ? p->selection->clients[i] : NULL;
}

/* Until all calls are made and answered; -errno if the bus went away. */
static int pump(struct pipeline *p)
{
	for (;;) {
		int r;

		while (p->n_in_flight < RUN_IN_FLIGHT_MAX && p->n_failed == 0 &&
		       p->next < n_calls(p))
			send_one(p, client_of(p, p->next++));
		if (p->n_in_flight == 0)
			return 0;
		r = sd_bus_process(p->bus, NULL);
		if (r == 0)
			r = sd_bus_wait(p->bus, UINT64_MAX);
		if (r < 0 && r != -EINTR)
			return r;
	}
}

static void report(const struct pipeline *p)
{
	char *call = NULL;
	size_t size = 0;
	FILE *out;

	if (p->is_reported)
		return;
	out = open_memstream(&call, &size);

	if (out) {
		action_print(out, p->action, p->failed);
		(void)fclose(out);
	}
	report_line("Failed to access Mandos server through D-Bus:");
	report_line("%s", p->detail);
	report_line("The call was %s", call ? call : "lost");
	if (p->failed)
		report_line("for client '%s'; it was done to %zu of %zu and failed for %zu; "
			    "nothing more was tried",
			    p->failed->name, p->n_done, n_calls(p), p->n_failed);
	if (p->is_unknown && !p->selection)
		report_line("This server is an older one, which cannot do that.");
	free(call);
}

static int run_one(struct pipeline *p)
{
	int r;

	for (size_t i = 0; i < RUN_IN_FLIGHT_MAX; i++) {
		p->flights[i].next_free = p->free;
		p->free = &p->flights[i];
	}
	r = pump(p);
	if (r < 0)
		note_failure(p, n_calls(p) ? client_of(p, p->next ? p->next - 1 : 0) : NULL,
			     strerror(-r));
	if (p->n_failed == 0)
		return 0;
	report(p);
	return -ECANCELED;
}

static void print_dry(const struct ctl_action *action, const struct selection *selection)
{
	for (size_t i = 0; i < (selection ? selection->n : 1); i++) {
		(void)fputs("would call ", stdout);
		action_print(stdout, action, selection ? selection->clients[i] : NULL);
		(void)fputc('\n', stdout);
	}
}

int run_actions(sd_bus *bus, const struct ctl_command *command, const struct selection *selection)
{
	for (size_t i = 0; i < command->n_actions; i++) {
		const struct ctl_action *action = &command->actions[i];
		struct pipeline p = {
			.bus = bus,
			.action = action,
			.shows_calls = ctl_command_has(command, CTL_DEBUG),
		};
		int r;

		if (ctl_options[action->op].class == CTL_CLASS_CLIENT)
			p.selection = selection;
		if (ctl_command_has(command, CTL_DRY_RUN)) {
			print_dry(action, p.selection);
			continue;
		}
		r = run_one(&p);
		if (r < 0)
			return r;
	}
	return 0;
}
