/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Nettle decodes what is not a whole group of letters; padding is judged here, since Nettle wants
 * it complete, at the end, and the unused bits before it zero, and a clients.conf that works today
 * may have none of these.
 */
#include "wire/base64.h"

#include <nettle/base64.h>
#include <string.h>

/* A letter's value, with LETTER set. */
#define LETTER	    0x40
#define V(c, value) [c] = LETTER | (value)
static const uint8_t letters[256] = {
	V('A', 0),  V('B', 1),	V('C', 2),  V('D', 3),	V('E', 4),  V('F', 5),	V('G', 6),
	V('H', 7),  V('I', 8),	V('J', 9),  V('K', 10), V('L', 11), V('M', 12), V('N', 13),
	V('O', 14), V('P', 15), V('Q', 16), V('R', 17), V('S', 18), V('T', 19), V('U', 20),
	V('V', 21), V('W', 22), V('X', 23), V('Y', 24), V('Z', 25), V('a', 26), V('b', 27),
	V('c', 28), V('d', 29), V('e', 30), V('f', 31), V('g', 32), V('h', 33), V('i', 34),
	V('j', 35), V('k', 36), V('l', 37), V('m', 38), V('n', 39), V('o', 40), V('p', 41),
	V('q', 42), V('r', 43), V('s', 44), V('t', 45), V('u', 46), V('v', 47), V('w', 48),
	V('x', 49), V('y', 50), V('z', 51), V('0', 52), V('1', 53), V('2', 54), V('3', 55),
	V('4', 56), V('5', 57), V('6', 58), V('7', 59), V('8', 60), V('9', 61), V('+', 62),
	V('/', 63),
};

/* Whole groups of letters, which is nearly all of a real secret: ten thousand of them are read at
 * every start. Returns how many there were. */
static size_t decode_groups(const char *text, size_t text_size, uint8_t *ret_data)
{
	size_t n = 0;

	for (; text_size - 4 * n >= 4; n++) {
		const uint8_t *in = (const uint8_t *)text + 4 * n;
		uint8_t a = letters[in[0]], b = letters[in[1]], c = letters[in[2]],
			d = letters[in[3]];
		uint8_t *out = ret_data + 3 * n;

		if (!(a & b & c & d & LETTER))
			break;
		out[0] = (uint8_t)(a << 2 | (b & 0x3f) >> 4);
		out[1] = (uint8_t)(b << 4 | (c & 0x3f) >> 2);
		out[2] = (uint8_t)(c << 6 | (d & 0x3f));
	}
	return n;
}

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

		if (bits == 0) {
			size_t n_groups = decode_groups(text + i, text_size - i, ret_data + size);

			size += 3 * n_groups;
			i += 4 * n_groups;
			if (i == text_size)
				break;
		}
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
