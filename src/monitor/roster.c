/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "monitor/roster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "admin/text.h"
#include "monitor/entry.h"

void roster_deinit(struct roster *r)
{
	free(r->rows);
	*r = (struct roster){ 0 };
}

static bool is_wanted(const struct roster *r, const struct row *row)
{
	enum entry_state state = entry_state(row->client);

	switch (r->filter) {
	case ROSTER_ONLY_DISABLED:
		return state == ENTRY_DISABLED;
	case ROSTER_ONLY_WAITING:
		return entry_is_waiting(row->client);
	case ROSTER_ONLY_FAILING:
		return state == ENTRY_FAILING;
	case ROSTER_ALL:
	case ROSTER_N_FILTERS:
		break;
	}
	return true;
}

static void refresh_expires(struct row *row)
{
	row->expires = USEC_NEVER;
	(void)admin_time_parse(row->client->expires, &row->expires);
}

/* UTF-8 has the order of its code points. */
static int compare_names(const struct row *a, const struct row *b)
{
	int c = strcmp(a->client->name, b->client->name);

	return c != 0 ? c : strcmp(a->client->path, b->client->path);
}

static int compare(const struct roster *r, const struct row *a, const struct row *b)
{
	int c = 0;

	if (r->order == ROSTER_BY_STATE)
		c = (int)entry_state(a->client) - (int)entry_state(b->client);
	else if (r->order == ROSTER_BY_EXPIRY)
		c = (a->expires > b->expires) - (a->expires < b->expires);
	if (c == 0)
		c = compare_names(a, b);
	return r->is_reversed ? -c : c;
}

static int compare_for_qsort(const void *a, const void *b, void *roster)
{
	return compare(roster, *(struct row *const *)a, *(struct row *const *)b);
}

/* By its address: what it is sorted by may already be something else. */
static size_t index_of(const struct roster *r, const struct row *row)
{
	size_t i = 0;

	while (i < r->n_rows && r->rows[i] != row)
		i++;
	return i;
}

/* Where @row belongs among the others. */
static size_t place_for(const struct roster *r, const struct row *row)
{
	size_t low = 0, high = r->n_rows;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(r, r->rows[middle], row) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int reserve(struct roster *r, size_t n)
{
	size_t n_allocated = MAX_OF(2 * r->n_allocated, MAX_OF(n, (size_t)64));
	struct row **rows;

	if (n <= r->n_allocated)
		return 0;
	rows = reallocarray(r->rows, n_allocated, sizeof(struct row *));
	if (!rows)
		return -ENOMEM;
	r->rows = rows;
	r->n_allocated = n_allocated;
	return 0;
}

static void take_out(struct roster *r, size_t i)
{
	memmove(r->rows + i, r->rows + i + 1, (r->n_rows - i - 1) * sizeof(struct row *));
	r->n_rows--;
	if (r->focus > i || r->focus == r->n_rows)
		r->focus -= r->focus > 0;
	if (r->top > i || r->top == r->n_rows)
		r->top -= r->top > 0;
	if (r->n_rows == 0)
		r->is_focus_chosen = false;
}

static void put_in(struct roster *r, size_t i, struct row *row)
{
	memmove(r->rows + i + 1, r->rows + i, (r->n_rows - i) * sizeof(struct row *));
	r->rows[i] = row;
	r->n_rows++;
	if (r->is_focus_chosen && i <= r->focus && r->n_rows > 1)
		r->focus++;
	/* What comes before the first row moves the screen along, unless it shows the start. */
	if (r->top > 0 && i <= r->top)
		r->top++;
}

/* The row has stayed in its place, as nearly all do. */
static bool is_in_order(const struct roster *r, size_t i)
{
	return (i == 0 || compare(r, r->rows[i - 1], r->rows[i]) <= 0) &&
	       (i + 1 == r->n_rows || compare(r, r->rows[i], r->rows[i + 1]) <= 0);
}

int roster_place(struct roster *r, struct row *row)
{
	size_t i = row->is_listed ? index_of(r, row) : r->n_rows;
	bool was_focused = row->is_listed && r->is_focus_chosen && i == r->focus;
	int e;

	refresh_expires(row);
	if (row->is_listed && is_wanted(r, row) && is_in_order(r, i))
		return 0;
	if (row->is_listed)
		take_out(r, i);
	row->is_listed = false;
	if (!is_wanted(r, row))
		return 0;
	e = reserve(r, r->n_rows + 1);
	if (e < 0)
		return e;
	i = place_for(r, row);
	put_in(r, i, row);
	row->is_listed = true;
	if (was_focused)
		r->focus = i;
	return 0;
}

void roster_drop(struct roster *r, struct row *row)
{
	if (row->is_listed)
		take_out(r, index_of(r, row));
	row->is_listed = false;
}

int roster_rebuild(struct roster *r, const struct admin_clients *clients)
{
	struct row *focused = roster_focused(r);
	struct admin_client *client, *next;
	int e = reserve(r, admin_clients_count(clients));

	if (e < 0)
		return e;
	r->n_rows = 0;
	ADMIN_FOREACH (clients, client, next) {
		struct row *row = client->data;

		refresh_expires(row);
		row->is_listed = is_wanted(r, row);
		if (row->is_listed)
			r->rows[r->n_rows++] = row;
	}
	if (r->n_rows > 0)
		qsort_r(r->rows, r->n_rows, sizeof(struct row *), compare_for_qsort, r);
	if (focused && focused->is_listed && r->is_focus_chosen)
		r->focus = index_of(r, focused);
	else
		r->focus =
			r->is_focus_chosen && r->n_rows > 0 ? MIN_OF(r->focus, r->n_rows - 1) : 0;
	r->top = 0;
	return 0;
}

struct row *roster_focused(const struct roster *r)
{
	return r->n_rows > 0 ? r->rows[r->focus] : NULL;
}

void roster_move_to(struct roster *r, size_t index)
{
	if (r->n_rows == 0)
		return;
	r->focus = MIN_OF(index, r->n_rows - 1);
	r->is_focus_chosen = true;
}

void roster_move(struct roster *r, long delta)
{
	if (delta < 0)
		roster_move_to(r, r->focus - MIN_OF((size_t)-delta, r->focus));
	else
		roster_move_to(r, r->focus + (size_t)delta);
}
