/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Deadlines in order: a binary heap of nodes that their owners embed.
 *
 * One event-loop timer per program then serves any number of deadlines. Bound: HEAP_NODES_MAX.
 * heap_set() is the only call that allocates, and only when the heap has never been this full.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

#define HEAP_NODES_MAX ((size_t)1 << 20)

/** struct heap_node - embed it; zero-initialised means "not in a heap" */
struct heap_node {
	usec_t when;
	size_t place; /* index + 1 in the heap's array; 0: in no heap */
};

struct heap {
	struct heap_node **nodes;
	size_t n_nodes;
	size_t n_allocated;
};

void heap_deinit(struct heap *h);

/**
 * heap_set() - puts @node at @when, or moves it there; USEC_NEVER takes it out
 *
 * Owner:  the caller keeps the node and must take it out before the node's memory goes.
 * Errors: -ENOMEM, -E2BIG beyond HEAP_NODES_MAX; the heap is then unchanged. Moving or taking out
 *         a node that is already in never fails.
 */
int heap_set(struct heap *h, struct heap_node *node, usec_t when);

/** heap_reserve() - makes room for @n_nodes in all, so that heap_set() up to it cannot fail */
int heap_reserve(struct heap *h, size_t n_nodes);

/** heap_remove() - takes @node out if it is in */
void heap_remove(struct heap *h, struct heap_node *node);

/** heap_first() - the node with the earliest deadline, or NULL */
struct heap_node *heap_first(const struct heap *h);
