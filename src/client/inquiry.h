/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The sockets by which a whole link is asked for servers, and the answers that come back to us
 * alone.
 *
 * Nothing waits, and no privileges are needed. An answer is taken from the link only: its hop limit
 * is still 255, which no router leaves as it is (RFC 6762, section 11), and it came from the port
 * of the protocol. What it says is for others to judge.
 *
 * Bounds: INQUIRY_FDS sockets; MDNS_DATAGRAM_MAX bytes of an answer, a longer one is dropped.
 */

#include <poll.h>

#include "wire/mdns.h"

#define INQUIRY_FDS 2

struct inquiry {
	int fds[INQUIRY_FDS]; /* IPv4, IPv6; -1 where the kernel has none */
	uint16_t id;
};

struct inquiry_answer {
	uint32_t index; /* of the interface that it came by */
	size_t size;
	uint8_t data[MDNS_DATAGRAM_MAX];
};

/** inquiry_open() - @id: any number, by chance; inquiry_close() whatever became of it */
void inquiry_open(struct inquiry *ret, uint16_t id);

void inquiry_close(struct inquiry *q);

/**
 * inquiry_ask() - sends one question to everybody on the link
 * @about: as mdns_put_query()
 *
 * Errors: errno of sendmsg(2); -EBADF if the kernel does not have the family.
 */
int inquiry_ask(const struct inquiry *q, uint32_t index, enum peer_family family,
		const struct mdns_service *about);

/**
 * inquiry_receive() - one datagram
 * @ret_is_empty: there is nothing more for now
 *
 * Returns true if @ret may be an answer, from the link.
 */
bool inquiry_receive(const struct inquiry *q, enum peer_family family, struct inquiry_answer *ret,
		     bool *ret_is_empty);

/** inquiry_poll_set() - what to wait for; INQUIRY_FDS entries; returns how many */
nfds_t inquiry_poll_set(const struct inquiry *q, struct pollfd *ret_fds);
