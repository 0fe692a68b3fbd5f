/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ctl/report.h"

#include <stdarg.h>
#include <stdio.h>

#include "admin/text.h"

void report_line(const char *format, ...)
{
	char line[REPORT_LINE_MAX], shown[ADMIN_SHOWN_SIZE(REPORT_LINE_MAX)];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	(void)admin_show(line, shown);
	(void)fprintf(stderr, "%s\n", shown);
}
