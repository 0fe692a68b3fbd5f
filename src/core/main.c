/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mandos(8): what an administrator starts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/launch.h"
#include "base/log.h"
#include "core/daemon.h"
#include "core/report.h"
#include "core/selftest.h"
#include "core/server.h"
#include "core/settings.h"

static int run(struct server_settings *settings)
{
	const struct log_options options = {
		.program = program_invocation_short_name,
		.service_name = settings->service_name,
		.threshold = settings->log_threshold,
		.to_stderr = settings->debug,
	};
	struct daemon daemon = DAEMON_FOREGROUND;
	int status = EXIT_FAILURE;

	log_open(&options);
	log_set_starting(STDERR_FILENO);
	/* Before anything secret is read, anything started or the log has a socket. */
	if (!settings->foreground && daemon_fork(&daemon, &status) != DAEMON_SERVER)
		return status;
	return server_run(settings, &daemon);
}

int main(int argc, char *argv[])
{
	struct server_settings settings = { .port = -1, .socket = -1, .kept_socket = -1 };
	int status = EXIT_FAILURE;
	int r;

	(void)launch_occupy_standard();
	r = settings_read(argc, argv, &settings);

	if (r < 0) {
		(void)fprintf(stderr, "mandos: cannot start: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	switch ((enum settings_action)r) {
	case SETTINGS_RUN:
		status = run(&settings);
		break;
	case SETTINGS_EXIT:
		status = EXIT_SUCCESS;
		break;
	case SETTINGS_USAGE:
		status = 2;
		break;
	case SETTINGS_FAILED:
		status = EXIT_FAILURE;
		break;
	case SETTINGS_SELF_TEST:
		status = selftest_run();
		break;
	case SETTINGS_CHECK_CONFIG:
		status = report_check_config(&settings);
		break;
	}
	settings_deinit(&settings);
	return status;
}
