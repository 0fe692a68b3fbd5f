/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool is_debug;

void report_set_debug(bool debug)
{
	is_debug = debug;
}

static void report(const char *format, va_list ap) _printf_(1, 0);

/* One write(2), so that the lines of programs that share a console do not run into each other. */
static void report(const char *format, va_list ap)
{
	char line[REPORT_LINE_MAX] = REPORT_PREFIX ": ";
	size_t size = strlen(line);
	int n = vsnprintf(line + size, sizeof(line) - size, format, ap);

	if (n > 0)
		size = MIN_OF(size + (size_t)n, sizeof(line) - 1);
	/* A server's bytes must not forge a second line or move the console's cursor. */
	for (size_t i = 0; i < size; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	}
	line[size] = '\n';
	/* There is nobody else to tell. */
	if (write(STDERR_FILENO, line, size + 1) < 0)
		return;
}

void report_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	report(format, ap);
	va_end(ap);
}

void report_debug(const char *format, ...)
{
	va_list ap;

	if (!is_debug)
		return;
	va_start(ap, format);
	report(format, ap);
	va_end(ap);
}
