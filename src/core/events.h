/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The kinds of events that the log tells of: one table of level, text and message ID, the 128-bit
 * number by which a journal finds all records of a kind (journalctl MESSAGE_ID=..., and the text in
 * integration/systemd/mandos.catalog for journalctl -x).
 *
 * Records that are about no client, peer or state, such as those of the start, are log_msg()'s.
 * Bound: LOG_RECORD_MAX, at which the text is cut.
 */

#include "base/log.h"
#include "wire/keyid.h"
#include "wire/peer.h"

struct client;

/** enum event_kind - Ln is the line of SRV-LOG-8 that gives the text */
enum event_kind {
	EVENT_CLIENT_CREATED, /* L14 */
	EVENT_CLIENT_ADDED,
	EVENT_CLIENT_REMOVED,
	EVENT_CLIENT_ENABLED,	       /* SRV-LOG-9 */
	EVENT_CLIENT_DISABLED,	       /* SRV-LOG-9 */
	EVENT_RESTORED_NEVER_CHECKED,  /* L10 */
	EVENT_RESTORED_LAST_CHECK_BAD, /* L11 */
	EVENT_RESTORED_KEPT,	       /* L12 */
	EVENT_RESTORED_OTHER_SECRET,   /* L13 */
	EVENT_RESTORED_SHORTENED,
	EVENT_RESTORED_WITHOUT_STATE,
	EVENT_CHECKER_STARTED,	 /* L19 */
	EVENT_CHECKER_SUCCEEDED, /* L20 */
	EVENT_CHECKER_FAILED,	 /* L20 */
	EVENT_PROBE_FAILED,	 /* L20, of a built-in checker */
	EVENT_PROBE_OTHER_KEY,
	EVENT_CHECKER_CRASHED,	    /* L21 */
	EVENT_CHECKER_STOPPED,	    /* L22 */
	EVENT_CHECKER_BAD_TEMPLATE, /* L23 */
	EVENT_CHECKER_NOT_STARTED,
	EVENT_PEER_CONNECTED,	     /* L24 */
	EVENT_PEER_GREETING,	     /* L25 */
	EVENT_PEER_BAD_GREETING,     /* L26 */
	EVENT_PEER_HANDSHAKE_FAILED, /* L27 */
	EVENT_PEER_HANDSHAKE_DONE,   /* L28 */
	EVENT_PEER_KEY,		     /* L29 */
	EVENT_PEER_BAD_KEY,	     /* L30 */
	EVENT_PEER_UNKNOWN_KEY,	     /* L31 */
	EVENT_PEER_TOO_SLOW,
	EVENT_PEER_TOO_MANY,
	EVENT_PEER_TOO_MANY_OF_SOURCE,
	EVENT_PEER_RECORDS_LEFT_OUT, /* W-56 */
	EVENT_REFUSED_DISABLED,	     /* L32 */
	EVENT_REFUSED_LOCKDOWN,
	EVENT_REFUSED_UNSAVED,
	EVENT_APPROVAL_NEEDED,	 /* L33 */
	EVENT_REFUSED_DENIED,	 /* L34 */
	EVENT_REFUSED_TIMED_OUT, /* L35 */
	EVENT_SECRET_NOT_SENT,	 /* L36 */
	EVENT_SECRET_SENT,	 /* L37 */
	EVENT_PEER_BYE_FAILED,	 /* L38 */
	EVENT_STATE_NOT_SAVED,	 /* L39 */
	EVENT_STATE_SAVED_AGAIN,
	EVENT_CONFIGURATION_RELOADED,
	EVENT_CONFIGURATION_KEPT,
	EVENT_LOCKDOWN,
	EVENT_LOCKDOWN_LIFTED,
	N_EVENTS,
};

/** struct event_details - what a record is about; what is not known is NULL */
struct event_details {
	const struct client *client; /* its name; and its key ID, unless @key_id is set */
	const struct key_id *key_id;
	const struct peer *peer;
	const char *reason; /* why; a field of its own */
	const char *detail; /* anything else that the text has room for */
};

/** struct event_row - one line of the table */
struct event_row {
	const char *message_id; /* 32 hexadecimal digits; given once, never changed or used again */
	enum log_level level;
	/* {client}, {key_id}, {peer}, {reason} and {detail} are replaced by their values; what
	 * stands in [brackets] is left out if a value in it is not known. */
	const char *text;
};

const struct event_row *event_row(enum event_kind kind);

/** event_format() - the text of a record; one that does not fit into @size is cut */
void event_format(enum event_kind kind, const struct event_details *d, char *ret_text, size_t size);

/** event_log() - one record; a journal gets MESSAGE_ID and the MANDOS_ fields with it */
void event_log(enum event_kind kind, const struct event_details *d);
