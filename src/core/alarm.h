/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Many deadlines on one event-loop timer.
 *
 * Bound: HEAP_NODES_MAX deadlines.
 */

#include <systemd/sd-event.h>

#include "base/heap.h"

/** alarm_fn - @node is due and has been taken out; it may be set again at once */
typedef void alarm_fn(void *userdata, struct heap_node *node, struct instant now);

struct alarm {
	struct heap heap;
	sd_event_source *source;
	alarm_fn *fn;
	void *userdata;
};

/**
 * alarm_init() - deadlines on CLOCK_BOOTTIME; each is served at or after its microsecond, not
 * before
 *
 * Owner:  alarm_deinit(). Errors: errno of sd_event_add_time(3).
 */
int alarm_init(struct alarm *a, sd_event *event, alarm_fn *fn, void *userdata);
void alarm_deinit(struct alarm *a);

/** alarm_set() - as heap_set(); a deadline that cannot be kept for lack of memory ends the program
 */
void alarm_set(struct alarm *a, struct heap_node *node, usec_t when);
