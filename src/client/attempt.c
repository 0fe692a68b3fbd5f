/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/attempt.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "client/address.h"
#include "client/report.h"

#define ERROR_MAX 160

/* CLI-CONN-5: protocol version 1. */
static const char greeting[] = "1\r\n";

enum attempt_state {
	ATTEMPT_STATE_NEW = 0,
	ATTEMPT_STATE_CONNECTING,
	ATTEMPT_STATE_HANDSHAKING,
	ATTEMPT_STATE_AWAITING,
	ATTEMPT_STATE_RECEIVING,
	ATTEMPT_STATE_OVER,
};

struct attempt {
	struct tls_context *tls;
	struct tls_session *session;
	struct peer server;
	enum attempt_state state;
	enum attempt_result result;
	int fd;
	short events;
	usec_t deadline;
	bool is_quiet;
	bool has_connected;
	bool has_handshaken;
	int connect_errno;
	char name[ADDRESS_FORMAT_SIZE];
	char error_text[ERROR_MAX];
	size_t n_received;
	uint8_t message[ATTEMPT_MESSAGE_MAX + 1]; /* one more, to see that it is too long */
};

struct attempt *attempt_new(struct tls_context *tls, const struct peer *server)
{
	struct attempt *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->tls = tls;
	a->server = *server;
	a->fd = -1;
	a->deadline = USEC_NEVER;
	address_format(server, a->name);
	return a;
}

struct attempt *attempt_free(struct attempt *a)
{
	if (!a)
		return NULL;
	(void)tls_session_free(a->session);
	(void)fd_close(a->fd);
	free(a);
	return NULL;
}

/* The only writer of the state: what is waited for, and until when, changes with it. */
static void enter(struct attempt *a, enum attempt_state state, usec_t now)
{
	a->state = state;
	switch (state) {
	case ATTEMPT_STATE_NEW:
		return;
	case ATTEMPT_STATE_CONNECTING:
		a->events = POLLOUT;
		a->deadline = usec_add(now, ATTEMPT_CONNECT_USEC);
		return;
	case ATTEMPT_STATE_HANDSHAKING:
		report_debug("%s: connected; waiting for the server's TLS handshake", a->name);
		a->has_connected = true;
		a->events = POLLIN;
		a->deadline = usec_add(now, ATTEMPT_HANDSHAKE_USEC);
		return;
	case ATTEMPT_STATE_AWAITING:
		report_debug("%s: TLS handshake done; waiting for the server's decision", a->name);
		a->has_handshaken = true;
		a->events = POLLIN;
		a->deadline = USEC_NEVER;
		return;
	case ATTEMPT_STATE_RECEIVING:
		a->deadline = usec_add(now, ATTEMPT_RECEIVE_USEC);
		return;
	case ATTEMPT_STATE_OVER:
		a->events = 0;
		a->deadline = USEC_NEVER;
		return;
	}
}

static void end(struct attempt *a, enum attempt_result result)
{
	a->result = result;
	enter(a, ATTEMPT_STATE_OVER, 0);
}

static void fail(struct attempt *a, const char *format, ...) _printf_(2, 3);
static void fail(struct attempt *a, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(a->error_text, sizeof(a->error_text), format, ap);
	va_end(ap);
	end(a, ATTEMPT_FAILED);
}

static void set_option(int fd, int level, int name, int value)
{
	/* They make things faster or end them sooner; a kernel that refuses one still works. */
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

static void step_new(struct attempt *a, usec_t now)
{
	if (address_needs_scope(&a->server) && a->server.scope_id == 0) {
		fail(a, "a link-local address needs exactly one existing interface in --interface");
		return;
	}
	a->fd = socket(a->server.family == PEER_IPV6 ? AF_INET6 : AF_INET,
		       SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	if (a->fd < 0) {
		fail(a, "cannot make a socket: %s", strerror(errno));
		return;
	}
	set_option(a->fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(a->fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(a->fd, IPPROTO_TCP, TCP_KEEPIDLE, ATTEMPT_KEEPALIVE_IDLE_SEC);
	set_option(a->fd, IPPROTO_TCP, TCP_KEEPINTVL, ATTEMPT_KEEPALIVE_PROBE_SEC);
	set_option(a->fd, IPPROTO_TCP, TCP_KEEPCNT, ATTEMPT_KEEPALIVE_PROBES);
	enter(a, ATTEMPT_STATE_CONNECTING, now);
}

static void fail_connect(struct attempt *a, int error)
{
	a->is_quiet = error == ECONNREFUSED;
	a->connect_errno = error;
	fail(a, "cannot connect: %s", strerror(error));
}

/* connect(2) again is how a socket tells what became of the first: done, going on, or why not. */
static void step_connecting(struct attempt *a, usec_t now)
{
	struct sockaddr_storage sa;
	socklen_t size = address_to_sockaddr(&a->server, &sa);
	ssize_t n;

	if (connect(a->fd, (struct sockaddr *)&sa, size) < 0 && errno != EISCONN) {
		if (errno != EINPROGRESS && errno != EALREADY && errno != EINTR)
			fail_connect(a, errno);
		return;
	}
	n = send(a->fd, greeting, strlen(greeting), MSG_NOSIGNAL);
	if (n != (ssize_t)strlen(greeting)) {
		fail(a, "cannot send the greeting: %s", n < 0 ? strerror(errno) : "cut short");
		return;
	}
	if (tls_session_new(a->tls, a->fd, &a->session) < 0) {
		fail(a, "out of memory");
		return;
	}
	enter(a, ATTEMPT_STATE_HANDSHAKING, now);
}

/*
 * True if the call wants to wait. The peer sends a small segment and holds the next one back until
 * the first is acknowledged; a delayed acknowledgement would cost 40 ms. The kernel forgets the
 * option, so it is set each time.
 */
static bool is_blocked(struct attempt *a, enum tls_status status)
{
	if (status != TLS_WANT_READ && status != TLS_WANT_WRITE)
		return false;
	a->events = status == TLS_WANT_READ ? POLLIN : POLLOUT;
	set_option(a->fd, IPPROTO_TCP, TCP_QUICKACK, 1);
	return true;
}

static void step_handshaking(struct attempt *a, usec_t now)
{
	enum tls_status status = tls_handshake(a->session);

	if (is_blocked(a, status))
		return;
	if (status == TLS_OK) {
		enter(a, ATTEMPT_STATE_AWAITING, now);
		return;
	}
	a->is_quiet = true;
	fail(a, "TLS handshake failed: %s",
	     status == TLS_CLOSED ? "closed by the server" : tls_error_text(a->session));
}

static void step_receiving(struct attempt *a, usec_t now)
{
	size_t n;
	enum tls_status status = tls_read(a->session, a->message + a->n_received,
					  sizeof(a->message) - a->n_received, &n);

	if (is_blocked(a, status))
		return;
	if (status == TLS_CLOSED) {
		/* Once: a server that does not take it has sent everything all the same. */
		(void)tls_send_bye(a->session);
		end(a, a->n_received > 0 ? ATTEMPT_RECEIVED : ATTEMPT_REFUSED);
		return;
	}
	if (status == TLS_FAILED) {
		fail(a, "receiving failed: %s", tls_error_text(a->session));
		return;
	}
	a->n_received += n;
	if (a->n_received > ATTEMPT_MESSAGE_MAX)
		fail(a, "the server sent more than %zu bytes", ATTEMPT_MESSAGE_MAX);
	else if (a->state == ATTEMPT_STATE_AWAITING && n > 0)
		enter(a, ATTEMPT_STATE_RECEIVING, now);
}

static const char *state_text(enum attempt_state state)
{
	switch (state) {
	case ATTEMPT_STATE_CONNECTING:
		return "no answer to the connection";
	case ATTEMPT_STATE_HANDSHAKING:
		return "TLS handshake not finished";
	case ATTEMPT_STATE_RECEIVING:
		return "message not complete";
	case ATTEMPT_STATE_NEW:
	case ATTEMPT_STATE_AWAITING:
	case ATTEMPT_STATE_OVER:
		break;
	}
	return "not done";
}

/* One move. Returns false when it can only go on later, or is over. */
static bool move(struct attempt *a, usec_t now)
{
	enum attempt_state before = a->state;
	size_t n_before = a->n_received;

	switch (a->state) {
	case ATTEMPT_STATE_NEW:
		step_new(a, now);
		break;
	case ATTEMPT_STATE_CONNECTING:
		step_connecting(a, now);
		break;
	case ATTEMPT_STATE_HANDSHAKING:
		step_handshaking(a, now);
		break;
	case ATTEMPT_STATE_AWAITING:
	case ATTEMPT_STATE_RECEIVING:
		step_receiving(a, now);
		break;
	case ATTEMPT_STATE_OVER:
		return false;
	}
	return a->state != before || a->n_received != n_before;
}

enum attempt_result attempt_step(struct attempt *a, usec_t now)
{
	/* Ends: each move that returns true brings a later state or at least one byte. */
	while (move(a, now))
		;
	if (a->state != ATTEMPT_STATE_OVER && now >= a->deadline)
		fail(a, "timed out: %s", state_text(a->state));
	return a->result;
}

int attempt_fd(const struct attempt *a)
{
	return a->fd;
}

short attempt_events(const struct attempt *a)
{
	return a->events;
}

usec_t attempt_deadline(const struct attempt *a)
{
	return a->deadline;
}

const uint8_t *attempt_message(const struct attempt *a, size_t *ret_size)
{
	*ret_size = a->n_received;
	return a->message;
}

const char *attempt_error_text(const struct attempt *a)
{
	return a->error_text;
}

const char *attempt_name(const struct attempt *a)
{
	return a->name;
}

bool attempt_has_connected(const struct attempt *a)
{
	return a->has_connected;
}

bool attempt_has_handshaken(const struct attempt *a)
{
	return a->has_handshaken;
}

bool attempt_lacks_route(const struct attempt *a)
{
	return a->connect_errno == ENETUNREACH || a->connect_errno == EHOSTUNREACH;
}

bool attempt_is_quiet(const struct attempt *a)
{
	return a->is_quiet;
}
