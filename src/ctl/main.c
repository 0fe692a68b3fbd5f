/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mandos-ctl: looks after a running Mandos server, over D-Bus.
 *
 * In order: the command line is parsed, judged and its files are read; the clients are read in one
 * round trip; then they are printed, or something is done to them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/names.h"
#include "admin/text.h"
#include "base/util.h"
#include "ctl/command.h"
#include "ctl/connect.h"
#include "ctl/json.h"
#include "ctl/metrics.h"
#include "ctl/prepare.h"
#include "ctl/report.h"
#include "ctl/run.h"
#include "ctl/select.h"
#include "ctl/selftest.h"
#include "ctl/table.h"
#include "ctl/usage.h"
#include "ctl/watch.h"

/* CTL-ARG-4, CTL-RUN-10. */
#define EXIT_USAGE   2
#define EXIT_UNKNOWN 3

static int usage_error(const char *message)
{
	usage_print(stderr);
	report_line("mandos-ctl: error: %s", message);
	return EXIT_USAGE;
}

/* https://no-color.org/: whatever its value, if it has one. */
static bool wants_colour(void)
{
	const char *terminal = getenv("TERM"), *no_colour = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no_colour && *no_colour) && terminal &&
	       strcmp(terminal, "dumb") != 0;
}

static void print_names(const struct selection *selection)
{
	bool is_seen = isatty(STDOUT_FILENO);

	for (size_t i = 0; i < selection->n; i++) {
		const char *name = selection->clients[i]->name;
		_cleanup_free_ char *shown =
			is_seen ? malloc(ADMIN_SHOWN_SIZE(strlen(name))) : NULL;

		/* A script gets the very name, a terminal only what it cannot act on. */
		if (shown)
			(void)admin_show(name, shown);
		if (shown || !is_seen)
			(void)puts(shown ? shown : name);
	}
}

static void print_metrics(sd_bus *bus, const struct selection *selection)
{
	struct figures figures;

	figures_load(bus, &figures);
	metrics_print(stdout, selection, &figures);
}

static void print(sd_bus *bus, const struct ctl_command *command, const struct selection *selection)
{
	if (ctl_command_has(command, CTL_DUMP_JSON))
		json_print(stdout, selection);
	else if (ctl_command_has(command, CTL_NAMES))
		print_names(selection);
	else if (ctl_command_has(command, CTL_METRICS))
		print_metrics(bus, selection);
	else
		table_print(stdout, selection, ctl_command_has(command, CTL_VERBOSE),
			    wants_colour());
}

/* What was found out about one client is the exit status (CTL-RUN-8). */
static int tell_enabled(const struct selection *selection, int unknown)
{
	if (selection->n != 1) {
		report_line("--is-enabled requires exactly one client; %zu fit", selection->n);
		return unknown;
	}
	return selection->clients[0]->enabled ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int serve(sd_bus *bus, const struct ctl_command *command, const struct selection *selection,
		 int unknown)
{
	if (ctl_command_has(command, CTL_IS_ENABLED))
		return tell_enabled(selection, unknown);
	if (command->n_actions == 0) {
		print(bus, command, selection);
		return EXIT_SUCCESS;
	}
	return run_actions(bus, command, selection) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Then no client has to be known. */
static bool is_for_server(const struct ctl_command *command)
{
	return command->n_actions > 0 &&
	       ctl_options[command->actions[0].op].class == CTL_CLASS_SERVER;
}

static void show_first_call(void)
{
	run_show_connect(ADMIN_SERVER_PATH);
	(void)fprintf(stderr, "D-Bus: %s:%s:%s.GetManagedObjects()\n", ADMIN_SERVICE,
		      ADMIN_SERVER_PATH, ADMIN_MANAGER_INTERFACE);
}

static int ask(sd_bus *bus, const struct ctl_command *command, int unknown)
{
	_cleanup_admin_clients_ struct admin_clients clients = { 0 };
	_cleanup_selection_ struct selection selection = { 0 };
	const char *stranger = NULL;
	int r;

	if (ctl_command_has(command, CTL_DEBUG))
		show_first_call();
	if (connect_list(bus, &clients) < 0) {
		if (ctl_command_has(command, CTL_METRICS))
			metrics_print(stdout, NULL, NULL);
		return unknown;
	}
	r = select_clients(&clients, command->names, command->n_names, &selection, &stranger);
	if (r == SELECT_UNKNOWN) {
		report_line("Client not found on server: '%s'", stranger);
		return unknown;
	}
	if (r < 0) {
		report_line("mandos-ctl: error: %s", strerror(-r));
		return unknown;
	}
	return serve(bus, command, &selection, unknown);
}

static int work(const struct ctl_command *command)
{
	/* Every call is waited for, so nothing is left to flush, which a stuck bus would delay. */
	_cleanup_(sd_bus_close_unrefp) sd_bus *bus = NULL;
	int unknown = ctl_command_has(command, CTL_STRICT) ? EXIT_UNKNOWN : EXIT_FAILURE;

	if (connect_bus(&bus) < 0) {
		if (ctl_command_has(command, CTL_METRICS))
			metrics_print(stdout, NULL, NULL);
		return unknown;
	}
	if (ctl_command_has(command, CTL_EVENTS)) {
		connect_report(watch_events(bus, command));
		return EXIT_FAILURE;
	}
	if (is_for_server(command))
		return run_actions(bus, command, NULL) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	return ask(bus, command, unknown);
}

static int obey(struct ctl_command *command)
{
	char message[CTL_MESSAGE_SIZE];

	if (!ctl_command_judge(command, message) || prepare_values(command, message) < 0)
		return usage_error(message);
	ctl_command_order(command);
	return work(command);
}

static int start(int argc, char *argv[], struct ctl_command *command)
{
	char message[CTL_MESSAGE_SIZE] = "";
	int r = ctl_command_parse(argc, argv, command, message);

	if (r < 0) {
		report_line("mandos-ctl: error: %s", strerror(-r));
		return EXIT_FAILURE;
	}
	switch ((enum ctl_command_result)r) {
	case CTL_COMMAND_BAD:
		return usage_error(message);
	case CTL_COMMAND_HELP:
		usage_print_help(stdout);
		return EXIT_SUCCESS;
	case CTL_COMMAND_VERSION:
		(void)printf("mandos-ctl %s\n", MANDOS_VERSION);
		return EXIT_SUCCESS;
	case CTL_COMMAND_CHECK:
		return selftest_run();
	case CTL_COMMAND_OK:
		break;
	}
	return obey(command);
}

int main(int argc, char *argv[])
{
	struct ctl_command command;
	int status = start(argc, argv, &command);

	ctl_command_deinit(&command);
	/* A listing on a full disk must not look as if it were whole. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		report_line("mandos-ctl: error: cannot write the output: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	return status;
}
