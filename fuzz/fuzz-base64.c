/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was decoded can be encoded and decoded again; a line break anywhere changes nothing. */
#include <nettle/base64.h>

#include "fuzz.h"
#include "wire/base64.h"

struct decoded {
	enum base64_result result;
	uint8_t *data;
	size_t size;
};

static struct decoded decode(const void *text, size_t size)
{
	uint8_t *exact = fuzz_exact(text, size);
	struct decoded d = { .data = malloc(base64_decoded_max(size)) };

	REQUIRE(d.data);
	d.result = base64_decode_lenient((const char *)exact, size, d.data, &d.size);
	REQUIRE(d.size <= base64_decoded_max(size));
	free(exact);
	return d;
}

static void check_round_trip(const uint8_t *data, size_t size)
{
	size_t text_size = BASE64_ENCODE_RAW_LENGTH(size);
	char *text = malloc(text_size + 1);
	struct decoded d;

	REQUIRE(text);
	base64_encode_raw(text, size, data);
	d = decode(text, text_size);
	REQUIRE(d.result == BASE64_OK);
	REQUIRE(d.size == size);
	REQUIRE(memcmp(d.data, data, size) == 0);
	free(d.data);
	free(text);
}

static void check_line_break(const uint8_t *data, size_t size, const struct decoded *expected)
{
	uint8_t *broken = malloc(size + 1);
	struct decoded d;

	REQUIRE(broken);
	memcpy(broken, data, size / 2);
	broken[size / 2] = '\n';
	memcpy(broken + size / 2 + 1, data + size / 2, size - size / 2);
	d = decode(broken, size + 1);
	REQUIRE(d.result == expected->result);
	REQUIRE(d.size == expected->size);
	REQUIRE(memcmp(d.data, expected->data, d.size) == 0);
	free(d.data);
	free(broken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct decoded d = decode(data, size);

	if (d.result == BASE64_OK)
		check_round_trip(d.data, d.size);
	if (size > 0)
		check_line_break(data, size, &d);
	check_round_trip(data, size);
	free(d.data);
	return 0;
}
