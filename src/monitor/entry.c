/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "monitor/entry.h"

#include <inttypes.h>
#include <stdio.h>

#include "admin/text.h"

#define NO_CHECK_YET	-2 /* LastCheckerStatus before any checker has ended (DBUS-PROP-17) */
#define SECONDS_PER_DAY 86400

enum entry_state entry_state(const struct admin_client *client)
{
	if (!client->enabled)
		return ENTRY_DISABLED;
	if (client->approval_pending)
		return client->approved_by_default ? ENTRY_APPROVING : ENTRY_DENYING;
	if (client->last_checker_status == NO_CHECK_YET)
		return ENTRY_UNCHECKED;
	return client->last_checker_status != 0 ? ENTRY_FAILING : ENTRY_ENABLED;
}

bool entry_is_waiting(const struct admin_client *client)
{
	enum entry_state state = entry_state(client);

	return state == ENTRY_APPROVING || state == ENTRY_DENYING;
}

usec_t entry_left(const struct admin_client *client, usec_t now)
{
	usec_t end;

	if (entry_is_waiting(client)) {
		if (!admin_time_parse(client->last_approval_request, &end))
			return 0;
		/* A delay beyond the range of microseconds is as good as the end of it. */
		end = client->approval_delay > USEC_NEVER / USEC_PER_MSEC
			      ? USEC_NEVER
			      : usec_add(end, client->approval_delay * USEC_PER_MSEC);
	} else if (!admin_time_parse(client->expires, &end)) {
		return 0;
	}
	return end > now ? end - now : 0;
}

void entry_format_duration(usec_t usec, char *ret)
{
	uint64_t seconds = usec / USEC_PER_SEC, days = seconds / SECONDS_PER_DAY;
	unsigned rest = (unsigned)(seconds % SECONDS_PER_DAY);
	int n = 0;

	if (days > 0)
		n = snprintf(ret, ENTRY_DURATION_MAX, "%" PRIu64 " day%s, ", days,
			     days == 1 ? "" : "s");
	(void)snprintf(ret + n, (size_t)(ENTRY_DURATION_MAX - n), "%u:%02u:%02u", rest / 3600,
		       rest / 60 % 60, rest % 60);
}

void entry_format(const struct admin_client *client, usec_t now, bool with_expiry, char *ret,
		  size_t size)
{
	/* What is before and after the time that is left. */
	static const char *const words[][2] = {
		[ENTRY_APPROVING] = { "Approval in ", ". (d)eny?" },
		[ENTRY_DENYING] = { "Denial in ", ". (a)pprove?" },
		[ENTRY_FAILING] = { "A checker has failed! Time until client gets disabled: ", "" },
		[ENTRY_UNCHECKED] = { "No checker has ended yet. Time until client gets disabled: ",
				      "" },
		[ENTRY_ENABLED] = { "enabled. Time until client gets disabled: ", "" },
		[ENTRY_DISABLED] = { "", "DISABLED" },
	};
	enum entry_state state = entry_state(client);
	char left[ENTRY_DURATION_MAX] = "";
	const char *before = words[state][0];

	if (state == ENTRY_ENABLED && !with_expiry)
		before = "enabled";
	else if (state != ENTRY_DISABLED)
		entry_format_duration(entry_left(client, now), left);
	(void)snprintf(ret, size, "%.*s: %s%s%s", ENTRY_NAME_MAX, client->name, before, left,
		       words[state][1]);
}
