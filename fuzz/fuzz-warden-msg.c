/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A request that can be decoded encodes to the same bytes; so does an answer. */
#include "fuzz.h"
#include "wire/warden-msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t again[WARDEN_REQUEST_SIZE];
	struct writer w = WRITER(again, sizeof(again));
	struct warden_request request;
	int answer;

	if (warden_request_decode(data, size, &request)) {
		warden_request_encode(&w, &request);
		REQUIRE(!w.failed && w.used == size);
		REQUIRE(memcmp(again, data, size) == 0);
	}
	if (warden_answer_decode(data, size, &answer)) {
		w = WRITER(again, sizeof(again));
		warden_answer_encode(&w, answer);
		REQUIRE(w.used == size && memcmp(again, data, size) == 0);
	}
	return 0;
}
