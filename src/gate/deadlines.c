/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "gate/deadlines.h"

#include <assert.h>
#include <time.h>

#include "base/util.h"

/* A deadline may be this late, so that a burst of them is one wake-up. */
#define ACCURACY_USEC (10 * USEC_PER_MSEC)

/*
 * The timer is moved only to an earlier time. Connections come with ever later deadlines and
 * mostly end before them, so it would otherwise be set twice a connection; a wake-up too many now
 * and then is cheaper.
 */
static void arm(struct deadlines *d, usec_t when)
{
	if (when >= d->armed)
		return;
	/* Both calls fail only for a dead event loop or an invalid source. */
	(void)sd_event_source_set_time(d->timer, when);
	(void)sd_event_source_set_enabled(d->timer, SD_EVENT_ONESHOT);
	d->armed = when;
}

static int on_timer(sd_event_source *source, uint64_t when, void *userdata)
{
	struct deadlines *d = userdata;
	usec_t now = MAX_OF(when, instant_now().boot);
	struct heap_node *first;

	d->armed = USEC_NEVER;
	while ((first = heap_first(&d->heap)) && first->when <= now) {
		struct deadline *due = container_of(first, struct deadline, node);

		heap_remove(&d->heap, first);
		due->on_due(due, now);
	}
	if (first)
		arm(d, first->when);
	return 0;
}

int deadlines_init(struct deadlines *d, sd_event *event)
{
	int r;

	*d = (struct deadlines){ .armed = USEC_NEVER };
	r = sd_event_add_time(event, &d->timer, CLOCK_BOOTTIME, 0, ACCURACY_USEC, on_timer, d);
	if (r < 0)
		return r;
	return sd_event_source_set_enabled(d->timer, SD_EVENT_OFF);
}

void deadlines_deinit(struct deadlines *d)
{
	d->timer = sd_event_source_disable_unref(d->timer);
	heap_deinit(&d->heap);
}

int deadlines_reserve(struct deadlines *d, size_t n)
{
	return heap_reserve(&d->heap, n);
}

void deadlines_set(struct deadlines *d, struct deadline *deadline, usec_t when)
{
	int r = heap_set(&d->heap, &deadline->node, when);

	/* deadlines_reserve() made room for every connection there can be. */
	assert(r == 0);
	(void)r;
	if (when != USEC_NEVER)
		arm(d, when);
}
