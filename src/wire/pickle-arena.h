/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Memory that is given out piece by piece, and erased and freed all at once.
 *
 * Bound: @max bytes, the blocks' own overhead included.
 */

#include <stdbool.h>
#include <stddef.h>

struct pickle_block;

struct pickle_arena {
	struct pickle_block *blocks;
	size_t max;
	size_t used;	/* of all blocks */
	bool exhausted; /* @max, not the machine, was the reason for a NULL */
};

/** pickle_arena_get() - @size zeroed bytes, aligned for 64 bits; NULL beyond @max or without memory
 */
void *pickle_arena_get(struct pickle_arena *a, size_t size);

/** pickle_arena_deinit() - erases and frees everything */
void pickle_arena_deinit(struct pickle_arena *a);
