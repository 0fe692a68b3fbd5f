/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A greeting, byte by byte as it may arrive: a judgement, once given, stands. */
#include "base/util.h"
#include "fuzz.h"
#include "wire/hello.h"

static void check_used(enum hello_result r, size_t used, size_t size)
{
	if (r == HELLO_OK)
		REQUIRE(used > 0 && used <= size && used <= HELLO_LINE_MAX);
	else
		REQUIRE(used == SIZE_MAX);
}

/* What the line says, by other means than the parser's. */
static void check_version(const uint8_t *data, size_t used)
{
	char line[HELLO_LINE_MAX + 1];

	memcpy(line, data, used);
	line[used] = '\0';
	for (char *c = line; *c; c++)
		if ((*c >= 0x1c && *c <= 0x1f) || (unsigned char)*c >= 0x80)
			return; /* white space to the parser, not to strtoll() */
	REQUIRE(strtoll(line, NULL, 10) <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum hello_result decided = HELLO_MORE;
	size_t decided_used = 0;

	for (size_t n = 0; n <= MIN_OF(size, (size_t)HELLO_LINE_MAX + 1); n++) {
		uint8_t *part = fuzz_exact(data, n);
		size_t used = SIZE_MAX;
		enum hello_result r = hello_parse(part, n, false, &used);
		size_t used_at_end = SIZE_MAX;
		enum hello_result at_end = hello_parse(part, n, true, &used_at_end);

		check_used(r, used, n);
		check_used(at_end, used_at_end, n);
		REQUIRE(at_end != HELLO_MORE);
		if (decided != HELLO_MORE)
			REQUIRE(r == decided && used == decided_used);
		if (r != HELLO_MORE)
			REQUIRE(at_end == r && used_at_end == used);
		REQUIRE(n < HELLO_LINE_MAX || r != HELLO_MORE);
		if (r == HELLO_OK)
			check_version(part, used);
		decided = r;
		decided_used = used;
		free(part);
	}
	return 0;
}
