/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The announcement of the server by Zeroconf: one service of type _mandos._tcp, by way of the Avahi
 * daemon on the system bus.
 *
 * Never fatal and never waited for: while the bus or Avahi is away, stuck or in trouble, peers that
 * know the address are served all the same, and the service is announced when it can be
 * (SRV-ZC-7, SRV-ZC-8 Fix). Only the Avahi daemon itself is believed, not whoever else may send
 * signals on the bus.
 *
 * Bounds: one call in flight; ZEROCONF_RENAMES_MAX renames; ZEROCONF_BACKOFF_MAX_USEC between
 * attempts after a failure; ZEROCONF_GOODBYE_USEC for the goodbye. An answer of Avahi is waited for
 * as long as Avahi lives, and missed in the log after ZEROCONF_PATIENCE_USEC.
 */

#include <stdbool.h>
#include <stdint.h>

#include "core/bus.h"

#define ZEROCONF_RENAMES_MAX	  32768
#define ZEROCONF_BACKOFF_MIN_USEC (1 * USEC_PER_SEC)
#define ZEROCONF_BACKOFF_MAX_USEC (300 * USEC_PER_SEC)
#define ZEROCONF_PATIENCE_USEC	  (10 * USEC_PER_SEC)
#define ZEROCONF_GOODBYE_USEC	  (500 * USEC_PER_MSEC)

struct zeroconf;

/**
 * struct zeroconf_options - what is announced
 *
 * @name:      instance name; Avahi may force another (SRV-ZC-6)
 * @interface: name of the only interface to announce on; empty: all. One that does not exist counts
 *             as empty (SRV-ZC-9); it is looked up again at each announcement
 * @port:      really listened on
 * @ipv6:      announced for IPv6, else for IPv4
 */
struct zeroconf_options {
	const char *name;
	const char *interface;
	uint16_t port;
	bool ipv6;
};

/**
 * zeroconf_new() - announces from now on, whenever possible
 * @bus: joined, for as long as the result lives
 *
 * Owner:  zeroconf_free(); the strings of @options are copied.
 * Errors: -ENOMEM.
 * Source: SRV-ZC-1 to SRV-ZC-11.
 */
int zeroconf_new(struct bus *bus, const struct zeroconf_options *options, struct zeroconf **ret);

/**
 * zeroconf_free() - withdraws the announcement; the event loop has ended
 *
 * Waits for Avahi to confirm, ZEROCONF_GOODBYE_USEC at most (SRV-ZC-10). NULL is fine.
 */
struct zeroconf *zeroconf_free(struct zeroconf *z);
