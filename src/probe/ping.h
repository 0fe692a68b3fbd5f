/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * ICMP echo over one socket for each family, which the core opened: requests out, replies in.
 *
 * A reply counts only if it comes from an address that was asked, with the number of a probe that
 * waits and that probe's random cookie; who cannot see the request cannot make up its reply.
 *
 * Bound: PING_BURST replies a turn.
 */

#include <stdbool.h>
#include <stdint.h>

#include "probe/resolve.h"

#define PING_COOKIE_SIZE 16
#define PING_BURST	 256

struct ping_socket {
	int fd; /* -1: there is none for this family */
	bool is_raw;
};

struct pinger {
	struct ping_socket ipv4;
	struct ping_socket ipv6;
	uint16_t id; /* of raw sockets; the kernel gives others their own */
};

/** struct ping - what a request carries, and what must come back */
struct ping {
	uint32_t slot; /* of the probe */
	uint8_t cookie[PING_COOKIE_SIZE];
};

/** pinger_init() - without sockets */
void pinger_init(struct pinger *p, uint16_t id);

/**
 * pinger_adopt() - takes @fd if it is an ICMP socket, and makes it ready
 *
 * Returns false, and leaves it alone, if it is something else, or of a family that is there
 * already.
 */
bool pinger_adopt(struct pinger *p, int fd);

/** pinger_socket() - for an address family; its fd may be -1 */
const struct ping_socket *pinger_socket(const struct pinger *p, int family);

/**
 * ping_send() - one request
 *
 * Errors: errno of sendto(2); what is not sent is like a packet that was lost.
 */
int ping_send(const struct pinger *p, const struct address *to, const struct ping *ping);

/**
 * ping_receive() - the next packet on a socket of ours
 *
 * Returns 1 with a reply, 0 for a packet that is none, negative when there is no more.
 */
int ping_receive(const struct pinger *p, const struct ping_socket *from, struct ping *ret,
		 struct address *ret_from);

/** address_is_same() - ports do not count */
bool address_is_same(const struct address *a, const struct address *b);
