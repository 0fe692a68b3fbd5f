/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Who offers the service _mandos._tcp.local: the question to everybody on a link, and the answers.
 *
 * The question is RFC 6762's one-shot kind (section 6.7): it is sent from a port that is not 5353,
 * and each answer comes back to that port alone, at once. Answers are from strangers. Only what
 * finds a server is taken out of them: PTR, SRV and address records of class IN that still hold.
 *
 * Bounds: MDNS_DATAGRAM_MAX and MDNS_RECORDS_MAX of an answer, MDNS_QUERY_MAX of a question;
 * MDNS_NAME_SIZE of a name, whose compression may only lead towards the front, and so ends.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "wire/peer.h"

#define MDNS_PORT	  5353
#define MDNS_DATAGRAM_MAX 9000 /* RFC 6762, section 17, with its headers */
#define MDNS_RECORDS_MAX  64   /* what is beyond is not looked at */
#define MDNS_NAME_SIZE	  255  /* RFC 1035, section 2.3.4 */
#define MDNS_QUERY_MAX	  544  /* the longest: two names */

/** struct mdns_name - labels as on the wire, not compressed, the empty one at the end */
struct mdns_name {
	size_t size; /* 0: none */
	uint8_t data[MDNS_NAME_SIZE];
};

/** struct mdns_service - one server, as far as a packet tells of it */
struct mdns_service {
	struct mdns_name instance;
	struct mdns_name host; /* none: to be asked for */
	bool has_address;      /* else to be asked for, if there is a host */
	struct peer server;    /* with an address: it, and the port; scope 0 */
};

/** struct mdns_answer - where mdns_next() is; the packet is not copied */
struct mdns_answer {
	struct reader packet; /* at the first record */
	size_t n_records;
	struct reader next;
	size_t n_left;
};

/**
 * mdns_put_query() - a question
 * @about:  NULL: which servers are there; else where this one is, and if it has a host, what
 *          address of @family that has
 *
 * MDNS_QUERY_MAX bytes are always enough.
 */
void mdns_put_query(struct writer *w, uint16_t id, const struct mdns_service *about,
		    enum peer_family family);

/**
 * mdns_open() - begins to read an answer
 * @id: of the question
 *
 * Returns false if it is something else, reports an error, or is malformed anywhere in what is
 * looked at.
 * Owner: @data must outlive @ret.
 */
bool mdns_open(const uint8_t *data, size_t size, uint16_t id, struct mdns_answer *ret);

/**
 * mdns_next() - the next server of the answer, with the first address of @family that its host has
 *
 * Returns false at the end. Each SRV record is a server; a PTR record is one if no SRV record of
 * the answer belongs to it.
 */
bool mdns_next(struct mdns_answer *a, enum peer_family family, struct mdns_service *ret);
