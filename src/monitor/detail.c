/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "monitor/detail.h"

#include <stdio.h>
#include <string.h>

#include "admin/text.h"
#include "monitor/entry.h"

#define VALUE_SHOWN 2048 /* bytes of one value */
#define LABEL	    22	 /* columns */
#define HASH_LABEL  12	 /* of what has 64 digits, which so fit a row of 80 */
#define VALUE_MAX   (VALUE_SHOWN + 1)
#define STAMP_SHOWN 64 /* bytes of a time, with its distance */

/* In the order in which one wants to know them, not that of the bus. */
static const struct {
	const char *label;
	enum admin_property_id id;
} shown[] = {
	{ "Host", ADMIN_HOST },
	{ "Enabled", ADMIN_ENABLED },
	{ "Expires", ADMIN_EXPIRES },
	{ "Last checked OK", ADMIN_LAST_CHECKED_OK },
	{ "Last checker status", ADMIN_LAST_CHECKER_STATUS },
	{ "Checker is running", ADMIN_CHECKER_RUNNING },
	{ "Checker", ADMIN_CHECKER },
	{ "Interval", ADMIN_INTERVAL },
	{ "Timeout", ADMIN_TIMEOUT },
	{ "Extended timeout", ADMIN_EXTENDED_TIMEOUT },
	{ "Approval is pending", ADMIN_APPROVAL_PENDING },
	{ "Approved by default", ADMIN_APPROVED_BY_DEFAULT },
	{ "Approval delay", ADMIN_APPROVAL_DELAY },
	{ "Approval duration", ADMIN_APPROVAL_DURATION },
	{ "Last approval request", ADMIN_LAST_APPROVAL_REQUEST },
	{ "Last enabled", ADMIN_LAST_ENABLED },
	{ "Created", ADMIN_CREATED },
	{ "Key ID", ADMIN_KEY_ID },
	{ "Fingerprint", ADMIN_FINGERPRINT },
};

#define N_PROPERTY_LINES (1 + ARRAY_SIZE(shown)) /* under the line of the name */

static void format_time(const struct model *m, const char *text, char *ret)
{
	char stamp[MODEL_STAMP_MAX], distance[ENTRY_DURATION_MAX];
	usec_t when;

	if (!admin_time_parse(text, &when)) {
		(void)snprintf(ret, VALUE_MAX, "%.*s", VALUE_SHOWN, *text ? text : "never");
		return;
	}
	model_stamp(when, stamp);
	stamp[strcspn(stamp, ",")] = '\0';
	entry_format_duration(when > m->now ? when - m->now : m->now - when, distance);
	(void)snprintf(ret, VALUE_MAX, when > m->now ? "%s (in %s)" : "%s (%s ago)", stamp,
		       distance);
}

static void format_status(int status, char *ret)
{
	if (status == -2)
		(void)snprintf(ret, VALUE_MAX, "none has ended yet");
	else if (status == -1)
		(void)snprintf(ret, VALUE_MAX, "killed by a signal");
	else
		(void)snprintf(ret, VALUE_MAX, "%d (%s)", status, status == 0 ? "good" : "failed");
}

/* A server of 1.8.16 knows neither why nor since when. */
static void format_disabled(const struct model *m, const struct admin_client *client, char *ret)
{
	const char *words = admin_disabled_words(client->disabled_reason);
	char when[VALUE_MAX] = "";

	if (*client->disabled_time)
		format_time(m, client->disabled_time, when);
	(void)snprintf(ret, VALUE_MAX, "no%s%s%s%.*s", words ? ": " : "", words ? words : "",
		       *when ? ", since " : "", STAMP_SHOWN, when);
}

static void format_value(const struct model *m, const struct admin_client *client,
			 enum admin_property_id id, char *ret)
{
	uint64_t msec;

	if (!(client->known & ADMIN_BIT(id))) {
		(void)snprintf(ret, VALUE_MAX, "not known");
		return;
	}
	switch (admin_properties[id].kind) {
	case ADMIN_KIND_TEXT:
		(void)snprintf(ret, VALUE_MAX, "%.*s", VALUE_SHOWN, admin_client_text(client, id));
		break;
	case ADMIN_KIND_TIME:
		format_time(m, admin_client_text(client, id), ret);
		break;
	case ADMIN_KIND_BOOL:
		if (id == ADMIN_ENABLED && !client->enabled) {
			format_disabled(m, client, ret);
			break;
		}
		(void)snprintf(ret, VALUE_MAX, "%s", admin_client_bool(client, id) ? "yes" : "no");
		break;
	case ADMIN_KIND_DURATION:
		msec = admin_client_duration(client, id);
		entry_format_duration(msec > USEC_NEVER / USEC_PER_MSEC ? USEC_NEVER
									: msec * USEC_PER_MSEC,
				      ret);
		break;
	case ADMIN_KIND_STATUS:
		format_status(client->last_checker_status, ret);
		break;
	}
}

size_t detail_n_lines(const struct model *m)
{
	const struct row *row = roster_focused(&m->roster);
	size_t n_events;

	if (!row)
		return 1;
	n_events = row->events.n_lines;
	return N_PROPERTY_LINES + 1 + MAX_OF(n_events, (size_t)1);
}

bool detail_line(const struct model *m, size_t i, char *ret)
{
	const struct row *row = roster_focused(&m->roster);
	char value[VALUE_MAX];

	*ret = '\0';
	if (!row)
		return false;
	if (i == 0) {
		(void)snprintf(ret, DETAIL_LINE_MAX, "%.*s", ENTRY_NAME_MAX, row->client->name);
		return true;
	}
	if (i < N_PROPERTY_LINES) {
		format_value(m, row->client, shown[i - 1].id, value);
		(void)snprintf(ret, DETAIL_LINE_MAX, "%-*s %s",
			       shown[i - 1].id == ADMIN_KEY_ID ||
					       shown[i - 1].id == ADMIN_FINGERPRINT
				       ? HASH_LABEL
				       : LABEL,
			       shown[i - 1].label, value);
		return false;
	}
	i -= N_PROPERTY_LINES;
	if (i == 0) {
		(void)snprintf(ret, DETAIL_LINE_MAX, "Latest events");
		return true;
	}
	/* The newest first: it is what a small pane has room for. */
	(void)snprintf(ret, DETAIL_LINE_MAX, "%s",
		       row->events.n_lines > 0
			       ? logbook_line(&row->events, row->events.n_lines - i)->text
			       : "none since this program was started");
	return false;
}
