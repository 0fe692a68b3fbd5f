/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Cursors over a fixed byte range, for messages between our own programs and small binary formats.
 *
 * Integers are big-endian. A cursor that runs over its end remembers it and stays put: callers put
 * or take everything and ask once, at the end, for @failed or reader_done(). Nothing allocates.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** struct writer - appends to a caller's buffer; @failed once anything did not fit */
struct writer {
	uint8_t *data;
	size_t size; /* capacity */
	size_t used;
	bool failed;
};

/** struct reader - takes from a caller's buffer; @failed once anything was missing */
struct reader {
	const uint8_t *data;
	size_t size;
	size_t used;
	bool failed;
};

#define WRITER(buffer, capacity) ((struct writer){ .data = (buffer), .size = (capacity) })
#define READER(buffer, length)	 ((struct reader){ .data = (buffer), .size = (length) })

void put_u8(struct writer *w, uint8_t v);
void put_u16(struct writer *w, uint16_t v);
void put_u32(struct writer *w, uint32_t v);
void put_u64(struct writer *w, uint64_t v);
void put_bytes(struct writer *w, const void *data, size_t size);

uint8_t take_u8(struct reader *r);
uint16_t take_u16(struct reader *r);
uint32_t take_u32(struct reader *r);
uint64_t take_u64(struct reader *r);

/** take_bytes() - the next @size bytes in place, or NULL (and failed) if there are fewer */
const uint8_t *take_bytes(struct reader *r, size_t size);

static inline size_t reader_left(const struct reader *r)
{
	return r->failed ? 0 : r->size - r->used;
}

/** reader_done() - true if everything asked for was there and nothing is left over */
static inline bool reader_done(const struct reader *r)
{
	return !r->failed && r->used == r->size;
}
