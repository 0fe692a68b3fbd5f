/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plugins/report.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/console-line.h"

static char prefix[REPORT_PREFIX_SIZE] = "Mandos plugin ?";
static bool is_debug;

void report_open(const char *argv0)
{
	if (argv0)
		(void)snprintf(prefix, sizeof(prefix), "Mandos plugin %s", argv0);
}

void report_set_debug(bool debug)
{
	is_debug = debug;
}

void report_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	console_line(prefix, format, ap);
	va_end(ap);
}

void report_debug(const char *format, ...)
{
	va_list ap;

	if (!is_debug)
		return;
	va_start(ap, format);
	console_line(prefix, format, ap);
	va_end(ap);
}
