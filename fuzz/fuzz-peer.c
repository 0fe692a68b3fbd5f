/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A peer that can be decoded encodes to the same bytes, and its address reads back from text. */
#include <arpa/inet.h>

#include "fuzz.h"
#include "wire/peer.h"

static void check_text(const struct peer *p)
{
	char text[PEER_TEXT_SIZE];
	char address[PEER_ADDRESS_SIZE];
	uint8_t back[16] = { 0 };

	peer_format_address(p, address);
	REQUIRE(inet_pton(p->family == PEER_IPV4 ? AF_INET : AF_INET6, address, back) == 1);
	REQUIRE(memcmp(back, p->address, p->family == PEER_IPV4 ? 4 : 16) == 0);
	peer_format(p, text);
	REQUIRE(strstr(text, address) == text + 2);
	REQUIRE(text[strlen(text) - 1] == ')');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = READER(data, size);
	uint8_t again[PEER_WIRE_SIZE];
	struct writer w = WRITER(again, sizeof(again));
	struct peer p;

	peer_decode(&r, &p);
	REQUIRE(r.failed || size >= PEER_WIRE_SIZE);
	if (r.failed)
		return 0;
	REQUIRE(r.used == PEER_WIRE_SIZE);
	peer_encode(&w, &p);
	REQUIRE(!w.failed && w.used == PEER_WIRE_SIZE);
	REQUIRE(memcmp(again, data, PEER_WIRE_SIZE) == 0);
	check_text(&p);
	return 0;
}
