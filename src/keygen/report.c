/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keygen/report.h"

#include <stdarg.h>
#include <stdio.h>

#define PROGRAM "mandos-keygen: "

static void print_line(FILE *out, const char *prefix, const char *format, va_list ap)
	_printf_(3, 0);

static void print_line(FILE *out, const char *prefix, const char *format, va_list ap)
{
	char line[REPORT_LINE_MAX];

	(void)vsnprintf(line, sizeof(line), format, ap);
	for (char *c = line; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	(void)fprintf(out, "%s%s\n", prefix, line);
	(void)fflush(out);
}

void report_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	print_line(stderr, PROGRAM, format, ap);
	va_end(ap);
}

void report_warning(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	print_line(stderr, PROGRAM "warning: ", format, ap);
	va_end(ap);
}

void report_success(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	print_line(stdout, "", format, ap);
	va_end(ap);
}
