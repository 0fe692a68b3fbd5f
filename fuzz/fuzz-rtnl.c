/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever the bytes: it ends, a name ends, and what is told of is told of an interface. */
#include "fuzz.h"
#include "wire/rtnl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_exact(data, size);
	struct reader r = READER(copy, size);
	struct rtnl_message m;
	enum rtnl_result result;

	while ((result = rtnl_take(&r, &m)) == RTNL_OK) {
		REQUIRE(memchr(m.name, '\0', sizeof(m.name)));
		if (m.kind == RTNL_LINK || m.kind == RTNL_LINK_GONE)
			REQUIRE(m.index > 0 && m.index <= INT32_MAX);
		if (m.kind == RTNL_ADDRESS || m.kind == RTNL_ADDRESS_GONE) {
			REQUIRE(m.index > 0 && m.index <= INT32_MAX);
			REQUIRE(m.address.family == PEER_IPV4 || m.address.family == PEER_IPV6);
			REQUIRE(m.address.scope_id == 0 || m.address.scope_id == m.index);
		}
	}
	REQUIRE(result == RTNL_MALFORMED || r.used == size);
	free(copy);
	return 0;
}
