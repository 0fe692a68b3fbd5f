/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bytes.h"

#include <string.h>

static uint8_t *room_for(struct writer *w, size_t size)
{
	uint8_t *at;

	if (w->failed || w->size - w->used < size) {
		w->failed = true;
		return NULL;
	}
	at = w->data + w->used;
	w->used += size;
	return at;
}

static void put_big_endian(struct writer *w, uint64_t v, size_t size)
{
	uint8_t *at = room_for(w, size);

	if (!at)
		return;
	for (size_t i = size; i-- > 0; v >>= 8)
		at[i] = (uint8_t)(v & 0xff);
}

void put_u8(struct writer *w, uint8_t v)
{
	put_big_endian(w, v, 1);
}

void put_u16(struct writer *w, uint16_t v)
{
	put_big_endian(w, v, 2);
}

void put_u32(struct writer *w, uint32_t v)
{
	put_big_endian(w, v, 4);
}

void put_u64(struct writer *w, uint64_t v)
{
	put_big_endian(w, v, 8);
}

void put_bytes(struct writer *w, const void *data, size_t size)
{
	uint8_t *at = room_for(w, size);

	if (at && size > 0)
		memcpy(at, data, size);
}

const uint8_t *take_bytes(struct reader *r, size_t size)
{
	const uint8_t *at;

	if (r->failed || r->size - r->used < size) {
		r->failed = true;
		return NULL;
	}
	at = r->data + r->used;
	r->used += size;
	return at;
}

static uint64_t take_big_endian(struct reader *r, size_t size)
{
	const uint8_t *at = take_bytes(r, size);
	uint64_t v = 0;

	if (!at)
		return 0;
	for (size_t i = 0; i < size; i++)
		v = v << 8 | at[i];
	return v;
}

uint8_t take_u8(struct reader *r)
{
	return (uint8_t)take_big_endian(r, 1);
}

uint16_t take_u16(struct reader *r)
{
	return (uint16_t)take_big_endian(r, 2);
}

uint32_t take_u32(struct reader *r)
{
	return (uint32_t)take_big_endian(r, 4);
}

uint64_t take_u64(struct reader *r)
{
	return take_big_endian(r, 8);
}
