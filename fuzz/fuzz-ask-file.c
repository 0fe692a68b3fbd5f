/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A question file: what is accepted keeps the bounds, and written again means the same. */
#include "fuzz.h"
#include "wire/ask-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact = fuzz_exact(data, size);
	struct ask_file f, again;
	char text[256];
	int n;

	if (ask_file_parse((const char *)exact, size, &f) == ASK_FILE_OK) {
		REQUIRE(f.socket[0] == '/' && memchr(f.socket, '\0', sizeof(f.socket)));
		REQUIRE(!strchr(f.socket, '\n'));
		REQUIRE(f.pid > 0);
		REQUIRE(f.not_after > 0);
		REQUIRE(!f.is_bad_not_after || f.not_after == USEC_NEVER);
		n = snprintf(text, sizeof(text), "[Ask]\nSocket=%s\nPID=%d\nNotAfter=%llu\n",
			     f.socket, (int)f.pid, (unsigned long long)f.not_after);
		REQUIRE(n > 0 && (size_t)n < sizeof(text));
		REQUIRE(ask_file_parse(text, (size_t)n, &again) == ASK_FILE_OK);
		REQUIRE(strcmp(again.socket, f.socket) == 0 && again.pid == f.pid);
		REQUIRE(again.not_after == f.not_after);
	}
	free(exact);
	return 0;
}
