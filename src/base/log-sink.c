/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The journal's protocol: systemd, docs/JOURNAL_NATIVE_PROTOCOL.md; "NAME=value" and a line feed.
 */
#include "base/log-sink.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"

#define LOG_SOCKET	"/dev/log"
#define JOURNAL_DIR	"/run/systemd/journal/"
#define JOURNAL_SOCKET	JOURNAL_DIR "socket"
#define FACILITY_DAEMON 3
#define USUAL_SERVICE	"Mandos"

/* The message, six fields of our own and LOG_FIELDS_MAX of the caller's, with their names. */
#define RECORD_MAX (LOG_RECORD_MAX + (6 + LOG_FIELDS_MAX) * (LOG_FIELD_SIZE + 64))

static struct {
	char program[64];
	char service[LOG_SINK_NAME_MAX + 1];
	int socket;
	bool native; /* the socket is the journal's own */
} sink = { .program = "mandos", .service = USUAL_SERVICE, .socket = -1 };

void log_sink_set_names(const char *program, const char *service)
{
	if (program)
		(void)snprintf(sink.program, sizeof(sink.program), "%s", program);
	(void)snprintf(sink.service, sizeof(sink.service), "%s", service);
}

static bool has_usual_name(void)
{
	return strcmp(sink.service, USUAL_SERVICE) == 0;
}

static bool log_is_the_journal(void)
{
	char target[PATH_MAX];
	ssize_t n = readlink(LOG_SOCKET, target, sizeof(target));

	if (n < 0)
		return errno == ENOENT;
	return (size_t)n > strlen(JOURNAL_DIR) &&
	       strncmp(target, JOURNAL_DIR, strlen(JOURNAL_DIR)) == 0;
}

static bool connect_to(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	sink.socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sink.socket < 0)
		return false;
	if (connect(sink.socket, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		sink.socket = fd_close(sink.socket);
		return false;
	}
	return true;
}

static bool connect_any(void)
{
	sink.native = log_is_the_journal() && connect_to(JOURNAL_SOCKET);
	return sink.native || connect_to(LOG_SOCKET);
}

/* The NUL byte at the end belongs to the datagram (SRV-LOG-1). */
static size_t format_datagram(const struct log_sink_record *r, char *buffer, size_t size)
{
	bool usual = has_usual_name();
	int n = snprintf(buffer, size, "<%d>" USUAL_SERVICE "%s%s%s [%ld]: %s: %s",
			 FACILITY_DAEMON * 8 + (int)r->level, usual ? "" : " (",
			 usual ? "" : sink.service, usual ? "" : ")", (long)getpid(), r->level_name,
			 r->text);

	return n < 0 ? 0 : MIN_OF((size_t)n + 1, size);
}

/** struct packet - a record of the journal that is being put together */
struct packet {
	char *data;
	size_t size;
	size_t used;
};

/* Never more than its share of RECORD_MAX, so there is always room. */
static void add(struct packet *p, const char *name, const char *value, size_t max)
{
	int n = snprintf(p->data + p->used, p->size - p->used, "%s=%.*s\n", name, (int)max, value);

	if (n > 0)
		p->used = MIN_OF(p->used + (size_t)n, p->size);
}

static void add_number(struct packet *p, const char *name, long value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%ld", value);
	add(p, name, text, sizeof(text));
}

static size_t format_native(const struct log_sink_record *r, char *buffer, size_t size)
{
	struct packet p = { .data = buffer, .size = size };

	add(&p, "MESSAGE", r->text, LOG_RECORD_MAX);
	add_number(&p, "PRIORITY", (long)r->level);
	add_number(&p, "SYSLOG_FACILITY", FACILITY_DAEMON);
	add(&p, "SYSLOG_IDENTIFIER", sink.program, LOG_FIELD_SIZE);
	add_number(&p, "SYSLOG_PID", (long)getpid());
	if (!has_usual_name())
		add(&p, "MANDOS_SERVICE", sink.service, LOG_FIELD_SIZE);
	for (const struct log_field *f = r->fields; f && f->name; f++) {
		if (f->value)
			add(&p, f->name, f->value, LOG_FIELD_SIZE);
	}
	return p.used;
}

void log_sink_send(const struct log_sink_record *r)
{
	char buffer[RECORD_MAX];

	for (int attempt = 0; attempt < 2; attempt++) {
		size_t size;

		if (sink.socket < 0 && !connect_any())
			return;
		size = sink.native ? format_native(r, buffer, sizeof(buffer))
				   : format_datagram(r, buffer, sizeof(buffer));
		if (send(sink.socket, buffer, size, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 ||
		    errno == EAGAIN)
			return;
		/* The log daemon was restarted: its socket is a new one. Reconnect once. */
		sink.socket = fd_close(sink.socket);
	}
}
