/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Servers on the local network, found by Zeroconf (mDNS): a peer of its own that publishes nothing.
 *
 * There is one search for each interface and protocol that has a usable address, begun at the
 * moment it has one: a query that left earlier would be lost. Each asks in two ways. The library
 * asks as a peer that listens to all the others, and knows who comes and goes; but its peers take
 * their time, and tell everybody the same only once a second. A question of our own (inquiry.h) is
 * answered at once, to us alone, and can only add servers, sooner. Its first repetitions follow
 * close on each other, and later ones never stay away for long.
 *
 * Bounds: DISCOVERY_SEARCHES_MAX, DISCOVERY_RESOLVES_MAX at a time; DISCOVERY_ANSWERS_MAX for each
 * protocol in a step, DISCOVERY_HEARD_MAX for each search between two of its questions; the times
 * below.
 */

#include <avahi-common/watch.h>
#include <poll.h>

#include "base/clock.h"
#include "client/inquiry.h"
#include "client/links.h"
#include "client/selection.h"
#include "wire/peer.h"

#define DISCOVERY_SEARCHES_MAX 128
#define DISCOVERY_RESOLVES_MAX 64
#define DISCOVERY_ANSWERS_MAX  16 /* datagrams */
#define DISCOVERY_HEARD_MAX    32 /* servers they tell of, or do not tell enough of */

/*
 * CLI-DISC-9: milliseconds from each question to the next, and whether the library's search begins
 * anew with it; then as often as the last. What is found by our question ends the haste, and what
 * the library finds too is not asked for again.
 */
#define DISCOVERY_STAGES                                                                       \
	{                                                                                      \
		{ 50, true }, { 150, false }, { 400, false }, { 1000, true }, { 3000, false }, \
			{ 20000, true },                                                       \
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
 * @chance: any number, by chance
 *
 * Owner:  discovery_free(), before the loop's end.
 * Errors: -ENOMEM; -EIO with the library's words in @ret_error. Source: CLI-DISC-1.
 */
int discovery_new(const AvahiPoll *poll, const struct discovery_events *events, uint32_t chance,
		  struct discovery **ret, const char **ret_error);

/** discovery_free() - NULL is fine; returns NULL */
struct discovery *discovery_free(struct discovery *d);

/**
 * discovery_step() - takes answers, and begins and ends searches as the interfaces are now
 * @chance: any number, by chance: machines that start together do not ask together for long
 */
void discovery_step(struct discovery *d, const struct links *l, const struct selection *s,
		    usec_t now, uint32_t chance);

/** discovery_poll_set() - what else to wait for; INQUIRY_FDS entries; returns how many */
nfds_t discovery_poll_set(const struct discovery *d, struct pollfd *ret_fds);

/** discovery_deadline() - when the next step is due */
usec_t discovery_deadline(const struct discovery *d);
