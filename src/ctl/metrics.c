/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ctl/metrics.h"

#include <inttypes.h>

#include "admin/text.h"
#include "base/util.h"

/** struct family - a row of the table of what is said about each client */
static const struct family {
	const char *name, *unit, *help;
	enum admin_property_id id;
} families[] = {
	{ "mandos_client_enabled", NULL, "Whether the client can get its password.",
	  ADMIN_ENABLED },
	{ "mandos_client_checker_running", NULL, "Whether a check is under way.",
	  ADMIN_CHECKER_RUNNING },
	{ "mandos_client_approval_pending", NULL, "Whether somebody has to decide now.",
	  ADMIN_APPROVAL_PENDING },
	{ "mandos_client_last_checker_status", NULL,
	  "Exit status of the last check; -1 it was killed, -2 there was none yet.",
	  ADMIN_LAST_CHECKER_STATUS },
	{ "mandos_client_last_checked_ok_timestamp_seconds", "seconds",
	  "When a check last succeeded.", ADMIN_LAST_CHECKED_OK },
	{ "mandos_client_expires_timestamp_seconds", "seconds",
	  "When the client gets disabled unless a check succeeds.", ADMIN_EXPIRES },
	{ "mandos_client_last_enabled_timestamp_seconds", "seconds",
	  "When the client was last enabled.", ADMIN_LAST_ENABLED },
	{ "mandos_client_timeout_seconds", "seconds", "The client's timeout.", ADMIN_TIMEOUT },
	{ "mandos_client_interval_seconds", "seconds", "The time between checks.", ADMIN_INTERVAL },
};

/** struct server_family - a row of the table of what is said about the server */
static const struct server_family {
	const char *name, *help;
	bool is_counter;
} server_families[N_FIGURES] = {
	[FIGURE_LOCKDOWN] = { "mandos_lockdown", "Whether nobody is given a password.", false },
	[FIGURE_ENABLED_CLIENTS] = { "mandos_clients_enabled", "How many can get their password.",
				     false },
	[FIGURE_WAITING_CLIENTS] = { "mandos_clients_waiting",
				     "For how many somebody has to decide.", false },
	[FIGURE_CHECKERS_RUNNING] = { "mandos_checkers_running", "Checks under way.", false },
	[FIGURE_CHECKERS_WAITING] = { "mandos_checkers_waiting", "Checks that wait for their turn.",
				      false },
	[FIGURE_PASSWORDS_GIVEN] = { "mandos_passwords_given", "Passwords that were given.", true },
	[FIGURE_PASSWORDS_REFUSED] = { "mandos_passwords_refused",
				       "Requests of known clients that were refused.", true },
	[FIGURE_UNKNOWN_KEYS] = { "mandos_unknown_keys", "Requests with a key that no client has.",
				  true },
};

static void put_typed_family(FILE *out, const char *name, const char *type, const char *unit,
			     const char *help)
{
	(void)fprintf(out, "# TYPE %s %s\n", name, type);
	if (unit)
		(void)fprintf(out, "# UNIT %s %s\n", name, unit);
	(void)fprintf(out, "# HELP %s %s\n", name, help);
}

static void put_family(FILE *out, const char *name, const char *unit, const char *help)
{
	put_typed_family(out, name, "gauge", unit, help);
}

static void put_figures(FILE *out, const struct figures *figures)
{
	for (size_t i = 0; i < N_FIGURES; i++) {
		const struct server_family *f = &server_families[i];

		if (!figures->is_known[i])
			continue;
		put_typed_family(out, f->name, f->is_counter ? "counter" : "gauge", NULL, f->help);
		(void)fprintf(out, "%s%s %" PRIu64 "\n", f->name, f->is_counter ? "_total" : "",
			      figures->values[i]);
	}
}

static void put_label(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			(void)fprintf(out, "\\%c", *text);
		else if (*text == '\n')
			(void)fputs("\\n", out);
		else
			(void)fputc(*text, out);
	}
}

/* "1714979289.123456", without floating point: every digit counts. */
static void put_seconds(FILE *out, uint64_t parts, uint64_t parts_per_second, int digits)
{
	(void)fprintf(out, "%" PRIu64 ".%0*" PRIu64, parts / parts_per_second, digits,
		      parts % parts_per_second);
}

static void put_sample(FILE *out, const struct family *family, const struct admin_client *client)
{
	usec_t time = 0;

	if (!(client->known & ADMIN_BIT(family->id)))
		return;
	if (admin_properties[family->id].kind == ADMIN_KIND_TIME &&
	    !admin_time_parse(admin_client_text(client, family->id), &time))
		return;
	(void)fprintf(out, "%s{client=\"", family->name);
	put_label(out, client->name);
	(void)fputs("\"} ", out);
	switch (admin_properties[family->id].kind) {
	case ADMIN_KIND_BOOL:
		(void)fputs(admin_client_bool(client, family->id) ? "1" : "0", out);
		break;
	case ADMIN_KIND_DURATION:
		put_seconds(out, admin_client_duration(client, family->id), 1000, 3);
		break;
	case ADMIN_KIND_STATUS:
		(void)fprintf(out, "%d", client->last_checker_status);
		break;
	case ADMIN_KIND_TEXT:
	case ADMIN_KIND_TIME:
		put_seconds(out, time, USEC_PER_SEC, 6);
		break;
	}
	(void)fputc('\n', out);
}

/* A client is in it while it is disabled, by the reason; a server of 1.8.16 tells none. */
static void put_reasons(FILE *out, const struct selection *selection)
{
	put_family(out, "mandos_client_disabled", NULL, "Why the client cannot get its password.");
	for (size_t i = 0; i < selection->n; i++) {
		const struct admin_client *client = selection->clients[i];

		if (!*client->disabled_reason)
			continue;
		(void)fputs("mandos_client_disabled{client=\"", out);
		put_label(out, client->name);
		(void)fputs("\",reason=\"", out);
		put_label(out, client->disabled_reason);
		(void)fputs("\"} 1\n", out);
	}
}

void metrics_print(FILE *out, const struct selection *selection, const struct figures *figures)
{
	put_family(out, "mandos_up", NULL, "Whether the server could be asked.");
	(void)fprintf(out, "mandos_up %d\n", selection ? 1 : 0);
	if (selection) {
		put_family(out, "mandos_clients", NULL, "How many clients there are.");
		(void)fprintf(out, "mandos_clients %zu\n", selection->n);
		put_figures(out, figures);
		put_reasons(out, selection);
		for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
			put_family(out, families[f].name, families[f].unit, families[f].help);
			for (size_t i = 0; i < selection->n; i++)
				put_sample(out, &families[f], selection->clients[i]);
		}
	}
	(void)fputs("# EOF\n", out);
}
