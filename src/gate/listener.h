/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Accepting connections, within the limits.
 *
 * Bounds: LISTENER_ACCEPTS_PER_WAKE, so that the other gates on the same socket get their share;
 * the limits of CONFIG, kept by sources.h.
 */

#include <systemd/sd-event.h>

#include "gate/deadlines.h"

#define LISTENER_ACCEPTS_PER_WAKE 16
#define LISTENER_PAUSE_USEC	  (100 * USEC_PER_MSEC)

struct gate;

struct listener {
	struct gate *gate;
	int fd;
	sd_event_source *source;
	struct deadline pause; /* set while accepting is off */
};

/**
 * listener_start() - begins to accept on the listening, non-blocking socket @fd
 *
 * Owner:  @fd stays the caller's.
 * Errors: errno of the event loop. Takes one place among the gate's deadlines.
 */
int listener_start(struct listener *l, struct gate *gate, int fd);

void listener_stop(struct listener *l);
