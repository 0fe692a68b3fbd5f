/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plugins/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *program = "?";
static bool is_debug;

void report_open(const char *argv0)
{
	if (argv0)
		program = argv0;
}

void report_set_debug(bool debug)
{
	is_debug = debug;
}

static void report(const char *format, va_list ap) _printf_(1, 0);

/* One write(2), so that the lines of programs that share a console do not run into each other. */
static void report(const char *format, va_list ap)
{
	char line[REPORT_LINE_MAX];
	int saved = errno, n, more = 0;
	size_t size;

	n = snprintf(line, sizeof(line), "Mandos plugin %s: ", program);
	size = MIN_OF((size_t)MAX_OF(n, 0), sizeof(line) - 1);
	more = vsnprintf(line + size, sizeof(line) - size, format, ap);
	size = MIN_OF(size + (size_t)MAX_OF(more, 0), sizeof(line) - 1);
	for (size_t i = 0; i < size; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	}
	line[size] = '\n';
	/* There is nobody else to tell. */
	if (write(STDERR_FILENO, line, size + 1) < 0)
		errno = saved;
	errno = saved;
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
