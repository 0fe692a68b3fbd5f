/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Servers on the local network, found by Zeroconf (mDNS): a peer of its own that publishes nothing.
 *
 * There is one search for each interface and protocol that has a usable address, begun at the
 * moment it has one: a query that left earlier would be lost, and the library's schedule has the
 * next but one only seconds later. Until something is found the first queries follow close on each
 * other, and later ones never stay away for long.
 *
 * Bounds: DISCOVERY_SEARCHES_MAX, DISCOVERY_RESOLVES_MAX at a time; the times below.
 */

#include <avahi-common/watch.h>

#include "base/clock.h"
#include "client/links.h"
#include "client/selection.h"
#include "wire/peer.h"

#define DISCOVERY_SEARCHES_MAX 128
#define DISCOVERY_RESOLVES_MAX 64

/* CLI-DISC-9: begun anew at these distances, and then as often as the last. */
#define DISCOVERY_AGAIN_MSEC    \
	{                       \
		250, 500, 20000 \
	}

#define DISCOVERY_REPAIR_USEC \
	(1 * USEC_PER_SEC) /* between a failure of the library and a new start */

struct discovery;

/** discovery_events - what the owner is told; calls come from inside the loop */
struct discovery_events {
	void (*found)(void *userdata, const struct peer *server, uint32_t index);
	void (*gone)(void *userdata, const struct peer *server, uint32_t index);
	void *userdata;
};

/**
 * discovery_new() - starts the library on the program's loop
 *
 * Owner:  discovery_free(), before the loop's end.
 * Errors: -ENOMEM; -EIO with the library's words in @ret_error. Source: CLI-DISC-1.
 */
int discovery_new(const AvahiPoll *poll, const struct discovery_events *events,
		  struct discovery **ret, const char **ret_error);

/** discovery_free() - NULL is fine; returns NULL */
struct discovery *discovery_free(struct discovery *d);

/**
 * discovery_step() - begins and ends searches as the interfaces are now
 * @chance: any number, by chance: machines that start together do not ask together for long
 */
void discovery_step(struct discovery *d, const struct links *l, const struct selection *s,
		    usec_t now, uint32_t chance);

/** discovery_deadline() - when the next step is due */
usec_t discovery_deadline(const struct discovery *d);
