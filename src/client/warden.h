/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The warden: a process of this program that stays root, and does the few things that need it.
 *
 * It is made before the first packet is sent or read. The rest of the program then gives up root
 * for good, and asks: wire/warden-msg.h says for what, and the warden checks each against the
 * command line. When the program is gone, killed or not, the warden undoes what is left: stop
 * hooks, routes, interfaces.
 *
 * Bounds: one request at a time; WARDEN_ROUTE_USEC for the route helper; WARDEN_ROUTES_MAX routes
 * at a time. Hooks take as long as they take (CLI-HOOK-3).
 */

#include <sys/types.h>

#include "base/clock.h"
#include "client/options.h"
#include "wire/warden-msg.h"

#define WARDEN_ROUTE_USEC (10 * USEC_PER_SEC)
#define WARDEN_ROUTES_MAX 64

struct warden {
	int fd;
	pid_t pid;
};

/**
 * warden_start() - makes it; from then on the caller can drop its privileges
 * @o: must outlive the process
 *
 * Owner:  warden_stop(), whatever is returned.
 * Errors: errno of socketpair(2), fork(2).
 */
int warden_start(struct warden *w, const struct options *o);

/**
 * warden_ask() - waits for the answer
 *
 * A signal that ends the client makes a route helper end at once, and leaves hooks alone.
 * Errors: what the warden answers; -EPIPE if it is gone.
 */
int warden_ask(struct warden *w, const struct warden_request *r);

/** warden_ask_plain() - the same for requests that are only a kind */
int warden_ask_plain(struct warden *w, enum warden_request_kind kind);

/** warden_stop() - lets it undo what is left, and waits until it is gone */
void warden_stop(struct warden *w);
