/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "openpgp/packet.h"

#include <stdbool.h>
#include <string.h>

#define IS_PACKET 0x80
#define IS_NEW	  0x40

int openpgp_packet_look(const struct openpgp_packet *rest)
{
	uint8_t first;

	if (rest->size == 0 || !(rest->data[0] & IS_PACKET))
		return 0;
	first = rest->data[0];
	return first & IS_NEW ? first & 0x3f : (first & 0x3f) >> 2;
}

/* The length of the old format; the last kind goes to the end of what there is. */
static size_t take_old_length(struct reader *in, uint8_t first)
{
	switch (first & 3) {
	case 0:
		return take_u8(in);
	case 1:
		return take_u16(in);
	case 2:
		return take_u32(in);
	default:
		return reader_left(in);
	}
}

static size_t take_new_length(struct reader *in, bool *ret_partial)
{
	uint8_t first = take_u8(in);

	*ret_partial = false;
	if (first < 192)
		return first;
	if (first < 224)
		return ((size_t)(first - 192) << 8) + take_u8(in) + 192;
	if (first == 255)
		return take_u32(in);
	*ret_partial = true;
	return (size_t)1 << (first & 31);
}

int openpgp_packet_take(struct openpgp_packet *rest, struct openpgp_packet *ret)
{
	struct reader in = READER(rest->data, rest->size);
	uint8_t first = take_u8(&in);
	bool is_new = first & IS_NEW, more = is_new;
	size_t size;

	if (!(first & IS_PACKET))
		return OPENPGP_MALFORMED;
	ret->tag = (unsigned int)openpgp_packet_look(rest);
	ret->data = rest->data;
	ret->size = 0;
	do {
		const uint8_t *piece;

		size = is_new ? take_new_length(&in, &more) : take_old_length(&in, first);
		piece = take_bytes(&in, size);
		if (!piece)
			return OPENPGP_MALFORMED;
		/* Towards the start, over the lengths that have been read. */
		memmove(ret->data + ret->size, piece, size);
		ret->size += size;
	} while (more);
	rest->data += in.used;
	rest->size -= in.used;
	return OPENPGP_OK;
}
