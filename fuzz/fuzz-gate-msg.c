/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be decoded encodes to the same bytes, in just as much room and in no less. */
#include <errno.h>

#include "fuzz.h"
#include "wire/gate-msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gate_msg m;
	int r = gate_msg_decode(data, size, &m);
	size_t head_size = size;
	uint8_t *again;

	REQUIRE(r == 0 || r == -EBADMSG);
	if (r < 0)
		return 0;
	REQUIRE(size <= GATE_MSG_MAX);
	if (m.type == GATE_MSG_GIVE) {
		head_size -= m.give.data_size;
		REQUIRE(m.give.data == data + head_size);
		REQUIRE(m.give.offset + m.give.data_size <= m.give.total_size);
		REQUIRE(m.give.total_size <= GATE_SECRET_MAX);
	}
	again = malloc(head_size);
	REQUIRE(again);
	REQUIRE(gate_msg_encode(&m, again, head_size) == (int)head_size);
	REQUIRE(memcmp(again, data, head_size) == 0);
	REQUIRE(gate_msg_encode(&m, again, head_size - 1) == -EINVAL);
	free(again);
	return 0;
}
