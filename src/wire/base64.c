/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Nettle decodes the letters; padding is judged here, since Nettle wants it complete, at the end,
 * and the unused bits before it zero, and a clients.conf that works today may have none of these.
 */
#include "wire/base64.h"

#include <nettle/base64.h>
#include <string.h>

enum base64_result base64_decode_lenient(const char *text, size_t text_size, uint8_t *ret_data,
					 size_t *ret_size)
{
	struct base64_decode_ctx decoder;
	unsigned int n_pads = 0;
	size_t size = 0;
	enum base64_result result;

	base64_decode_init(&decoder);
	for (size_t i = 0; i < text_size; i++) {
		/* Bits read but not given out: two for each padding character still wanted (4 or 2
		 * within a last group), 6 after the first letter of a group, 0 between groups. */
		unsigned int bits = decoder.bits;

		if (text[i] == '=') {
			if ((bits == 4 || bits == 2) && ++n_pads == bits / 2) {
				base64_decode_init(&decoder);
				break;
			}
			continue;
		}
		if (base64_decode_single(&decoder, ret_data + size, text[i]) == 1)
			size++;
		if (decoder.bits != bits)
			n_pads = 0;
	}
	result = decoder.bits == 0 ? BASE64_OK : BASE64_BAD_PADDING;
	explicit_bzero(&decoder, sizeof(decoder));
	*ret_size = size;
	return result;
}
