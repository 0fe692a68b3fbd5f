/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The selected interfaces: brought up as soon as each exists, and watched.
 *
 * Nothing waits. An interface that somebody sets down again later is left alone: each is brought up
 * once. Bound: LINKS_MAX.
 */

#include <stdbool.h>

#include "base/clock.h"
#include "client/links.h"
#include "client/netlink.h"
#include "client/options.h"
#include "client/selection.h"
#include "client/warden.h"

struct network {
	struct warden *warden;
	struct netlink netlink;
	struct links links;
	struct selection selection;
	usec_t patience; /* until when a running interface is waited for (CLI-NET-10) */
	size_t n_raised;
	uint32_t raised[LINKS_MAX]; /* indices that were brought up, or could not be */
};

/**
 * network_start() - looks what there is, and brings up what is selected; after the start hooks
 * @w: must outlive @ret
 *
 * Owner:  network_close(), whatever is returned.
 * Errors: as netlink_open(). Source: CLI-NET-1, CLI-NET-8, CLI-NET-11.
 */
int network_start(struct network *ret, const struct options *o, struct warden *w, usec_t now);

void network_close(struct network *n);

/**
 * network_step() - takes note of what the kernel told, and brings up what is new
 *
 * Returns true if anything has changed. Errors while reading are reported. Source: CLI-NET-7.
 */
bool network_step(struct network *n);

/**
 * network_is_ready() - whether traffic makes sense now: something selected is running, there is
 *                      nothing to wait for, or it was waited for long enough
 */
bool network_is_ready(const struct network *n, usec_t now);

/** network_role() - what an interface is to us */
enum selection_role network_role(const struct network *n, const struct link *link);
