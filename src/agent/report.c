/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One write(2), so that the lines of programs that share a console do not run into each other. */
void report_error(const char *format, ...)
{
	char line[REPORT_LINE_MAX] = "Mandos password-agent: ";
	size_t size = strlen(line);
	int saved = errno, n;
	va_list ap;

	va_start(ap, format);
	n = vsnprintf(line + size, sizeof(line) - size, format, ap);
	va_end(ap);
	if (n > 0)
		size = MIN_OF(size + (size_t)n, sizeof(line) - 1);
	/* A file's name must not forge a second line. */
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
