/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/pickle-arena.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/secret.h"
#include "base/util.h"

#define BLOCK_SIZE ((size_t)64 * 1024)

struct pickle_block {
	struct pickle_block *next;
	size_t size, used;
	uint64_t data[];
};

static struct pickle_block *add_block(struct pickle_arena *a, size_t size)
{
	struct pickle_block *b;
	size_t whole;

	/* A small bound must not be eaten up by the size of the first block. */
	size = MAX_OF(size, MIN_OF(BLOCK_SIZE, a->max / 16));
	whole = sizeof(*b) + size;
	if (whole > a->max - a->used) {
		a->exhausted = true;
		return NULL;
	}
	b = calloc(1, whole);
	if (!b)
		return NULL;
	b->size = size;
	b->next = a->blocks;
	a->blocks = b;
	a->used += whole;
	return b;
}

void *pickle_arena_get(struct pickle_arena *a, size_t size)
{
	struct pickle_block *b = a->blocks;
	void *p;

	if (size > a->max) {
		a->exhausted = true;
		return NULL;
	}
	/* Pointers and 64-bit integers are the widest things kept here. */
	size = (size + 7) & ~(size_t)7;
	if (!b || size > b->size - b->used)
		b = add_block(a, size);
	if (!b)
		return NULL;
	p = (char *)b->data + b->used;
	b->used += size;
	return p;
}

void pickle_arena_deinit(struct pickle_arena *a)
{
	struct pickle_block *b;

	while ((b = a->blocks)) {
		a->blocks = b->next;
		secret_erase(b->data, b->used);
		free(b);
	}
	*a = (struct pickle_arena){ .max = a->max };
}
