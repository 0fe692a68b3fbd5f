/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An idle-priority source runs only when nothing else is pending, which is the end of a turn on a
 * quiet server. On a busy one it would never run, so a post source, called after every other one,
 * watches the clock.
 */
#include "core/turn.h"

static void end_turn(struct turn *t)
{
	t->requested = false;
	(void)sd_event_source_set_enabled(t->idle, SD_EVENT_OFF);
	(void)sd_event_source_set_enabled(t->post, SD_EVENT_OFF);
	t->end(t->userdata, instant_now());
}

static int on_idle(sd_event_source *source, void *userdata)
{
	end_turn(userdata);
	return 0;
}

static int on_post(sd_event_source *source, void *userdata)
{
	struct turn *t = userdata;

	if (t->requested && instant_now().boot - t->since >= TURN_MAX_USEC)
		end_turn(t);
	return 0;
}

int turn_init(struct turn *t, sd_event *event, turn_end_fn *end, void *userdata)
{
	int r;

	*t = (struct turn){ .event = event, .end = end, .userdata = userdata };
	r = sd_event_add_defer(event, &t->idle, on_idle, t);
	if (r < 0)
		return r;
	r = sd_event_source_set_enabled(t->idle, SD_EVENT_OFF);
	if (r < 0)
		return r;
	r = sd_event_source_set_priority(t->idle, SD_EVENT_PRIORITY_IDLE);
	if (r < 0)
		return r;
	r = sd_event_add_post(event, &t->post, on_post, t);
	if (r < 0)
		return r;
	return sd_event_source_set_enabled(t->post, SD_EVENT_OFF);
}

void turn_deinit(struct turn *t)
{
	t->idle = sd_event_source_disable_unref(t->idle);
	t->post = sd_event_source_disable_unref(t->post);
}

void turn_request(struct turn *t)
{
	if (t->requested)
		return;
	t->requested = true;
	t->since = instant_now().boot;
	(void)sd_event_source_set_enabled(t->idle, SD_EVENT_ONESHOT);
	(void)sd_event_source_set_enabled(t->post, SD_EVENT_ON);
}
