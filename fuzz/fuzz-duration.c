/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A duration is within its bounds and means the same when written in seconds. */
#include <inttypes.h>

#include "fuzz.h"
#include "wire/duration.h"

#define UNTOUCHED ((usec_t)12345)

static void check_good(const char *text, usec_t usec)
{
	char seconds[64];
	char longer[DURATION_TEXT_MAX + 8];
	usec_t again = UNTOUCHED;

	REQUIRE(strlen(text) <= DURATION_TEXT_MAX);
	REQUIRE(usec <= DURATION_MAX_USEC);
	REQUIRE(usec % USEC_PER_SEC == 0);
	(void)snprintf(seconds, sizeof(seconds), "PT%" PRIu64 "S", usec / USEC_PER_SEC);
	REQUIRE(duration_parse(seconds, &again) == DURATION_OK);
	REQUIRE(again == usec);
	if (text[0] == 'P' || strlen(text) + 4 > DURATION_TEXT_MAX)
		return;
	/* The older form is a sum. */
	(void)snprintf(longer, sizeof(longer), "%s -0s", text);
	REQUIRE(duration_parse(longer, &again) == DURATION_OK);
	REQUIRE(again == usec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	usec_t usec = UNTOUCHED;

	if (duration_parse(text, &usec) == DURATION_OK)
		check_good(text, usec);
	else
		REQUIRE(usec == UNTOUCHED);
	free(text);
	return 0;
}
