/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ctl/select.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "admin/match.h"

static int compare_names(const void *a, const void *b)
{
	const struct admin_client *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static int compare_key(const void *key, const void *element)
{
	const struct admin_client *const *client = element;

	return strcmp(key, (*client)->name);
}

static void add(struct selection *selection, struct admin_client *client)
{
	if (client->data)
		return;
	client->data = selection; /* any mark will do: it is in the selection */
	selection->clients[selection->n++] = client;
}

/* Fills in a list of all, in the server's order; returns how many there are. */
static size_t list(const struct admin_clients *clients, struct admin_client **ret)
{
	struct admin_client *client, *next;
	size_t n = 0;

	ADMIN_FOREACH (clients, client, next) {
		client->data = NULL;
		ret[n++] = client;
	}
	return n;
}

static bool add_matching(const struct admin_clients *clients, const char *pattern,
			 struct selection *selection)
{
	struct admin_client *client, *next;
	bool found = false;

	ADMIN_FOREACH (clients, client, next) {
		if (fnmatch(pattern, client->name, 0) != 0)
			continue;
		found = true;
		add(selection, client);
	}
	return found;
}

static int selection_init(struct selection *s, size_t room)
{
	s->n = 0;
	s->clients = calloc(room + 1, sizeof(struct admin_client *));
	return s->clients ? 0 : -ENOMEM;
}

int select_clients(const struct admin_clients *clients, const char *const *names, size_t n_names,
		   struct selection *ret, const char **ret_unknown)
{
	_cleanup_selection_ struct selection sorted = { 0 };
	size_t n = admin_clients_count(clients);

	*ret = (struct selection){ 0 };
	if (selection_init(&sorted, n) < 0 || selection_init(ret, n) < 0)
		return -ENOMEM;
	sorted.n = list(clients, sorted.clients);
	if (n_names == 0) {
		ret->n = list(clients, ret->clients);
		return SELECT_OK;
	}
	qsort(sorted.clients, n, sizeof(struct admin_client *), compare_names);
	for (size_t i = 0; i < n_names; i++) {
		struct admin_client **found = bsearch(names[i], sorted.clients, n,
						      sizeof(struct admin_client *), compare_key);

		if (found) {
			add(ret, *found);
		} else if (!admin_is_pattern(names[i]) || !add_matching(clients, names[i], ret)) {
			*ret_unknown = names[i];
			return SELECT_UNKNOWN;
		}
	}
	return SELECT_OK;
}

void select_deinit(struct selection *selection)
{
	free(selection->clients);
	*selection = (struct selection){ 0 };
}
