/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mandos-dispatch: runs commands when something happens at the Mandos server.
 *
 * Never as root: it becomes a user who may hear the server on the bus, and nothing else, before it
 * reads a byte of its configuration.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/launch.h"
#include "base/log.h"
#include "base/user.h"
#include "dispatch/dispatcher.h"
#include "dispatch/notice.h"
#include "dispatch/options.h"

static int leave_root(const char *name)
{
	const struct passwd *pw;
	int r;

	if (geteuid() != 0)
		return EX_OK;
	pw = getpwnam(name);
	if (!pw || pw->pw_uid == 0) {
		log_critical("Commands are not run as root, and there is no user %s to become; "
			     "see mandos-dispatch(8), USER",
			     name);
		return EX_NOUSER;
	}
	r = user_become(pw->pw_uid, pw->pw_gid);
	if (r < 0)
		log_critical("Cannot become user %s: %s", name, strerror(-r));
	return r < 0 ? EX_OSERR : EX_OK;
}

static int run(const struct options *o, bool is_check)
{
	const struct log_options log = {
		.program = program_invocation_short_name,
		.service_name = "dispatch",
		.threshold = o->is_debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO,
		.to_stderr = o->is_debug,
	};
	int status = launch_occupy_standard() < 0 ? EX_OSERR : EX_OK;

	if (!is_check) {
		log_open(&log);
		log_set_starting(STDERR_FILENO);
	}
	if (status == EX_OK)
		status = leave_root(o->user);
	/* By which commands are found that are named without a slash. */
	if (status == EX_OK && setenv("PATH", NOTICE_PATH, 1) < 0)
		status = EX_OSERR;
	if (status != EX_OK)
		return status;
	return is_check ? dispatcher_check(o->config) : dispatcher_run(o->config);
}

int main(int argc, char **argv)
{
	struct options o;

	switch (options_parse(argc, argv, &o)) {
	case OPTIONS_BAD:
		return EX_USAGE;
	case OPTIONS_SHOW_HELP:
		options_print_help(stdout, program_invocation_short_name);
		return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
	case OPTIONS_SHOW_VERSION:
		(void)printf("%s %s\n", program_invocation_short_name, MANDOS_VERSION);
		return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
	case OPTIONS_CHECK_CONFIG:
		return run(&o, true);
	case OPTIONS_OK:
		break;
	}
	return run(&o, false);
}
