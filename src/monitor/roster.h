/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Which clients are listed, in which order, and where in the list the user is.
 *
 * It is kept in order at each change, by one search and one move of pointers, so that ten thousand
 * clients that change cost nothing much. The focused client stays focused when others come, go and
 * move, once the user has moved the focus; until then it is the first one.
 */

#include <stdbool.h>
#include <stddef.h>

#include "admin/clients.h"
#include "base/clock.h"
#include "monitor/logbook.h"

#define ROW_EVENTS_MAX 12 /* remembered of one client */

/** struct row - what this program keeps of a client; the client's @data */
struct row {
	struct admin_client *client;
	bool is_marked;
	bool is_listed;
	usec_t expires; /* USEC_NEVER: it does not; kept by the list, which may be sorted by it */
	struct logbook events;
};

enum roster_filter {
	ROSTER_ALL,
	ROSTER_ONLY_DISABLED,
	ROSTER_ONLY_WAITING,
	ROSTER_ONLY_FAILING,
	ROSTER_N_FILTERS,
};

/** enum roster_order - ties are always broken by name */
enum roster_order {
	ROSTER_BY_NAME,	  /* code points (MON-11) */
	ROSTER_BY_STATE,  /* what wants attention comes first */
	ROSTER_BY_EXPIRY, /* what ends soon comes first */
	ROSTER_N_ORDERS,
};

struct roster {
	struct row **rows; /* the listed ones */
	size_t n_rows;
	size_t n_allocated;
	size_t focus; /* index; 0 in an empty list */
	size_t top;   /* index of the first row on the screen */
	bool is_focus_chosen;
	bool is_reversed;
	enum roster_filter filter;
	enum roster_order order;
};

void roster_deinit(struct roster *r);

/**
 * roster_place() - lists @row where it belongs, or not at all, after its client has changed
 *
 * Owner:  the caller keeps @row until after roster_drop().
 * Errors: -ENOMEM; it is not listed then.
 */
int roster_place(struct roster *r, struct row *row);

/** roster_drop() - @row is not listed any more */
void roster_drop(struct roster *r, struct row *row);

/**
 * roster_rebuild() - all of @clients anew, for another filter or order
 *
 * The focused client stays focused if it is still listed.
 * Errors: -ENOMEM; nothing is changed then.
 */
int roster_rebuild(struct roster *r, const struct admin_clients *clients);

/** roster_focused() - the row at the focus; NULL if the list is empty */
struct row *roster_focused(const struct roster *r);

/** roster_move() - the focus, by @delta rows; it stays within the list */
void roster_move(struct roster *r, long delta);
void roster_move_to(struct roster *r, size_t index);
