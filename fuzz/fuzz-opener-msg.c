/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An answer that can be decoded encodes to the same bytes, and is within its bound. */
#include "fuzz.h"
#include "wire/opener-msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t again[OPENER_ANSWER_SIZE];
	struct writer w = WRITER(again, sizeof(again));
	struct opener_answer answer;

	if (!opener_answer_decode(data, size, &answer))
		return 0;
	REQUIRE(answer.value <= OPENER_VALUE_MAX);
	opener_answer_encode(&w, &answer);
	REQUIRE(!w.failed && w.used == size && memcmp(again, data, size) == 0);
	return 0;
}
