/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deadlines in order, compared with a model that looks at every node each time. */
#include "base/heap.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define N_NODES 300
#define N_STEPS 200000

struct model {
	struct heap_node nodes[N_NODES];
	bool is_in[N_NODES];
};

static uint32_t random_state;

/* Numerical Recipes' generator: the same steps in every run. */
static uint32_t random_below(uint32_t n)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % n;
}

static usec_t model_first(const struct model *m)
{
	usec_t first = USEC_NEVER;

	for (size_t i = 0; i < N_NODES; i++) {
		if (m->is_in[i] && m->nodes[i].when < first)
			first = m->nodes[i].when;
	}
	return first;
}

static size_t model_size(const struct model *m)
{
	size_t n = 0;

	for (size_t i = 0; i < N_NODES; i++)
		n += m->is_in[i];
	return n;
}

static void step(struct heap *h, struct model *m)
{
	uint32_t i = random_below(N_NODES);

	switch (random_below(4)) {
	case 0:
		heap_remove(h, &m->nodes[i]);
		m->is_in[i] = false;
		break;
	case 1:
		assert_int_equal(heap_set(h, &m->nodes[i], USEC_NEVER), 0);
		m->is_in[i] = false;
		break;
	default:
		/* Few different values, so that equal ones are common. */
		assert_int_equal(heap_set(h, &m->nodes[i], random_below(100)), 0);
		m->is_in[i] = true;
		break;
	}
}

static void test_heap__random_steps__agrees_with_the_model(void **state)
{
	struct heap h = { 0 };
	static struct model m;

	random_state = 1;
	for (int i = 0; i < N_STEPS; i++) {
		const struct heap_node *first;

		step(&h, &m);
		first = heap_first(&h);
		assert_true((first ? first->when : USEC_NEVER) == model_first(&m));
		if (i % 100 == 0)
			assert_int_equal(h.n_nodes, model_size(&m));
	}
	for (size_t i = 0; i < N_NODES; i++)
		assert_int_equal(m.nodes[i].place != 0, m.is_in[i]);
	heap_deinit(&h);
}

static void test_heap__emptied_from_the_front__is_in_order(void **state)
{
	static struct heap_node nodes[5000];
	struct heap h = { 0 };
	usec_t last = 0;

	random_state = 2;
	for (size_t i = 0; i < 5000; i++)
		assert_int_equal(heap_set(&h, &nodes[i], random_below(1 << 20)), 0);
	for (size_t i = 0; i < 5000; i++) {
		struct heap_node *first = heap_first(&h);

		assert_true(first->when >= last);
		last = first->when;
		heap_remove(&h, first);
		assert_int_equal(first->place, 0);
	}
	assert_null(heap_first(&h));
	heap_deinit(&h);
}

static void test_heap_set__last_moment_before_never__stays_in(void **state)
{
	struct heap h = { 0 };
	struct heap_node node = { 0 };

	assert_int_equal(heap_set(&h, &node, USEC_NEVER - 1), 0);
	assert_ptr_equal(heap_first(&h), &node);
	assert_int_equal(heap_set(&h, &node, USEC_NEVER), 0);
	assert_null(heap_first(&h));
	heap_remove(&h, &node);
	heap_deinit(&h);
}

static void test_heap_set__at_the_bound__refuses_one_more_but_still_moves(void **state)
{
	struct heap h = { 0 };
	struct heap_node one_more = { 0 };
	struct heap_node *nodes = calloc(HEAP_NODES_MAX, sizeof(*nodes));

	assert_non_null(nodes);
	for (size_t i = 0; i < HEAP_NODES_MAX; i++)
		assert_int_equal(heap_set(&h, &nodes[i], 1000 + i), 0);
	assert_int_equal(heap_set(&h, &one_more, 1), -E2BIG);
	assert_int_equal(one_more.place, 0);
	assert_int_equal(heap_set(&h, &nodes[HEAP_NODES_MAX - 1], 1), 0);
	assert_ptr_equal(heap_first(&h), &nodes[HEAP_NODES_MAX - 1]);
	heap_remove(&h, &nodes[0]);
	assert_int_equal(heap_set(&h, &one_more, 0), 0);
	assert_ptr_equal(heap_first(&h), &one_more);
	assert_int_equal(heap_reserve(&h, HEAP_NODES_MAX + 1), -E2BIG);
	heap_deinit(&h);
	free(nodes);
}

static void test_heap_reserve__enough__nothing_is_allocated_afterwards(void **state)
{
	static struct heap_node nodes[1000];
	struct heap h = { 0 };
	struct heap_node **array;

	assert_int_equal(heap_reserve(&h, 1000), 0);
	array = h.nodes;
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(heap_set(&h, &nodes[i], i), 0);
	assert_ptr_equal(h.nodes, array);
	assert_int_equal(heap_reserve(&h, 10), 0);
	assert_ptr_equal(h.nodes, array);
	heap_deinit(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heap__random_steps__agrees_with_the_model),
		cmocka_unit_test(test_heap__emptied_from_the_front__is_in_order),
		cmocka_unit_test(test_heap_set__last_moment_before_never__stays_in),
		cmocka_unit_test(test_heap_set__at_the_bound__refuses_one_more_but_still_moves),
		cmocka_unit_test(test_heap_reserve__enough__nothing_is_allocated_afterwards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
