/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Known answers of what reads the command line and writes to the terminal. */
#include "ctl/selftest.h"

#include <string.h>

#include "admin/text.h"
#include "base/checks.h"
#include "base/util.h"
#include "ctl/interval.h"
#include "ctl/options.h"
#include "ctl/table.h"

static bool times_are_read(void)
{
	uint64_t ms = 0;

	return interval_parse("PT7M", &ms) == INTERVAL_OK && ms == 420000 &&
	       interval_parse("1h30m", &ms) == INTERVAL_OLD && ms == 5400000 &&
	       interval_parse("PT1H30S", &ms) == INTERVAL_MALFORMED;
}

static bool durations_are_written(void)
{
	char text[TABLE_DURATION_SIZE];

	table_duration(90061001, text);
	return strcmp(text, "1T01:01:01") == 0;
}

static bool terminals_are_safe(void)
{
	char shown[ADMIN_SHOWN_SIZE(4)];

	(void)admin_show("\033[m\n", shown);
	return strcmp(shown, "\\x1b[m\\n") == 0;
}

static bool options_are_complete(void)
{
	for (enum ctl_op op = 0; op < CTL_N_OPTIONS; op++) {
		if (!ctl_options[op].name || !ctl_options[op].help)
			return false;
	}
	return true;
}

static const struct check checks[] = {
	{ "times", times_are_read },
	{ "durations", durations_are_written },
	{ "terminal", terminals_are_safe },
	{ "options", options_are_complete },
};

int selftest_run(void)
{
	return checks_run(checks, ARRAY_SIZE(checks), stderr);
}
