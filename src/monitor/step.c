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
static int ask(struct model *m, enum model_call what, struct step_actions *a)
{
	struct row *row = roster_focused(&m->roster);

	if (m->is_lower_focused)
		return 0;
	if (m->n_marked > 0) {
		m->mode = MODEL_CONFIRMING;
		m->asked = what;
		return 0;
	}
	return row ? add_call(a, what, row) : 0;
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

	/* Nothing but a yes is one; only keys that are easily hit by mistake change nothing. */
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

static int show_help(struct model *m)
{
	int r;

	m->is_log_visible = true;
	m->is_detail_open = false;
	r = model_say(m, true, help_keys);
	return r < 0 ? r : model_say(m, true, help_clients);
}

static int toggle_log(struct model *m)
{
	/* The detail pane lies over the log: the log comes out from behind it first. */
	m->is_log_visible = m->is_detail_open || !m->is_log_visible;
	m->is_detail_open = false;
	return m->is_verbose ? model_note(m, false, "Log visibility changed to: %s",
					  m->is_log_visible ? "True" : "False")
			     : 0;
}

static int toggle_wrap(struct model *m)
{
	m->is_log_wrapped = !m->is_log_wrapped;
	return m->is_verbose
		       ? model_note(m, false, "Wrap mode: %s", m->is_log_wrapped ? "any" : "clip")
		       : 0;
}

static int toggle_verbose(struct model *m)
{
	m->is_verbose = !m->is_verbose;
	return model_note(m, false, "Verbose mode: %s", m->is_verbose ? "On" : "Off");
}

static void toggle_detail(struct model *m)
{
	m->is_detail_open = !m->is_detail_open && roster_focused(&m->roster);
	m->detail_top = 0;
	if (!m->is_detail_open)
		m->is_lower_focused = false;
}

static void mark(struct model *m)
{
	struct row *row = roster_focused(&m->roster);

	if (!row || m->is_lower_focused)
		return;
	model_mark(m, row, !row->is_marked);
	roster_move(&m->roster, 1);
}

static void mark_all(struct model *m)
{
	for (size_t i = 0; i < m->roster.n_rows; i++)
		model_mark(m, m->roster.rows[i], true);
}

static int next_filter(struct model *m)
{
	m->roster.filter = (m->roster.filter + 1) % ROSTER_N_FILTERS;
	return roster_rebuild(&m->roster, &m->clients);
}

static int next_order(struct model *m)
{
	m->roster.order = (m->roster.order + 1) % ROSTER_N_ORDERS;
	return roster_rebuild(&m->roster, &m->clients);
}

static int reverse(struct model *m)
{
	m->roster.is_reversed = !m->roster.is_reversed;
	return roster_rebuild(&m->roster, &m->clients);
}

static int run(struct model *m, enum command command, struct step_actions *a)
{
	switch (command) {
	case COMMAND_NONE:
		break;
	case COMMAND_QUIT:
		a->quit = true;
		break;
	case COMMAND_HELP:
		return show_help(m);
	case COMMAND_KEYS:
		m->mode = MODEL_KEYS;
		break;
	case COMMAND_LOG:
		return toggle_log(m);
	case COMMAND_SWITCH:
		m->is_lower_focused = !m->is_lower_focused && model_lower(m) != MODEL_LOWER_NONE;
		break;
	case COMMAND_WRAP:
		return toggle_wrap(m);
	case COMMAND_VERBOSE:
		return toggle_verbose(m);
	case COMMAND_REDRAW:
		a->redraw = true;
		break;
	case COMMAND_SUSPEND:
		a->suspend = true;
		break;
	case COMMAND_UP:
	case COMMAND_DOWN:
	case COMMAND_PAGE_UP:
	case COMMAND_PAGE_DOWN:
	case COMMAND_FIRST:
	case COMMAND_LAST:
		move(m, command);
		break;
	case COMMAND_ENABLE:
		return ask(m, MODEL_ENABLE, a);
	case COMMAND_DISABLE:
		return ask(m, MODEL_DISABLE, a);
	case COMMAND_APPROVE:
		return ask(m, MODEL_APPROVE, a);
	case COMMAND_DENY:
		return ask(m, MODEL_DENY, a);
	case COMMAND_REMOVE:
		return ask(m, MODEL_REMOVE, a);
	case COMMAND_START_CHECKER:
		return ask(m, MODEL_START_CHECKER, a);
	case COMMAND_STOP_CHECKER:
		return ask(m, MODEL_STOP_CHECKER, a);
	case COMMAND_CHECKED_OK:
		return ask(m, MODEL_CHECKED_OK, a);
	case COMMAND_DETAIL:
		toggle_detail(m);
		break;
	case COMMAND_SEARCH:
		search_begin(m);
		break;
	case COMMAND_SEARCH_NEXT:
	case COMMAND_SEARCH_PREVIOUS:
		search_again(m, command == COMMAND_SEARCH_NEXT);
		break;
	case COMMAND_FILTER:
		return next_filter(m);
	case COMMAND_ORDER:
		return next_order(m);
	case COMMAND_REVERSE:
		return reverse(m);
	case COMMAND_MARK:
		mark(m);
		break;
	case COMMAND_MARK_ALL:
		mark_all(m);
		break;
	case COMMAND_UNMARK:
		unmark_all(m);
		break;
	case COMMAND_EXPIRY:
		m->with_expiry = !m->with_expiry;
		break;
	case COMMAND_BELL:
		m->is_bell_on = !m->is_bell_on;
		return model_note(m, false, "Bell: %s", m->is_bell_on ? "On" : "Off");
	}
	return 0;
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
