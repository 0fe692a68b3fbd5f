/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/console-line.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* What snprintf() has put into @room bytes. */
static size_t used(int n, size_t room)
{
	return MIN_OF((size_t)MAX_OF(n, 0), room - 1);
}

void console_line(const char *prefix, const char *format, va_list ap)
{
	char line[CONSOLE_LINE_MAX];
	int saved = errno;
	size_t size = used(snprintf(line, sizeof(line), "%s: ", prefix), sizeof(line));

	errno = saved; /* for "%m" */
	size += used(vsnprintf(line + size, sizeof(line) - size, format, ap), sizeof(line) - size);
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
