/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The system bus: what the server says goes into the model, what was asked for goes to the server.
 *
 * A lost bus is tried again (admin/link.h). Nothing waits for the bus, except the end,
 * FEED_FLUSH_USEC at most, for calls that are not sent yet; calls want no answer.
 */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "admin/link.h"
#include "monitor/model.h"

#define FEED_FLUSH_USEC (2 * USEC_PER_SEC)

/**
 * struct feed - embedded
 *
 * @changed: the model has changed; @wants_person: somebody has to approve something
 */
struct feed {
	sd_event *event;
	struct model *model;
	bool is_loaded; /* the first list has come, or the reason why there is none */
	void (*changed)(void *userdata, bool wants_person);
	void *userdata;
	struct admin_link link;
};

/**
 * feed_open() - connects, and asks for everything
 * @f: @event, @model, @changed and @userdata filled in
 *
 * Owner:  feed_close(), also on errors.
 * Errors: errno, or what the bus answered.
 */
int feed_open(struct feed *f);
void feed_close(struct feed *f);

/** feed_call() - asks the server for something; what fails shows as nothing having changed */
void feed_call(struct feed *f, enum model_call what, const char *path);
