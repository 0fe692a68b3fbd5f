/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What happens at the server, and what the log and the list say about it.
 */

#include "admin/events.h"
#include "monitor/model.h"

/**
 * happen() - a signal of the server, which has already been applied to @m->clients
 * @ret_call: set to true if a person is wanted (the bell), else unchanged
 *
 * Owner:  @event's client is gone after ADMIN_EVENT_REMOVED and ADMIN_EVENT_SERVER_GONE.
 * Errors: -ENOMEM: the screen may lack something.
 * Source: MON-3, MON-4, MON-43 to MON-53, MON-60.
 */
int happen(struct model *m, const struct admin_event *event, bool *ret_call);

/**
 * happen_loaded() - @m->clients has been read from the server
 * @at_start: it is the first time; an empty list is worth a line then (MON-42)
 */
int happen_loaded(struct model *m, bool at_start);

/** enum happen_trouble - why there is nothing to list */
enum happen_trouble {
	HAPPEN_NO_SERVER, /* MON-41 */
	HAPPEN_NO_ACCESS, /* MON-62 */
	HAPPEN_NO_BUS,	  /* the connection was lost */
	HAPPEN_NO_SENSE,  /* an answer of another kind, or none in time */
};

/** happen_trouble() - all clients go, and the log says why; @detail: the bus's words, or NULL */
int happen_trouble(struct model *m, enum happen_trouble trouble, const char *detail);
