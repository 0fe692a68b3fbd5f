/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * One connection, from accept to close.
 *
 *	HELLO      the peer sends its greeting; there is no TLS session yet
 *	HANDSHAKE  the peer proves its key
 *	CLAIM      the claim waits for room on the channel
 *	VERDICT    the core knows of the claim; it answers when it likes
 *	SEND       the secret is being written
 *	BYE        close_notify is exchanged
 *	OVER       closed; what is left to say to the core waits for room on the channel
 *
 * A state may only be left for a later one. HELLO, HANDSHAKE, SEND and BYE have deadlines from
 * CONFIG; CLAIM, VERDICT and OVER end with the channel at the latest.
 *
 * Bounds: HELLO_LINE_MAX bytes of greeting, GATE_SECRET_MAX of secret; one notice to the core at a
 * time. About half a KiB before the greeting, and a GnuTLS session after it.
 */

#include "base/secret.h"
#include "gate/deadlines.h"
#include "gate/hash.h"
#include "gate/poller.h"
#include "gate/port.h"
#include "gate/sources.h"
#include "tls/tls.h"
#include "wire/gate-msg.h"
#include "wire/hello.h"

struct gate;

enum session_state {
	SESSION_HELLO,
	SESSION_HANDSHAKE,
	SESSION_CLAIM,
	SESSION_VERDICT,
	SESSION_SEND,
	SESSION_BYE,
	SESSION_OVER,
};

struct session {
	struct gate *gate;
	LIST_ENTRY(session) entry; /* among all of the gate */
	enum session_state state;
	enum gate_phase phase; /* as the core counts it */
	uint64_t number;       /* 0 until claimed */
	struct watch watch;
	struct deadline deadline;
	struct place place;
	struct port_waiter waiter;
	struct peer peer;
	struct key_id key_id; /* from CLAIM on */
	usec_t accepted;
	struct tls_session *tls;
	struct secret *secret;
	uint32_t n_secret; /* bytes received, then bytes written */
	/* Of the notice that ends the claim. */
	enum gate_msg_type notice; /* 0: none */
	enum gate_end_reason reason;
	const char *detail; /* static */
	bool known;	    /* in the gate's table: the core may speak of it */
	UT_hash_handle hh;  /* by @number */
	uint8_t n_hello;
	char hello[HELLO_LINE_MAX];
};

/**
 * session_start() - takes over an accepted connection
 *
 * Owner:  @fd is the session's unless this fails. The session ends and frees itself.
 * Errors: SOURCES_FULL, SOURCES_SOURCE_FULL, -ENOMEM, errno of epoll_ctl(2).
 */
int session_start(struct gate *gate, int fd, const struct peer *peer);

/** session_evict() - closes the connection of @place to make room */
void session_evict(struct place *place);

/** session_on_message() - WAIT, GIVE or REFUSE for @s; -EBADMSG if it comes out of order */
int session_on_message(struct session *s, const struct gate_msg *m);

/** session_abandon() - closes and frees without a word to anybody; for the program's end */
void session_abandon(struct session *s);
