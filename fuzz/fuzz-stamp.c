/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any time has a text of one length, and a later time has no earlier text. */
#include "fuzz.h"
#include "wire/stamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[2][STAMP_SIZE];
	usec_t at[2];

	if (size < sizeof(at))
		return 0;
	memcpy(at, data, sizeof(at));
	for (int i = 0; i < 2; i++) {
		stamp_format(at[i], text[i]);
		REQUIRE(strlen(text[i]) == (at[i] == USEC_NEVER ? 0 : STAMP_SIZE - 1));
	}
	if (at[0] <= at[1] && at[1] != USEC_NEVER)
		REQUIRE(strcmp(text[0], text[1]) <= 0);
	return 0;
}
