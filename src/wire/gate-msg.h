/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Messages between the core and a gate, and who may send which when.
 *
 * One message is one SOCK_SEQPACKET packet of at most GATE_MSG_MAX bytes, fixed width but for one
 * trailing byte string. Encoding and decoding are pure; a receiver checks every message with
 * gate_msg_may() before it acts, and ends a peer that breaks the table.
 *
 * A session is one connection of one gate. Its number is given by the gate, counts up from 1 and is
 * never used twice on a channel, so an answer that crosses the session's end is told from a
 * forgery: a number already used is late, one never used is a violation.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "wire/keyid.h"
#include "wire/peer.h"

#define GATE_PRIORITY_MAX 1024
#define GATE_DETAIL_MAX	  256
#define GATE_CHUNK_MAX	  ((size_t)16 * 1024)
#define GATE_SECRET_MAX	  ((size_t)1 << 20)
#define GATE_MSG_MAX	  (GATE_CHUNK_MAX + 64)

enum gate_msg_type {
	GATE_MSG_CONFIG = 1, /* core -> gate: first, once */
	GATE_MSG_READY,	     /* gate -> core: CONFIG is good and the gate accepts; or why not */
	GATE_MSG_EVENT,	 /* gate -> core: something to log about a stranger; no state behind it */
	GATE_MSG_CLAIM,	 /* gate -> core: a peer has proved this key */
	GATE_MSG_WAIT,	 /* core -> gate: somebody has to approve; no deadline until answered */
	GATE_MSG_GIVE,	 /* core -> gate: the secret, in chunks in order */
	GATE_MSG_REFUSE, /* core -> gate: close in an orderly way, say nothing */
	GATE_MSG_SENT,	 /* gate -> core: all bytes were written; ends the session */
	GATE_MSG_FAILED, /* gate -> core: writing failed; ends the session */
	GATE_MSG_GONE,	 /* gate -> core: the peer left, or the refusal was carried out; ends it */
	GATE_MSG_LEVEL,	 /* core -> gate: another log threshold; any time after CONFIG */
};

/** enum gate_phase - where a claimed session is, as both ends count it */
enum gate_phase {
	GATE_PHASE_NONE = 0, /* number never used */
	GATE_PHASE_CLAIMED,  /* CLAIM sent, no answer yet (WAIT may have been sent) */
	GATE_PHASE_GIVING,   /* some chunks of GIVE sent, not all */
	GATE_PHASE_GIVEN,    /* the last chunk sent */
	GATE_PHASE_REFUSED,
	GATE_PHASE_ENDED,
};

/** enum gate_event - what a gate tells about strangers; names match SRV-LOG-8 */
enum gate_event {
	GATE_EVENT_ACCEPTED = 1,     /* L24 */
	GATE_EVENT_GREETING,	     /* L25; detail: the line */
	GATE_EVENT_BAD_GREETING,     /* L26; detail: what was wrong */
	GATE_EVENT_HANDSHAKE_FAILED, /* L27; detail: GnuTLS error text */
	GATE_EVENT_HANDSHAKE_DONE,   /* L28 */
	GATE_EVENT_BAD_KEY,	     /* L30; detail: what was wrong */
	GATE_EVENT_BYE_FAILED,	     /* L38; detail: GnuTLS error text */
	GATE_EVENT_DEADLINE,	     /* greeting or handshake took too long */
	GATE_EVENT_FULL,	     /* a connection was dropped: all places taken */
	GATE_EVENT_SOURCE_FULL,	     /* a connection was dropped: its source has too many */
	GATE_EVENT_SUPPRESSED,	     /* detail: how many events were not told */
	GATE_EVENT_LIBRARY,	     /* SRV-LOG-6; detail: one line of GnuTLS's debug output */
};

/** struct gate_config - limits and deadlines; see docs/protocol.md for the reasons */
struct gate_config {
	uint32_t max_connections; /* of this gate */
	uint32_t max_per_source;  /* of this gate */
	usec_t hello_usec;	  /* from accept to a whole greeting */
	usec_t handshake_usec;	  /* from accept to a finished handshake */
	usec_t send_usec;	  /* from the last GIVE chunk to the last byte written */
	usec_t bye_usec;	  /* for the closing exchange */
	uint8_t log_threshold;	  /* enum log_level: events above it need not be sent */
	bool debug;		  /* also send what the library says (GATE_EVENT_LIBRARY) */
	char priority[GATE_PRIORITY_MAX + 1];
};

enum gate_end_reason {
	GATE_END_CLOSED = 1, /* the peer closed */
	GATE_END_ERROR,	     /* TLS or socket error */
	GATE_END_DEADLINE,
	GATE_END_REFUSED, /* GONE after REFUSE: carried out */
};

/**
 * struct gate_msg - one message, decoded
 *
 * Byte strings point into the buffer that was decoded, or into the caller's memory when encoding.
 */
struct gate_msg {
	enum gate_msg_type type;
	uint64_t session; /* all but CONFIG, READY and LEVEL; EVENT: 0 if none */
	union {
		struct gate_config config;
		struct {
			bool ok;
			const char *detail; /* not NUL-terminated; the offending part */
			size_t detail_size;
		} ready;
		struct {
			enum gate_event kind;
			struct peer peer;
			const char *detail; /* not NUL-terminated */
			size_t detail_size;
		} event;
		struct {
			struct key_id key_id;
			struct peer peer;
		} claim;
		struct {
			uint32_t total_size; /* of the whole secret */
			uint32_t offset;     /* of this chunk */
			const uint8_t *data;
			size_t data_size;
		} give;
		struct {
			enum gate_end_reason reason;
			const char *detail; /* not NUL-terminated */
			size_t detail_size;
		} end;		       /* FAILED and GONE */
		uint8_t log_threshold; /* LEVEL; as in CONFIG */
	};
};

/**
 * gate_msg_encode() - one message to bytes
 *
 * Returns the number of bytes, or -EINVAL if the message breaks a bound.
 * GIVE: only the header is encoded; the caller sends @give.data behind it (channel_send() takes two
 * parts), so that the secret is not copied.
 */
int gate_msg_encode(const struct gate_msg *m, uint8_t *ret_data, size_t size);

/** gate_msg_decode() - 0, or -EBADMSG for anything that gate_msg_encode() cannot have produced */
int gate_msg_decode(const uint8_t *data, size_t size, struct gate_msg *ret);

/**
 * gate_msg_may() - the table: may @type be sent when the session is in @phase?
 *
 * CONFIG, READY and LEVEL are not about a session: their callers check "first, once", or "after
 * CONFIG", themselves and pass GATE_PHASE_NONE. EVENT is always allowed.
 */
bool gate_msg_may(enum gate_msg_type type, enum gate_phase phase);
