/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "monitor/move.h"

#include <limits.h>

#include "monitor/detail.h"

/* Down is positive. */
static void move_log(struct model *m, long delta)
{
	if (delta > 0)
		m->log_back -= MIN_OF(m->log_back, (size_t)delta);
	else
		m->log_back += (size_t)-delta; /* model_settle() knows where the beginning is */
}

static void move_detail(struct model *m, long delta)
{
	size_t last = detail_n_lines(m) - 1;

	if (delta > 0)
		m->detail_top = MIN_OF(m->detail_top + (size_t)delta, last);
	else
		m->detail_top -= MIN_OF((size_t)-delta, m->detail_top);
}

/* From the focus as many entries as fill a page. */
static void page_list(struct model *m, int direction)
{
	struct roster *r = &m->roster;
	unsigned n_rows = model_panes(m).list.n_rows, used = 0;
	size_t i = r->focus;

	while (r->n_rows > 0 && (direction < 0 ? i > 0 : i + 1 < r->n_rows)) {
		used += model_entry_height(m, r->rows[i]);
		if (used >= n_rows && i != r->focus)
			break;
		i = direction < 0 ? i - 1 : i + 1;
	}
	roster_move_to(r, i);
}

void move(struct model *m, enum command command)
{
	/* So far that it is beyond any end, and no sum with it wraps. */
	const long far = LONG_MAX / 4;
	long page = (long)model_panes(m).lower.n_rows, delta = 0;
	void (*lower)(struct model *, long) = m->is_detail_open ? move_detail : move_log;

	if (!m->is_lower_focused && (command == COMMAND_PAGE_UP || command == COMMAND_PAGE_DOWN)) {
		page_list(m, command == COMMAND_PAGE_UP ? -1 : 1);
		return;
	}
	if (command == COMMAND_UP || command == COMMAND_DOWN)
		delta = command == COMMAND_UP ? -1 : 1;
	else if (command == COMMAND_PAGE_UP || command == COMMAND_PAGE_DOWN)
		delta = command == COMMAND_PAGE_UP ? -page : page;
	else
		delta = command == COMMAND_FIRST ? -far : far;
	if (m->is_lower_focused)
		lower(m, delta);
	else
		roster_move(&m->roster, delta);
}

static void click_list(struct model *m, unsigned row)
{
	struct roster *r = &m->roster;
	unsigned used = 0;

	for (size_t i = r->top; i < r->n_rows; i++) {
		used += model_entry_height(m, r->rows[i]);
		if (row < used) {
			roster_move_to(r, i);
			return;
		}
	}
}

void move_mouse(struct model *m, uint32_t code, unsigned row)
{
	struct panes panes = model_panes(m);
	bool is_lower = row >= panes.lower.row;
	long delta = code == INPUT_WHEEL_UP ? -MOVE_WHEEL_ROWS : MOVE_WHEEL_ROWS;

	if (code == INPUT_CLICK) {
		m->is_lower_focused = is_lower;
		if (!is_lower && row < panes.list.n_rows)
			click_list(m, row);
	} else if (!is_lower) {
		roster_move(&m->roster, delta);
	} else if (m->is_detail_open) {
		move_detail(m, delta);
	} else {
		move_log(m, delta);
	}
}
