/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "monitor/view.h"

#include <stdio.h>
#include <string.h>

#include "monitor/bindings.h"
#include "monitor/detail.h"
#include "monitor/entry.h"

#define STATUS_MAX     128
#define KEYS_COLUMN    40 /* of the table of keys: its two columns fill 80 */
#define KEYS_LABEL     14
#define KEYS_FIRST_ROW 2

static void draw_list(const struct model *m, struct cells *cells, struct box box)
{
	const struct roster *r = &m->roster;
	char text[ENTRY_TEXT_MAX];

	for (size_t i = r->top; i < r->n_rows && box.n_rows > 0; i++) {
		bool is_focused = i == r->focus && !m->is_lower_focused;
		uint8_t look = is_focused ? LOOK_STANDOUT : LOOK_PLAIN;
		struct box entry = box;

		model_entry(m, r->rows[i], text);
		entry.n_rows = MIN_OF(cells_height(text, box.n_columns, FLOW_WORDS), box.n_rows);
		cells_fill(cells, entry, look);
		(void)cells_text(cells, entry, 0, text, FLOW_WORDS, look);
		box.row += entry.n_rows;
		box.n_rows -= entry.n_rows;
	}
}

/* What is not as at the start; empty if all is, so that the rule is a mere line. */
static void format_status(const struct model *m, char *ret)
{
	static const char *const filters[] = {
		[ROSTER_ALL] = "",
		[ROSTER_ONLY_DISABLED] = "disabled",
		[ROSTER_ONLY_WAITING] = "waiting for approval",
		[ROSTER_ONLY_FAILING] = "failing",
		[ROSTER_N_FILTERS] = "",
	};
	static const char *const orders[] = {
		[ROSTER_BY_NAME] = "name",
		[ROSTER_BY_STATE] = "state",
		[ROSTER_BY_EXPIRY] = "expiry",
		[ROSTER_N_ORDERS] = "",
	};
	const struct roster *r = &m->roster;
	size_t n = 0;

	*ret = '\0';
	if (m->is_server_away)
		n += (size_t)snprintf(ret, STATUS_MAX, " no server ");
	if (r->filter != ROSTER_ALL)
		n += (size_t)snprintf(ret + n, STATUS_MAX - n, " %zu of %u: only %s ", r->n_rows,
				      admin_clients_count(&m->clients), filters[r->filter]);
	if (r->order != ROSTER_BY_NAME || r->is_reversed)
		n += (size_t)snprintf(ret + n, STATUS_MAX - n, " by %s%s ", orders[r->order],
				      r->is_reversed ? ", reversed" : "");
	if (m->n_marked > 0)
		(void)snprintf(ret + n, STATUS_MAX - n, " %zu marked ", m->n_marked);
}

static void draw_rule(const struct model *m, struct cells *cells, struct box box)
{
	char status[STATUS_MAX];
	struct box one = box;

	one.n_columns = 1;
	for (; box.n_rows > 0 && one.column < box.n_columns; one.column++)
		(void)cells_text(cells, one, 0, glyph_rule(), FLOW_CLIP, LOOK_PLAIN);
	format_status(m, status);
	box.column = 1;
	(void)cells_text(cells, box, 0, status, FLOW_CLIP, LOOK_PLAIN);
}

/* From the end upwards: the first line of the log on the screen, and how much of it is above. */
static size_t first_log_line(const struct model *m, unsigned n_rows, unsigned *ret_skip)
{
	size_t wanted = n_rows + m->log_back, i = m->log.n_lines;

	*ret_skip = 0;
	while (i > 0 && wanted > 0) {
		unsigned height = model_log_height(m, --i);

		if (height > wanted) {
			*ret_skip = height - (unsigned)wanted;
			break;
		}
		wanted -= height;
	}
	return i;
}

static void draw_log(const struct model *m, struct cells *cells, struct box box)
{
	enum flow flow = m->is_log_wrapped ? FLOW_ANY : FLOW_CLIP;
	unsigned skip;

	for (size_t i = first_log_line(m, box.n_rows, &skip); i < m->log.n_lines && box.n_rows > 0;
	     i++) {
		const struct logbook_line *line = logbook_line(&m->log, i);
		unsigned n = cells_text(cells, box, skip, line->text, flow,
					line->bold ? LOOK_BOLD : LOOK_PLAIN);

		skip = 0;
		box.row += n;
		box.n_rows -= n;
	}
}

static void draw_detail(const struct model *m, struct cells *cells, struct box box)
{
	size_t n_lines = detail_n_lines(m);
	char text[DETAIL_LINE_MAX];

	for (size_t i = m->detail_top; i < n_lines && box.n_rows > 0; i++) {
		bool is_heading = detail_line(m, i, text);
		unsigned n = cells_text(cells, box, 0, text, FLOW_ANY,
					is_heading ? LOOK_BOLD : LOOK_PLAIN);

		box.row += n;
		box.n_rows -= n;
	}
}

/* How many of the marked clients are not listed: who says yes should know. */
static size_t count_hidden(const struct model *m)
{
	size_t n = m->n_marked;

	for (size_t i = 0; i < m->roster.n_rows; i++)
		n -= m->roster.rows[i]->is_marked;
	return n;
}

static void draw_question(const struct model *m, struct cells *cells, struct box box)
{
	static const char *const verbs[] = {
		[MODEL_ENABLE] = "Enable",
		[MODEL_DISABLE] = "Disable",
		[MODEL_APPROVE] = "Approve",
		[MODEL_DENY] = "Deny",
		[MODEL_REMOVE] = "Remove from the server",
		[MODEL_START_CHECKER] = "Start checkers for",
		[MODEL_STOP_CHECKER] = "Stop the checkers of",
		[MODEL_CHECKED_OK] = "Count as checked",
	};
	size_t n_hidden = count_hidden(m);
	char hidden[STATUS_MAX] = "", text[2 * STATUS_MAX];

	if (n_hidden > 0)
		(void)snprintf(hidden, sizeof(hidden), " (%zu of them not listed)", n_hidden);
	(void)snprintf(text, sizeof(text), "%s %zu marked client%s%s? (y/n)", verbs[m->asked],
		       m->n_marked, m->n_marked == 1 ? "" : "s", hidden);
	cells_fill(cells, box, LOOK_STANDOUT | LOOK_BOLD);
	(void)cells_text(cells, box, 0, text, FLOW_CLIP, LOOK_STANDOUT | LOOK_BOLD);
}

static void draw_search(const struct model *m, struct cells *cells, struct box box)
{
	char text[STATUS_MAX];

	(void)snprintf(text, sizeof(text), "/%s%s", m->search,
		       m->is_search_found ? "" : "  (not found)");
	cells_fill(cells, box, LOOK_BOLD);
	(void)cells_text(cells, box, 0, text, FLOW_CLIP, LOOK_BOLD);
}

static void draw_keys(const struct model *m, struct cells *cells)
{
	unsigned n_columns = MAX_OF(m->n_columns / KEYS_COLUMN, 1u);
	size_t n_each = (n_bindings + n_columns - 1) / n_columns;

	cells_fill(cells, (struct box){ 0, 0, m->n_rows, m->n_columns }, LOOK_PLAIN);
	(void)cells_text(cells, (struct box){ 0, 0, 1, m->n_columns }, 0,
			 "Keys  (any key: go back)", FLOW_CLIP, LOOK_BOLD);
	for (size_t i = 0; i < n_bindings; i++) {
		struct box box = { .row = (unsigned)(KEYS_FIRST_ROW + i % n_each),
				   .column = (unsigned)(i / n_each) * KEYS_COLUMN,
				   .n_rows = 1,
				   .n_columns = KEYS_COLUMN };

		(void)cells_text(cells, box, 0, bindings[i].keys, FLOW_CLIP, LOOK_BOLD);
		box.column += KEYS_LABEL;
		box.n_columns -= KEYS_LABEL + 1;
		(void)cells_text(cells, box, 0, bindings[i].text, FLOW_CLIP, LOOK_PLAIN);
	}
}

void view_draw(const struct model *m, struct cells *cells)
{
	struct panes panes = model_panes(m);
	struct box last = { .row = m->n_rows - 1, .n_rows = 1, .n_columns = m->n_columns };

	cells_fill(cells, (struct box){ 0, 0, cells->n_rows, cells->n_columns }, LOOK_PLAIN);
	if (m->n_rows == 0 || m->n_columns == 0)
		return;
	draw_list(m, cells, panes.list);
	draw_rule(m, cells, panes.rule);
	switch (model_lower(m)) {
	case MODEL_LOWER_NONE:
		break;
	case MODEL_LOWER_LOG:
		draw_log(m, cells, panes.lower);
		break;
	case MODEL_LOWER_DETAIL:
		draw_detail(m, cells, panes.lower);
		break;
	}
	switch (m->mode) {
	case MODEL_NORMAL:
		break;
	case MODEL_CONFIRMING:
		draw_question(m, cells, last);
		break;
	case MODEL_SEARCHING:
		draw_search(m, cells, last);
		break;
	case MODEL_KEYS:
		draw_keys(m, cells);
		break;
	}
}
