/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* What is wrong with clients.conf: to the log of a server, or to the terminal of --check-config. */

#include "core/settings.h"

/** report_to_log() - a settings_report_fn */
void report_to_log(void *userdata, enum settings_severity severity, const char *text);

/**
 * report_check_config() - mandos --check-config
 *
 * Reports everything on stderr and a summary on stdout. Returns the exit status: 0 if every section
 * is good, 1 otherwise. mandos.conf has been read and is good.
 */
int report_check_config(const struct server_settings *settings);
