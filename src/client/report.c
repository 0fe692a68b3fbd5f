/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/report.h"

#include <stdarg.h>

#include "base/console-line.h"

static bool is_debug;

void report_set_debug(bool debug)
{
	is_debug = debug;
}

void report_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	console_line(REPORT_PREFIX, format, ap);
	va_end(ap);
}

void report_debug(const char *format, ...)
{
	va_list ap;

	if (!is_debug)
		return;
	va_start(ap, format);
	console_line(REPORT_PREFIX, format, ap);
	va_end(ap);
}
