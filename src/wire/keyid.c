/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/keyid.h"

#include <nettle/base16.h>
#include <string.h>

#include "wire/text.h"

/* What a key is still recognised with: the white space and colons that people and tools put
 * between the digits. */
static size_t ignored_size(const char *text, size_t size)
{
	return text[0] == ':' ? 1 : text_blank_size(text, size);
}

enum key_id_result key_id_parse(const char *text, struct key_id *ret_id)
{
	char digits[2 * KEY_ID_SIZE];
	size_t n_digits = 0;
	size_t size = strlen(text);
	struct key_id id;
	size_t id_size = sizeof(id.bytes);
	struct base16_decode_ctx decoder;

	for (size_t i = 0; i < size;) {
		size_t ignored = ignored_size(text + i, size - i);

		i += ignored;
		if (ignored > 0)
			continue;
		if (n_digits == sizeof(digits))
			return KEY_ID_MALFORMED;
		digits[n_digits++] = text[i++];
	}
	if (n_digits == 0)
		return KEY_ID_EMPTY;
	if (n_digits < sizeof(digits))
		return KEY_ID_MALFORMED;
	base16_decode_init(&decoder);
	if (!base16_decode_update(&decoder, &id_size, id.bytes, n_digits, digits) ||
	    !base16_decode_final(&decoder) || id_size != sizeof(id.bytes))
		return KEY_ID_MALFORMED;
	*ret_id = id;
	return KEY_ID_OK;
}

void key_id_format(const struct key_id *id, char ret_text[KEY_ID_TEXT_SIZE])
{
	base16_encode_update(ret_text, sizeof(id->bytes), id->bytes);
	for (size_t i = 0; i < KEY_ID_TEXT_SIZE - 1; i++)
		ret_text[i] = text_to_upper(ret_text[i]);
	ret_text[KEY_ID_TEXT_SIZE - 1] = '\0';
}

bool key_id_is_of_nothing(const struct key_id *id)
{
	static const struct key_id of_nothing = { {
		0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
		0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
		0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
	} };

	return key_id_equal(id, &of_nothing);
}

bool key_id_equal(const struct key_id *a, const struct key_id *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static bool is_hexadecimal(char c)
{
	return text_is_digit(c) || (c >= 'A' && c <= 'F');
}

bool fingerprint_normalise(char *text)
{
	size_t size = strlen(text);
	size_t kept = 0;
	bool digits_only = true;

	for (size_t i = 0; i < size;) {
		size_t ignored = ignored_size(text + i, size - i);

		i += ignored;
		if (ignored > 0)
			continue;
		text[kept] = text_to_upper(text[i++]);
		digits_only = digits_only && is_hexadecimal(text[kept]);
		kept++;
	}
	text[kept] = '\0';
	return kept == 0 || (digits_only && (kept == 40 || kept == 32));
}
