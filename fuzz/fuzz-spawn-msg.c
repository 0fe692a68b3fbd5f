/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be decoded encodes to the same bytes, in just as much room and in no less. */
#include <errno.h>

#include "fuzz.h"
#include "wire/spawn-msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spawn_msg m;
	int r = spawn_msg_decode(data, size, &m);
	uint8_t *again;

	REQUIRE(r == 0 || r == -EBADMSG);
	if (r < 0)
		return 0;
	REQUIRE(size <= SPAWN_MSG_MAX);
	if (m.type == SPAWN_MSG_RUN) {
		REQUIRE(m.start.command_size <= EXPAND_MAX);
		REQUIRE(strnlen(m.start.command, m.start.command_size) == m.start.command_size);
	}
	again = malloc(size);
	REQUIRE(again);
	REQUIRE(spawn_msg_encode(&m, again, size) == (int)size);
	REQUIRE(memcmp(again, data, size) == 0);
	REQUIRE(spawn_msg_encode(&m, again, size - 1) == -EINVAL);
	free(again);
	return 0;
}
