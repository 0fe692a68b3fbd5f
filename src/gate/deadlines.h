/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * All deadlines of the gate behind one event-loop timer.
 *
 * Bound: the room that deadlines_reserve() made; within it nothing here fails or allocates.
 */

#include <systemd/sd-event.h>

#include "base/clock.h"
#include "base/heap.h"

/** struct deadline - embed it, with @on_due set; zero-initialised otherwise means "none" */
struct deadline {
	struct heap_node node;
	void (*on_due)(struct deadline *d, usec_t now);
};

struct deadlines {
	struct heap heap;
	sd_event_source *timer;
	usec_t armed; /* when the timer fires; USEC_NEVER if it is off */
};

/** deadlines_init() - errors: errno of the event loop */
int deadlines_init(struct deadlines *d, sd_event *event);

void deadlines_deinit(struct deadlines *d);

/** deadlines_reserve() - room for @n deadlines in all; -ENOMEM, -E2BIG */
int deadlines_reserve(struct deadlines *d, size_t n);

/** deadlines_set() - calls @deadline's on_due at @when (CLOCK_BOOTTIME), once; USEC_NEVER: never */
void deadlines_set(struct deadlines *d, struct deadline *deadline, usec_t when);
