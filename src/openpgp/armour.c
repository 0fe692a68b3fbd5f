/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "openpgp/armour.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <nettle/base64.h>

#define IS_PACKET 0x80
#define CRC_INIT  0xb704ceu
#define CRC_POLY  0x1864cfbu

static const char begin[] = "-----BEGIN PGP ";
static const char end[] = "-----END PGP ";

struct line {
	const char *text;
	size_t size; /* without what ends it, and blanks before that */
};

static bool next_line(struct line *rest, struct line *ret)
{
	const char *feed = rest->size > 0 ? memchr(rest->text, '\n', rest->size) : NULL;
	size_t size = feed ? (size_t)(feed - rest->text) : rest->size;
	size_t taken = feed ? size + 1 : size;

	if (rest->size == 0)
		return false;
	*ret = (struct line){ .text = rest->text, .size = size };
	rest->text += taken;
	rest->size -= taken;
	while (ret->size > 0 && memchr(" \t\r", ret->text[ret->size - 1], 3))
		ret->size--;
	return true;
}

static bool starts_with(const struct line *line, const char *text)
{
	return line->size >= strlen(text) && memcmp(line->text, text, strlen(text)) == 0;
}

/* To the first line behind the headers. */
static bool find_block(struct line *rest)
{
	struct line line;

	do {
		if (!next_line(rest, &line))
			return false;
	} while (!starts_with(&line, begin));
	do {
		if (!next_line(rest, &line))
			return false;
	} while (line.size > 0);
	return true;
}

static bool is_crc_right(const struct line *line, const struct openpgp_packet *all)
{
	struct base64_decode_ctx decoder;
	uint8_t expected[BASE64_DECODE_LENGTH(4)];
	size_t n = sizeof(expected);
	uint32_t crc = CRC_INIT;

	base64_decode_init(&decoder);
	if (line->size != 5 ||
	    !base64_decode_update(&decoder, &n, expected, line->size - 1, line->text + 1) || n != 3)
		return false;
	for (size_t i = 0; i < all->size; i++) {
		crc ^= (uint32_t)all->data[i] << 16;
		for (int bit = 0; bit < 8; bit++) {
			crc <<= 1;
			if (crc & 0x1000000)
				crc ^= CRC_POLY;
		}
	}
	return crc == ((uint32_t)expected[0] << 16 | (uint32_t)expected[1] << 8 | expected[2]);
}

static bool decode_block(struct line *rest, struct base64_decode_ctx *decoder,
			 struct openpgp_packet *all)
{
	bool has_crc = false;
	struct line line;

	while (next_line(rest, &line)) {
		size_t n = 0;

		if (starts_with(&line, end))
			return true;
		if (has_crc)
			return false;
		if (starts_with(&line, "=")) {
			has_crc = true;
			if (!base64_decode_final(decoder) || !is_crc_right(&line, all))
				return false;
			continue;
		}
		if (!base64_decode_update(decoder, &n, all->data + all->size, line.size, line.text))
			return false;
		all->size += n;
	}
	return false;
}

int openpgp_armour_strip(const uint8_t *data, size_t size, struct secret **ret,
			 struct openpgp_packet *ret_all)
{
	_cleanup_secret_ struct secret *room = NULL;
	struct line rest = { .text = (const char *)data, .size = size };
	struct base64_decode_ctx decoder;
	bool is_good;

	if (size > OPENPGP_ARMOUR_MAX)
		return OPENPGP_TOO_LARGE;
	room = secret_copy(data, size);
	if (!room)
		return -ENOMEM;
	*ret_all = (struct openpgp_packet){ .data = room->data, .size = size };
	if (size == 0 || data[0] & IS_PACKET) {
		*ret = STEAL_PTR(room);
		return OPENPGP_OK;
	}
	if (!find_block(&rest))
		return OPENPGP_MALFORMED;
	/* The text makes less than it takes. */
	ret_all->size = 0;
	base64_decode_init(&decoder);
	is_good = decode_block(&rest, &decoder, ret_all) && base64_decode_final(&decoder);
	secret_erase(&decoder, sizeof(decoder));
	if (!is_good)
		return OPENPGP_MALFORMED;
	*ret = STEAL_PTR(room);
	return OPENPGP_OK;
}
