/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "monitor/step.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/detail.h"
#include "monitor/move.h"
#include "monitor/search.h"

static const char help_keys[] = "q: Quit  ?: Help  l: Log window toggle  TAB: Switch window  "
				"w: Wrap (log lines)  v: Toggle verbose log";
static const char help_clients[] = "Clients:  +: Enable  -: Disable  R: Remove  "
				   "s: Start new checker  S: Stop checker  C: Checker OK  "
				   "a: Approve  d: Deny";

void step_actions_deinit(struct step_actions *a)
{
	free(a->calls);
	*a = (struct step_actions){ 0 };
}

static int add_call(struct step_actions *a, enum model_call what, const struct row *row)
{
	if (a->n_calls == a->n_allocated) {
		size_t n = MAX_OF(2 * a->n_allocated, (size_t)16);
		struct step_call *calls = reallocarray(a->calls, n, sizeof(*calls));

		if (!calls)
			return -ENOMEM;
		a->calls = calls;
		a->n_allocated = n;
	}
	a->calls[a->n_calls++] = (struct step_call){ .what = what, .client = row->client };
	return 0;
}

/* A key that means clients: the marked ones, once that is confirmed, else the focused one. */
static int on_client(struct model *m, enum command command, struct step_actions *a)
{
	static const enum model_call calls[] = {
		[COMMAND_ENABLE] = MODEL_ENABLE,
		[COMMAND_DISABLE] = MODEL_DISABLE,
		[COMMAND_APPROVE] = MODEL_APPROVE,
		[COMMAND_DENY] = MODEL_DENY,
		[COMMAND_REMOVE] = MODEL_REMOVE,
		[COMMAND_START_CHECKER] = MODEL_START_CHECKER,
		[COMMAND_STOP_CHECKER] = MODEL_STOP_CHECKER,
		[COMMAND_CHECKED_OK] = MODEL_CHECKED_OK,
	};
	struct row *row = roster_focused(&m->roster);

	if (m->is_lower_focused)
		return 0;
	if (m->n_marked > 0) {
		m->mode = MODEL_CONFIRMING;
		m->asked = calls[command];
		return 0;
	}
	return row ? add_call(a, calls[command], row) : 0;
}

static void unmark_all(struct model *m)
{
	struct admin_client *client, *next;

	ADMIN_FOREACH (&m->clients, client, next) {
		if (client->data)
			model_mark(m, client->data, false);
	}
}

static int confirm(struct model *m, uint32_t code, struct step_actions *a)
{
	struct admin_client *client, *next;

	/* Nothing but a yes is one. */
	m->mode = MODEL_NORMAL;
	if (code != 'y' && code != 'Y')
		return 0;
	ADMIN_FOREACH (&m->clients, client, next) {
		struct row *row = client->data;
		int r = row && row->is_marked ? add_call(a, m->asked, row) : 0;

		if (r < 0)
			return r;
	}
	unmark_all(m);
	return 0;
}

static int on_help(struct model *m, enum command command, struct step_actions *a)
{
	int r;

	m->is_log_visible = true;
	m->is_detail_open = false;
	r = model_say(m, true, help_keys);
	return r < 0 ? r : model_say(m, true, help_clients);
}

static int on_log(struct model *m, enum command command, struct step_actions *a)
{
	/* The detail pane lies over the log: the log comes out from behind it first. */
	m->is_log_visible = m->is_detail_open || !m->is_log_visible;
	m->is_detail_open = false;
	return m->is_verbose ? model_note(m, false, "Log visibility changed to: %s",
					  m->is_log_visible ? "True" : "False")
			     : 0;
}

static int on_wrap(struct model *m, enum command command, struct step_actions *a)
{
	m->is_log_wrapped = !m->is_log_wrapped;
	return m->is_verbose
		       ? model_note(m, false, "Wrap mode: %s", m->is_log_wrapped ? "any" : "clip")
		       : 0;
}

static int on_verbose(struct model *m, enum command command, struct step_actions *a)
{
	m->is_verbose = !m->is_verbose;
	return model_note(m, false, "Verbose mode: %s", m->is_verbose ? "On" : "Off");
}

static int on_detail(struct model *m, enum command command, struct step_actions *a)
{
	m->is_detail_open = !m->is_detail_open && roster_focused(&m->roster);
	m->detail_top = 0;
	if (!m->is_detail_open)
		m->is_lower_focused = false;
	return 0;
}

static int on_mark(struct model *m, enum command command, struct step_actions *a)
{
	struct row *row = roster_focused(&m->roster);

	if (!row || m->is_lower_focused)
		return 0;
	model_mark(m, row, !row->is_marked);
	roster_move(&m->roster, 1);
	return 0;
}

static int on_mark_all(struct model *m, enum command command, struct step_actions *a)
{
	for (size_t i = 0; i < m->roster.n_rows; i++)
		model_mark(m, m->roster.rows[i], true);
	return 0;
}

static int on_roster(struct model *m, enum command command, struct step_actions *a)
{
	struct roster *r = &m->roster;

	if (command == COMMAND_FILTER)
		r->filter = (r->filter + 1) % ROSTER_N_FILTERS;
	else if (command == COMMAND_ORDER)
		r->order = (r->order + 1) % ROSTER_N_ORDERS;
	else
		r->is_reversed = !r->is_reversed;
	return roster_rebuild(r, &m->clients);
}

static int on_unmark(struct model *m, enum command command, struct step_actions *a)
{
	unmark_all(m);
	return 0;
}

static int on_global(struct model *m, enum command command, struct step_actions *a)
{
	a->quit |= command == COMMAND_QUIT;
	a->redraw |= command == COMMAND_REDRAW;
	a->suspend |= command == COMMAND_SUSPEND;
	return 0;
}

static int on_keys(struct model *m, enum command command, struct step_actions *a)
{
	m->mode = MODEL_KEYS;
	return 0;
}

static int on_switch(struct model *m, enum command command, struct step_actions *a)
{
	m->is_lower_focused = !m->is_lower_focused && model_lower(m) != MODEL_LOWER_NONE;
	return 0;
}

static int on_move(struct model *m, enum command command, struct step_actions *a)
{
	move(m, command);
	return 0;
}

static int on_search(struct model *m, enum command command, struct step_actions *a)
{
	if (command == COMMAND_SEARCH)
		search_begin(m);
	else
		search_again(m, command == COMMAND_SEARCH_NEXT);
	return 0;
}

static int on_expiry(struct model *m, enum command command, struct step_actions *a)
{
	m->with_expiry = !m->with_expiry;
	return 0;
}

static int on_bell(struct model *m, enum command command, struct step_actions *a)
{
	m->is_bell_on = !m->is_bell_on;
	return model_note(m, false, "Bell: %s", m->is_bell_on ? "On" : "Off");
}

static int (*const handlers[])(struct model *, enum command, struct step_actions *) = {
	[COMMAND_QUIT] = on_global,
	[COMMAND_REDRAW] = on_global,
	[COMMAND_SUSPEND] = on_global,
	[COMMAND_HELP] = on_help,
	[COMMAND_KEYS] = on_keys,
	[COMMAND_LOG] = on_log,
	[COMMAND_SWITCH] = on_switch,
	[COMMAND_WRAP] = on_wrap,
	[COMMAND_VERBOSE] = on_verbose,
	[COMMAND_UP] = on_move,
	[COMMAND_DOWN] = on_move,
	[COMMAND_PAGE_UP] = on_move,
	[COMMAND_PAGE_DOWN] = on_move,
	[COMMAND_FIRST] = on_move,
	[COMMAND_LAST] = on_move,
	[COMMAND_ENABLE] = on_client,
	[COMMAND_DISABLE] = on_client,
	[COMMAND_APPROVE] = on_client,
	[COMMAND_DENY] = on_client,
	[COMMAND_REMOVE] = on_client,
	[COMMAND_START_CHECKER] = on_client,
	[COMMAND_STOP_CHECKER] = on_client,
	[COMMAND_CHECKED_OK] = on_client,
	[COMMAND_DETAIL] = on_detail,
	[COMMAND_SEARCH] = on_search,
	[COMMAND_SEARCH_NEXT] = on_search,
	[COMMAND_SEARCH_PREVIOUS] = on_search,
	[COMMAND_FILTER] = on_roster,
	[COMMAND_ORDER] = on_roster,
	[COMMAND_REVERSE] = on_roster,
	[COMMAND_MARK] = on_mark,
	[COMMAND_MARK_ALL] = on_mark_all,
	[COMMAND_UNMARK] = on_unmark,
	[COMMAND_EXPIRY] = on_expiry,
	[COMMAND_BELL] = on_bell,
};

static int run(struct model *m, enum command command, struct step_actions *a)
{
	return command == COMMAND_NONE ? 0 : handlers[command](m, command, a);
}

int step_input(struct model *m, struct input input, struct step_actions *a)
{
	int r = 0;

	/* Whoever wants out gets out, whatever is being asked. */
	if (input.code == INPUT_CTRL_C)
		a->quit = true;
	else if (input.code == INPUT_CTRL_L || input.code == INPUT_CTRL_Z)
		r = run(m, binding_command(input.code), a);
	else if (m->mode == MODEL_CONFIRMING)
		r = confirm(m, input.code, a);
	else if (m->mode == MODEL_SEARCHING)
		search_input(m, input.code);
	else if (m->mode == MODEL_KEYS)
		m->mode = MODEL_NORMAL;
	else if (input.code == INPUT_CLICK || input.code == INPUT_WHEEL_UP ||
		 input.code == INPUT_WHEEL_DOWN)
		move_mouse(m, input.code, input.row);
	else
		r = run(m, binding_command(input.code), a);
	model_settle(m);
	return r;
}
