/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A gate: what its sessions share, and the core's word over them.
 *
 * Life: gate_init(), then the event loop; CONFIG comes first and once, and starts the listener.
 * The loop's exit code is the program's: see enum gate_exit.
 */

#include <systemd/sd-event.h>

#include "gate/deadlines.h"
#include "gate/listener.h"
#include "gate/poller.h"
#include "gate/port.h"
#include "gate/reports.h"
#include "gate/session.h"
#include "gate/sources.h"
#include "tls/tls.h"

/** enum gate_exit - the numbers of sysexits.h where it has one */
enum gate_exit {
	GATE_EXIT_OK = 0,	 /* the core closed the channel */
	GATE_EXIT_USAGE = 64,	 /* not started by the core */
	GATE_EXIT_PROTOCOL = 70, /* the core broke the protocol */
	GATE_EXIT_SYSTEM = 71,	 /* the system refused something the gate cannot do without */
	GATE_EXIT_CONFIG = 78,	 /* CONFIG was refused; READY told why */
};

LIST_HEAD(session_list, session);

struct gate {
	sd_event *event;
	struct deadlines deadlines;
	struct poller poller;
	struct port port;
	struct reports reports;
	struct listener listener;
	struct sources sources;
	struct tls_context *tls; /* NULL until CONFIG */
	struct gate_config config;
	struct session_list sessions; /* all; at most max_connections */
	struct session *claimed;      /* uthash by number */
	uint64_t last_number;
};

/**
 * gate_init() - over the core's channel and the listening socket
 *
 * Owner:  both descriptors stay the caller's; gate_deinit(), also after a failure.
 * Errors: -ENOMEM, errno of the event loop.
 */
int gate_init(struct gate *g, int channel, int listening);

/** gate_deinit() - closes all connections, erases all secrets */
void gate_deinit(struct gate *g);

/** gate_now() - of this turn of the loop, CLOCK_BOOTTIME */
usec_t gate_now(struct gate *g);
