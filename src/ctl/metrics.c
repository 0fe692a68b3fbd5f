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

static void put_family(FILE *out, const char *name, const char *unit, const char *help)
{
	(void)fprintf(out, "# TYPE %s gauge\n", name);
	if (unit)
		(void)fprintf(out, "# UNIT %s %s\n", name, unit);
	(void)fprintf(out, "# HELP %s %s\n", name, help);
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

void metrics_print(FILE *out, const struct selection *selection)
{
	put_family(out, "mandos_up", NULL, "Whether the server could be asked.");
	(void)fprintf(out, "mandos_up %d\n", selection ? 1 : 0);
	if (selection) {
		put_family(out, "mandos_clients", NULL, "How many clients there are.");
		(void)fprintf(out, "mandos_clients %zu\n", selection->n);
		for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
			put_family(out, families[f].name, families[f].unit, families[f].help);
			for (size_t i = 0; i < selection->n; i++)
				put_sample(out, &families[f], selection->clients[i]);
		}
	}
	(void)fputs("# EOF\n", out);
}
