/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/alarm.h"

#include <stdlib.h>

#include "base/log.h"

/* Wake-ups may be joined by this much: far below what anybody can tell, and kinder to the CPU. */
#define ACCURACY_USEC ((usec_t)500)

/* Nodes served in one go before other events get their turn. */
#define SERVE_BURST 256

static void rearm(struct alarm *a)
{
	struct heap_node *first = heap_first(&a->heap);

	if (!first) {
		(void)sd_event_source_set_enabled(a->source, SD_EVENT_OFF);
		return;
	}
	(void)sd_event_source_set_time(a->source, first->when);
	(void)sd_event_source_set_enabled(a->source, SD_EVENT_ONESHOT);
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct alarm *a = userdata;
	struct instant now = instant_now();

	for (int i = 0; i < SERVE_BURST; i++) {
		struct heap_node *first = heap_first(&a->heap);

		if (!first || first->when > now.boot)
			break;
		heap_remove(&a->heap, first);
		a->fn(a->userdata, first, now);
	}
	rearm(a);
	return 0;
}

int alarm_init(struct alarm *a, sd_event *event, alarm_fn *fn, void *userdata)
{
	int r;

	*a = (struct alarm){ .fn = fn, .userdata = userdata };
	r = sd_event_add_time(event, &a->source, CLOCK_BOOTTIME, 0, ACCURACY_USEC, on_time, a);
	if (r < 0)
		return r;
	return sd_event_source_set_enabled(a->source, SD_EVENT_OFF);
}

void alarm_deinit(struct alarm *a)
{
	a->source = sd_event_source_disable_unref(a->source);
	heap_deinit(&a->heap);
}

void alarm_set(struct alarm *a, struct heap_node *node, usec_t when)
{
	const struct heap_node *before = heap_first(&a->heap);
	usec_t first = before ? before->when : USEC_NEVER;

	if (heap_set(&a->heap, node, when) < 0) {
		/* A client that never expires, or a session that never ends, is worse than a
		 * restart: the state is on disk. */
		log_critical("Out of memory for deadlines");
		abort();
	}
	before = heap_first(&a->heap);
	if (!before || before->when != first)
		rearm(a);
}
