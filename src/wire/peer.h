/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The address of a peer: as it crosses the gate's channel, and as people read it. */

#include <stdint.h>

#include "base/bytes.h"

enum peer_family {
	PEER_IPV4 = 4,
	PEER_IPV6 = 6,
};

struct peer {
	enum peer_family family;
	uint8_t address[16]; /* network order; IPv4 uses the first four */
	uint16_t port;
	uint32_t flowinfo; /* IPv6 only */
	uint32_t scope_id; /* IPv6 only */
};

#define PEER_WIRE_SIZE	  27
#define PEER_ADDRESS_SIZE 46 /* INET6_ADDRSTRLEN */
#define PEER_TEXT_SIZE	  96

/** peer_encode() - PEER_WIRE_SIZE bytes; marks the writer failed if the family is unknown */
void peer_encode(struct writer *w, const struct peer *p);

/** peer_decode() - marks the reader failed if the family is unknown */
void peer_decode(struct reader *r, struct peer *ret);

/** peer_format_address() - the bare address, without port or zone (SRV-PROTO-29) */
void peer_format_address(const struct peer *p, char ret_text[PEER_ADDRESS_SIZE]);

/** peer_format() - ('fe80::1', 40112, 0, 2) or ('192.0.2.7', 40112), as SRV-LOG-8 has it */
void peer_format(const struct peer *p, char ret_text[PEER_TEXT_SIZE]);
