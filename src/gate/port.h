/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The gate's end of the channel to the core.
 *
 * Nothing is queued here but the turns of those who wait for room: a message is made when it can be
 * sent. Bound: one waiter per connection.
 */

#include <stdbool.h>
#include <sys/queue.h>
#include <systemd/sd-event.h>

#include "base/secret.h"
#include "wire/gate-msg.h"

/* Messages taken before others get their turn. */
#define PORT_MESSAGES_PER_WAKE 32

/** struct port_waiter - embed it, with @on_room set */
struct port_waiter {
	TAILQ_ENTRY(port_waiter) entry;
	bool waiting;
	/* Returns -EAGAIN to keep its turn; the waiter may be freed in the call otherwise. */
	int (*on_room)(struct port_waiter *w);
};

TAILQ_HEAD(port_waiters, port_waiter);

/**
 * struct port_handler - what to do with a message, and with the end of the channel
 *
 * @on_message: negative if the message breaks the protocol; nothing of it is kept
 * @on_end:     called once; 0 when the core closed the channel, else -EBADMSG or an errno
 */
struct port_handler {
	int (*on_message)(void *userdata, const struct gate_msg *m);
	void (*on_end)(void *userdata, int error);
	void *userdata;
};

struct port {
	int fd;
	sd_event_source *source;
	struct secret *buffer; /* one message, since it may carry a part of a secret */
	struct port_waiters waiters;
	struct port_handler handler;
};

/**
 * port_init() - over the SOCK_SEQPACKET channel @fd
 *
 * Owner:  @fd stays the caller's.
 * Errors: -ENOMEM, errno of the event loop.
 */
int port_init(struct port *p, sd_event *event, int fd, const struct port_handler *handler);

void port_deinit(struct port *p);

/** port_send() - -EAGAIN if there is no room; any other error is the end, and on_end() follows */
int port_send(struct port *p, const struct gate_msg *m);

/** port_has_waiters() - somebody waits for room: what has no turn of its own stays out */
static inline bool port_has_waiters(const struct port *p)
{
	return !TAILQ_EMPTY(&p->waiters);
}

/** port_wait() - calls @w now, or when there is room, after those who wait already */
void port_wait(struct port *p, struct port_waiter *w);

/** port_leave() - @w waits no longer; fine if it did not */
void port_leave(struct port *p, struct port_waiter *w);
