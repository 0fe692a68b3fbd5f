/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Messages of the agent, on standard error. Bounds: REPORT_LINE_MAX bytes a line. */

#include "base/util.h"

#define REPORT_LINE_MAX 1024

/** report_error() - one line "Mandos password-agent: text"; keeps errno */
void report_error(const char *format, ...) _printf_(1, 2);
