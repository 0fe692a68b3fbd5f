/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A connection to the system bus that is made again whenever it is lost, with the list of clients
 * read anew and every signal of the server passed on.
 *
 * A lost bus is tried again every ADMIN_LINK_RETRY_USEC, for as long as the program runs. Nothing
 * waits for the bus.
 */

#include <systemd/sd-event.h>

#include "admin/events.h"
#include "base/clock.h"

#define ADMIN_LINK_RETRY_USEC (2 * USEC_PER_SEC)

/** enum admin_link_news - what became of the list and of the connection */
enum admin_link_news {
	ADMIN_LINK_LISTED,   /* the list has been read */
	ADMIN_LINK_REFUSED,  /* the server or the bus has answered with an error */
	ADMIN_LINK_NONSENSE, /* what was answered is no list */
	ADMIN_LINK_LOST,     /* the connection has ended; the list is as it was */
};

/**
 * struct admin_link - embedded
 *
 * @on_connect: a new connection, before the list is asked for: for matches and questions of the
 *              caller's own; may be NULL. A negative errno gives the connection up.
 * @on_news:    @error is the answer of ADMIN_LINK_REFUSED, else NULL
 * @on_event:   as admin_event_take() gives it; the caller does with the list what that asks for.
 *              After ADMIN_EVENT_SERVER_CAME the list is loaded again.
 */
struct admin_link {
	sd_event *event;
	struct admin_clients *clients;
	int (*on_connect)(void *userdata, sd_bus *bus);
	void (*on_news)(void *userdata, enum admin_link_news news, const sd_bus_error *error);
	void (*on_event)(void *userdata, const struct admin_event *event);
	void *userdata;

	sd_bus *bus; /* NULL: none at present; the rest is the link's own */
	sd_bus_slot *loading;
	sd_event_source *retry;
};

/**
 * admin_link_open() - connects, and asks for everything
 * @l: all above @bus filled in, the rest 0
 *
 * Owner:  admin_link_close(), also on errors.
 * Errors: errno, or what the bus answered. The caller may then call admin_link_retry().
 */
int admin_link_open(struct admin_link *l);

/** admin_link_retry() - gives up what there is of a connection, and makes another one later on */
void admin_link_retry(struct admin_link *l);

void admin_link_close(struct admin_link *l);
