/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Messages of the agent, on standard error, as base/console-line.h. */

#include "base/util.h"

/** report_error() - one line "Mandos password-agent: text"; keeps errno */
void report_error(const char *format, ...) _printf_(1, 2);
