/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ctl/stream.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "admin/text.h"
#include "ctl/json.h"
#include "ctl/table.h"

#define TIME_SIZE 40

static const char *const words[ADMIN_N_EVENTS] = {
	[ADMIN_EVENT_ADDED] = "added",
	[ADMIN_EVENT_REMOVED] = "removed",
	[ADMIN_EVENT_CHANGED] = "changed",
	[ADMIN_EVENT_CHECKER_STARTED] = "checker-started",
	[ADMIN_EVENT_CHECKER_COMPLETED] = "checker-completed",
	[ADMIN_EVENT_NEED_APPROVAL] = "need-approval",
	[ADMIN_EVENT_GOT_SECRET] = "got-secret",
	[ADMIN_EVENT_REJECTED] = "rejected",
	[ADMIN_EVENT_CLIENT_NOT_FOUND] = "client-not-found",
	[ADMIN_EVENT_SERVER_CAME] = "server-came",
	[ADMIN_EVENT_SERVER_GONE] = "server-gone",
};

/* DBUS-PROP-30's form, with a Z: a line of a log is read far from the server. */
static void format_time(usec_t now, char ret[TIME_SIZE])
{
	time_t seconds = (time_t)(now / USEC_PER_SEC);
	char date[24] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(ret, TIME_SIZE, "%s.%06uZ", date, (unsigned)(now % USEC_PER_SEC));
}

/* As one word of a line: what is empty, or has blanks or controls in it, is put in quotes. */
static void put_word(FILE *out, const char *text)
{
	bool is_plain = *text != '\0';

	for (const char *c = text; *c && is_plain; c++)
		is_plain = *c > ' ' && *c <= '~' && *c != '"' && *c != '\\';
	if (is_plain)
		(void)fputs(text, out);
	else
		json_string(out, text);
}

static void put_property(FILE *out, const struct admin_client *client, enum admin_property_id id)
{
	char duration[TABLE_DURATION_SIZE];

	(void)fprintf(out, " %s=", admin_properties[id].name);
	switch (admin_properties[id].kind) {
	case ADMIN_KIND_TEXT:
	case ADMIN_KIND_TIME:
		put_word(out, admin_client_text(client, id));
		break;
	case ADMIN_KIND_DURATION:
		table_duration(admin_client_duration(client, id), duration);
		(void)fputs(duration, out);
		break;
	case ADMIN_KIND_BOOL:
	case ADMIN_KIND_STATUS:
		json_property(out, client, id);
		break;
	}
}

static void put_text_details(FILE *out, const struct admin_event *e)
{
	for (enum admin_property_id id = 0; e->client && id < ADMIN_N_PROPERTIES; id++) {
		if (e->changed & ADMIN_BIT(id))
			put_property(out, e->client, id);
	}
	if (e->type == ADMIN_EVENT_CHECKER_COMPLETED)
		(void)fprintf(out, " status=%d wait-status=%" PRId64, e->exit_status,
			      e->wait_status);
	if (e->type == ADMIN_EVENT_NEED_APPROVAL)
		(void)fprintf(out, " seconds=%" PRIu64 ".%03u default=%s", e->timeout / 1000,
			      (unsigned)(e->timeout % 1000), e->by_default ? "approve" : "deny");
	if (e->text) {
		(void)fputc(' ', out);
		put_word(out, e->text);
	}
	if (e->address)
		(void)fprintf(out, " %s", e->address);
}

static void print_text(FILE *out, const struct admin_event *e, const char *time)
{
	(void)fprintf(out, "%s ", time);
	if (e->client)
		put_word(out, e->client->name);
	else
		(void)fputs(e->path ? e->path : "-", out);
	(void)fprintf(out, " %s", words[e->type]);
	put_text_details(out, e);
	(void)fputc('\n', out);
}

static void put_member(FILE *out, const char *name, const char *value)
{
	(void)fprintf(out, ", \"%s\": ", name);
	json_string(out, value);
}

static void put_json_properties(FILE *out, const struct admin_event *e)
{
	const char *comma = "";

	(void)fputs(", \"properties\": {", out);
	for (enum admin_property_id id = 0; id < ADMIN_N_PROPERTIES; id++) {
		if (!(e->changed & ADMIN_BIT(id)))
			continue;
		(void)fprintf(out, "%s\"%s\": ", comma, admin_properties[id].name);
		json_property(out, e->client, id);
		comma = ", ";
	}
	(void)fputc('}', out);
}

static void print_json(FILE *out, const struct admin_event *e, const char *time)
{
	bool is_unknown_key = e->type == ADMIN_EVENT_CLIENT_NOT_FOUND;

	(void)fprintf(out, "{\"time\": \"%s\", \"event\": \"%s\"", time, words[e->type]);
	if (e->client)
		put_member(out, "client", e->client->name);
	if (e->path)
		put_member(out, "path", e->path);
	if (e->client && e->changed)
		put_json_properties(out, e);
	if (e->type == ADMIN_EVENT_CHECKER_COMPLETED)
		(void)fprintf(out, ", \"status\": %d, \"wait-status\": %" PRId64, e->exit_status,
			      e->wait_status);
	if (e->type == ADMIN_EVENT_NEED_APPROVAL)
		(void)fprintf(out, ", \"milliseconds\": %" PRIu64 ", \"default\": %s", e->timeout,
			      e->by_default ? "true" : "false");
	if (e->text)
		put_member(out,
			   is_unknown_key		     ? "key-id"
			   : e->type == ADMIN_EVENT_REJECTED ? "reason"
							     : "command",
			   e->text);
	if (e->address)
		put_member(out, "address", e->address);
	(void)fputs("}\n", out);
}

void stream_print(FILE *out, const struct admin_event *event, usec_t now, bool is_json)
{
	char time[TIME_SIZE];

	format_time(now, time);
	if (is_json)
		print_json(out, event, time);
	else
		print_text(out, event, time);
}
