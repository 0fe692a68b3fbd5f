/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pickle is a tree whose text lies in the input; one byte less of it is no pickle any more. What
 * is a state is in order. */
#include "fuzz.h"
#include "wire/duration.h"
#include "wire/pickle-clients.h"

#define MEMORY_MAX ((size_t)16 * 1024 * 1024)
#define DEPTH_MAX  5
#define LOOK_MAX   100000

struct look {
	const uint8_t *data;
	size_t size;
	unsigned int n_left;
};

static void look_at(struct look *look, const struct pickle_value *v, unsigned int depth)
{
	uint32_t n = 0;

	if (look->n_left == 0 || depth == 0)
		return;
	look->n_left--;
	if (v->type == PICKLE_TEXT)
		REQUIRE(v->data >= look->data && v->size <= look->size &&
			v->data - look->data <= (ptrdiff_t)(look->size - v->size));
	if (v->type == PICKLE_BYTES)
		REQUIRE(v->size <= look->size);
	if (v->type != PICKLE_LIST && v->type != PICKLE_TUPLE && v->type != PICKLE_DICT)
		return;
	for (const struct pickle_item *i = v->first; i; i = i->next) {
		REQUIRE((i->key != NULL) == (v->type == PICKLE_DICT));
		REQUIRE(i->next || i == v->last);
		if (i->key)
			look_at(look, i->key, depth - 1);
		look_at(look, i->value, depth - 1);
		n++;
	}
	REQUIRE(n == v->size);
}

static void look_at_state(const struct pickle *p)
{
	struct pickled_state s;
	const char *what = NULL;
	int r = pickled_state_read(p, &s, &what);

	if (r != PICKLE_OK) {
		REQUIRE(what && (r == PICKLE_DAMAGED || r == PICKLE_TOO_LARGE));
		return;
	}
	for (size_t i = 0; i < s.n_clients; i++) {
		const struct pickled_client *c = &s.clients[i];

		REQUIRE(c->is_alive || c->was_in_file);
		REQUIRE(i == 0 || strcmp(s.clients[i - 1].name, c->name) < 0);
		REQUIRE(!c->is_alive || c->current.enabled != PICKLED_UNKNOWN);
		REQUIRE(c->current.timeout <= DURATION_MAX_USEC ||
			c->current.timeout == USEC_NEVER);
	}
	pickled_state_deinit(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct look look = { .data = data, .size = size, .n_left = LOOK_MAX };
	struct pickle *p = NULL;
	size_t offset = 0;
	int r = pickle_parse(data, size, MEMORY_MAX, &p, &offset);

	if (r != PICKLE_OK) {
		REQUIRE(r == PICKLE_DAMAGED || r == PICKLE_TOO_LARGE);
		REQUIRE(!p && offset <= size);
		return 0;
	}
	look_at(&look, pickle_top(p), DEPTH_MAX);
	look_at_state(p);
	(void)pickle_free(p);
	REQUIRE(pickle_parse(data, size - 1, MEMORY_MAX, &p, &offset) != PICKLE_OK);
	return 0;
}
