/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The gates: starting them, talking to them, starting them again, and the sessions they claim.
 *
 * Everything a gate sends is checked here (length, phase, session number) before anybody acts on
 * it; a gate that breaks the protocol is killed, its sessions end, and a new one is started with
 * back-off. Answers are not sent when they are decided but when the turn ends, after the commit
 * (gates_flush()), straight from the client's secret: no copy is queued.
 *
 * Bounds: GATES_MAX gates; GATE_SESSIONS_MAX sessions a gate; GATE_BACKOFF_MAX_USEC.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <systemd/sd-event.h>

#include "base/hash.h"
#include "base/heap.h"
#include "base/secret.h"
#include "core/settings.h"
#include "wire/gate-msg.h"

#define GATES_MAX	      64
#define GATE_SESSIONS_MAX     ((size_t)1000000)
#define GATE_BACKOFF_MIN_USEC (100 * USEC_PER_MSEC)
#define GATE_BACKOFF_MAX_USEC (10 * USEC_PER_SEC)
/* A start that takes longer than this has failed. */
#define GATE_READY_USEC (10 * USEC_PER_SEC)

struct client;
struct gate;
struct gates;

/** enum session_answer - what is to be told to the gate, at the end of the turn */
enum session_answer {
	SESSION_ANSWER_NONE = 0,
	SESSION_ANSWER_WAIT,
	SESSION_ANSWER_GIVE,
	SESSION_ANSWER_REFUSE,
};

/** struct session - one peer that has proved a key; from CLAIM to SENT, FAILED or GONE */
struct session {
	struct gate *gate;
	uint64_t id;
	enum gate_phase phase;
	struct peer peer;

	/* the gate channel's part */
	enum session_answer answer;
	bool queued;
	uint32_t n_given; /* bytes of the secret sent so far */
	TAILQ_ENTRY(session) send_link;
	UT_hash_handle hh;

	/* the approval's part (sessions.c) */
	struct client *client; /* NULL: unknown key, refused */
	LIST_ENTRY(session) client_link;
	struct heap_node deadline;
	usec_t wait_until; /* boot time at which the approval delay is over */
	bool counted;	   /* in the client's n_pending */
};

/**
 * struct gates_handler - what the layer above does with sessions
 *
 * @claim:   a new session; gates_answer() may be called at once or later
 * @may_send: asked as the last thing before the first byte of a secret leaves; returns the secret
 * to give, or NULL, which turns the answer into a refusal (SRV-APR-9)
 * @sent:    all bytes are with the peer; @end follows
 * @end:     the session is over for any reason, and freed after the call
 * @now in all: the moment at which the event loop noticed
 */
struct gates_handler {
	void (*claim)(void *userdata, struct session *s, const struct key_id *id,
		      struct instant now);
	const struct secret *(*may_send)(void *userdata, struct session *s, struct instant now);
	void (*sent)(void *userdata, struct session *s, struct instant now);
	void (*end)(void *userdata, struct session *s, struct instant now);
};

/**
 * struct gates_options - how to start them
 *
 * @n:         1 to GATES_MAX
 * @listen_fd: listening socket; stays the caller's
 * @handler_data: userdata of the handler's functions
 * @fatal:     called once if no gate can be started at all: the priority string is bad, or the
 *             program is missing; the reason has been logged
 * @ready:     called once when all gates of the start accept connections
 */
struct gates_options {
	unsigned int n;
	int listen_fd;
	struct gate_config config;
	struct gates_handler handler;
	void *handler_data;
	void (*fatal)(void *userdata);
	void (*ready)(void *userdata);
	void (*turn)(void *userdata); /* an answer waits: ask for the end of the turn */
	void *userdata;
};

/** gates_new() - starts the gates; Errors: -ENOMEM, -ENOENT (logged); Owner: gates_free() */
int gates_new(sd_event *event, const struct gates_options *options, struct gates **ret);

/** gates_free() - ends all gates and sessions (their @end is called); NULL is fine */
struct gates *gates_free(struct gates *g);

/**
 * gates_set_log_threshold() - what the gates tell about strangers, from the end of this turn on
 * @threshold: enum log_level; gates that start later begin with it
 */
void gates_set_log_threshold(struct gates *g, uint8_t threshold);

/** gates_answer() - decides a session; a later call replaces what has not been sent */
void gates_answer(struct session *s, enum session_answer answer);

/** gates_flush() - sends the answers that wait; at the end of a turn, after the commit */
void gates_flush(struct gates *g, struct instant now);
