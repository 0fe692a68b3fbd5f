/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text to key ID and back, bytes to text and back; a fingerprint is normal after one time. */
#include <stdbool.h>

#include "fuzz.h"
#include "wire/keyid.h"
#include "wire/text.h"

static void check_text(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	bool is_utf8 = text_is_utf8(text, strlen(text));
	struct key_id id;
	struct key_id again;
	char formatted[KEY_ID_TEXT_SIZE];
	enum key_id_result r = key_id_parse(text, &id);
	bool good = fingerprint_normalise(text);
	char *normal = strdup(text);

	REQUIRE(normal);
	REQUIRE((r == KEY_ID_EMPTY) == (text[0] == '\0'));
	if (r == KEY_ID_OK) {
		key_id_format(&id, formatted);
		REQUIRE(strlen(formatted) == KEY_ID_TEXT_SIZE - 1);
		REQUIRE(strcmp(formatted, text) == 0);
		REQUIRE(key_id_parse(formatted, &again) == KEY_ID_OK);
		REQUIRE(key_id_equal(&id, &again));
	}
	/* In what is no UTF-8, two halves can become a no-break space when what stood between them
	 * is taken out. Nobody is served by the parsers preventing that. */
	if (is_utf8) {
		REQUIRE(fingerprint_normalise(text) == good);
		REQUIRE(strcmp(text, normal) == 0);
	}
	free(normal);
	free(text);
}

static void check_bytes(const uint8_t *data)
{
	struct key_id id;
	struct key_id back;
	char text[KEY_ID_TEXT_SIZE];

	memcpy(id.bytes, data, sizeof(id.bytes));
	key_id_format(&id, text);
	REQUIRE(key_id_parse(text, &back) == KEY_ID_OK);
	REQUIRE(key_id_equal(&id, &back));
	REQUIRE(key_id_is_of_nothing(&id) == key_id_is_of_nothing(&back));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_text(data, size);
	if (size >= KEY_ID_SIZE)
		check_bytes(data);
	return 0;
}
