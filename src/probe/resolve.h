/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * From a host to its addresses, without blocking: literals at once, names from /etc/hosts and DNS.
 *
 * Each lookup has a c-ares channel of its own. It so has a source port of its own, which who wants
 * to forge an answer from afar must guess too, and it reads the present resolv.conf.
 *
 * Bounds: ADDRESSES_MAX of each name, the best first (RFC 6724); RESOLVE_SOCKETS_MAX sockets.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#define ADDRESSES_MAX	    4
#define RESOLVE_SOCKETS_MAX 8
#define RESOLVE_TRY_MSEC    2000
#define RESOLVE_TRIES	    2 /* of each name server */

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	};
	socklen_t size;
};

struct addresses {
	struct address list[ADDRESSES_MAX];
	unsigned int n;
};

/**
 * address_literal() - an address as builtin_parse() lets it through
 *
 * Returns false for a name. A scope that is no interface here gives scope number 0, to which
 * nothing can be sent.
 */
bool address_literal(const char *host, uint16_t port, struct address *ret);

struct resolve;

/** resolve_done_fn - @addresses: none if the name has none, or cannot be asked for; then free it */
typedef void resolve_done_fn(void *userdata, const struct addresses *addresses);

/** struct resolve_request - what to look up, and whom to tell */
struct resolve_request {
	sd_event *event;
	const char *host;
	uint16_t port; /* set in the addresses */
	resolve_done_fn *done;
	void *userdata;
};

/**
 * resolve_start() - begins a lookup; tells @done once, never before it has returned
 *
 * Owner:  the caller ends it with resolve_free(), in @done or before.
 * Errors: -ENOMEM, errno of making sockets and timers.
 */
int resolve_start(const struct resolve_request *request, struct resolve **ret);

/** resolve_free() - returns NULL; @done is not told any more */
struct resolve *resolve_free(struct resolve *r);
