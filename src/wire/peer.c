/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/peer.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

static bool is_known_family(unsigned int family)
{
	return family == PEER_IPV4 || family == PEER_IPV6;
}

void peer_encode(struct writer *w, const struct peer *p)
{
	if (!is_known_family(p->family))
		w->failed = true;
	put_u8(w, (uint8_t)p->family);
	put_bytes(w, p->address, sizeof(p->address));
	put_u16(w, p->port);
	put_u32(w, p->flowinfo);
	put_u32(w, p->scope_id);
}

void peer_decode(struct reader *r, struct peer *ret)
{
	uint8_t family = take_u8(r);
	const uint8_t *address = take_bytes(r, sizeof(ret->address));

	*ret = (struct peer){ .family = PEER_IPV6 };
	if (!is_known_family(family))
		r->failed = true;
	if (r->failed || !address)
		return;
	ret->family = (enum peer_family)family;
	memcpy(ret->address, address, sizeof(ret->address));
	ret->port = take_u16(r);
	ret->flowinfo = take_u32(r);
	ret->scope_id = take_u32(r);
}

void peer_format_address(const struct peer *p, char ret_text[PEER_ADDRESS_SIZE])
{
	if (!inet_ntop(p->family == PEER_IPV4 ? AF_INET : AF_INET6, p->address, ret_text,
		       PEER_ADDRESS_SIZE))
		(void)snprintf(ret_text, PEER_ADDRESS_SIZE, "?");
}

void peer_format(const struct peer *p, char ret_text[PEER_TEXT_SIZE])
{
	char address[PEER_ADDRESS_SIZE];

	peer_format_address(p, address);
	if (p->family == PEER_IPV4)
		(void)snprintf(ret_text, PEER_TEXT_SIZE, "('%s', %u)", address,
			       (unsigned int)p->port);
	else
		(void)snprintf(ret_text, PEER_TEXT_SIZE, "('%s', %u, %" PRIu32 ", %" PRIu32 ")",
			       address, (unsigned int)p->port, p->flowinfo, p->scope_id);
}
