/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/heap.h"

#include <errno.h>
#include <stdlib.h>

#include "base/util.h"

void heap_deinit(struct heap *h)
{
	free(h->nodes);
	*h = (struct heap){ 0 };
}

int heap_reserve(struct heap *h, size_t n_nodes)
{
	size_t n = MAX_OF(n_nodes, (size_t)64);
	struct heap_node **nodes;

	if (n_nodes > HEAP_NODES_MAX)
		return -E2BIG;
	if (n_nodes <= h->n_allocated)
		return 0;
	nodes = reallocarray(h->nodes, n, sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	h->nodes = nodes;
	h->n_allocated = n;
	return 0;
}

static void place_node(struct heap *h, struct heap_node *node, size_t i)
{
	h->nodes[i] = node;
	node->place = i + 1;
}

static void sift_up(struct heap *h, struct heap_node *node, size_t i)
{
	while (i > 0) {
		size_t parent = (i - 1) / 2;

		if (h->nodes[parent]->when <= node->when)
			break;
		place_node(h, h->nodes[parent], i);
		i = parent;
	}
	place_node(h, node, i);
}

static void sift_down(struct heap *h, struct heap_node *node, size_t i)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= h->n_nodes)
			break;
		if (child + 1 < h->n_nodes && h->nodes[child + 1]->when < h->nodes[child]->when)
			child++;
		if (node->when <= h->nodes[child]->when)
			break;
		place_node(h, h->nodes[child], i);
		i = child;
	}
	place_node(h, node, i);
}

static void settle(struct heap *h, struct heap_node *node, size_t i)
{
	if (i > 0 && node->when < h->nodes[(i - 1) / 2]->when)
		sift_up(h, node, i);
	else
		sift_down(h, node, i);
}

void heap_remove(struct heap *h, struct heap_node *node)
{
	size_t i;
	struct heap_node *last;

	if (node->place == 0)
		return;
	i = node->place - 1;
	node->place = 0;
	last = h->nodes[--h->n_nodes];
	if (last != node)
		settle(h, last, i);
}

int heap_set(struct heap *h, struct heap_node *node, usec_t when)
{
	if (when == USEC_NEVER) {
		heap_remove(h, node);
		node->when = when;
		return 0;
	}
	if (node->place == 0) {
		/* Doubling keeps the cost of n insertions linear. */
		if (h->n_nodes == h->n_allocated) {
			size_t want = MIN_OF(2 * h->n_nodes, HEAP_NODES_MAX);
			int r = heap_reserve(h, MAX_OF(want, h->n_nodes + 1));

			if (r < 0)
				return r;
		}
		node->when = when;
		sift_up(h, node, h->n_nodes++);
		return 0;
	}
	node->when = when;
	settle(h, node, node->place - 1);
	return 0;
}

struct heap_node *heap_first(const struct heap *h)
{
	return h->n_nodes > 0 ? h->nodes[0] : NULL;
}
