/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runner/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "Mandos plugin "

static struct {
	int fd;
	bool is_socket;
	bool is_debug;
	const struct relay *open_line; /* who began the line that the cursor is in; NULL: nobody */
	size_t used;
	char queue[CONSOLE_QUEUE_SIZE];
} console = { .fd = STDERR_FILENO };

void console_open(void)
{
	struct stat st;
	int fd;

	if (fstat(STDERR_FILENO, &st) < 0)
		return;
	console.is_socket = S_ISSOCK(st.st_mode);
	/* Descriptors are shared with whoever started us: theirs must go on waiting. A file is
	 * never slow, and opened again it would have another offset. */
	if (!S_ISFIFO(st.st_mode) && !isatty(STDERR_FILENO))
		return;
	fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0)
		console.fd = fd;
}

void console_set_debug(bool debug)
{
	console.is_debug = debug;
}

static ssize_t write_now(const char *text, size_t size)
{
	struct pollfd p = { .fd = console.fd, .events = POLLOUT };

	if (console.is_socket)
		return send(console.fd, text, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	/* For one that could not be opened again. */
	if (poll(&p, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(console.fd, text, size);
}

void console_flush(void)
{
	while (console.used > 0) {
		ssize_t n = write_now(console.queue, console.used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		/* A console that fails is nobody's to tell. */
		if (n < 0)
			n = (ssize_t)console.used;
		console.used -= (size_t)n;
		memmove(console.queue, console.queue + n, console.used);
	}
}

void console_write(const char *text, size_t size)
{
	if (size > sizeof(console.queue) - console.used)
		return;
	memcpy(console.queue + console.used, text, size);
	console.used += size;
	console_flush();
}

int console_fd(void)
{
	return console.used > 0 ? console.fd : -1;
}

static bool wants_prefix(const char *line, size_t size)
{
	return *line != '\n' &&
	       (size < strlen(PREFIX) || memcmp(line, PREFIX, strlen(PREFIX)) != 0);
}

static void write_prefix(const char *name)
{
	console_write(PREFIX, strlen(PREFIX));
	console_write(name, strlen(name));
	console_write(": ", 2);
}

static void begin(const struct relay *who)
{
	if (console.open_line && console.open_line != who)
		console_write("\n", 1);
	console.open_line = NULL;
}

void console_relay(struct relay *relay, const char *text, size_t size)
{
	if (size == 0)
		return;
	begin(relay);
	if (text[size - 1] != '\n') {
		console_write(text, size);
		relay->unfinished = true;
		console.open_line = relay;
		return;
	}
	while (size > 0) {
		/* There is one: the text ends with it. */
		size_t line = (size_t)((const char *)memchr(text, '\n', size) - text) + 1;

		if (!relay->unfinished && wants_prefix(text, line))
			write_prefix(relay->name);
		relay->unfinished = false;
		console_write(text, line);
		text += line;
		size -= line;
	}
}

static void report(const char *format, va_list ap) _printf_(1, 0);

static void report(const char *format, va_list ap)
{
	char line[CONSOLE_LINE_MAX] = "plugin-runner: ";
	size_t size = strlen(line);
	int n = vsnprintf(line + size, sizeof(line) - size, format, ap);

	if (n > 0)
		size = MIN_OF(size + (size_t)n, sizeof(line) - 1);
	for (size_t i = 0; i < size; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	}
	line[size] = '\n';
	begin(NULL);
	console_write(line, size + 1);
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

	if (!console.is_debug)
		return;
	va_start(ap, format);
	report(format, ap);
	va_end(ap);
}
