/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The kernel's words about links and addresses (rtnetlink), and the few requests we make of it.
 *
 * The kernel writes these messages in the byte order of the machine. Only what a program that looks
 * for a server has to know is taken out of them.
 *
 * Bounds: RTNL_REQUEST_MAX bytes a request; RTNL_NAME_SIZE for a name.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "wire/peer.h"

#define RTNL_NAME_SIZE	 16 /* IFNAMSIZ */
#define RTNL_REQUEST_MAX 128

/* One datagram from the kernel: it never makes larger ones for a dump. */
#define RTNL_DATAGRAM_MAX 32768

enum rtnl_kind {
	RTNL_OTHER = 0, /* of no interest */
	RTNL_LINK,
	RTNL_LINK_GONE,
	RTNL_ADDRESS,
	RTNL_ADDRESS_GONE,
	RTNL_DONE,  /* the end of a dump */
	RTNL_ERROR, /* or the acknowledgement, with error 0 */
};

/** struct rtnl_message - @kind says which of the rest mean something */
struct rtnl_message {
	enum rtnl_kind kind;
	uint32_t sequence;
	int error;	/* RTNL_ERROR: negative errno, or 0 */
	uint32_t index; /* of the interface; never 0 for LINK and ADDRESS kinds */
	uint32_t flags; /* LINK: IFF_* */
	char name[RTNL_NAME_SIZE];
	struct peer address; /* ADDRESS: port 0, scope the interface if link-local */
	bool is_tentative;   /* ADDRESS: duplicate address detection goes on, or has failed */
};

enum rtnl_result {
	RTNL_OK = 0,
	RTNL_END,	/* nothing is left */
	RTNL_MALFORMED, /* the rest of the datagram cannot be used */
};

/**
 * rtnl_take() - the next message of a datagram
 *
 * Never reads beyond the reader's range, whatever the lengths inside say.
 * Source: rtnetlink(7), netlink(7).
 */
enum rtnl_result rtnl_take(struct reader *r, struct rtnl_message *ret);

/** rtnl_put_dump_links()/rtnl_put_dump_addresses() - "tell all you have" */
void rtnl_put_dump_links(struct writer *w, uint32_t sequence);
void rtnl_put_dump_addresses(struct writer *w, uint32_t sequence);

/**
 * rtnl_put_route() - add or delete a route to @target/@prefix over an interface, without gateway
 * @prefix: bits, at most those of the family
 *
 * Main table, protocol boot, scope link, unicast; an acknowledgement is asked for.
 * Source: CLI-ROUTE-3.
 */
void rtnl_put_route(struct writer *w, bool is_add, const struct peer *target, uint8_t prefix,
		    uint32_t index, uint32_t sequence);

/** rtnl_prefix_max() - 32 or 128 */
uint8_t rtnl_prefix_max(enum peer_family family);
