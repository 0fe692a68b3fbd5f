/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every step takes what is there, goes on as far as it can, and says through enter() what it waits
 * for. A step that calls end() must not touch the session again: it may be freed.
 */
#include "gate/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/util.h"
#include "gate/gate.h"

static void tell(struct session *s, enum gate_event kind, const char *detail, size_t size)
{
	struct gate_msg m = {
		.type = GATE_MSG_EVENT,
		.session = s->number,
		.event = { .kind = kind, .peer = s->peer, .detail = detail, .detail_size = size },
	};

	reports_tell(&s->gate->reports, &m, gate_now(s->gate));
}

static void tell_text(struct session *s, enum gate_event kind, const char *text)
{
	tell(s, kind, text, strlen(text));
}

static usec_t deadline_in(const struct session *s, enum session_state state)
{
	const struct gate_config *c = &s->gate->config;

	switch (state) {
	case SESSION_HELLO:
		return usec_add(s->accepted, MIN_OF(c->hello_usec, c->handshake_usec));
	case SESSION_HANDSHAKE:
		return usec_add(s->accepted, c->handshake_usec);
	case SESSION_SEND:
		return usec_add(gate_now(s->gate), c->send_usec);
	case SESSION_BYE:
		return usec_add(gate_now(s->gate), c->bye_usec);
	case SESSION_CLAIM:
	case SESSION_VERDICT:
	case SESSION_OVER:
		break;
	}
	return USEC_NEVER;
}

static bool is_expendable(const struct session *s)
{
	switch (s->state) {
	case SESSION_HELLO:
	case SESSION_HANDSHAKE:
		return true;
	case SESSION_BYE:
		/* Cutting a peer off behind its secret could cost it the secret. */
		return s->phase == GATE_PHASE_NONE || s->phase == GATE_PHASE_REFUSED;
	case SESSION_CLAIM:
	case SESSION_VERDICT:
	case SESSION_SEND:
	case SESSION_OVER:
		break;
	}
	return false;
}

/* The only writer of a session's state, and of what its socket is watched for. */
static void enter(struct session *s, enum session_state state, uint32_t events)
{
	if (s->state != state) {
		s->state = state;
		deadlines_set(&s->gate->deadlines, &s->deadline, deadline_in(s, state));
		sources_set_expendable(&s->gate->sources, &s->place, is_expendable(s));
	}
	if (events == 0)
		poller_unwatch(&s->gate->poller, &s->watch);
	else
		/* Only the first call, in session_start(), adds and may fail. */
		(void)poller_watch(&s->gate->poller, &s->watch, events);
}

static void forget(struct session *s)
{
	if (s->known)
		HASH_DEL(s->gate->claimed, s);
	s->known = false;
}

static void session_free(struct session *s)
{
	LIST_REMOVE(s, entry);
	sources_remove(&s->gate->sources, &s->place);
	free(s);
}

/* Everything the connection held, but not the words that are left to say. */
static void hang_up(struct session *s)
{
	enter(s, SESSION_OVER, 0);
	s->tls = tls_session_free(s->tls);
	s->secret = secret_free(s->secret);
	s->watch.fd = fd_close(s->watch.fd);
}

static int send_claim(struct session *s)
{
	struct gate *g = s->gate;
	struct gate_msg m = {
		.type = GATE_MSG_CLAIM,
		.session = g->last_number + 1,
		.claim = { .peer = s->peer, .key_id = s->key_id },
	};

	if (port_send(&g->port, &m) == -EAGAIN)
		return -EAGAIN;
	s->number = ++g->last_number;
	s->phase = GATE_PHASE_CLAIMED;
	s->known = true;
	HASH_ADD(hh, g->claimed, number, sizeof(s->number), s);
	enter(s, SESSION_VERDICT, EPOLLIN);
	return 0;
}

static int send_notice(struct session *s)
{
	struct gate_msg m = { .type = s->notice, .session = s->number };

	if (s->notice != GATE_MSG_SENT) {
		m.end.reason = s->reason;
		m.end.detail = s->detail;
		m.end.detail_size = strnlen(s->detail, GATE_DETAIL_MAX);
	}
	return port_send(&s->gate->port, &m);
}

static void end(struct session *s, enum gate_end_reason reason, const char *detail);

static int on_room(struct port_waiter *w)
{
	struct session *s = container_of(w, struct session, waiter);

	if (s->notice == 0) {
		if (send_claim(s) == -EAGAIN)
			return -EAGAIN;
		if (!s->known)
			end(s, GATE_END_ERROR, "out of memory");
		return 0;
	}
	if (send_notice(s) == -EAGAIN)
		return -EAGAIN;
	if (s->state == SESSION_OVER)
		session_free(s);
	return 0;
}

/* The last word to the core about this claim. */
static void give_notice(struct session *s, enum gate_msg_type type, enum gate_end_reason reason,
			const char *detail)
{
	s->notice = type;
	s->reason = reason;
	s->detail = detail;
	s->phase = GATE_PHASE_ENDED;
	forget(s);
	port_wait(&s->gate->port, &s->waiter);
}

/* Closes the connection; the session is freed now, or when the core has been told. */
static void end(struct session *s, enum gate_end_reason reason, const char *detail)
{
	hang_up(s);
	switch (s->phase) {
	case GATE_PHASE_NONE:
		port_leave(&s->gate->port, &s->waiter);
		session_free(s);
		return;
	case GATE_PHASE_CLAIMED:
	case GATE_PHASE_GIVING:
		give_notice(s, GATE_MSG_GONE, reason, detail);
		return;
	case GATE_PHASE_GIVEN:
		give_notice(s, GATE_MSG_FAILED, reason, detail);
		return;
	case GATE_PHASE_REFUSED:
		give_notice(s, GATE_MSG_GONE, GATE_END_REFUSED, "");
		return;
	case GATE_PHASE_ENDED:
		if (!s->waiter.waiting)
			session_free(s);
		return;
	}
}

static void step_bye(struct session *s)
{
	switch (tls_bye(s->tls)) {
	case TLS_OK:
	case TLS_CLOSED:
		end(s, GATE_END_CLOSED, "");
		return;
	case TLS_FAILED:
		tell_text(s, GATE_EVENT_BYE_FAILED, tls_error_text(s->tls));
		end(s, GATE_END_ERROR, tls_error_text(s->tls));
		return;
	case TLS_WANT_READ:
		enter(s, SESSION_BYE, EPOLLIN);
		return;
	case TLS_WANT_WRITE:
		enter(s, SESSION_BYE, EPOLLOUT);
		return;
	}
}

static void start_bye(struct session *s)
{
	enter(s, SESSION_BYE, EPOLLOUT);
	step_bye(s);
}

static void step_send(struct session *s)
{
	while (s->n_secret < s->secret->size) {
		size_t n;
		enum tls_status status = tls_write(s->tls, s->secret->data + s->n_secret,
						   s->secret->size - s->n_secret, &n);

		s->n_secret += (uint32_t)n;
		switch (status) {
		case TLS_OK:
			continue;
		case TLS_WANT_READ:
		case TLS_WANT_WRITE:
			enter(s, SESSION_SEND, status == TLS_WANT_READ ? EPOLLIN : EPOLLOUT);
			return;
		case TLS_CLOSED:
		case TLS_FAILED:
			end(s, GATE_END_ERROR, tls_error_text(s->tls));
			return;
		}
	}
	s->secret = secret_free(s->secret);
	give_notice(s, GATE_MSG_SENT, 0, "");
	start_bye(s);
}

/* TLS messages are none of our business; data, or an end, is the end (SRV-PROTO-30). */
static void step_wait(struct session *s)
{
	char byte;
	size_t n;

	switch (tls_read(s->tls, &byte, sizeof(byte), &n)) {
	case TLS_OK:
		end(s, GATE_END_ERROR, "the peer sent data");
		return;
	case TLS_CLOSED:
		end(s, GATE_END_CLOSED, "");
		return;
	case TLS_FAILED:
		end(s, GATE_END_ERROR, tls_error_text(s->tls));
		return;
	case TLS_WANT_READ:
	case TLS_WANT_WRITE:
		return;
	}
}

static void on_handshake_done(struct session *s)
{
	tell(s, GATE_EVENT_HANDSHAKE_DONE, NULL, 0);
	switch (tls_peer_key_id(s->tls, &s->key_id)) {
	case TLS_PEER_KEY_OK:
		enter(s, SESSION_CLAIM, EPOLLIN);
		port_wait(&s->gate->port, &s->waiter);
		return;
	case TLS_PEER_KEY_NOT_RAW:
		tell_text(s, GATE_EVENT_BAD_KEY, "not a raw public key");
		break;
	case TLS_PEER_KEY_UNUSABLE:
		tell_text(s, GATE_EVENT_BAD_KEY, "the raw public key cannot be parsed");
		break;
	}
	start_bye(s);
}

static void step_handshake(struct session *s)
{
	switch (tls_handshake(s->tls)) {
	case TLS_OK:
		on_handshake_done(s);
		return;
	case TLS_CLOSED:
	case TLS_FAILED:
		tell_text(s, GATE_EVENT_HANDSHAKE_FAILED, tls_error_text(s->tls));
		end(s, GATE_END_ERROR, "");
		return;
	case TLS_WANT_READ:
		enter(s, SESSION_HANDSHAKE, EPOLLIN);
		return;
	case TLS_WANT_WRITE:
		enter(s, SESSION_HANDSHAKE, EPOLLOUT);
		return;
	}
}

static void start_handshake(struct session *s)
{
	if (tls_session_new(s->gate->tls, s->watch.fd, &s->tls) < 0) {
		tell_text(s, GATE_EVENT_HANDSHAKE_FAILED, "out of memory");
		end(s, GATE_END_ERROR, "");
		return;
	}
	enter(s, SESSION_HANDSHAKE, EPOLLIN);
	step_handshake(s);
}

static size_t without_line_end(const char *line, size_t size)
{
	while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
		size--;
	return size;
}

static void refuse_greeting(struct session *s, const char *detail, size_t size)
{
	tell(s, GATE_EVENT_BAD_GREETING, detail, size);
	end(s, GATE_END_ERROR, "");
}

/*
 * Reads past the line feed if more is there, and loses it (SRV-PROTO-4). Reading byte by byte, or
 * peeking first, would keep it for TLS, but whoever sends it cannot have seen our ClientHello: no
 * TLS message can be meant, and what comes that early should not reach a TLS parser.
 */
static void step_hello(struct session *s)
{
	ssize_t n = recv(s->watch.fd, s->hello + s->n_hello, sizeof(s->hello) - s->n_hello,
			 MSG_DONTWAIT);
	size_t used;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		refuse_greeting(s, strerror(errno), strlen(strerror(errno)));
		return;
	}
	s->n_hello = (uint8_t)(s->n_hello + n);
	switch (hello_parse(s->hello, s->n_hello, n == 0, &used)) {
	case HELLO_OK:
		tell(s, GATE_EVENT_GREETING, s->hello, without_line_end(s->hello, used));
		start_handshake(s);
		return;
	case HELLO_MORE:
		return;
	case HELLO_BAD:
		refuse_greeting(s, s->hello, without_line_end(s->hello, s->n_hello));
		return;
	case HELLO_TOO_LONG:
		refuse_greeting(s, "line too long", strlen("line too long"));
		return;
	}
}

static void on_ready(struct watch *w)
{
	struct session *s = container_of(w, struct session, watch);

	switch (s->state) {
	case SESSION_HELLO:
		step_hello(s);
		return;
	case SESSION_HANDSHAKE:
		step_handshake(s);
		return;
	case SESSION_CLAIM:
	case SESSION_VERDICT:
		step_wait(s);
		return;
	case SESSION_SEND:
		step_send(s);
		return;
	case SESSION_BYE:
		step_bye(s);
		return;
	case SESSION_OVER:
		return;
	}
}

static void on_due(struct deadline *d, usec_t now)
{
	struct session *s = container_of(d, struct session, deadline);

	switch (s->state) {
	case SESSION_HELLO:
		tell_text(s, GATE_EVENT_DEADLINE, "greeting");
		break;
	case SESSION_HANDSHAKE:
		tell_text(s, GATE_EVENT_DEADLINE, "handshake");
		break;
	case SESSION_BYE:
		tell_text(s, GATE_EVENT_BYE_FAILED, "no answer in time");
		break;
	case SESSION_CLAIM:
	case SESSION_VERDICT:
	case SESSION_SEND:
	case SESSION_OVER:
		break;
	}
	end(s, GATE_END_DEADLINE, "no answer in time");
}

int session_start(struct gate *gate, int fd, const struct peer *peer)
{
	struct session *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	r = sources_add(&gate->sources, peer, &s->place);
	if (r != SOURCES_OK) {
		free(s);
		return r;
	}
	s->gate = gate;
	s->peer = *peer;
	s->accepted = gate_now(gate);
	s->watch = (struct watch){ .fd = fd, .on_ready = on_ready };
	s->deadline.on_due = on_due;
	s->waiter.on_room = on_room;
	r = poller_watch(&gate->poller, &s->watch, EPOLLIN);
	if (r < 0) {
		sources_remove(&gate->sources, &s->place);
		free(s);
		return r;
	}
	s->state = SESSION_OVER;
	enter(s, SESSION_HELLO, EPOLLIN);
	LIST_INSERT_HEAD(&gate->sessions, s, entry);
	return 0;
}

void session_evict(struct place *place)
{
	struct session *s = container_of(place, struct session, place);

	tell_text(s, GATE_EVENT_FULL, "dropped to make room");
	end(s, GATE_END_ERROR, "dropped to make room");
}

/* The parts of a secret come in order and without gaps; the first one tells the size of all. */
static int take_secret(struct session *s, const struct gate_msg *m)
{
	if (!s->secret) {
		s->secret = secret_new(m->give.total_size);
		if (!s->secret) {
			end(s, GATE_END_ERROR, "out of memory");
			return 0;
		}
	}
	if (m->give.total_size != s->secret->size || m->give.offset != s->n_secret)
		return -EBADMSG;
	if (m->give.data_size > 0)
		memcpy(s->secret->data + s->n_secret, m->give.data, m->give.data_size);
	s->n_secret += (uint32_t)m->give.data_size;
	s->phase = GATE_PHASE_GIVING;
	if (s->n_secret < s->secret->size)
		return 0;
	s->phase = GATE_PHASE_GIVEN;
	s->n_secret = 0;
	/* So that secret and close_notify leave together. */
	tls_cork(s->tls);
	enter(s, SESSION_SEND, EPOLLOUT);
	step_send(s);
	return 0;
}

int session_on_message(struct session *s, const struct gate_msg *m)
{
	if (!gate_msg_may(m->type, s->phase))
		return -EBADMSG;
	switch (m->type) {
	case GATE_MSG_WAIT:
		/* There is no deadline in VERDICT that it could lift. */
		return 0;
	case GATE_MSG_GIVE:
		return take_secret(s, m);
	case GATE_MSG_REFUSE:
		/* Between two chunks of GIVE: nothing of the secret has left yet. */
		s->secret = secret_free(s->secret);
		s->phase = GATE_PHASE_REFUSED;
		start_bye(s);
		return 0;
	case GATE_MSG_CONFIG:
	case GATE_MSG_READY:
	case GATE_MSG_EVENT:
	case GATE_MSG_CLAIM:
	case GATE_MSG_SENT:
	case GATE_MSG_FAILED:
	case GATE_MSG_GONE:
	case GATE_MSG_LEVEL:
		break;
	}
	return -EBADMSG;
}

void session_abandon(struct session *s)
{
	hang_up(s);
	forget(s);
	port_leave(&s->gate->port, &s->waiter);
	session_free(s);
}
