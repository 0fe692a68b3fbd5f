/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dispatch/memory.h"

#include <stdlib.h>
#include <string.h>

/* struct known_client - one of them */
struct known_client {
	char *name;
	bool is_enabled;
	bool is_leaving;
	unsigned long round; /* in which it was last listed */
	UT_hash_handle hh;
};

static struct known_client *find(const struct memory *m, const char *name)
{
	struct known_client *known;

	HASH_FIND_STR(m->by_name, name, known);
	return known;
}

static void forget(struct memory *m, struct known_client *known)
{
	m->n_leaving -= known->is_leaving;
	HASH_DEL(m->by_name, known);
	free(known->name);
	free(known);
}

static void add(struct memory *m, const char *name, bool is_enabled)
{
	struct known_client *known = calloc(1, sizeof(*known));

	if (known)
		known->name = strdup(name);
	if (!known || !known->name) {
		free(known);
		return;
	}
	known->is_enabled = is_enabled;
	known->round = m->round;
	HASH_ADD_KEYPTR(hh, m->by_name, known->name, strlen(known->name), known);
}

bool memory_see(struct memory *m, const char *name, bool is_enabled)
{
	struct known_client *known = find(m, name);
	bool is_news;

	if (!known) {
		add(m, name, is_enabled);
		return false;
	}
	is_news = known->is_enabled && !is_enabled;
	known->is_enabled = is_enabled;
	m->n_leaving -= known->is_leaving;
	known->is_leaving = false;
	return is_news;
}

void memory_leave(struct memory *m, const char *name)
{
	struct known_client *known = find(m, name);

	if (!known || known->is_leaving)
		return;
	known->is_leaving = true;
	m->n_leaving++;
}

void memory_settle(struct memory *m)
{
	struct known_client *known, *next;

	if (m->n_leaving == 0)
		return;
	HASH_ITER (hh, m->by_name, known, next) {
		if (known->is_leaving)
			forget(m, known);
	}
}

void memory_interrupt(struct memory *m)
{
	struct known_client *known, *next;

	HASH_ITER (hh, m->by_name, known, next)
		known->is_leaving = false;
	m->n_leaving = 0;
}

void memory_keep(struct memory *m, const struct admin_clients *clients)
{
	struct admin_client *client, *next_client;
	struct known_client *known, *next;

	m->round++;
	ADMIN_FOREACH (clients, client, next_client) {
		known = find(m, client->name);
		if (known)
			known->round = m->round;
	}
	HASH_ITER (hh, m->by_name, known, next) {
		if (known->round != m->round)
			forget(m, known);
	}
}

void memory_deinit(struct memory *m)
{
	struct known_client *known, *next;

	HASH_ITER (hh, m->by_name, known, next)
		forget(m, known);
}
