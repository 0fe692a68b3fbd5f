/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"

#define LOG_SOCKET	"/dev/log"
#define FACILITY_DAEMON 24 /* already shifted: facility 3 */
#define NAME_MAX_BYTES	256

static struct {
	bool open;
	bool to_stderr;
	enum log_level threshold;
	char program[64];
	char prefix[NAME_MAX_BYTES + 16]; /* "Mandos" or "Mandos (NAME)" */
	int socket;
	int starting_fd; /* -1: not starting */
} state = { .threshold = LOG_LEVEL_WARNING, .prefix = "Mandos", .socket = -1, .starting_fd = -1 };

static const struct {
	const char *word;
	enum log_level level;
} level_words[] = {
	{ "CRITICAL", LOG_LEVEL_CRITICAL }, { "FATAL", LOG_LEVEL_CRITICAL },
	{ "ERROR", LOG_LEVEL_ERROR },	    { "WARNING", LOG_LEVEL_WARNING },
	{ "WARN", LOG_LEVEL_WARNING },	    { "INFO", LOG_LEVEL_INFO },
	{ "DEBUG", LOG_LEVEL_DEBUG },	    { "NOTSET", LOG_LEVEL_DEBUG },
};

bool log_level_parse(const char *word, enum log_level *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(level_words); i++) {
		if (strcasecmp(word, level_words[i].word) == 0) {
			*ret = level_words[i].level;
			return true;
		}
	}
	return false;
}

static const char *level_name(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_CRITICAL:
		return "CRITICAL";
	case LOG_LEVEL_ERROR:
		return "ERROR";
	case LOG_LEVEL_WARNING:
		return "WARNING";
	case LOG_LEVEL_INFO:
		return "INFO";
	case LOG_LEVEL_DEBUG:
		return "DEBUG";
	}
	return "ERROR";
}

void log_set_service_name(const char *name)
{
	if (strcmp(name, "Mandos") == 0)
		(void)snprintf(state.prefix, sizeof(state.prefix), "Mandos");
	else
		(void)snprintf(state.prefix, sizeof(state.prefix), "Mandos (%.*s)", NAME_MAX_BYTES,
			       name);
}

void log_open(const struct log_options *options)
{
	(void)snprintf(state.program, sizeof(state.program), "%s", options->program);
	log_set_service_name(options->service_name);
	state.threshold = options->threshold;
	state.to_stderr = options->to_stderr;
	state.open = true;
}

void log_set_starting(int fd)
{
	state.starting_fd = fd;
}

void log_set_threshold(enum log_level threshold)
{
	state.threshold = threshold;
}

enum log_level log_threshold(void)
{
	return state.threshold;
}

static bool connect_log_socket(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX, .sun_path = LOG_SOCKET };

	state.socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (state.socket < 0)
		return false;
	if (connect(state.socket, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		state.socket = fd_close(state.socket);
		return false;
	}
	return true;
}

/* The NUL byte at the end belongs to the datagram (SRV-LOG-1). */
static void send_datagram(const char *record, size_t size)
{
	for (int attempt = 0; attempt < 2; attempt++) {
		if (state.socket < 0 && !connect_log_socket())
			return;
		if (send(state.socket, record, size, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 ||
		    errno == EAGAIN)
			return;
		/* The log daemon was restarted: its socket is a new one. Reconnect once. */
		state.socket = fd_close(state.socket);
	}
}

static void write_stderr(enum log_level level, const char *text)
{
	struct timespec ts;
	struct tm tm;
	char stamp[32] = "";

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	if (localtime_r(&ts.tv_sec, &tm))
		(void)strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S", &tm);
	(void)fprintf(stderr, "%s,%03ld %s [%ld]: %s: %s\n", stamp, ts.tv_nsec / 1000000,
		      state.program, (long)getpid(), level_name(level), text);
}

/*
 * A stranger's bytes must not forge a second record or move a terminal's cursor. U+0080 to U+009F
 * do the latter as well; in UTF-8 they are 0xc2 and a byte below 0xa0.
 */
static void replace_control_characters(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++) {
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
		else if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
			c[0] = c[1] = '?';
	}
}

void log_msg(enum log_level level, const char *format, ...)
{
	char text[LOG_RECORD_MAX], record[LOG_RECORD_MAX + NAME_MAX_BYTES + 64];
	int n, saved = errno;
	va_list ap;

	if (level > state.threshold)
		return;
	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	replace_control_characters(text);

	if (!state.open) {
		(void)fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);
		errno = saved;
		return;
	}
	n = snprintf(record, sizeof(record), "<%d>%s [%ld]: %s: %s", FACILITY_DAEMON + (int)level,
		     state.prefix, (long)getpid(), level_name(level), text);
	if (n > 0)
		send_datagram(record, MIN_OF((size_t)n + 1, sizeof(record)));
	if (state.to_stderr)
		write_stderr(level, text);
	else if (state.starting_fd >= 0 && level <= LOG_LEVEL_ERROR)
		(void)dprintf(state.starting_fd, "%s: %s\n", state.program, text);
	errno = saved;
}
