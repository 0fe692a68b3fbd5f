/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/gate-events.h"

#include <stdio.h>

#include "base/log.h"
#include "core/events.h"

static const enum event_kind kinds[] = {
	[GATE_EVENT_ACCEPTED] = EVENT_PEER_CONNECTED,
	[GATE_EVENT_GREETING] = EVENT_PEER_GREETING,
	[GATE_EVENT_BAD_GREETING] = EVENT_PEER_BAD_GREETING,
	[GATE_EVENT_HANDSHAKE_FAILED] = EVENT_PEER_HANDSHAKE_FAILED,
	[GATE_EVENT_HANDSHAKE_DONE] = EVENT_PEER_HANDSHAKE_DONE,
	[GATE_EVENT_BAD_KEY] = EVENT_PEER_BAD_KEY,
	[GATE_EVENT_BYE_FAILED] = EVENT_PEER_BYE_FAILED,
	[GATE_EVENT_DEADLINE] = EVENT_PEER_TOO_SLOW,
	[GATE_EVENT_FULL] = EVENT_PEER_TOO_MANY,
	[GATE_EVENT_SOURCE_FULL] = EVENT_PEER_TOO_MANY_OF_SOURCE,
	[GATE_EVENT_SUPPRESSED] = EVENT_PEER_RECORDS_LEFT_OUT,
};

/* As a string. A gate's words may hold any byte; the log takes care of those that are no text. */
static void copy_detail(const char *detail, size_t size, char ret_text[GATE_DETAIL_MAX + 1])
{
	(void)snprintf(ret_text, GATE_DETAIL_MAX + 1, "%.*s", (int)size, detail);
}

void gate_event_log(const struct gate_msg *m)
{
	char text[GATE_DETAIL_MAX + 1];

	copy_detail(m->event.detail, m->event.detail_size, text);
	if (m->event.kind == GATE_EVENT_LIBRARY) {
		log_debug("GnuTLS: %s", text); /* SRV-LOG-6; no kind of event, only words */
		return;
	}
	/* The table has the one or the other. SUPPRESSED is about many peers. */
	event_log(kinds[m->event.kind],
		  &(struct event_details){
			  .peer = m->event.kind == GATE_EVENT_SUPPRESSED ? NULL : &m->event.peer,
			  .reason = text,
			  .detail = text });
}

void gate_event_log_failed(const struct client *c, const struct peer *peer,
			   const struct gate_msg *m)
{
	char text[GATE_DETAIL_MAX + 1];

	copy_detail(m->end.detail, m->end.detail_size, text);
	event_log(EVENT_SECRET_NOT_SENT,
		  &(struct event_details){ .client = c, .peer = peer, .reason = text });
}
