/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The end of a turn: when everything that was ready has been handled, commit once, then speak.
 *
 * A thousand events that arrive together so share one fsync, and no answer leaves before what it
 * says is durable. Bound: TURN_MAX_USEC from the first request to the end, however busy the loop
 * is.
 */

#include <stdbool.h>

#include <systemd/sd-event.h>

#include "base/clock.h"

#define TURN_MAX_USEC (5 * USEC_PER_MSEC)

typedef void turn_end_fn(void *userdata, struct instant now);

struct turn {
	sd_event *event;
	sd_event_source *idle;
	sd_event_source *post;
	turn_end_fn *end;
	void *userdata;
	bool requested;
	usec_t since; /* boot time of the first request */
};

/** turn_init() - Owner: turn_deinit(). Errors: errno of sd_event_add_defer(3) */
int turn_init(struct turn *t, sd_event *event, turn_end_fn *end, void *userdata);
void turn_deinit(struct turn *t);

/** turn_request() - something waits for the end of the turn */
void turn_request(struct turn *t);
