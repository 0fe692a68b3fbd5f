/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

void report_to_log(void *userdata, enum settings_severity severity, const char *text)
{
	switch (severity) {
	case SETTINGS_SYNTAX:
		log_critical("%s", text);
		break;
	case SETTINGS_LEFT_OUT:
		log_error("%s; this client is left out and refused", text);
		break;
	case SETTINGS_WARNING:
		log_warning("%s", text);
		break;
	}
}

static void report_to_terminal(void *userdata, enum settings_severity severity, const char *text)
{
	(void)fprintf(stderr, "%s: %s\n", severity == SETTINGS_WARNING ? "warning" : "error", text);
}

int report_check_config(const struct server_settings *settings)
{
	struct clients_source *source = NULL;
	struct client_file file = { 0 };
	int bad = clients_source_read(settings->config_dir, report_to_terminal, NULL, &source);
	int r = 0;

	if (bad >= 0)
		r = clients_source_interpret(source, report_to_terminal, NULL, &file);
	if (bad < 0 || r < 0) {
		(void)fprintf(stderr, "error: %s/clients.conf: %s\n", settings->config_dir,
			      strerror(bad < 0 ? -bad : -r));
	} else {
		(void)printf("%zu clients, %zu left out, %d lines that cannot be read, "
			     "%zu warnings\n",
			     file.n_clients, file.n_left_out, bad, file.n_warnings);
	}
	r = bad != 0 || r < 0 || file.n_left_out > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	client_file_deinit(&file);
	source = clients_source_free(source);
	return r;
}
