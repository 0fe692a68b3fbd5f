/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Names of servers to addresses, by the C library's resolver, in a process that may wait for it.
 *
 * Bounds: LOOKUP_USEC for one, LOOKUP_ADDRESSES_MAX addresses of it; looked up again after
 * LOOKUP_AGAIN_USEC, or with --retry while there is no answer.
 */

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/clock.h"
#include "wire/peer.h"

#define LOOKUP_USEC	     (20 * USEC_PER_SEC)
#define LOOKUP_AGAIN_USEC    (60 * USEC_PER_SEC)
#define LOOKUP_ADDRESSES_MAX 8

/* What the resolver is configured by, where there is no /etc/resolv.conf: klibc's ipconfig. */
#define LOOKUP_LEASES "/run/net-*.conf"

struct lookup {
	const char *host; /* not owned */
	uint16_t port;
	pid_t pid; /* 0: none is going on */
	int fd;
	usec_t deadline; /* of the one that goes on, or when the next begins */
	size_t n_received;
	uint8_t received[LOOKUP_ADDRESSES_MAX * PEER_WIRE_SIZE];
};

typedef void lookup_found_fn(void *userdata, const struct peer *server);

void lookup_init(struct lookup *l, const char *host, uint16_t port, usec_t now);

/** lookup_deinit() - ends what goes on */
void lookup_deinit(struct lookup *l);

/**
 * lookup_step() - begins what is due, takes what has come
 * @retry_usec: until the next if this one finds nothing
 *
 * Calls @found for each address.
 */
void lookup_step(struct lookup *l, usec_t now, usec_t retry_usec, lookup_found_fn *found,
		 void *userdata);

/** lookup_wake() - the network has changed: one that found nothing yet begins at once */
void lookup_wake(struct lookup *l, usec_t now);
