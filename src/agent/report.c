/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/report.h"

#include <stdarg.h>

#include "base/console-line.h"

void report_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	console_line("Mandos password-agent", format, ap);
	va_end(ap);
}
