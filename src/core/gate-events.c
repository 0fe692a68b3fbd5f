/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/gate-events.h"

#include "base/log.h"

void gate_event_log(const struct gate_msg *m)
{
	const char *detail = m->event.detail;
	int n = (int)m->event.detail_size;
	char peer[PEER_TEXT_SIZE];

	peer_format(&m->event.peer, peer);
	switch (m->event.kind) {
	case GATE_EVENT_ACCEPTED:
		log_info("TCP connection from: %s", peer);
		break;
	case GATE_EVENT_GREETING:
		log_debug("Protocol version: '%.*s'", n, detail);
		break;
	case GATE_EVENT_BAD_GREETING:
		log_error("Unknown protocol version: %.*s", n, detail);
		break;
	case GATE_EVENT_HANDSHAKE_FAILED:
		log_warning("Handshake failed: %.*s", n, detail);
		break;
	case GATE_EVENT_HANDSHAKE_DONE:
		log_debug("Handshake succeeded");
		break;
	case GATE_EVENT_BAD_KEY:
		log_warning("Bad certificate: %.*s", n, detail);
		break;
	case GATE_EVENT_BYE_FAILED:
		log_warning("GnuTLS bye failed: %.*s", n, detail);
		break;
	case GATE_EVENT_DEADLINE:
		log_info("Connection from %s was too slow: %.*s", peer, n, detail);
		break;
	case GATE_EVENT_FULL:
		log_warning("Too many connections: dropped the one from %s", peer);
		break;
	case GATE_EVENT_SOURCE_FULL:
		log_warning("Too many connections from one source: dropped the one from %s", peer);
		break;
	case GATE_EVENT_SUPPRESSED:
		log_warning("%.*s records about connections were left out", n, detail);
		break;
	}
}
